"""Reads what the command line names, and writes what it makes: all of it or nothing."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tsbind.errors import TsbindError

STDIN = "-"


def read(name: str, *, limit: int, what: str) -> bytes:
    """Return the bytes of a file, or of standard input for `-`.

    Raises TsbindError when it cannot be read or has more than `limit` bytes.
    """
    try:
        if name == STDIN:
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(limit + 1)
    except OSError as error:
        raise TsbindError(
            f"the {what} cannot be read: {error.strerror}",
            where=spell(name),
            fix="check the path and its permissions",
            code="unreadable",
        ) from None
    if len(data) > limit:
        raise TsbindError(
            f"the {what} has more than {limit:,} bytes",
            where=spell(name),
            fix="give a smaller file",
            code="too-large",
        )
    return data


def spell(name: str) -> str:
    """Return what messages call the file that the command line names so."""
    return "<stdin>" if name == STDIN else name


def write_together(files: Mapping[Path, bytes]) -> None:
    """Write all these files, or none and leave what was there.

    Each is written in full beside its place first, down to the disk; only then do they take their
    places, in the order given.  When one cannot, those that already did are put back as they were.
    Who is killed in between leaves whole files, the first of them new and the others old: so what
    the others are held against comes last.
    """
    staged: dict[Path, Path] = {}
    replaced: dict[Path, bytes | None] = {}
    path = Path()
    try:
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            staged[path] = _stage(path, data)
        for path, temporary in staged.items():
            before = path.read_bytes() if path.exists() else None
            os.replace(temporary, path)
            replaced[path] = before
    except BaseException as error:
        _put_back(replaced)
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise TsbindError(
                f"nothing was written: {error.strerror}",
                where=str(path),
                fix="choose a folder that can be written to, and make room there",
                code="unwritable",
            ) from None
        raise


def _stage(path: Path, data: bytes) -> Path:
    import tempfile  # late: few commands write

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
    except BaseException:
        os.unlink(temporary)
        raise
    return Path(temporary)


def _put_back(replaced: Mapping[Path, bytes | None]) -> None:
    for path, before in replaced.items():
        with contextlib.suppress(OSError):  # the first failure is the one to report
            if before is None:
                path.unlink()
            else:
                os.replace(_stage(path, before), path)
