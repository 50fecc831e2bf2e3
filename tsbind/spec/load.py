"""`load`: bytes in, `Document` out."""

from __future__ import annotations

import os
from pathlib import Path

from tsbind.errors import SpecError
from tsbind.spec.collector import collector_paused
from tsbind.spec.document import EXTERNAL, Document
from tsbind.spec.files import Files
from tsbind.spec.recognise import recognise
from tsbind.spec.refs import Refs
from tsbind.spec.source import LoadLimits, read_bytes
from tsbind.spec.upgrade import Upgrade
from tsbind.spec.weight import weight


def load(
    source: bytes | Path | str,
    *,
    name: str | None = None,
    limits: LoadLimits | None = None,
    allow_refs: tuple[str, ...] = (),
) -> Document:
    """Read an OpenAPI document of any version (2.0 to 3.2), JSON or YAML.

    `source` is the document itself as bytes, the path of its file, or `-` for standard input;
    `name` is what messages call it.  Files that it refers to are read when they lie below its
    folder or one in `allow_refs` (which starts with `/`, `./`, `../` or `~`), and from the hosts
    in `allow_refs` (`example.com`, or an origin such as `http://localhost:8080`); no other file or
    socket is opened.

    Raises TypeError for any other `source`, and SpecError, with the place where one can be named,
    when the document cannot be used at all.  What is wrong with parts of it is in
    `Document.diagnostics`.
    """
    if not isinstance(source, (bytes, str, os.PathLike)):
        kind = type(source).__name__
        raise TypeError(f"a document is given as bytes, or as the path of its file, not as {kind}")
    limits = limits or LoadLimits()
    name = name or _name(source)
    data = read_bytes(source, name, limits.bytes)
    folder, origin = _home(source)
    files = Files(name, folder, limits, allow_refs)
    with collector_paused():
        tree = files.read_root(data, name, origin)
        version, numbers = recognise(files.sources[""], tree)
        tree.pop(EXTERNAL, None)  # ours alone
        tree[EXTERNAL] = files.trees
        upgrade = Upgrade(tree, numbers, refs := Refs(tree, files))
        upgrade.run()
        if not files.trees:
            del tree[EXTERNAL]
        named = tree.get("components", {}).get("schemas", {})
        asked = weight((tree, *upgrade.seen.values()), len(named)) + files.repeated
        _weigh(name, asked, limits.parts)
    return Document(
        name=name,
        version=version,
        root=tree,
        digest=files.digest,
        files=files.digests,
        size=files.size,
        sources=files.sources,
        moved=upgrade.moved,
        wrapped=upgrade.wrapped,
        failed=refs.failed,
        outside=upgrade.outside,
        problems=tuple(upgrade.problems),
    )


def _weigh(name: str, parts: int, limit: int) -> None:
    if parts > limit:
        raise SpecError(
            f"describes {parts:,} parts, counting what they list and say; {limit:,} are compiled",
            where=name,
            fix="split the document, or raise the limit: --max-values N, LoadLimits(parts=N)",
            code="too-large",
        )


def _name(source: bytes | Path | str) -> str:
    if isinstance(source, bytes):
        return "<bytes>"
    return "<stdin>" if str(source) == "-" else str(source)


def _home(source: bytes | Path | str) -> tuple[Path | None, str]:
    """Return the folder that external files must lie below, and the URL of the document."""
    if isinstance(source, bytes) or str(source) == "-":
        return None, ""
    path = Path(source).resolve()
    return path.parent, path.as_uri()
