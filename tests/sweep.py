"""Every document there is, lowered and shrunk as `tsbind compile` would: for tests that sweep."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from tsbind.errors import SpecError
from tsbind.ir.api import Api
from tsbind.lower import lower
from tsbind.resources import specs
from tsbind.spec import Document, load

Answer = TypeVar("Answer")


def documents(corpus: Path) -> list[Path]:
    """Return our own small documents and every one of the corpus."""
    listed = json.loads((corpus / "openapi/index.json").read_text("utf-8"))
    ours = [path for path in specs().iterdir() if path.suffix in (".yaml", ".json")]
    return sorted(ours) + [corpus / "openapi" / each["file"] for each in listed]


def each(function: Callable[[Path], Answer], paths: list[Path]) -> Iterator[tuple[Path, Answer]]:
    """Call `function` for every path, in two processes."""
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        yield from zip(paths, pool.map(function, paths, chunksize=4), strict=True)


def lowered(path: Path) -> tuple[Api, Document] | None:
    """Lower one document; one without operations gets some that take and give its schemas.

    None when it cannot be read; whether that is right is for the tests of `spec` to say.
    """
    try:
        document = load(path)
        api = lower(document)[0]
        if not api.operations:
            document = load(exposed(document), name=str(path))
            api = lower(document)[0]
    except SpecError:
        return None
    return (api, document) if api.operations else None


def exposed(document: Document) -> bytes:
    """The document with one operation that gives, and one that takes, each named schema."""
    paths: dict[str, Any] = {}
    components = document.root.get("components", {})
    for number, name in enumerate(components.get("schemas", {})):
        content = {"content": {"application/json": {"schema": {"$ref": pointer(name)}}}}
        paths[f"/schemas/{number}"] = {
            "get": {"responses": {"200": {"description": "", **content}}},
            "post": {
                "requestBody": {"required": True, **content},
                "responses": {"204": {"description": ""}},
            },
        }
    return json.dumps({**document.root, "openapi": "3.2.0", "paths": paths}).encode()


def pointer(name: str) -> str:
    """The reference to a named schema."""
    escaped = name.replace("~", "~0").replace("/", "~1").replace("%", "%25")
    return f"#/components/schemas/{escaped}"
