"""Finds names for shapes that have none: from where they stand and from what they hold.

A shape that stands mostly in fields of one name is called after it (`sort`, `Sort`).  Where that
is taken, or there is no such name, it is called after its owner if it has but one (`IssueSort`),
and else after what it holds: `{owner,repo}` is `OwnerRepo`, whoever uses it.  Names depend on
nothing but that, so that a change elsewhere in a document renames little.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from tsbind.ir.api import Api, Operation
from tsbind.ir.types import Array, Enum, Record, Union
from tsbind.passes.content import SMALL, Contents
from tsbind.passes.naming import common_words, first_free, singular, split, type_name
from tsbind.passes.shapes import Shapes

EMPTY: Final = Enum(("",))
MOSTLY: Final = 0.5  # share of a shape's places that must agree on a name
NEARLY_ALL: Final = 0.75  # share of a shape's places that must be one owner's to be called its


class Place(NamedTuple):
    """Where a shape stands: in a field called `word`, or as an argument or a reply."""

    word: str
    field: bool


class Hints:
    """Where each shape of an Api stands, and whose it is there."""

    def __init__(self, api: Api, shapes: Shapes) -> None:
        self._shapes = shapes
        self._contents = Contents(shapes)
        self._places: defaultdict[int, list[tuple[Place, str]]] = defaultdict(list)
        self._methods: defaultdict[int, list[tuple[str, ...]]] = defaultdict(list)
        for operation in api.operations:
            owner = _owner(operation)
            sides = [(form.input, "Args") for form in operation.forms]
            sides += [(form.output, "Reply") for form in operation.forms]
            for node, role in sides:
                if node is not None:
                    words = (*split(owner), *split(type_name(operation.name[-1])))
                    number = shapes.number(node)
                    self._methods[number].append(words)
                    self._enter(number, Place(role, False), owner)
        for name, named in api.types.items():
            self._enter(shapes.number(named.type), Place(name, True), name)

    def name(self, number: int, taken: Collection[str]) -> str:
        """Return the name, not among `taken`, that says best what the shape `number` is."""
        return first_free(tuple(self._wanted(number)), taken)

    def fits(self, name: str, number: int) -> bool:
        """Whether `name`, of a type with the shape `number`, suits the other places of the shape.

        It does when it tells what the shape holds, or has a word of most of those places.
        """
        node, words = self._shapes.nodes[number], _kinds(split(name))
        if isinstance(node, Record):
            held = (word for field in node.fields for word in split(type_name(field.name)))
            if words <= _kinds(held):
                return True
        places = [place for place, _ in self._places[number] if place != Place(name, True)]
        alike = sum(bool(words & _kinds(split(p.word))) for p in places if p.field)
        alike += sum(bool(words & _kinds(method)) for method in self._methods.get(number, ()))
        return alike >= MOSTLY * len(places)

    def count(self, number: int) -> int:
        """Return in how many places the shape `number` stands, each shape around it seen once."""
        return len(self._places[number])

    def word(self, number: int) -> str:
        """Return what most places of the shape `number` are called."""
        return _most(Counter(place for place, _ in self._places[number])).word

    def _wanted(self, number: int) -> Iterator[str]:
        node = self._shapes.nodes[number]
        places = Counter(place for place, _ in self._places[number])
        place = _most(places)
        owners = Counter(owner for _, owner in self._places[number])
        owner = max(owners, key=lambda name: (owners[name], -len(name), name))
        owned = owners[owner] >= NEARLY_ALL * owners.total()
        held = list(self._contents.names(node))
        # What an object holds says more of it than one of two places where it stands.
        needed = NEARLY_ALL if isinstance(node, Record) and held else MOSTLY
        one = isinstance(node, Record) and len(node.fields) == 1
        if place.field and not one and places[place] > needed * places.total():
            yield place.word
            if isinstance(node, Union) and any(option == EMPTY for option in node.options):
                yield f"{place.word}OrEmpty"
            if owned:
                yield type_name(owner, place.word)
            if held and not isinstance(node, Enum):
                yield type_name(place.word, *split(held[0])[:2])
        common = common_words(self._methods.get(number, []))
        if isinstance(node, Record) and 1 < len(node.fields) <= SMALL:
            yield from held[:1]
        if common and not place.field:
            for count in range(min(2, len(common)), len(common) + 1):
                yield type_name(*common[-count:], place.word)
        yield from held
        if place.field:
            yield place.word
        for name in held:
            yield type_name(name, place.word)
        yield type_name(owner, place.word)

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


def _most(places: Counter[Place]) -> Place:
    return max(places, key=lambda p: (places[p], p.field, -len(p.word), p.word))


@lru_cache(maxsize=1 << 14)
def _field_place(name: str) -> Place:
    return Place(type_name(name), True)


def _owner(operation: Operation) -> str:
    return type_name(singular(operation.name[-2] if len(operation.name) > 1 else "api"))


def _kinds(words: Iterable[str]) -> set[str]:
    """Return what `words` are about, whether of one or of many."""
    return {singular(word.lower()) for word in words}
