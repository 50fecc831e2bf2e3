"""How long a tuple is: which of its items must be there, and whether more may follow."""

from __future__ import annotations

from typing import NamedTuple

from tsbind.lower.kinds import COMPOSED
from tsbind.lower.report import Node

MAX_FURTHER = 8  # items that are spelt out beyond a tuple's own because `minItems` demands them
_LOOKING_ON = ("items", "contains", "$ref", "if", *COMPOSED)


class Length(NamedTuple):
    """The length of a tuple, in items."""

    named: int  # of those that `prefixItems` names, how many there can be
    required: int  # of those, how many there must be
    further: int = 0  # beyond those, how many there must be
    open: bool = False  # any number may follow


def length(schema: dict[str, Node]) -> Length:
    """Read the length of the lists that a schema with `prefixItems` accepts.

    >>> length({"prefixItems": [{}, {}], "minItems": 1, "items": False})
    Length(named=2, required=1, further=0, open=False)
    >>> length({"prefixItems": [{}], "minItems": 2})
    Length(named=1, required=1, further=1, open=True)
    """
    named = len(schema["prefixItems"])
    fewest, most = _count(schema.get("minItems"), 0), _count(schema.get("maxItems"), named + 1)
    if most <= named:
        return Length(most, min(fewest, most))
    if schema.get("items") is False or _nothing_unevaluated(schema):
        return Length(named, min(fewest, named))
    further = fewest - named
    return Length(named, min(fewest, named), further if 0 < further <= MAX_FURTHER else 0, True)


def _count(value: Node, default: int) -> int:
    return int(value) if isinstance(value, (int, float)) and 0 <= value < 2**53 else default


def _nothing_unevaluated(schema: dict[str, Node]) -> bool:
    """Whether `unevaluatedItems` ends the list, and nothing else may have looked at more items."""
    return schema.get("unevaluatedItems") is False and schema.keys().isdisjoint(_LOOKING_ON)
