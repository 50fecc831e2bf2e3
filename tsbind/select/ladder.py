"""The ladder of losses: what can be given up so that an API fits a budget, cheapest first.

    descriptions; summaries and notes; deprecated operations and fields; examples;
    optional fields below the first level of an argument or a reply, deepest first;
    the inside of replies: deepest first, then optional fields, then the fields themselves;
    the inside of arguments: deepest first, then the optional ones

A loss is small: one field, one object's inside, the prose of one operation or type.  Among losses
of a rung those come first that save most where fewest mentions suffer.  Required arguments and
their types are never lost: what remains can be called.

Depth is the number of objects around a value: the fields of a reply are at depth 0, the fields of
an object in one of them at depth 1.  The envelope that a reply comes in (`{data:Room[],next}`) is
no level of its own, nor is `body` in an argument.  A named type counts with its least depth, and
what both arguments and replies mention is lost where the later of the two would be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

import msgspec

from tsbind.ir.api import Api, NamedType, Operation
from tsbind.ir.types import Apply, Field, Intersection, Record, Ref, Type
from tsbind.ir.walk import children
from tsbind.passes import cost

Rank = tuple[int, float]  # the rung, then the step on it; least is lost first
Item = tuple[str, str]  # a kind of loss, and what is lost, by name
Step = tuple[Rank, Item]

WHAT: Final[Mapping[str, str]] = {
    "descriptions": "descriptions",
    "summaries": "summaries and notes",
    "deprecated": "deprecated operations and fields",
    "examples": "examples",
    "optional-reply-fields": "optional fields of replies",
    "optional-parameters": "optional parameters",
    "reply-detail": "the inside of objects in replies",
    "parameter-detail": "the inside of objects in arguments",
}
_PROSE: Final[Mapping[str, Rank]] = {
    "descriptions": (0, 0),
    "summaries": (1, 0),
    "examples": (3, 0),
}
_DEPRECATED: Final[Rank] = (2, 0)
_NOWHERE: Final[Rank] = (-1, 0)
_NEVER: Final[Rank] = (9, 0)
_BELOW, _REPLIES, _ARGUMENTS = 4, 5, 6
_ENVELOPE: Final = 6  # fields that an envelope may have
_LETTERS: Final = 4.5  # of prose that take one token
_AROUND: Final = 6.0  # tokens of a method besides its name and types


class Loss(msgspec.Struct, frozen=True):
    """One thing to give up, and about how many tokens that saves after all before it."""

    item: Item
    saves: float


class Ladder(msgspec.Struct, frozen=True):
    """All that can be given up of an Api, in the order in which it is."""

    losses: tuple[Loss, ...]
    rest: float  # about how many tokens are left when all is lost


class Place(msgspec.Struct, frozen=True):
    """Where a type stands: how to call it, and its depth in replies and in arguments.

    A depth of None means that it is not there at all.
    """

    part: str  # the operation or named type whose text it is
    name: str
    reply: int | None
    argument: int | None
    body: str = ""  # the field of an operation's argument that holds the body of the request

    def inside(self, field: str, *, envelope: bool = False) -> Place:
        """The place of a field of the object that stands here."""
        reply = None if self.reply is None else self.reply + (not envelope)
        argument = None if self.argument is None else self.argument + (field != self.body)
        return Place(self.part, f"{self.name}.{field}", reply, argument)

    def detail(self) -> Step | None:
        """How the inside of the object here is lost; None: it never is."""
        replied = _NOWHERE if self.reply is None else (_REPLIES, -self.reply)
        given = _NOWHERE
        if self.argument is not None:
            given = (_ARGUMENTS, -self.argument) if self.argument else _NEVER
        kind = "parameter-detail" if given > replied else "reply-detail"
        return _step(max(given, replied), kind, self.name)

    def field(self, field: Field) -> Step | None:
        """How a field of the object here is lost; None: it stays as long as the object does."""
        if field.required or field.name == self.body:
            return None
        name = f"{self.name}.{field.name}"
        if field.deprecated:
            return _step(_DEPRECATED, "deprecated", name)
        replied, given = _optional(_REPLIES, self.reply), _optional(_ARGUMENTS, self.argument)
        kind = "optional-reply-fields" if self.argument is None else "optional-parameters"
        return _step(max(given, replied), kind, name)


def _optional(rung: int, depth: int | None) -> Rank:
    if depth is None:
        return _NOWHERE
    return (_BELOW, -depth) if depth else (rung, -0.5)


def _step(rank: Rank, kind: str, name: str) -> Step | None:
    return None if rank == _NEVER else (rank, (kind, name))


def places(api: Api) -> dict[str, Place]:
    """Return where each named type of `api` stands; those that nothing reaches are left out."""
    replies = _depths(api.types, chain.from_iterable(map(_gives, api.operations)), replies=True)
    arguments = _depths(api.types, chain.from_iterable(map(_given, api.operations)), replies=False)
    return {
        name: Place(name, name, replies.get(name), arguments.get(name))
        for name in api.types
        if name in replies or name in arguments
    }


def ladder(api: Api) -> Ladder:
    """Return the losses of `api`, cheapest first."""
    survey = _Survey(api)

    def order(item: Item) -> tuple[Rank, float, Item]:
        rank, part = survey.found[item]
        return rank, survey.mentions[part] / (survey.saves[item] + 1), item

    steps = sorted(survey.found, key=order)
    return Ladder(tuple(Loss(item, survey.saves[item]) for item in steps), survey.rest)


def prose(text: str) -> float:
    """Return about how many tokens prose takes."""
    return len(text) / _LETTERS


class _Survey:
    """Walks an Api once and books each token under the first loss that takes it away."""

    def __init__(self, api: Api) -> None:
        self.found: dict[Item, tuple[Rank, str]] = {}  # and the part of the text that it is in
        self.saves: dict[Item, float] = {}
        self.rest = 0.0
        self.mentions: Counter[str] = Counter(operation.id for operation in api.operations)
        self._types = api.types
        self._some_last = not all(operation.deprecated for operation in api.operations)
        for operation in api.operations:
            self._operation(operation)
        for name, place in places(api).items():
            self._named(api.types[name], place)

    def _operation(self, operation: Operation) -> None:
        name = operation.id
        self._prose(name, operation.doc, operation.summary)
        owner: Step | None = None
        if operation.deprecated and self._some_last:
            owner = _DEPRECATED, ("deprecated", name)
        self._book(owner, name, cost.words(operation.name[-1]) + _AROUND)
        for node in _gives(operation):
            self._type(node, reply_of(operation), owner)
        for node in _takes(operation):
            self._type(node, argument_of(operation), owner)

    def _named(self, named: NamedType, place: Place) -> None:
        self._prose(place.name, named.doc, named.note)
        owner = place.detail() if isinstance(named.type, (Record, Intersection)) else None
        self._book(owner, place.name, cost.DEFINITION + cost.words(place.name))
        self._type(named.type, place, owner)

    def _prose(self, part: str, *texts: str) -> None:
        for kind, text in zip(_PROSE, texts, strict=False):
            if text:
                self._book((_PROSE[kind], (kind, part)), part, prose(text))

    def _type(self, node: Type, place: Place, owner: Step | None) -> None:
        if isinstance(node, Record):
            self._record(node, place, _first(owner, place.detail()))
            return
        if isinstance(node, (Ref, Apply)):
            self.mentions[node.name] += 1
        inside = children(node)
        self._book(owner, place.part, cost.own(node, (0.0,) * len(inside)))
        for child in inside:
            self._type(child, place, owner)

    def _record(self, record: Record, place: Place, owner: Step | None) -> None:
        self._book(owner, place.part, 1.0)
        envelope = place.reply == 0 and is_envelope(record, self._types)
        for field in record.fields:
            self._prose(place.part, field.doc, field.note, field.example)
            first = _first(owner, place.field(field))
            own = cost.field(field.name, field.required, field.type, 0.0)
            self._book(first, place.part, own)
            self._type(field.type, place.inside(field.name, envelope=envelope), first)
        if record.rest is not None:
            self._type(record.rest, place.inside("*"), owner)

    def _book(self, owner: Step | None, part: str, tokens: float) -> None:
        if owner is None:
            self.rest += tokens
            return
        rank, item = owner
        self.found.setdefault(item, (rank, part))
        self.saves[item] = self.saves.get(item, 0.0) + tokens


def _first(one: Step | None, other: Step | None) -> Step | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def argument_of(operation: Operation) -> Place:
    """Return the place of what an operation takes."""
    return Place(operation.id, f"{operation.id} arguments", None, 0, _body(operation))


def _takes(operation: Operation) -> Iterator[Type]:
    yield from (form.input for form in operation.forms if form.input is not None)


def _gives(operation: Operation) -> Iterator[Type]:
    yield from (form.output for form in operation.forms if form.output is not None)


def _body(operation: Operation) -> str:
    return operation.call.bodies[0].arg if operation.call.bodies else ""


def _given(operation: Operation) -> Iterator[Type | None]:
    """What stands at depth 0 of an operation's argument: the object, and the body in it."""
    yield from _takes(operation)
    if isinstance(operation.input, Record):
        body = _body(operation)
        yield from (field.type for field in operation.input.fields if field.name == body)


