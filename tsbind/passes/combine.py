"""State once which named types several unions, or intersections, have in common.

>>> from tsbind.emit.sketch import through
>>> print(through(combine, '''
...     type CircleShape={radius:number}
...     type SquareShape={side:number}
...     type LineShape={ends:number[]}
...     type Text={text:string}
...     draw(a:{shape:CircleShape|SquareShape|LineShape}):{drawn:CircleShape|SquareShape|LineShape}
...     list():(CircleShape|SquareShape|LineShape|Text)[]
...     pick():CircleShape|SquareShape|LineShape|null'''))
type CircleShape={radius:number}
type SquareShape={side:number}
type LineShape={ends:number[]}
type Text={text:string}
type Shape=CircleShape|SquareShape|LineShape
draw(a:{shape:Shape}):Promise<{drawn:Shape}>
list():Promise<(Shape|Text)[]>
pick():Promise<Shape|null>
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api, NamedType
from tsbind.ir.types import Apply, Intersection, Ref, Type, Union, Variable, union
from tsbind.ir.walk import children, distinct, each_type, intersection, roots, walk
from tsbind.passes import cost
from tsbind.passes.naming import common_words, first_free, split, type_name
from tsbind.passes.overlap import Factoring, Prices, factor
from tsbind.passes.shapes import substituter

GAIN: Final = 6.0  # estimated tokens that a name must save
MOST: Final = 2  # such names in one combination; more than that nobody reads
MENTION: Final = 2.8  # `Name|`

Member = tuple[type[Type], Type]  # a named type, and what it is part of: Union or Intersection


def combine(api: Api) -> Api:
    """Return `api` with a name for each combination of named types that is worth one."""
    table = _Table(api)
    if len(table.sets) < 2:
        return api
    factoring = factor(
        table.sets,
        [1] * len(table.sets),
        [name is not None for name in table.names],
        lambda base, holder: True,
        Prices(table.costs, MENTION, cost.DEFINITION + 2),
        gain=GAIN,
        most=MOST,
    )
    return _rebuild(api, table, factoring) if factoring.groups else api


class _Table:
    """The unions and intersections of an Api as sets of numbered named types."""

    def __init__(self, api: Api) -> None:
        self.members: list[Member] = []
        self.costs: list[float] = []
        self.sets: list[frozenset[int]] = []
        self.places: dict[int, int] = {}  # in `sets`, by id() of the node
        self._numbers: dict[Member, int] = {}
        for node in distinct(roots(api)):
            if isinstance(node, (Union, Intersection)):  # few are
                found = frozenset(map(self._number, _members(node)))
                if len(found) > 1:
                    self.places[id(node)] = len(self.sets)
                    self.sets.append(found)
        self.names: list[str | None] = [None] * len(self.sets)
        for name, named in api.types.items():
            place = self.places.get(id(named.type))
            if place is not None and len(self.sets[place]) == len(children(named.type)):
                self.names[place] = name

    def _number(self, member: Member) -> int:
        number = self._numbers.get(member)
        if number is None:
            number = self._numbers[member] = len(self.members)
            self.members.append(member)
            self.costs.append(cost.of(member[1]) + cost.SEPARATOR)
        return number


def _members(node: Type) -> Iterator[Member]:
    """Yield the named types that `node` combines; none that mean something only where they are."""
    for part in children(node):
        if isinstance(part, Ref) or (
            isinstance(part, Apply) and not any(isinstance(n, Variable) for n in walk(part))
        ):
            yield type(node), part


def _rebuild(api: Api, table: _Table, factoring: Factoring) -> Api:
    called = _called(api, table, factoring)

    def put(node: Type) -> Type | None:
        place = table.places.get(id(node))
        if place is None or not factoring.uses[place]:
            return None
        left = {table.members[member][1] for member in factoring.remains[place]}
        named = {part for _, part in _members(node)}
        rest = [rebuilt(part) for part in children(node) if part in left or part not in named]
        return _joined(type(node), [*uses(place), *rest])

    def uses(place: int) -> Iterator[Type]:
        return (Ref(called[group]) for group in factoring.uses[place])

    rebuilt = substituter(put)
    combined = each_type(api, rebuilt)
    types = dict(combined.types)
    for number, made in enumerate(factoring.groups):
        if made.named is None:
            place = len(table.sets) + number
            kind = table.members[min(made.members)][0]
            own = [table.members[member][1] for member in sorted(factoring.remains[place])]
            types[called[number]] = NamedType(_joined(kind, [*uses(place), *own]), shared=True)
    return replace(combined, types=types)


def _joined(kind: type[Type], parts: Sequence[Type]) -> Type:
    return union(parts) if kind is Union else intersection(tuple(parts))


def _called(api: Api, table: _Table, factoring: Factoring) -> list[str]:
    """Return the name of each combination: its own, or one made of what it combines."""
    taken = set(api.types)
    called: list[str] = []
    for made in factoring.groups:
        name = None if made.named is None else table.names[made.named]
        if name is None:
            names = [_name(table.members[member][1]) for member in sorted(made.members)]
            kind = table.members[min(made.members)][0]
            name = first_free(tuple(_wanted(kind, names)), taken)
            taken.add(name)
        called.append(name)
    return called


def _name(node: Type) -> str:
    return node.name if isinstance(node, (Ref, Apply)) else ""


def _wanted(kind: type[Type], names: Sequence[str]) -> Iterator[str]:
    """Yield names: what the alternatives are all called, or one of them and "etc."."""
    words = list(map(split, names))
    common = common_words(words) if kind is Union else []
    if common:
        if all(each[-1:] == (common[-1],) for each in words):
            yield "".join(common)
        yield type_name("Any", *common)
    for name in sorted(names, key=lambda name: len(split(name))):
        yield type_name(name, "Etc")
