"""The external files that `$ref`s reach, pulled into the one tree.

A local file is read only when it lies, links followed, below the folder of the root document or one
that the operator named; a remote one only from a host that the operator named.  Everything else is
refused before any file or socket is opened.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

from tsbind.bundle import Json
from tsbind.errors import SpecError
from tsbind.spec import pointer as pointers
from tsbind.spec.document import EXTERNAL
from tsbind.spec.fetch import allowed, fetch
from tsbind.spec.parse import Parsed, parse
from tsbind.spec.source import LoadLimits, Source


class Files:
    """Reads each external file once and hangs its tree below the root's EXTERNAL key."""

    def __init__(
        self,
        name: str,
        folder: Path | None,
        limits: LoadLimits,
        allow_refs: tuple[str, ...],
    ) -> None:
        self._limits = limits
        self._hosts = tuple(entry for entry in allow_refs if not is_folder(entry))
        self._folder = folder  # resolved; None: the document came from no file
        self._folders = [
            Path(entry).expanduser().resolve() for entry in allow_refs if is_folder(entry)
        ]
        self._shown = os.path.dirname(name)  # how people see that folder
        self._bytes = limits.bytes
        self._nodes = limits.nodes
        self._mounts: dict[str, str] = {}  # URL → mount
        self._refused: dict[str, tuple[str, str]] = {}  # URL → why it is not read, and what helps
        self._root = ""  # URL of the root document
        self.size = 0
        self.repeated = 0  # values that aliases put into further places
        self.digests: dict[str, str] = {}  # URL, "" for bytes → SHA-256 of what was read there
        self.sources: dict[str, Source] = {}
        self.trees: dict[str, Json] = {}  # what hangs below EXTERNAL

    def read_root(self, data: bytes, name: str, origin: str) -> Json:
        """Parse the root document and account for it."""
        parsed = parse(data, name, nodes=self._nodes, origin=origin)
        self._account(origin, data, parsed)
        self.sources[""] = parsed.source
        self._root = origin
        return parsed.tree

    @property
    def digest(self) -> str:
        """The sha256 of every text read so far, in the order of reading."""
        return hashlib.sha256("".join(self.digests.values()).encode()).hexdigest()

    def reach(self, url: str) -> str:
        """Return the mount of the file at `url`, reading it when it is new.

        Raises SpecError, whose `what` says why, when it must not or cannot be read.
        """
        mount = self._mounts.get(url)
        if mount is None:
            if url in self._refused:
                raise _refused(*self._refused[url])
            if len(self._refused) >= self._limits.files:
                raise _refused(f"more than {self._limits.files:,} others cannot be read")
            try:
                mount = self._mounts[url] = self._read(url)
            except SpecError as error:
                if error.code == "bad-ref":  # said each time, found out once
                    self._refused[url] = error.what, error.fix
                raise
        return mount

    def _read(self, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https"):
            return self._remote(url)
        if parts.scheme not in ("file", "") or parts.netloc:
            raise _refused("only files and, where allowed, http are read")
        from urllib.request import url2pathname  # late: it brings http and ssl along

        return self._local(url2pathname(parts.path))

    def _local(self, path: str) -> str:
        if self._folder is None:
            raise _refused("the document was not read from a file, so it has no files beside it")
        try:
            real = Path(path).resolve(strict=True)
            regular = stat.S_ISREG(real.stat().st_mode)
        except FileNotFoundError:
            raise _refused("there is no such file") from None
        except ValueError:  # no path at all: a null byte
            raise _refused(_OUTSIDE) from None
        except (OSError, RuntimeError) as error:
            raise _refused(f"the file cannot be read: {error}") from None
        if not any(real.is_relative_to(each) for each in (self._folder, *self._folders)):
            around = self._spelled(Path(os.path.relpath(os.path.dirname(path), self._folder)))
            raise _refused(
                _OUTSIDE, fix=f"if it may be read, allow its folder: --allow-ref {around}"
            )
        if not regular:
            raise _refused("it is no regular file")
        if real.as_uri() == self._root:
            return ""
        relative = Path(os.path.relpath(real, self._folder))
        token = relative.as_posix()
        mount = pointers.join((EXTERNAL, token))
        if mount not in self.sources:
            name = self._spelled(relative)
            try:
                with open(real, "rb") as file:
                    data = file.read(self._bytes + 1)
            except OSError as error:
                raise _refused(f"the file cannot be read: {error.strerror}") from None
            self._add(token, mount, data, name, real.as_uri())
        return mount

    def _spelled(self, relative: Path) -> str:
        """How people see a path that is relative to the document's folder."""
        return os.path.normpath(os.path.join(self._shown, relative))

    def _remote(self, url: str) -> str:
        if not allowed(url, self._hosts):
            host = urlsplit(url).netloc
            raise _refused(
                "remote references are read only from hosts that are allowed",
                fix=f"if it may be asked, allow its host: --allow-ref {host}",
            )
        data = fetch(url, limit=self._bytes, seconds=self._limits.fetch_seconds)
        mount = pointers.join((EXTERNAL, url))
        self._add(url, mount, data, url, url)
        return mount

    def _add(self, token: str, mount: str, data: bytes, name: str, origin: str) -> None:
        if len(self.sources) > self._limits.files or len(data) > self._bytes:
            raise SpecError(
                f"more is referred to than {self._limits.files:,} files or "
                f"{self._limits.bytes:,} bytes",
                where=name,
                fix="raise the limits `files` and `bytes`",
                code="too-large",
            )
        parsed = parse(data, name, nodes=self._nodes, mount=mount, origin=origin)
        self._account(origin, data, parsed)
        self.sources[mount] = parsed.source
        self.trees[token] = parsed.tree

    def _account(self, origin: str, data: bytes, parsed: Parsed) -> None:
        self.digests[origin] = hashlib.sha256(data).hexdigest()
        self.size += len(data)
        self._bytes -= len(data)
        self._nodes -= parsed.values
        self.repeated += parsed.repeated


_OUTSIDE = "it does not lie below the folder of the document"


def is_folder(entry: str) -> bool:
    """Whether an entry of `allow_refs` names a folder: it starts with `/`, `./`, `../` or `~`.

    >>> [is_folder(entry) for entry in ("..", "/specs", "example.com", "http://localhost:80")]
    [True, True, False, False]
    """
    return entry.startswith((".", "~")) or os.path.isabs(entry)


def _refused(why: str, fix: str = "") -> SpecError:
    return SpecError(why, fix=fix, code="bad-ref")