def reply_of(operation: Operation) -> Place:
    """Return the place of what an operation gives."""
    return Place(operation.id, f"{operation.id} reply", 0, None)


def is_envelope(record: Record, types: Mapping[str, NamedType]) -> bool:
    """Whether a reply is there for the sake of one field: few fields, and one holds objects."""
    holding = [field for field in record.fields if _holds_objects(field.type, types)]
    return len(holding) == 1 and len(record.fields) <= _ENVELOPE and record.rest is None


def _holds_objects(node: Type, types: Mapping[str, NamedType]) -> bool:
    pending, seen = [node], set[str]()
    while pending:
        node = pending.pop()
        if isinstance(node, (Record, Intersection)):
            return True
        if not isinstance(node, Ref):
            pending.extend(children(node))
        elif node.name not in seen:
            seen.add(node.name)
            pending.append(types[node.name].type)
    return False


def _depths(
    types: Mapping[str, NamedType], roots: Iterable[Type | None], *, replies: bool
) -> dict[str, int]:
    """Return the least depth at which each named type stands, breadth first."""
    depths: dict[str, int] = {}
    level = [root for root in roots if root is not None]
    depth = 0
    while level:
        deeper: list[Type] = []
        while level:
            node = level.pop()
            if isinstance(node, Record):
                opened = replies and not depth and is_envelope(node, types)
                (level if opened else deeper).extend(children(node))
            elif not isinstance(node, Ref):
                level.extend(children(node))
            elif node.name not in depths:
                depths[node.name] = depth
                level.append(types[node.name].type)
        level, depth = deeper, depth + 1
    return depths
