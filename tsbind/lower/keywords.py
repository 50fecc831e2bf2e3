"""Where a Schema Object holds other Schema Objects (JSON Schema 2020-12)."""

from __future__ import annotations

from collections.abc import Iterator

from tsbind.lower.report import Node

SINGLE = frozenset(
    [
        "items",
        "additionalProperties",
        "contains",
        "propertyNames",
        "not",
        "if",
        "then",
        "else",
        "unevaluatedItems",
        "unevaluatedProperties",
        "contentSchema",
    ]
)
LISTS = frozenset(["allOf", "anyOf", "oneOf", "prefixItems"])
TABLES = frozenset(["properties", "patternProperties", "dependentSchemas"])


def subschemas(schema: dict[str, Node]) -> Iterator[Node]:
    """Yield the schemas directly inside `schema`, leaving out `$defs` (reached by reference)."""
    for key, value in schema.items():
        if key in TABLES:
            if isinstance(value, dict):
                yield from value.values()
        elif key in LISTS:
            if isinstance(value, list):
                yield from value
        elif key in SINGLE:
            yield value


def in_place(schema: dict[str, Node]) -> Iterator[Node]:
    """Yield the subschemas that apply to the same value as `schema`, references not followed."""
    for key in ("allOf", "anyOf", "oneOf"):
        yield from schema.get(key, ())
    for key in ("not", "if", "then", "else"):
        if key in schema:
            yield schema[key]
    yield from schema.get("dependentSchemas", {}).values()
