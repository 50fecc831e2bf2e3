"""Keeps the results that were too long to print, so that `tsbind read` can go on with them.

A result is named after its content and kept in the user's cache folder, for this user's eyes only.
The oldest go when there are many.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path

import msgspec

from tsbind.bundle import Json, sweep, write_whole
from tsbind.errors import TsbindError

KEPT = 50  # results
_HANDLE = re.compile(r"[0-9a-f]{12}")


def keep(value: Json, *, folder: Path | None = None) -> str:
    """Keep a result and return its handle; "" where nothing can be kept."""
    data = msgspec.json.encode(value)
    handle = hashlib.sha256(data).hexdigest()[:12]
    folder = folder or _folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / f"{handle}.json", data, mode=0o600)
        sweep(folder)
        files = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return ""
    for path in files[KEPT:]:
        with contextlib.suppress(OSError):
            path.unlink()
    return handle


def kept(handle: str, *, folder: Path | None = None) -> Json:
    """Return the result with this handle; raises TsbindError when there is none (any more)."""
    path = (folder or _folder()) / f"{handle}.json"
    try:
        if not _HANDLE.fullmatch(handle):
            raise FileNotFoundError(handle)
        return msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        raise TsbindError(
            f'no result has the handle "{handle[:40]}"',
            fix="run the program again; a result that is cut says its handle",
            code="no-result",
        ) from None


def _folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("tsbind", appauthor=False)) / "results"
