"""Takes losses out of an Api.

>>> from tsbind.emit.sketch import show, sketch
>>> api = sketch("type Room={id:string,topic?:string}; get(a:{id:string}):Room")
>>> smaller, given_up = cut(api, {("optional-reply-fields", "Room.topic")})
>>> print(show(smaller))
type Room={id:string}
get(a:{id:string}):Promise<Room>
>>> given_up[0].names
('Room.topic',)
"""

from __future__ import annotations

from collections.abc import Set

import msgspec
from msgspec.structs import replace

from tsbind.ir.api import Api, NamedType, Operation, Overload
from tsbind.ir.types import ANYTHING, Field, Intersection, Record, Ref, Type
from tsbind.ir.walk import children, intersection, with_children
from tsbind.passes.prune import prune
from tsbind.select.ladder import WHAT, Item, Place, Step, argument_of, is_envelope, places, reply_of


class GivenUp(msgspec.Struct, frozen=True):
    """One kind of loss, and what was lost, by name."""

    kind: str
    what: str
    names: tuple[str, ...] = ()


def cut(api: Api, lost: Set[Item]) -> tuple[Api, tuple[GivenUp, ...]]:
    """Return `api` without `lost`, and what that gave up; order and names are kept.

    The fields of an object whose inside is lost are not named one by one.
    """
    if not lost:
        return api, ()
    cutter = _Cutter(api, lost)
    smaller = prune(cutter.whole())
    return smaller, tuple(
        GivenUp(kind, WHAT[kind], tuple(names)) for kind, names in cutter.given_up.items() if names
    )


class _Cutter:
    """Cuts one Api; `given_up` collects names by kind."""

    def __init__(self, api: Api, lost: Set[Item]) -> None:
        self.given_up: dict[str, dict[str, None]] = {kind: {} for kind in WHAT}
        self._api = api
        self._lost = lost
        self._places = places(api)
        self._emptied = {
            name
            for name, place in self._places.items()
            if isinstance(api.types[name].type, (Record, Intersection))
            and self._loses(place.detail())
        }

    def _loses(self, step: Step | None) -> bool:
        """Whether what `step` is about is lost; then it is noted."""
        if step is None or step[1] not in self._lost:
            return False
        kind, name = step[1]
        self.given_up[kind][name] = None
        return True

    def whole(self) -> Api:
        """Return the whole Api, cut."""
        operations = tuple(map(self._operation, filter(self._keeps, self._api.operations)))
        types = {
            name: self._named(place)
            for name, place in self._places.items()
            if name not in self._emptied
        }
        return replace(self._api, operations=operations, types=types)

    def _keeps(self, operation: Operation) -> bool:
        if operation.deprecated and ("deprecated", operation.id) in self._lost:
            self.given_up["deprecated"][operation.id] = None
            return False
        return True

    def _operation(self, operation: Operation) -> Operation:
        takes, gives = argument_of(operation), reply_of(operation)
        given, reply, other = operation.input, operation.output, operation.overload
        if given is not None:
            given = self._type(given, takes)
        if reply is not None:
            reply = self._type(reply, gives)
        if other is not None:
            other = Overload(self._type(other.input, takes), self._type(other.output, gives))
        doc, summary = self._prose(operation.id, operation.doc, operation.summary)
        return replace(
            operation, input=given, output=reply, overload=other, doc=doc, summary=summary
        )

    def _named(self, place: Place) -> NamedType:
        named = self._api.types[place.name]
        doc, note = self._prose(place.name, named.doc, named.note)
        return replace(named, type=self._type(named.type, place), doc=doc, note=note)

    def _prose(self, part: str, doc: str, note: str) -> tuple[str, str]:
        if doc and self._loses_prose("descriptions", part):
            doc = ""
        if note and self._loses_prose("summaries", part):
            note = ""
        return doc, note

    def _loses_prose(self, kind: str, part: str) -> bool:
        lost = (kind, part) in self._lost
        if lost:
            self.given_up[kind][part] = None
        return lost

    def _type(self, node: Type, place: Place) -> Type:
        match node:
            case Record():
                return ANYTHING if self._loses(place.detail()) else self._record(node, place)
            case Ref(name):
                return ANYTHING if name in self._emptied else node
            case _:
                inside = children(node)
                if not inside:
                    return node
                after = tuple([self._type(child, place) for child in inside])
                if isinstance(node, Intersection):
                    after = tuple(part for part in after if part != ANYTHING) or (ANYTHING,)
                    return intersection(after)
                return with_children(node, after)

    def _record(self, record: Record, place: Place) -> Type:
        kept = [field for field in record.fields if not self._loses(place.field(field))]
        envelope = place.reply == 0 and is_envelope(record, self._api.types)
        fields = tuple(
            [self._field(field, place.inside(field.name, envelope=envelope)) for field in kept]
        )
        rest = record.rest and self._type(record.rest, place.inside("*"))
        # An object that is said to have no members is not one whose members are given up.
        closed = record.closed and len(kept) == len(record.fields)
        return replace(record, fields=fields, rest=rest, closed=closed)

    def _field(self, field: Field, place: Place) -> Field:
        type_ = self._type(field.type, place)
        doc, note = self._prose(place.part, field.doc, field.note)
        example = field.example
        if example and self._loses_prose("examples", place.part):
            example = ""
        return replace(field, type=type_, doc=doc, note=note, example=example)
