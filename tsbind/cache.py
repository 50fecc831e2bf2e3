"""Keeps what was made from files until one of them changes, in the user's cache folder.

An entry is one file, named after a key that covers everything else that went into it.  It lists the
files that were read, with the SHA-256 of each, and is used only while all of them still have it.
Only entries that this user alone can write are read; one that is damaged or of another shape is
as good as none.  Nothing here ever fails: a cache that cannot be used makes work, not errors.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tsbind.bundle import sweep, write_whole
from tsbind.ownership import only_ours
from tsbind.resources import PACKAGE, templates

LARGEST = 256 * 2**20  # bytes of all entries together; the ones used longest ago go first
MOST = 2000  # entries
_SUFFIX = ".entry"
Value = TypeVar("Value")


class _Entry(msgspec.Struct, frozen=True):
    files: Mapping[str, str]  # path → SHA-256 of its bytes, in hexadecimal
    value: msgspec.Raw


class Cache:
    """A folder of entries."""

    def __init__(self, folder: Path, *, largest: int = LARGEST) -> None:
        self._folder = folder
        self._largest = largest

    @staticmethod
    def of_user() -> Cache:
        """Return the cache in the user's cache folder, which is made when something is kept."""
        import platformdirs

        return Cache(Path(platformdirs.user_cache_dir("tsbind", appauthor=False)) / "compiled")

    def get(self, key: str, kind: type[Value]) -> Value | None:
        """Return what was kept under `key`; None when there is nothing that still holds."""
        path = self._folder / f"{key}{_SUFFIX}"
        try:
            with path.open("rb") as file:
                if not _ours(self._folder.lstat()) or not _ours(os.fstat(file.fileno())):
                    return None
                data = file.read()
            entry = msgspec.json.decode(data, type=_Entry)
            if not all(file_digest(name) == digest for name, digest in entry.files.items()):
                return None
            value = msgspec.json.decode(entry.value, type=kind)
        except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return value

    def put(self, key: str, value: object, files: Mapping[str, str]) -> None:
        """Keep `value` under `key` while `files` have these digests."""
        try:
            made = msgspec.json.encode(_Entry(files, msgspec.Raw(msgspec.json.encode(value))))
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _ours(self._folder.lstat()) or len(made) > self._largest:
                return
            # One that a power cut damages is as good as none.
            write_whole(self._folder / f"{key}{_SUFFIX}", made, mode=0o600, synced=False)
            self._prune()
        except (OSError, ValueError, OverflowError, RecursionError):
            return  # a full disk, or a value that JSON cannot hold: it will be made again

    def _prune(self) -> None:
        """Remove the entries used longest ago until the rest is small enough."""
        sweep(self._folder)
        found = [(path, path.stat()) for path in self._folder.glob(f"*{_SUFFIX}")]
        total = 0
        latest = sorted(found, key=lambda each: each[1].st_mtime_ns, reverse=True)
        for number, (path, status) in enumerate(latest):
            total += status.st_size
            if total > self._largest or number >= MOST:
                path.unlink(missing_ok=True)


def _ours(found: os.stat_result) -> bool:
    """Whether only this user can write it, and it is a plain file or folder."""
    plain = stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
    return plain and only_ours(found)


def key_of(*parts: Any) -> str:  # noqa: ANN401  anything that msgspec writes
    """Return a key that differs whenever one of `parts`, or the program itself, does."""
    encoded = msgspec.json.encode([_program(), *parts])
    return hashlib.sha256(encoded).hexdigest()


def file_digest(name: str) -> str:
    """Return the SHA-256 of a file's bytes; raises OSError."""
    with open(name, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _program() -> list[tuple[str, int, int]]:
    """What this tsbind is: its files, which change between versions and in a checkout.

    Sizes and times are enough, as they are for Python's own compiled files.
    """
    found = []
    for folder in (PACKAGE, templates()):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".jinja"):
                status = path.stat()
                found.append((str(path), status.st_size, status.st_mtime_ns))
    return found
