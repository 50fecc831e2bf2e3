"""Text to tree: finds out whether it is JSON or YAML by looking at it."""

from __future__ import annotations

import re
from typing import NamedTuple

from tsbind.bundle import Json
from tsbind.errors import Location, SpecError
from tsbind.spec.read_json import parse_json
from tsbind.spec.source import Source, check_utf8, looks_binary, to_utf8

_JSON_START = re.compile(rb'\s*(?:\{\s*["}]|\[)')
_FLOW_START = re.compile(rb"\s*[{\[]")


class Parsed(NamedTuple):
    """One text that was read."""

    source: Source
    tree: Json
    values: int  # that the tree has
    repeated: int = 0  # of those, values that aliases put into further places


def parse(data: bytes, name: str, *, nodes: int, mount: str = "", origin: str = "") -> Parsed:
    """Read one text, of at most `nodes` values.

    The content decides the format, the name only helps when both would do.  Raises SpecError,
    with the place of the first fault, for anything that is neither JSON nor YAML.
    """
    text = to_utf8(data, name)
    kind = looks_binary(text)
    if kind or b"\0" in text:
        raise SpecError(
            f"is {kind or 'binary data'}, not a text",
            where=name,
            fix="give the OpenAPI document itself, as JSON or YAML",
            code="binary",
        )
    if not text.strip():
        raise SpecError(
            "is empty", where=Location(name, 1, 1), fix="give an OpenAPI document", code="empty"
        )
    try:
        return _parse_text(text, name, nodes, mount, origin)
    except SpecError:
        check_utf8(text, name)  # when that is the cause, it is the better thing to say
        raise


def _parse_text(text: bytes, name: str, nodes: int, mount: str, origin: str) -> Parsed:
    if _FLOW_START.match(text):
        source = Source(name, text, "json", mount, origin)
        try:
            return Parsed(source, *parse_json(source, nodes))
        except SpecError as error:
            if error.code not in ("syntax", "truncated") or not _may_be_yaml(text, name):
                raise
    from tsbind.spec.read_yaml import parse_yaml  # late: most documents are JSON

    source = Source(name, text, "yaml", mount, origin)
    return Parsed(source, *parse_yaml(source, nodes))


def _may_be_yaml(text: bytes, name: str) -> bool:
    """Whether a text that starts with a bracket, and is no JSON, may be YAML's flow style."""
    return name.lower().endswith((".yaml", ".yml")) or not _JSON_START.match(text)
