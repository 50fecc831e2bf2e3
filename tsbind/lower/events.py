"""Event streams: what documents mean by the schema of their items.

OpenAPI 3.2 describes an event as an object of its fields, of which `data` is a text (§4.14.4);
a `contentSchema` says what that text holds.  Many describe `data` as what it holds, and before 3.2
nearly everybody described the data alone.  All of these are told apart by the schema itself, so
that a program gets what its types say.
"""

from __future__ import annotations

from typing import NamedTuple

from tsbind.bundle import Event
from tsbind.lower.references import References
from tsbind.lower.report import At, Node
from tsbind.media import is_json

_FIELDS = frozenset(("data", "event", "id", "retry", "comment"))
_MOST = 64  # schemas looked into
# An event of a stream that the document says nothing about (WHATWG HTML §9.2.6).
ANY_EVENT: Node = {
    "type": "object",
    "properties": {
        "data": {"type": "string"},
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer"},
    },
}


class Described(NamedTuple):
    """What one item of an event stream is."""

    event: Event
    schema: Node
    at: At


def described(schema: Node, at: At, references: References) -> Described:
    """Say what the schema of an item is about: a whole event, or its data alone."""
    if schema is True or schema == {}:
        return Described("fields", ANY_EVENT, at)
    data = _data(schema, at, references, [])
    if data is None:
        return Described("text" if _is_text(schema, at, references) else "json", schema, at)
    if not all(_is_text(each, at, references) for each in data):
        return Described("read fields", schema, at)
    held = _held(schema)
    return Described("fields", schema, at) if held is None else Described("read fields", held, at)


def _data(schema: Node, at: At, references: References, seen: list[Node]) -> list[Node] | None:
    """The schemas of `data` in each alternative; None when it is no schema of events."""
    node, at = target(schema, at, references)
    if not isinstance(node, dict) or len(seen) > _MOST or any(node is each for each in seen):
        return None
    seen.append(node)
    properties = node.get("properties")
    if isinstance(properties, dict) and "data" in properties and properties.keys() <= _FIELDS:
        return [properties["data"]]
    for key in ("oneOf", "anyOf"):
        members = node.get(key)
        if isinstance(members, list) and members:
            found = [_data(each, at, references, seen) for each in members]
            known = [data for each in found if each is not None for data in each]
            return known if all(each is not None for each in found) else None
    return None


def _held(schema: Node) -> Node | None:
    """The schema of an event whose data is declared as what it holds; None when that is unsaid."""
    data = schema["properties"].get("data") if "properties" in schema else None
    if not isinstance(data, dict) or "contentSchema" not in data:
        return None
    if not is_json(str(data.get("contentMediaType", "application/json"))):
        return None
    return {**schema, "properties": {**schema["properties"], "data": data["contentSchema"]}}


def _is_text(schema: Node, at: At, references: References) -> bool:
    node, _ = target(schema, at, references)
    if not isinstance(node, dict) or not node:
        return True  # nothing is said of it, and text it is
    return node.get("type") == "string" or isinstance(node.get("const"), str)


def target(schema: Node, at: At, references: References) -> tuple[Node, At]:
    """Return a schema, or the one that it refers to, and where that stands; None: nowhere."""
    if isinstance(schema, dict) and "$ref" in schema:
        found = references.target(schema["$ref"], at)
        return (found.node, found.pointer) if found is not None else (None, at)
    return schema, at
