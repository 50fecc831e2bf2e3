"""State fields that many objects share once, and mention them with `&`.

The objects may be named types, arguments or parts of either.  An object that contains all fields
of a named one is said to be that one and more; other groups get a name of their own.

    >>> from tsbind.emit.sketch import through
    >>> print(through(group, '''
    ...     star(a:{owner:string,repo:string}):void
    ...     unstar(a:{owner:string,repo:string}):void
    ...     delete(a:{owner:string,repo:string}):void
    ...     fork(a:{owner:string,repo:string,organization?:string}):void
    ...     watch(a:{owner:string,repo:string,ignored?:boolean}):void
    ...     archive(a:{owner:string,repo:string,ref:string}):void
    ...     readme(a:{owner:string,repo:string,ref?:string}):string'''))
    type OwnerRepo={owner:string,repo:string}
    star(a:OwnerRepo):Promise<void>
    unstar(a:OwnerRepo):Promise<void>
    delete(a:OwnerRepo):Promise<void>
    fork(a:OwnerRepo&{organization?:string}):Promise<void>
    watch(a:OwnerRepo&{ignored?:boolean}):Promise<void>
    archive(a:OwnerRepo&{ref:string}):Promise<void>
    readme(a:OwnerRepo&{ref?:string}):Promise<string>
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api, NamedType
from tsbind.ir.types import Field, Intersection, Record, Ref, Type
from tsbind.ir.walk import each_type
from tsbind.passes import cost
from tsbind.passes.content import SMALL, brief_first, literal_tag, of_fields, telling_names
from tsbind.passes.naming import common_words, first_free, split, type_name
from tsbind.passes.overlap import Factoring, Prices, factor
from tsbind.passes.shapes import Shapes, occurrences, substituter, told, unbound

GAIN: Final = 8.0  # estimated tokens that a group must save
MOST: Final = 2  # groups taken out of one object at a time; more than that nobody reads
MENTION: Final = 3.0  # `Name&`
LARGE: Final = 6  # fields from which on a named object may stand for part of an unrelated one


def group(api: Api) -> Api:
    """Return `api` with the field groups that pay as named types."""
    table = _Table(api)
    if all(held == 1 for held in table.holders.values()):
        return api  # no two objects have a field in common
    weights = [table.weights[number] for number in table.numbers]
    names = [table.names.get(number) for number in table.numbers]
    factoring = factor(
        table.sets,
        weights,
        [name is not None for name in names],
        _relation(table, names),
        Prices(table.costs(), MENTION, cost.DEFINITION + 3),
        gain=GAIN,
        most=MOST,
    )
    if not factoring.groups:
        return api
    return _rebuild(api, table, factoring, names)


class _Table:
    """The objects of an Api as sets of numbered fields."""

    def __init__(self, api: Api) -> None:
        self.shapes = Shapes()
        self.weights = occurrences(api, self.shapes)
        self.names: dict[int, str] = {}
        for name, named in api.types.items():
            if not named.parameters:
                self.names.setdefault(self.shapes.number(named.type), name)
        self.fields: list[Field] = []
        self._inner: list[int] = []  # of each field, the number of its type
        self.numbers: list[int] = []
        self.sets: list[frozenset[int]] = []
        self._members: dict[tuple[object, ...], int] = {}
        loose = unbound(self.shapes)
        for number, node in enumerate(self.shapes.nodes):
            if isinstance(node, Record) and node.fields and node.rest is None and not loose[number]:
                self.numbers.append(number)
                inside = self.shapes.inside[number]
                self.sets.append(
                    frozenset(
                        self._member(field, inner)
                        for field, inner in zip(node.fields, inside, strict=True)
                    )
                )
        self.holders = Counter(member for members in self.sets for member in members)

    def costs(self) -> list[float]:
        """Return what each field costs, in their order."""
        sizes = cost.by_number(self.shapes)
        return [
            cost.field(field.name, field.required, field.type, sizes[inner])
            for field, inner in zip(self.fields, self._inner, strict=True)
        ]

    def _member(self, field: Field, inner: int) -> int:
        key = *told(field), inner
        member = self._members.get(key)
        if member is None:
            member = self._members[key] = len(self.fields)
            self.fields.append(field)
            self._inner.append(inner)
        return member


def _rebuild(api: Api, table: _Table, factoring: Factoring, names: list[str | None]) -> Api:
    called = _called(api, table, factoring, names)
    changed = {number: i for i, number in enumerate(table.numbers) if factoring.uses[i]}

    def put(node: Type) -> Type | None:
        if not isinstance(node, Record):
            return None
        index = changed.get(table.shapes.number(node))
        return None if index is None else spelt(index)

    def spelt(index: int) -> Type:
        fields = tuple(
            replace(table.fields[member], type=rebuilt(table.fields[member].type))
            for member in sorted(factoring.remains[index])
        )
        parts: list[Type] = [Ref(called[used]) for used in factoring.uses[index]]
        if fields:
            parts.append(Record(fields))
        return parts[0] if len(parts) == 1 else Intersection(tuple(parts))

    rebuilt = substituter(put)
    grouped = each_type(api, rebuilt)
    types = dict(grouped.types)
    for number, made in enumerate(factoring.groups):
        if made.named is None:
            types[called[number]] = NamedType(spelt(len(table.sets) + number), shared=True)
    return replace(grouped, types=types)


def _relation(table: _Table, names: list[str | None]) -> Callable[[int, int], bool]:
    """Return whether a reader would take it that one object is a named other one and more.

    So it is when the name tells the fields, when both names have a word in common, and when the
    named one is large.
    """
    words = [frozenset(split(name)) if name else frozenset() for name in names]

    def telling(index: int) -> bool:
        fields = type_name(*(table.fields[member].name for member in sorted(table.sets[index])))
        return words[index] <= {*split(fields), "Base"}

    open_to_all = [len(table.sets[i]) >= LARGE or telling(i) for i in range(len(names))]

    def related(base: int, holder: int) -> bool:
        return open_to_all[base] or (
            holder < len(words) and not words[base].isdisjoint(words[holder])
        )

    return related


def _called(api: Api, table: _Table, factoring: Factoring, names: list[str | None]) -> list[str]:
    """Return the name of each group."""
    taken = set(api.types)
    called: list[str] = []
    users: list[list[str | None]] = [[] for _ in factoring.groups]
    for holder, used in zip(names, factoring.uses, strict=False):
        for number in used:
            users[number].append(holder)
    for made, holders in zip(factoring.groups, users, strict=True):
        name = names[made.named] if made.named is not None else None
        if name is None:
            name = first_free(tuple(_wanted(table, made.members, holders)), taken)
            taken.add(name)
        called.append(name)
    return called


def _wanted(table: _Table, members: frozenset[int], holders: list[str | None]) -> Iterator[str]:
    """Yield names for a group: what its holders' names have in common, or its fields."""
    common = common_words([split(holder) for holder in holders if holder is not None])
    if common and holders.count(None) * 4 <= len(holders):
        yield "".join(common) + "Base"
    ordered = sorted(members)
    tag = literal_tag(Record(tuple(table.fields[member] for member in ordered)))
    if tag:
        yield tag + "Base"
    fields = [table.fields[member] for member in ordered]
    # The rarest fields say most about what this is.
    telling = sorted(ordered, key=lambda member: (table.holders[member], member))
    names = telling_names(fields, [table.fields[member] for member in telling])
    whole = of_fields([field.name for field in fields]) if len(fields) <= SMALL else ""
    yield from brief_first([whole, *names])
    yield type_name(*(field.name for field in fields))
