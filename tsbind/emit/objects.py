"""Says which fields an object type has in the end, looking through references and `&`.

For targets that have no intersection types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Final

import msgspec

from tsbind.ir.api import NamedType
from tsbind.ir.types import (
    Anything,
    Enum,
    Field,
    Intersection,
    Null,
    Record,
    Ref,
    Type,
    Union,
    Unknown,
)

Types = Mapping[str, NamedType]
# Fields that all intersections together may have: many small objects may each inherit a large one.
MOST_JOINED: Final = 200_000


class Shape(msgspec.Struct, frozen=True):
    """What is known of a type that is one object."""

    fields: Mapping[str, Field]  # by wire name; those of every part
    rest: Type | None = None  # the type of further members


class Objects:
    """Reads which types are one object; each name once, and no more fields than MOST_JOINED."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._known: dict[str, Shape | None] = {}
        self._room = MOST_JOINED

    def shape(self, node: Type) -> Shape | None:
        """Return the shape of a type that is one object with fields; None when it is not.

        A name that leads back to itself is no object wherever one starts.
        """
        match node:
            case Ref(name):
                if name not in self._known:
                    self._known[name] = None
                    self._known[name] = self.shape(self._types[name].type)
                return self._known[name]
            case Record(fields, rest) if fields or rest is None:
                return Shape({field.name: field for field in fields}, rest)
            case Intersection(parts):
                shapes = [
                    self.shape(part) for part in parts if not isinstance(part, (Anything, Unknown))
                ]
                return self._joined([part for part in shapes if part is not None], len(shapes))
            case _:
                return None

    def _joined(self, objects: list[Shape], count: int) -> Shape | None:
        """Join all `count` parts; None when some is no object, or there is no room for them."""
        size = sum(len(part.fields) for part in objects)
        if len(objects) < count or size > self._room:
            return None
        self._room -= size
        return _joined(objects)

    def class_behind(self, name: str) -> str | None:
        """Return the name of the object type that the type `name` is or is another word for."""
        seen: set[str] = set()
        while name not in seen:
            seen.add(name)
            match self._types[name].type:
                case Ref(target):
                    name = target
                case _:
                    return name if self.shape(Ref(name)) is not None else None
        return None


def _joined(shapes: Sequence[Shape]) -> Shape:
    fields: dict[str, Field] = {}
    rest: Type | None = None
    for part in shapes:
        rest = part.rest or rest
        for name, field in part.fields.items():
            fields[name] = _both(fields[name], field) if name in fields else field
    return Shape(fields, rest)


def _both(one: Field, other: Field) -> Field:
    """A field that two parts declare: needed if either needs it, typed by the narrower."""
    vague = isinstance(other.type, (Unknown, Anything))
    narrow = one if vague or isinstance(one.type, Enum) else other
    return msgspec.structs.replace(narrow, required=one.required or other.required)


def alternatives(parts: Sequence[Type], types: Types, most: int) -> tuple[Type, ...] | None:
    """Multiply out an intersection of which some part is a union; None when none is, or too many.

    `A & (B | C | null)` has the alternatives `A & B` and `A & C`: no object is null.
    """
    choices = [_options(part, types) for part in parts]
    count = prod(map(len, choices))
    if not 1 < count <= most:
        return None
    return tuple(Intersection(tuple(dict.fromkeys(chosen))) for chosen in product(*choices))


def _options(part: Type, types: Types) -> tuple[Type, ...]:
    seen: set[str] = set()
    node = part
    while isinstance(node, Ref) and node.name not in seen:
        seen.add(node.name)
        node = types[node.name].type
    if not isinstance(node, Union):
        return (part,)
    return tuple(option for option in node.options if not isinstance(option, Null))


def circular(types: Types) -> frozenset[str]:
    """Return the names that mean themselves, with no list, map or field between.

    No language accepts such a definition, and no value has such a type.
    """
    direct = {name: _mentioned(named.type) for name, named in types.items()}
    left = _peeled(direct)
    return frozenset(name for name in left if name in _reach(name, left))


def _peeled(direct: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """Leave out what mentions only what was left out already: all of it, where nothing circles."""
    waits = {name: set(inner) & direct.keys() for name, inner in direct.items()}
    holders: dict[str, list[str]] = {}
    for name, inner in waits.items():
        for other in inner:
            holders.setdefault(other, []).append(name)
    pending = [name for name, inner in waits.items() if not inner]
    while pending:
        gone = pending.pop()
        for name in holders.get(gone, ()):
            waits[name].discard(gone)
            if not waits[name]:
                pending.append(name)
    return {name: tuple(inner) for name, inner in waits.items() if inner}


def _mentioned(node: Type) -> list[str]:
    match node:
        case Ref(name):
            return [name]
        case Union(members) | Intersection(members):
            return [name for member in members for name in _mentioned(member)]
        case _:
            return []


def _reach(name: str, direct: Mapping[str, Sequence[str]]) -> set[str]:
    reached: set[str] = set()
    pending = list(direct[name])
    while pending:
        target = pending.pop()
        if target not in reached:
            reached.add(target)
            pending.extend(direct[target])
    return reached
