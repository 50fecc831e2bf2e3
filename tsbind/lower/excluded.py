"""What `not` takes away, as far as a type can say it: everything, whole kinds, listed values."""

from __future__ import annotations

from tsbind.lower.literal import exact
from tsbind.lower.references import ANNOTATIONS
from tsbind.lower.report import Node


def excludes_all(schema: dict[str, Node]) -> bool:
    """Whether `not` leaves nothing: `{"not": {}}` forbids a property.

    >>> [excludes_all({"not": inner}) for inner in ({}, True, {"type": "null"}, False)]
    [True, True, False, False]
    """
    return schema.get("not") is True or _only(schema) == {}


def kinds_left(kinds: tuple[str, ...], schema: dict[str, Node]) -> tuple[str, ...]:
    """The kinds that `not` leaves; `number` without integers is still a number.

    >>> kinds_left(("string", "integer", "null"), {"not": {"type": ["null", "number"]}})
    ('string',)
    """
    taken = _only(schema)
    if taken is None or taken.keys() != {"type"}:
        return kinds
    written = taken["type"]
    gone = set(written) if isinstance(written, list) else {written}
    return tuple(
        kind for kind in kinds if kind not in gone and not (kind == "integer" and "number" in gone)
    )


def values_left(values: list[Node], schema: dict[str, Node]) -> list[Node]:
    """The listed values that `not` leaves.

    >>> values_left(["a", "b", 1], {"not": {"enum": ["b", True]}})
    ['a', 1]
    """
    taken = _only(schema)
    if taken is None or not taken.keys() <= {"enum", "const", "type"}:
        return values
    listed = [taken["const"]] if "const" in taken else taken.get("enum")
    if not isinstance(listed, list) or any(isinstance(each, (dict, list)) for each in listed):
        return values
    gone = {exact(each) for each in listed}
    return [each for each in values if isinstance(each, (dict, list)) or exact(each) not in gone]


def _only(schema: dict[str, Node]) -> dict[str, Node] | None:
    """What the schema in `not` says of values; None where there is no such schema."""
    inner = schema.get("not")
    if not isinstance(inner, dict) or "$ref" in inner:
        return None
    return {
        key: value
        for key, value in inner.items()
        if key not in ANNOTATIONS and not key.startswith("x-")
    }
