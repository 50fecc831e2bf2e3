"""Operations that give a stream where an argument asks for one: `stream: true`.

Documents say that a success is JSON or a stream, and not what decides between them.  That is the
argument of this name, as all who describe such operations have it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from tsbind.bundle import Streaming
from tsbind.ir.api import Operation, Overload
from tsbind.ir.types import Enum, Field, Record, Type
from tsbind.ir.walk import intersection
from tsbind.lower.arguments import Input
from tsbind.lower.events import target
from tsbind.lower.references import References
from tsbind.lower.report import At, Node
from tsbind.paging import plain

_NAMES: Final = ("stream", "streaming")
_MOST: Final = 64  # schemas looked into


def streaming(
    node: dict[str, Node], at: At, takes: Input, references: References
) -> Streaming | None:
    """Return the argument of an operation that asks for a stream; None where there is none."""
    for parameter in takes.parameters:
        schema = takes.schema.get("properties", {}).get(parameter.arg)
        if plain(parameter.name) in _NAMES and _is_flag(schema):
            return Streaming(parameter.arg)
    if not takes.bodies or takes.bodies[0].arg:
        return None
    for name, schema in _fields(node, at, references):
        if plain(name) in _NAMES and _is_flag(schema):
            return Streaming(name, schema.get("default") is True)
    return None


def overloaded(operation: Operation, asked: Streaming, streamed: Type) -> Operation:
    """Return `operation` with a reply for either value of the argument that asks for a stream."""
    if operation.input is None or operation.output is None:
        return operation
    flag = Enum((not asked.default,))
    given = intersection((operation.input, Record((Field(asked.arg, flag, required=True),))))
    gives = (operation.output, streamed)
    usual, other = reversed(gives) if asked.default else gives
    call = replace(operation.call, streaming=asked)
    return replace(operation, output=usual, overload=Overload(given, other), call=call)


def _fields(node: dict[str, Node], at: At, references: References) -> Iterator[tuple[str, Node]]:
    """The fields of the first body, with those that it has by `allOf`."""
    resolved = references.node(node.get("requestBody"), (at, "requestBody"))
    content = resolved[0].get("content") if resolved else None
    for media, each in content.items() if isinstance(content, dict) else ():
        place: At = (((at, "requestBody"), "content"), media)
        if isinstance(each, dict):
            yield from _properties(each.get("schema"), (place, "schema"), references)


def _properties(schema: Node, at: At, references: References) -> Iterator[tuple[str, Node]]:
    pending, seen = [(schema, at)], list[Node]()
    while pending and len(seen) < _MOST:
        found, place = target(*pending.pop(), references)
        if not isinstance(found, dict) or any(found is each for each in seen):
            continue
        seen.append(found)
        properties = found.get("properties")
        for name, inner in properties.items() if isinstance(properties, dict) else ():
            yield name, target(inner, place, references)[0]
        parts = found.get("allOf")
        pending.extend((part, place) for part in (parts if isinstance(parts, list) else ()))


def _is_flag(schema: Node) -> bool:
    """Whether a value is true or false, or null."""
    if not isinstance(schema, dict) or "enum" in schema or "const" in schema:
        return False
    choices = schema.get("anyOf", schema.get("oneOf"))
    if isinstance(choices, list):
        return all(map(_is_flag, (each for each in choices if each != {"type": "null"})))
    kinds = schema.get("type")
    listed = [*map(str, kinds)] if isinstance(kinds, list) else [kinds]
    return "boolean" in listed and {*listed} <= {"boolean", "null"}
