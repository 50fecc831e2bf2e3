"""The ladder of losses: what is given up, cheapest first, so that an API fits a budget.

A rung is one `Level`; each gives up all that the rungs above it gave up, and more.  `cut` goes to
any rung in one walk.  Depth is the number of objects around a value: the fields of a reply are at
depth 0, the fields of an object in one of them at depth 1.  A named type counts with its least
depth, and one that both arguments and replies mention is cut only where both are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from tsbind.ir.api import Api, NamedType, Operation
from tsbind.ir.types import ANYTHING, Field, Intersection, Record, Ref, Type
from tsbind.ir.walk import children, intersection, with_children
from tsbind.passes.prune import prune

NEVER_CUT: Final = 1 << 30  # a depth that nothing has


class Level(msgspec.Struct, frozen=True):
    """How much detail is left; the default is all of it.

    Each number is the depth from which on something is given up.
    """

    descriptions: bool = True
    summaries: bool = True  # and the notes on formats and bounds
    deprecated: bool = True
    optional_reply_fields: int = NEVER_CUT
    reply_detail: int = NEVER_CUT
    optional_parameters: int = NEVER_CUT
    parameter_detail: int = NEVER_CUT


class GivenUp(msgspec.Struct, frozen=True):
    """One kind of loss, and what was lost, by name."""

    kind: str
    what: str
    names: tuple[str, ...] = ()


# What each rung gives up, and the share of the tokens, without prose, that is typically left there
# (the median over six published APIs of more than 100 operations): says where to look first.
_LOSSES: Final[tuple[tuple[dict[str, int], float], ...]] = (
    ({}, 1.0),
    ({"descriptions": False}, 1.0),
    ({"summaries": False}, 1.0),
    ({"deprecated": False}, 0.99),
    ({"optional_reply_fields": 2}, 0.96),
    ({"reply_detail": 3}, 0.95),
    ({"optional_reply_fields": 1}, 0.86),
    ({"reply_detail": 2}, 0.84),
    ({"optional_parameters": 2, "parameter_detail": 4}, 0.78),
    ({"optional_parameters": 1, "parameter_detail": 3}, 0.72),
    ({"reply_detail": 1}, 0.66),
    ({"optional_reply_fields": 0}, 0.59),
    ({"parameter_detail": 2}, 0.58),
    ({"reply_detail": 0}, 0.43),
    ({"parameter_detail": 1}, 0.39),
    ({"optional_parameters": 0}, 0.2),
    ({"parameter_detail": 0}, 0.14),
)


def _rungs() -> tuple[Level, ...]:
    rungs: list[Level] = []
    for loss, _ in _LOSSES:
        rungs.append(replace(rungs[-1] if rungs else Level(), **loss))
    return tuple(rungs)


LADDER: Final = _rungs()
TYPICAL_SHARES: Final = tuple(share for _, share in _LOSSES)

_WHAT: Final[Mapping[str, str]] = {
    "descriptions": "descriptions",
    "summaries": "summaries and notes",
    "deprecated": "deprecated operations and fields",
    "optional-reply-fields": "optional fields of replies",
    "reply-detail": "the inside of objects in replies",
    "optional-parameters": "optional parameters",
    "parameter-detail": "the inside of objects in arguments",
}


def cut(api: Api, level: Level) -> tuple[Api, tuple[GivenUp, ...]]:
    """Return `api` with the detail of `level`, and what that gave up; order and names are kept."""
    cutter = _Cutter(api, level)
    smaller = prune(cutter.whole())
    return smaller, tuple(
        GivenUp(kind, _WHAT[kind], tuple(name for name in names if name))
        for kind, names in cutter.lost.items()
        if names
    )


class _Place(msgspec.Struct, frozen=True):
    """Where a type stands: how to call it, and its depth in replies and in arguments.

    A depth of None means that it is not there at all.
    """

    name: str
    reply: int | None
    argument: int | None

    def below(self, reply: int, argument: int) -> bool:
        """Whether it is nowhere above the given depths."""
        return (self.reply is None or self.reply >= reply) and (
            self.argument is None or self.argument >= argument
        )

    def inside(self, field: str) -> _Place:
        """The place of a field of the object that stands here."""
        reply = None if self.reply is None else self.reply + 1
        argument = None if self.argument is None else self.argument + 1
        return _Place(f"{self.name}.{field}", reply, argument)


class _Cutter:
    """Cuts one Api to one level; `lost` collects names by kind, "" for what has none."""

    def __init__(self, api: Api, level: Level) -> None:
        self._api = api
        self._level = level
        self.lost: dict[str, dict[str, None]] = {kind: {} for kind in _WHAT}
        operations = [op for op in api.operations if self._keeps(op)]
        replies = _depths(api.types, (op.output for op in operations))
        arguments = _depths(api.types, (op.input for op in operations))
        self._operations = operations
        self._places = {
            name: _Place(name, replies.get(name), arguments.get(name))
            for name in api.types
            if name in replies or name in arguments
        }
        self._emptied = {
            name
            for name, place in self._places.items()
            if isinstance(api.types[name].type, (Record, Intersection)) and self._is_detail(place)
        }

    def _keeps(self, operation: Operation) -> bool:
        if operation.deprecated and not self._level.deprecated:
            self.lost["deprecated"][operation.id] = None
            return False
        return True

    def _is_detail(self, place: _Place) -> bool:
        return place.below(self._level.reply_detail, self._level.parameter_detail)

    def whole(self) -> Api:
        """Return the whole Api, cut."""
        types = {name: self._named(place) for name, place in self._places.items()}
        operations = tuple(map(self._operation, self._operations))
        return replace(self._api, operations=operations, types=types)

    def _named(self, place: _Place) -> NamedType:
        named = self._api.types[place.name]
        doc, note = self._prose(named.doc, named.note)
        return replace(named, type=self._type(named.type, place), doc=doc, note=note)

    def _operation(self, operation: Operation) -> Operation:
        name = operation.id
        given, reply = operation.input, operation.output
        if given is not None:
            given = self._type(given, _Place(f"{name} arguments", None, 0))
            if given == Record(()) and operation.optional:
                given = None
        if reply is not None:
            reply = self._type(reply, _Place(f"{name} reply", 0, None))
        doc, summary = self._prose(operation.doc, operation.summary)
        return replace(operation, input=given, output=reply, doc=doc, summary=summary)

    def _prose(self, doc: str, note: str) -> tuple[str, str]:
        if doc and not self._level.descriptions:
            self.lost["descriptions"][""] = None
            doc = ""
        if note and not self._level.summaries:
            self.lost["summaries"][""] = None
            note = ""
        return doc, note

    def _type(self, node: Type, place: _Place) -> Type:
        match node:
            case Record():
                return self._record(node, place)
            case Ref(name):
                return ANYTHING if name in self._emptied else node
            case _:
                inside = children(node)
                if not inside:
                    return node
                after = tuple(self._type(child, place) for child in inside)
                if isinstance(node, Intersection):
                    after = tuple(part for part in after if part != ANYTHING) or (ANYTHING,)
                    return intersection(after)
                return with_children(node, after)

    def _record(self, record: Record, place: _Place) -> Type:
        if self._is_detail(place):
            kind = "parameter-detail" if place.reply is None else "reply-detail"
            self.lost[kind][place.name] = None
            return ANYTHING
        fields = tuple(
            self._field(field, place.inside(field.name))
            for field in record.fields
            if self._keeps_field(field, place)
        )
        rest = record.rest and self._type(record.rest, place.inside("*"))
        return replace(record, fields=fields, rest=rest)

    def _keeps_field(self, field: Field, place: _Place) -> bool:
        if field.required:
            return True
        if field.deprecated and not self._level.deprecated:
            kind = "deprecated"
        elif not place.below(self._level.optional_reply_fields, self._level.optional_parameters):
            return True
        elif place.reply is None:
            kind = "optional-parameters"
        else:
            kind = "optional-reply-fields"
        self.lost[kind][f"{place.name}.{field.name}"] = None
        return False

    def _field(self, field: Field, place: _Place) -> Field:
        doc, note = self._prose(field.doc, field.note)
        return replace(field, type=self._type(field.type, place), doc=doc, note=note)


def _depths(types: Mapping[str, NamedType], roots: Iterable[Type | None]) -> dict[str, int]:
    """Return the least depth at which each named type stands, breadth first."""
    depths: dict[str, int] = {}
    level = [root for root in roots if root is not None]
    depth = 0
    while level:
        deeper: list[Type] = []
        while level:
            node = level.pop()
            if isinstance(node, Record):
                deeper.extend(children(node))
            elif not isinstance(node, Ref):
                level.extend(children(node))
            elif node.name not in depths:
                depths[node.name] = depth
                level.append(types[node.name].type)
        level, depth = deeper, depth + 1
    return depths
