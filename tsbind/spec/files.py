"""The external files that `$ref`s reach, pulled into the one tree.

A local file is read only when it lies, links followed, below the folder of the root document; a
remote one only from a host that the operator named.  Everything else is refused before any file
or socket is opened.
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
from tsbind.spec.parse import parse
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
        self._allow_refs = allow_refs
        self._folder = folder  # resolved; None: the document came from no file
        self._shown = os.path.dirname(name)  # how people see that folder
        self._bytes = limits.bytes
        self._nodes = limits.nodes
        self._mounts: dict[str, str] = {}  # URL → mount
        self._root = ""  # URL of the root document
        self.size = 0
        self.digests: dict[str, str] = {}  # URL, "" for bytes → SHA-256 of what was read there
        self.sources: dict[str, Source] = {}
        self.trees: dict[str, Json] = {}  # what hangs below EXTERNAL

    def read_root(self, data: bytes, name: str, origin: str) -> Json:
        """Parse the root document and account for it."""
        source, tree, count = parse(data, name, nodes=self._nodes, origin=origin)
        self._account(origin, data, count)
        self.sources[""] = source
        self._root = origin
        return tree

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
            parts = urlsplit(url)
            if parts.scheme in ("http", "https"):
                mount = self._remote(url)
            elif parts.scheme in ("file", "") and not parts.netloc:
                from urllib.request import url2pathname  # late: it brings http and ssl along

                mount = self._local(url2pathname(parts.path))
            else:
                raise _refused("only files and, where allowed, http are read")
            self._mounts[url] = mount
        return mount

    def _local(self, path: str) -> str:
        if self._folder is None:
            raise _refused("the document was not read from a file, so it has no files beside it")
        try:
            real = Path(path).resolve(strict=True)
            inside = real.relative_to(self._folder)
            regular = stat.S_ISREG(real.stat().st_mode)
        except FileNotFoundError:
            raise _refused("there is no such file") from None
        except ValueError:
            # Not below the folder (`..`, a link, an absolute path), or no path at all.
            raise _refused("it does not lie below the folder of the document") from None
        except (OSError, RuntimeError) as error:
            raise _refused(f"the file cannot be read: {error}") from None
        if not regular:
            raise _refused("it is no regular file")
        if real.as_uri() == self._root:
            return ""
        token = inside.as_posix()
        mount = pointers.join((EXTERNAL, token))
        if mount not in self.sources:
            name = os.path.join(self._shown, token) if self._shown else token
            try:
                with open(real, "rb") as file:
                    data = file.read(self._bytes + 1)
            except OSError as error:
                raise _refused(f"the file cannot be read: {error.strerror}") from None
            self._add(token, mount, data, name, real.as_uri())
        return mount

    def _remote(self, url: str) -> str:
        if not allowed(url, self._allow_refs):
            raise _refused("remote references are read only from hosts that are allowed")
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
        source, tree, count = parse(data, name, nodes=self._nodes, mount=mount, origin=origin)
        self._account(origin, data, count)
        self.sources[mount] = source
        self.trees[token] = tree

    def _account(self, origin: str, data: bytes, nodes: int) -> None:
        self.digests[origin] = hashlib.sha256(data).hexdigest()
        self.size += len(data)
        self._bytes -= len(data)
        self._nodes -= nodes


def _refused(why: str) -> SpecError:
    return SpecError(why, code="bad-ref")
