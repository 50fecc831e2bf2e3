"""A file that is no whole document may be a part of one: which part, and of which document?"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from tsbind.bundle import Json
from tsbind.spec.shapes import METHODS

_VERSION = re.compile(rb"""["']?(?:openapi|swagger)["']?\s*:""")
_ENDINGS = (".json", ".yaml", ".yml")
_UP = 2  # folders above the part's own that are looked into
_FILES = 64  # of one folder
_BYTES = 4 << 20  # of one file
_SCHEMA = frozenset(
    (
        "type",
        "properties",
        "allOf",
        "anyOf",
        "oneOf",
        "enum",
        "items",
        "$ref",
        "additionalProperties",
    )
)


def part_of(tree: Mapping[str, Json]) -> str:
    """Name the part of an OpenAPI document that an object without a version is; "" for none.

    >>> part_of({"get": {"responses": {}}}), part_of({"Pet": {"type": "object"}})
    ('a path item', 'schemas')
    """
    if "responses" in tree and not tree.keys().isdisjoint(("operationId", "parameters", "tags")):
        return "an operation"
    if any(method in tree and isinstance(tree[method], dict) for method in METHODS):
        return "a path item"
    if not tree.keys().isdisjoint(("components", "definitions")):
        return "components"
    if tree and all(key.startswith("/") for key in tree):
        return "paths"
    if tree and all(_is_schema(value) for value in tree.values()):
        return "schemas"
    return ""


def _is_schema(value: Json) -> bool:
    return isinstance(value, dict) and not value.keys().isdisjoint(_SCHEMA)


def referrer(origin: str) -> str:
    """Return the document beside or above a file that mentions it; "" when none is found.

    `origin` is the URL of the file.  Only names are looked for, and nothing of what is read is
    told.
    """
    parts = urlsplit(origin)
    if parts.scheme != "file":
        return ""
    part = Path(url2pathname(parts.path))
    for folder in part.parents[: _UP + 1]:
        relative = os.path.relpath(part, folder).replace(os.sep, "/")
        names = {relative.encode(), quote(relative).encode()}
        for path in _documents(folder):
            if path != part and _mentions(path, names):
                return os.path.relpath(path)
    return ""


def _documents(folder: Path) -> Iterator[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS)
    except OSError:
        return
    yield from found[:_FILES]


def _mentions(path: Path, names: set[bytes]) -> bool:
    try:
        if not path.is_file() or path.stat().st_size > _BYTES:
            return False
        data = path.read_bytes()
    except OSError:
        return False
    return _VERSION.search(data) is not None and any(name in data for name in names)
