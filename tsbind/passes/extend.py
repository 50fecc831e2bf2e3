"""Say of a set of literals that it is a named one and more.

>>> from tsbind.emit.sketch import through
>>> print(through(extend, '''
...     type Event="created"|"updated"|"deleted"|"archived"|"restored"|"paused"
...     type AnyEvent="*"|"created"|"updated"|"deleted"|"archived"|"restored"|"paused"
...     listen(a:{event:AnyEvent}):Event'''))
type Event="created"|"updated"|"deleted"|"archived"|"restored"|"paused"
type AnyEvent=Event|"*"
listen(a:{event:AnyEvent}):Promise<Event>
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api, NamedType
from tsbind.ir.types import Enum, Ref, Scalar, Type, union
from tsbind.ir.walk import each_type
from tsbind.passes import cost
from tsbind.passes.hints import Hints
from tsbind.passes.naming import common_words, first_free, split, type_name
from tsbind.passes.overlap import Factoring, Prices, factor
from tsbind.passes.shapes import Shapes, occurrences, substituter

GAIN: Final = 6.0  # estimated tokens that a set must save
MOST: Final = 2  # sets in one other; more than that nobody reads
LARGE: Final = 8  # values from which on a named set may stand for part of an unrelated one
MENTION: Final = 2.5  # `Name|`


def extend(api: Api) -> Api:
    """Return `api` with sets of literals that share many stated through one another."""
    table = _Table(api)
    if len(table.sets) < 2:
        return api
    names = [table.names.get(number) for number in table.numbers]
    hints = Hints(api, table.shapes)
    factoring = factor(
        table.sets,
        [table.weights[number] for number in table.numbers],
        [name is not None for name in names],
        _relation(hints, table),
        Prices(table.costs, MENTION, cost.DEFINITION + 2),
        gain=GAIN,
        most=MOST,
    )
    if not factoring.groups:
        return api
    return _rebuild(api, hints, table, factoring, names)


class _Table:
    """The sets of literals of an Api, as sets of numbered values."""

    def __init__(self, api: Api) -> None:
        self.shapes = Shapes()
        self.weights = occurrences(api, self.shapes)
        self.names: dict[int, str] = {}
        for name, named in api.types.items():
            self.names.setdefault(self.shapes.number(named.type), name)
        self.values: list[Scalar] = []
        self.costs: list[float] = []
        self.numbers: list[int] = []
        self.sets: list[frozenset[int]] = []
        self._members: dict[tuple[type, Scalar], int] = {}
        for number, node in enumerate(self.shapes.nodes):
            if isinstance(node, Enum) and sum(isinstance(v, str) for v in node.values) > 2:
                self.numbers.append(number)
                self.sets.append(frozenset(map(self._member, node.values)))

    def _member(self, value: Scalar) -> int:
        member = self._members.setdefault((type(value), value), len(self.values))
        if member == len(self.values):
            self.values.append(value)
            self.costs.append(cost.scalar(value))
        return member


def _rebuild(
    api: Api, hints: Hints, table: _Table, factoring: Factoring, names: list[str | None]
) -> Api:
    called = _called(api, hints, table, factoring, names)

    def spelt(index: int) -> Type:
        rest = tuple(table.values[member] for member in sorted(factoring.remains[index]))
        parts: list[Type] = [Ref(called[used]) for used in factoring.uses[index]]
        return union([*parts, Enum(rest)] if rest else parts)

    changed = {number: i for i, number in enumerate(table.numbers) if factoring.uses[i]}

    def put(node: Type) -> Type | None:
        if not isinstance(node, Enum):
            return None
        index = changed.get(table.shapes.number(node))
        return None if index is None else spelt(index)

    extended = each_type(api, substituter(put))
    types = dict(extended.types)
    for number, made in enumerate(factoring.groups):
        if made.named is None:
            types[called[number]] = NamedType(spelt(len(table.sets) + number), shared=True)
    return replace(extended, types=types)


def _relation(hints: Hints, table: _Table) -> Callable[[int, int], bool]:
    """Return whether a reader would take it that one set is a named other one and more."""
    words = [
        frozenset(split(table.names.get(number) or hints.word(number))) for number in table.numbers
    ]

    def related(base: int, holder: int) -> bool:
        large = len(table.sets[base]) >= LARGE
        return large or (holder < len(words) and not words[base].isdisjoint(words[holder]))

    return related


def _called(
    api: Api, hints: Hints, table: _Table, factoring: Factoring, names: list[str | None]
) -> list[str]:
    """Return the name of each shared set: its own, or one made of what it is part of."""
    taken = set(api.types)
    called: list[str] = []
    for number, made in enumerate(factoring.groups):
        name = None if made.named is None else names[made.named]
        if name is None:
            holders = [
                names[i] or hints.word(table.numbers[i])
                if i < len(names)
                else called[i - len(names)]
                for i, used in enumerate(factoring.uses)
                if number in used
            ]
            values = [table.values[member] for member in sorted(made.members)]
            name = first_free(tuple(_wanted(holders, values)), taken)
            taken.add(name)
        called.append(name)
    return called


def _wanted(holders: Sequence[str], values: Sequence[Scalar]) -> Iterator[str]:
    common = common_words([split(holder) for holder in holders])
    if common:
        yield type_name(*common, "Base")
    texts = [value for value in values if isinstance(value, str)]
    for count in (2, 3, 4):
        yield type_name(*texts[:count], *(["Etc"] if len(texts) > count else []))
