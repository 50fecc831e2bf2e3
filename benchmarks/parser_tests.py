"""How much JavaScript does the front end read?  test262-parser-tests, as programs.

`TSBIND_PARSER_TESTS` names the folder of the npm package test262-parser-tests (version 0.0.5);
where it is unset, npm fetches it.  Each file is prepared as a program is, and then run.

pass, pass-explicit  are JavaScript: `accepted` may run, `refused` is counted by the reason, in the
                     words of the first error's code; modules, and what only sloppy mode has, are
                     refused on purpose
early, fail          are not: `refused` before anything runs, or by a SyntaxError of the guest;
                     `accepted` by both.  A program is read as TypeScript, so some of them are
                     something else there
traps                ways to end that no program may have: a GuestError, or anything untyped
"""

from __future__ import annotations

import os
import subprocess
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks import record
from tsbind.bundle import Bundle
from tsbind.errors import GuestError, LimitError, ProgramError, RunError
from tsbind.runtime import Limits, run_sync

PACKAGE: Final = "test262-parser-tests@0.0.5"
FOLDERS: Final = ("pass", "pass-explicit", "early", "fail")
ACCEPTED: Final = "accepted"
_NOTHING = Bundle("Nothing", "1", "", {}, {})
_LIMITS = Limits(cpu=0.05)  # to be read is enough; some loop for ever


def measure() -> dict[str, Any]:
    """Read all files."""
    with package() as folder:
        return counts(folder)


def counts(folder: Path) -> dict[str, Any]:
    """Count what becomes of each file in the package's folder."""
    traps: list[str] = []
    found: dict[str, Any] = {"package": PACKAGE}
    for name in FOLDERS:
        ends = Counter(_end(path, traps) for path in sorted((folder / name).glob("*.js")))
        accepted = ends.pop(ACCEPTED, 0)
        refused = dict(sorted(ends.items()))
        found[name] = {"files": accepted + ends.total(), ACCEPTED: accepted, "refused": refused}
    return {**found, "traps": traps}


@contextmanager
def package() -> Iterator[Path]:
    """Give the package's folder."""
    named = os.environ.get("TSBIND_PARSER_TESTS")
    if named:
        yield Path(named)
        return
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, PACKAGE]
        subprocess.run(command, check=True, capture_output=True)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as file:
            file.extractall(folder, filter="data")
        yield Path(folder) / "package"


def told(result: dict[str, Any]) -> str:
    """Spell one line per folder."""
    lines = [
        f"{name:15}{result[name][ACCEPTED]:>6} of {result[name]['files']} accepted; refused: "
        + ", ".join(f"{count} {why}" for why, count in result[name]["refused"].items())
        for name in FOLDERS
    ]
    return "\n".join([*lines, f"traps          {len(result['traps'])}"])


def _end(path: Path, traps: list[str]) -> str:
    """Say in a word what becomes of a file: accepted, or why not."""
    try:
        run_sync(path.read_text("utf-8"), _NOTHING, limits=_LIMITS)
    except GuestError as error:
        traps.append(f"{path.parent.name}/{path.name}: {error.what}")
        return error.code
    except LimitError:
        return ACCEPTED  # it ran
    except ProgramError as error:
        if error.code == "program-floating" or error.code == "program-deadlock":
            return ACCEPTED
        if error.code == "program":  # it threw; a SyntaxError: the guest could not read it
            return "guest-syntax" if error.what.startswith("SyntaxError") else ACCEPTED
        return error.code
    except RunError:
        return ACCEPTED
    except Exception as error:
        traps.append(f"{path.parent.name}/{path.name}: {error!r}")
        return type(error).__name__
    return ACCEPTED


if __name__ == "__main__":
    record.main("parser_tests", measure, told)
