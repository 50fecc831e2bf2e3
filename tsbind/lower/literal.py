"""Literal values (`enum`, `const`) as types.

JSON tells `1` from `true` and does not tell `1` from `1.0`; Python does the opposite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tsbind.ir.types import NULL, Array, Enum, Field, Record, Scalar, Tuple, Type, union
from tsbind.lower.report import Node

_MAX_DEPTH = 32  # of an object or list given as a literal


def exact(value: Scalar) -> tuple[type, Scalar]:
    """A key under which two scalars are equal just when JSON says that they are."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return type(value), value


def distinct(values: Iterable[Node]) -> list[Node]:
    """Drop repeated scalars; objects and lists stay."""
    seen: set[tuple[type, Scalar]] = set()
    kept: list[Node] = []
    for value in values:
        if not isinstance(value, (dict, list)):
            key = exact(value)
            if key in seen:
                continue
            seen.add(key)
            value = key[1]
        kept.append(value)
    return kept


def literals(values: Iterable[Node]) -> Type:
    """The type of exactly these values, in their order.

    >>> literals([1, "a", None])
    Union(options=(Enum(values=(1, 'a')), Null()))
    """
    scalars: list[Scalar] = []
    others: list[Type] = []
    for value in distinct(values):
        if isinstance(value, (dict, list)):
            others.append(literal(value))
        else:
            scalars.append(value)
    return union([*others, Enum(tuple(scalars))] if scalars else others)


def literal(value: Node, depth: int = 0) -> Type:
    """The type of exactly this value; beyond 32 levels only its kind is kept."""
    if isinstance(value, dict):
        if depth > _MAX_DEPTH:
            return Record((), None, False)
        fields = (
            Field(key, literal(each, depth + 1), required=True) for key, each in value.items()
        )
        return Record(tuple(fields), closed=True)
    if isinstance(value, list):
        if depth > _MAX_DEPTH:
            return Array(union(()))
        return Tuple(tuple(literal(each, depth + 1) for each in value), required=len(value))
    return NULL if value is None else Enum((exact(value)[1],))


# What each word of `type` accepts.
ACCEPTS: dict[str, Callable[[Node], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
        and not isinstance(value, bool)
    ),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def fitting(values: list[Node], kinds: tuple[str, ...]) -> list[Node]:
    """Keep the values that `type` allows.

    Published documents list numbers for strings and digits for numbers (`type: string` with
    `enum: [2020, 2021]`); when not one value fits, they are read as the declared type.
    """
    if not kinds:
        return values
    kept = [value for value in values if any(ACCEPTS[kind](value) for kind in kinds)]
    if kept or not values:
        return kept
    return [read for value in values for read in _read_as(value, kinds)]


def _read_as(value: Node, kinds: tuple[str, ...]) -> list[Node]:
    if "string" in kinds and isinstance(value, bool):
        return ["true" if value else "false"]
    if "string" in kinds and isinstance(value, (int, float)):
        return [str(exact(value)[1])]
    if isinstance(value, str) and "boolean" in kinds and value.lower() in ("true", "false"):
        return [value.lower() == "true"]
    if isinstance(value, str) and ("integer" in kinds or "number" in kinds):
        try:
            return [int(value) if value.lstrip("+-").isdigit() else float(value)]
        except ValueError:
            return []
    return []
