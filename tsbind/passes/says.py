"""Compares what types say, as far as that meets the eye: of scalars, and of fields of objects.

A type that accepts nothing but texts, numbers, booleans and nulls is the set of what it accepts.

>>> from tsbind.ir.types import NUMBER, TEXT
>>> one, other = (scalars(node, {}) for node in (TEXT, Enum(("a", 1))))
>>> common(one, other) == scalars(Enum(("a",)), {}), common(one, scalars(NUMBER, {}))
(True, frozenset())
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeGuard

from tsbind.ir.api import NamedType
from tsbind.ir.types import (
    BOOLEAN,
    NUMBER,
    TEXT,
    Array,
    Boolean,
    Bytes,
    Enum,
    Field,
    Intersection,
    Null,
    Number,
    Record,
    Ref,
    Scalar,
    Text,
    Tuple,
    Type,
    Union,
    Unknown,
    union,
)

# What all texts, or all numbers, are accepted as, or one value: `1`, `1.0` and `true` are three.
Scalars = frozenset[type | tuple[type, Scalar]]


def scalars(
    node: Type, types: Mapping[str, NamedType], entered: frozenset[str] = frozenset()
) -> Scalars | None:
    """Return what `node` accepts; None if that may be something else than scalars."""
    match node:
        case Text():
            return frozenset([str])
        case Number():
            return frozenset([float])
        case Boolean():
            return frozenset([(bool, True), (bool, False)])
        case Null():
            return frozenset([(type(None), None)])
        case Enum(values):
            return frozenset([(type(value), value) for value in values])
        case Ref(name) if name in types and name not in entered:
            return scalars(types[name].type, types, entered | {name})
        case Union(inner) | Intersection(inner):
            found = [scalars(part, types, entered) for part in inner]
            known = [each for each in found if each is not None]
            if len(known) < len(found):
                return None
            all_ = known[0]
            for each in known[1:]:
                all_ = all_ | each if isinstance(node, Union) else common(all_, each)
            return all_
        case _:
            return None


def common(one: Scalars, other: Scalars) -> Scalars:
    """Return what both accept."""
    return frozenset([each for each in one if _in(each, other)]) | frozenset(
        [each for each in other if _in(each, one)]
    )


def within(one: Scalars, other: Scalars) -> bool:
    """Whether `other` accepts all that `one` does."""
    return all(_in(each, other) for each in one)


def _in(each: type | tuple[type, Scalar], others: Scalars) -> bool:
    if each in others:
        return True
    if isinstance(each, type):
        return False
    return (str if each[0] is str else float) in others and each[0] in (str, int, float)


def spelt_out(accepted: Scalars) -> Type:
    """Return the type that accepts these, in one spelling."""
    kinds: list[Type] = [TEXT] if str in accepted else []
    kinds += [NUMBER] if float in accepted else []
    values = [each for each in accepted if not isinstance(each, type)]
    booleans = [each for each in values if each[0] is bool]
    if len(booleans) == 2:
        kinds.append(BOOLEAN)
        values = [each for each in values if each[0] is not bool]
    return union([*kinds, Enum(tuple(value for _, value in sorted(values, key=repr)))])


def has_fields(node: Type) -> bool:
    """Whether `node`, as far as it is written out, is an object with a field."""
    return isinstance(node, Record) and bool(node.fields)


def is_plain(node: Type) -> TypeGuard[Record]:
    """Whether `node` is an object with fields, of whose other members nothing can be said."""
    return isinstance(node, Record) and bool(node.fields) and node.rest is None


def is_no_object(node: Type, types: Mapping[str, NamedType]) -> bool:
    """Whether no object is among the values of `node`."""
    return isinstance(node, (Array, Tuple, Bytes)) or scalars(node, types) is not None


Known = Mapping[str, Sequence[Field]]


def known_fields(node: Type) -> Known:
    """Return the fields of whatever is a `node`, which is written out, by name.

    Each is given as every alternative of `node` says it.
    """
    options = node.options if isinstance(node, Union) else (node,)
    tables = [
        {field.name: field for field in option.fields} for option in options if is_plain(option)
    ]
    if len(tables) < len(options):
        return {}
    first, *others = tables
    common_names = [name for name in first if all(name in other for other in others)]
    return {name: [table[name] for table in tables] for name in common_names}


def says(known: Known, field: Field, types: Mapping[str, NamedType]) -> bool:
    """Whether all alternatives that give `known` fields say this one, or more."""
    told = known.get(field.name)
    return told is not None and all(_covers(own, field, types) for own in told)


def _covers(own: Field, field: Field, types: Mapping[str, NamedType]) -> bool:
    if field.required and not own.required:
        return False
    if isinstance(field.type, Unknown):
        return True
    mine, asked = scalars(own.type, types), scalars(field.type, types)
    return mine is not None and asked is not None and within(mine, asked)
