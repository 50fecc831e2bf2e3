"""State what is around many types once, as a generic type.

An object that stands around several types, such as a page of a list or the envelope of a reply, is
one type with a parameter.  So is an object that differs from others in one literal.

    >>> from tsbind.emit.sketch import through
    >>> print(through(generic, '''
    ...     type Room={id:string,topic?:string}
    ...     type Member={id:string,rooms:Room[]}
    ...     listRooms():{object:"list",data:Room[],has_more:boolean,next?:string}
    ...     listMembers():{object:"list",data:Member[],has_more:boolean,next?:string}
    ...     listNames():{object:"list",data:string[],has_more:boolean,next?:string}'''))
    type Room={id:string,topic?:string}
    type Member={id:string,rooms:Room[]}
    type List<T>={object:"list",data:T[],has_more:boolean,next?:string}
    listRooms():Promise<List<Room>>
    listMembers():Promise<List<Member>>
    listNames():Promise<List<string>>
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api, NamedType
from tsbind.ir.types import (
    Apply,
    Array,
    Enum,
    Field,
    Intersection,
    Record,
    Ref,
    Type,
    Union,
    Variable,
)
from tsbind.ir.walk import each_type, inside
from tsbind.passes import cost
from tsbind.passes.content import literal_tag
from tsbind.passes.naming import common_words, first_free, split, type_name
from tsbind.passes.shapes import Shapes, occurrences, substituter, told

GAIN: Final = 8.0  # estimated tokens that a generic type must save
SEVERAL: Final = 3  # types in one frame; two that are alike but for a field may be so by chance
FEW: Final = 2  # fields of an object in which one is too much of it to be left open
WIDEST: Final = 24  # fields of an object that is looked at
MENTION: Final = 3.0  # `Name<` and `>`
GROUPED: Final = 4.0  # `Name&{` and `}`: what stating the other fields once costs instead
NAME: Final = 2.0  # of a type
DEFINITION: Final = cost.DEFINITION + NAME
PARAMETER: Final = "T"

Frame = tuple[object, ...]  # what is around a hole, comparable
Holes = Mapping[int, str]  # by number of the shape: which field is left open


def generic(api: Api) -> Api:
    """Return `api` with a generic type for each object around several types that pays."""
    shapes = Shapes()
    weights = occurrences(api, shapes)
    # What a method takes reads best field by field.
    arguments = {shapes.number(each.input) for each in api.operations if each.input is not None}
    chosen = _Choice(shapes, weights, arguments).chosen()
    return _rebuild(api, shapes, chosen) if chosen else api


class _Choice:
    """Weighs frames: shapes that are alike but for the type of one field."""

    def __init__(self, shapes: Shapes, weights: Sequence[int], arguments: set[int]) -> None:
        self._shapes = shapes
        self._weights = weights
        self._costs = cost.by_number(shapes)
        self._arguments = arguments
        self._taken: set[int] = set()

    def chosen(self) -> list[Holes]:
        """Return the frames that save most, best first; a shape is put into one of them."""
        framed = list(self._framed().values())
        heap = [(-self._worth(holes), min(holes), place) for place, holes in enumerate(framed)]
        heapq.heapify(heap)
        found: list[Holes] = []
        while heap and -heap[0][0] >= GAIN:
            _, first, place = heapq.heappop(heap)
            holes = {n: hole for n, hole in framed[place].items() if n not in self._taken}
            worth = self._worth(holes)
            # What was taken since may have made this one worth less than the next.
            if heap and worth < -heap[0][0]:
                heapq.heappush(heap, (-worth, first, place))
            elif worth >= GAIN:
                found.append(holes)
                self._taken.update(holes)
        return found

    def _framed(self) -> dict[Frame, dict[int, str]]:
        found: dict[Frame, dict[int, str]] = defaultdict(dict)
        for number, node in enumerate(self._shapes.nodes):
            for frame, hole in self._frames(node, number):
                found[frame][number] = hole
        return {frame: holes for frame, holes in found.items() if len(holes) > 1}

    def _frames(self, node: Type, number: int) -> Iterator[tuple[Frame, str]]:
        record = _record(node)
        if record is None or len(record.fields) > WIDEST or number in self._arguments:
            return
        own = self._shapes.number(record)
        around = frozenset(inner for inner in self._shapes.inside[number] if inner != own)
        parts = frozenset() if record is node else around
        members = [
            (told(field), inner)
            for field, inner in zip(record.fields, self._shapes.inside[own], strict=True)
        ]
        whole = frozenset(members)
        if parts or len(members) > FEW:
            for member in members:
                yield (parts, whole - {member}, member[0]), str(member[0][0])

    def _worth(self, holes: Holes) -> float:
        """Return the tokens saved against naming each whole shape, or their other fields."""
        shapes = self._shapes
        fields = [_field(shapes.nodes[number], hole) for number, hole in holes.items()]
        if not _natural([field.type for field in fields]):
            return 0.0
        whole = grouped = filled = rest = 0.0
        for number, field in zip(holes, fields, strict=True):
            times, size = self._weights[number], self._costs[number]
            inner = self._costs[shapes.number(field.type)]
            stated = cost.field(field.name, field.required, field.type, inner)
            rest = size - stated
            whole += _said(size, times)
            grouped += _said(GROUPED + stated, times)
            filled += (MENTION + inner) * times
        opened = DEFINITION + rest + cost.words(fields[0].name)
        return min(whole, DEFINITION + rest + grouped) - opened - filled


def _said(size: float, times: int) -> float:
    """Return the cost of what is said so often, with a name of its own if that pays."""
    return min(size * times, DEFINITION + size + NAME * times)


def _natural(fills: Sequence[Type]) -> bool:
    """Whether a reader sees one thing around several: objects, or literals that tell apart."""
    if len(fills) < SEVERAL:
        return False
    if all(map(_is_literal, fills)):
        return True
    things = sum(map(_is_thing, fills))
    return things > 1 and things * 2 >= len(fills)


def _is_literal(node: Type) -> bool:
    return isinstance(node, Enum) and len(node.values) == 1


def _is_thing(node: Type) -> bool:
    match node:
        case Ref() | Record() | Intersection():
            return True
        case Array(item):
            return _is_thing(item)
        case Union(options):
            return any(map(_is_thing, options))
        case _:
            return False


def _record(node: Type) -> Record | None:
    """Return the plain Record that `node` is, or the only one that is part of it."""
    records = [
        p
        for p in (node.parts if isinstance(node, Intersection) else (node,))
        if isinstance(p, Record)
    ]
    return records[0] if len(records) == 1 and records[0].rest is None else None


def _field(node: Type, name: str) -> Field:
    record = _record(node)
    assert record is not None, "a hole is in a Record"
    return next(field for field in record.fields if field.name == name)


def _opened(node: Type, name: str, type_: Type) -> Type:
    """Return `node` with `type_` for the type of the field `name`."""
    record = _record(node)
    assert record is not None, "a hole is in a Record"
    opened = replace(
        record, fields=tuple(replace(f, type=type_) if f.name == name else f for f in record.fields)
    )
    if record is node:
        return opened
    assert isinstance(node, Intersection)
    return Intersection(tuple(opened if part is record else part for part in node.parts))


def _rebuild(api: Api, shapes: Shapes, chosen: Sequence[Holes]) -> Api:
    names = _names(api, shapes, chosen)
    of_lists = [
        all(isinstance(_field(shapes.nodes[n], hole).type, Array) for n, hole in holes.items())
        for holes in chosen
    ]
    places = {number: index for index, holes in enumerate(chosen) for number in holes}

    def put(node: Type) -> Type | None:
        number = shapes.number(node)
        index = places.get(number)
        if index is None:
            return None
        fill = _field(node, chosen[index][number]).type
        item = fill.item if of_lists[index] and isinstance(fill, Array) else fill
        return Apply(names[index], (visit(item),))

    visit = substituter(put)

    def body(index: int) -> Type:
        number, hole = min(chosen[index].items())
        variable = Variable(PARAMETER)
        opened = _opened(
            shapes.nodes[number], hole, Array(variable) if of_lists[index] else variable
        )
        return inside(opened, visit)

    made = each_type(api, visit)
    types = dict(made.types)
    for index, name in enumerate(names):
        types[name] = NamedType(body(index), parameters=(PARAMETER,), shared=True)
    return replace(made, types=types)


def _names(api: Api, shapes: Shapes, chosen: Sequence[Holes]) -> list[str]:
    owners: dict[int, str] = {}
    for name, named in api.types.items():
        owners.setdefault(shapes.number(named.type), name)
    taken = set(api.types)
    names: list[str] = []
    for holes in chosen:
        number, hole = min(holes.items())
        own = [owners[n] for n in holes if n in owners]
        most = own if len(own) * 2 >= len(holes) else []
        names.append(first_free(tuple(_wanted(shapes.nodes[number], hole, most)), taken))
        taken.add(names[-1])
    return names


def _wanted(node: Type, hole: str, owners: Sequence[str]) -> Iterator[str]:
    """Yield names for what is around the holes, of which `owners` have names of their own."""
    record = _record(node)
    assert record is not None, "a hole is in a Record"
    others = [field.name for field in record.fields if field.name != hole]
    tag = literal_tag(_opened(node, hole, Variable(PARAMETER)))
    if tag:
        yield from (tag, *(type_name(tag, other) for other in others))
    common = common_words(list(map(split, owners)))
    if common:
        yield type_name(*common)
    if not _is_literal(_field(node, hole).type):
        yield type_name(hole)
    for part in node.parts if isinstance(node, Intersection) else ():
        words = split(part.name.rstrip("0123456789")) if isinstance(part, Ref) else ()
        for count in range(1, len(words) + 1):
            yield type_name(*words[-count:], hole)
    for other in others:
        yield type_name(other, hole)
    yield type_name(*others[:2], hole)
