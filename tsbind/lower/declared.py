"""Finds the declaration of a property that another schema around or beside it requires.

`allOf: [{properties: {a}}, {required: [a]}]` and `{properties: {a, b}, anyOf: [{required: [a]},
{required: [b]}]}` split what belongs together; this puts it back.
"""

from __future__ import annotations

from typing import NamedTuple

from tsbind.ir.types import UNKNOWN, Type
from tsbind.lower.references import References
from tsbind.lower.report import At, Node

_MAX_VISITED = 200  # schemas looked into for one property


class Scope(NamedTuple):
    """A schema around a member of one of its compositions."""

    schema: dict[str, Node]
    at: At
    outer: Scope | None
    inherits: bool = False  # the member stands in `allOf`
    shape: Type = UNKNOWN  # what the schema says of itself


def declared(
    name: str, schema: Node, at: At, scope: Scope | None, references: References
) -> tuple[Node, At] | None:
    """Return the schema of property `name` as declared in `schema` or around it, and its place."""
    found = declared_in(name, schema, at, references, set())
    while found is None and scope is not None:
        found = declared_in(name, scope.schema, scope.at, references, set())
        scope = scope.outer
    return found


def declared_in(
    name: str, schema: Node, at: At, references: References, seen: set[int]
) -> tuple[Node, At] | None:
    """Look in the schema itself, in what it refers to, and in the members of its `allOf`."""
    if not isinstance(schema, dict) or id(schema) in seen or len(seen) > _MAX_VISITED:
        return None
    seen.add(id(schema))
    properties = schema.get("properties")
    if isinstance(properties, dict) and name in properties:
        return properties[name], ((at, "properties"), name)
    if "$ref" in schema:
        target = references.target(schema["$ref"], at)
        if target is not None:
            found = declared_in(name, target.node, target.pointer, references, seen)
            if found is not None:
                return found
    members = schema.get("allOf")
    for index, member in enumerate(members if isinstance(members, list) else ()):
        found = declared_in(name, member, ((at, "allOf"), str(index)), references, seen)
        if found is not None:
            return found
    return None
