"""Compiled WebAssembly kept between processes: compiling takes seconds, loading a millisecond.

What is kept is native code, so a file is used only when the folder and the file belong to this user
and nobody else can write them, and when its bytes hash to what its name says:

    <key>-<sha256 of the content>.cwasm

`key` covers the module, wasmtime's version, the settings it was compiled with, and the CPU.  A file
that does not fit is never loaded: the module is compiled again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from tsbind.bundle import sweep, write_whole
from tsbind.ownership import only_ours

KEPT = 16  # files; the oldest beyond these are removed


def cache_folder() -> Path:
    """Return the folder for compiled code in the user's cache directory."""
    if sys.platform == "linux":
        # As platformdirs says; importing it takes longer than loading the code.
        home = os.environ.get("XDG_CACHE_HOME", "").strip() or os.path.expanduser("~/.cache")
        return Path(home, "tsbind", "code")
    import platformdirs

    return Path(platformdirs.user_cache_dir("tsbind", appauthor=False)) / "code"


def cached_code(
    module: bytes, settings: str, compile: Callable[[bytes], bytes], *, folder: Path | None = None
) -> Path | None:
    """Return the file with the compiled code of `module`, compiling it when there is none.

    `settings` names everything else that the code depends on.  None: there is no folder that only
    this user can write, so the caller has to compile without one.
    """
    folder = folder or cache_folder()
    if not _owned_folder(folder):
        return None
    digest = hashlib.sha256(settings.encode() + b"\0")
    digest.update(module)  # apart: megabytes take longer to copy than to hash
    key = digest.hexdigest()[:32]
    for path in sorted(folder.glob(f"{key}-*.cwasm")):
        if _genuine(path):
            return path
        with contextlib.suppress(OSError):
            path.unlink()
    code = compile(module)
    path = folder / f"{key}-{hashlib.sha256(code).hexdigest()}.cwasm"
    try:
        write_whole(path, code, mode=0o600)
        _prune(folder)
    except OSError:  # a full disk, say: the cache is only a convenience
        return None
    return path


def _owned_folder(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and only_ours(found) and os.access(folder, os.W_OK)


def _genuine(path: Path) -> bool:
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or not only_ours(found):
            return False
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return False
    return path.stem.endswith("-" + digest)


def _prune(folder: Path) -> None:
    sweep(folder)
    files = sorted(folder.glob("*.cwasm"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[KEPT:]:
        with contextlib.suppress(OSError):
            path.unlink()
