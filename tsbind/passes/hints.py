"""Finds names for shapes that have none: from where they stand and from what they hold.

A shape that stands mostly in fields of one name is called after it (`sort`, `Sort`), with its
owner before it where that is taken (`IssueSort`).  One that stands in many is called after what it
holds: `{owner,repo}` is `OwnerRepo`, `"read"|"write"` is `ReadWrite`.  Names depend on nothing but
that, so that a change elsewhere in a document renames little.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from tsbind.ir.api import Api, Operation
from tsbind.ir.types import Array, Enum, Intersection, Record, Ref, Type, Unknown
from tsbind.passes.naming import first_free, singular, split, type_name
from tsbind.passes.shapes import Shapes

MOSTLY: Final = 0.5  # share of a shape's places that must agree on a name
SMALL: Final = 3  # fields or values whose names together make a name
WORDS: Final = 4  # that such a name may have


class Place(NamedTuple):
    """Where a shape stands: in a field called `word`, or as an argument or a reply."""

    word: str
    field: bool


class Hints:
    """Where each shape of an Api stands, and whose it is there."""

    def __init__(self, api: Api, shapes: Shapes) -> None:
        self._shapes = shapes
        self._places: defaultdict[int, list[tuple[Place, str]]] = defaultdict(list)
        for operation in api.operations:
            owner = _owner(operation)
            self._visit(operation.input, Place("Args", False), owner)
            self._visit(operation.output, Place("Reply", False), owner)
        for name, named in api.types.items():
            self._visit(named.type, Place(name, True), name)

    def name(self, number: int, taken: Collection[str]) -> str:
        """Return the name, not among `taken`, that says best what the shape `number` is."""
        return first_free(tuple(self._wanted(number)), taken)

    def _wanted(self, number: int) -> Iterator[str]:
        places = Counter(place for place, _ in self._places[number])
        place = max(places, key=lambda p: (places[p], p.field, -len(p.word), p.word))
        owners = Counter(owner for _, owner in self._places[number])
        owner = max(owners, key=lambda name: (owners[name], -len(name), name))
        held = joined(self._shapes.nodes[number])
        agreed = place.field and places[place] >= MOSTLY * places.total()
        if held and not agreed:
            yield held
        if place.field:
            yield place.word
        yield type_name(owner, place.word)
        if held:
            yield held

    def _visit(self, node: Type | None, place: Place, owner: str) -> None:
        if node is not None:
            self._enter(self._shapes.number(node), place, owner)

    def _enter(self, number: int, place: Place, owner: str) -> None:
        places = self._places[number]
        places.append((place, owner))
        inside = self._shapes.inside[number]
        if len(places) > 1 or not inside:
            return
        node = self._shapes.nodes[number]
        if isinstance(node, Array) and place.field:
            place = Place(singular(place.word), True)
        elif isinstance(node, Record):
            for field, inner in zip(node.fields, inside, strict=False):
                self._enter(inner, _field_place(field.name), owner)
            inside = inside[len(node.fields) :]
        for inner in inside:
            self._enter(inner, place, owner)


@lru_cache(maxsize=1 << 14)
def _field_place(name: str) -> Place:
    return Place(type_name(name), True)


def _owner(operation: Operation) -> str:
    return type_name(singular(operation.name[-2] if len(operation.name) > 1 else "api"))


def joined(node: Type) -> str:
    """Return a name made of what `node` holds, if that is little; else nothing.

    >>> from tsbind.emit.dts import read_type
    >>> joined(read_type("{owner:string,repo:string}")), joined(read_type('"read"|"write"'))
    ('OwnerRepo', 'ReadWrite')
    """
    match node:
        case Record(fields, None) if len(fields) <= SMALL:
            words = [field.name for field in fields]
        case Record(fields, rest) if len(fields) <= SMALL and isinstance(rest, Unknown):
            words = [*(field.name for field in fields), "More"]
        case Enum(values) if len(values) <= SMALL:
            words = [value for value in values if isinstance(value, str)]
        case Intersection((Ref(base), Record(fields, None))) if len(fields) <= SMALL:
            words = [base, *(field.name for field in fields)]
        case Intersection(parts) if all(isinstance(part, Ref) for part in parts):
            words = [part.name for part in parts if isinstance(part, Ref)]
        case _:
            return ""
    name = type_name(*words)
    return name if words and len(split(name)) <= WORDS else ""
