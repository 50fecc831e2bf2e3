"""Asks TypeScript's own compiler what it thinks of a folder of files."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import pytest

_OPTIONS: Final = {
    "strict": True,
    "noEmit": True,
    "target": "es2022",
    "module": "es2022",
    "types": [],
    "skipLibCheck": False,
}
_ERROR: Final = re.compile(r"^([^\s(]+)\((\d+),\d+\): error (TS\d+: .*(?:\n .*)*)$", re.M)


class Complaint(NamedTuple):
    """One error of the compiler, with the reasons that it gives below it."""

    file: str
    line: int
    what: str


def tsc() -> str:
    """Return the compiler that `TSBIND_TSC` names, else the one on the PATH; skips without one."""
    found = os.environ.get("TSBIND_TSC") or shutil.which("tsc")
    if not found:
        pytest.skip("no TypeScript compiler: set TSBIND_TSC, or put tsc on the PATH")
    return found


def complaints(folder: Path, seconds: float = 300) -> list[Complaint]:
    """Check every `.ts` file of `folder` under `--strict` in one go."""
    compiler = tsc()
    config = {"compilerOptions": _OPTIONS, "include": ["*.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(config), "utf-8")
    ran = subprocess.run(
        [compiler, "--project", "tsconfig.json", "--pretty", "false"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    found = [Complaint(file, int(line), what) for file, line, what in _ERROR.findall(ran.stdout)]
    # An exit code without a complaint, or a crash, is no approval.
    assert bool(found) == bool(ran.returncode), ran.stdout[:2000] + ran.stderr[:2000]
    return found


def misjudged(folder: Path, expected: Mapping[tuple[str, int], tuple[bool, str]]) -> list[str]:
    """Return where the compiler decides otherwise than expected, and why it does.

    `expected` says of lines, by file and number, whether they are right, and what they are; no
    other line may be wrong.
    """
    refused = {(each.file, each.line): each.what for each in complaints(folder)}
    assert not {place: refused[place] for place in refused.keys() - expected.keys()}
    return [
        f"{what}: {refused.get(place, 'accepted')}"
        for place, (right, what) in expected.items()
        if right == (place in refused)
    ]
