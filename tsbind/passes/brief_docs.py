"""Keep one line of prose where it says more than the names do, and what a caller must know.

Of an operation stays its summary (or the first sentence of its description) when at least half of
what it says is not yet in the operation's own name, arguments and reply.  How much a word says is
measured over the API itself: the logarithm of how rare it is among all purposes, so that words
which stand in most of them ("the", "list", "returns") weigh nothing in any language.  Of fields and
types stay the notes: formats, bounds, defaults, units; and what is deprecated.  Of what only
replies hold, formats stay: nobody keeps to the bounds of what is already there.

>>> from tsbind.emit.sketch import show, sketch
>>> api = sketch("listRooms():string[]; createRoom():string")
>>> purposes = ("List the rooms", "Rooms die after ninety days without a message")
>>> told = [replace(op, summary=text) for op, text in zip(api.operations, purposes, strict=True)]
>>> [op.summary for op in brief_docs(replace(api, operations=tuple(told))).operations]
['', 'Rooms die after ninety days without a message']
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from math import log
from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api, Operation, Overload
from tsbind.ir.types import Apply, Field, Record, Ref, Type
from tsbind.ir.walk import rewriter, walk
from tsbind.passes.prune import prune

ENOUGH: Final = 0.5  # of what a purpose says must be new
LONGEST: Final = 120  # characters of one purpose

_HUMP: Final = re.compile(r"[^\W\d_][^\W\d_A-Z]*|\d+")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")  # descriptions may be HTML
_SENTENCE: Final = re.compile(r"(?<=[.!?。])\s|\n\s*\n")  # where the first sentence ends


def brief_docs(api: Api) -> Api:
    """Return `api` with purposes that say more than names, and the notes; no other prose."""
    purposes = [_purpose(operation) for operation in api.operations]
    common = Counter(word for purpose in purposes for word in set(_words(purpose)))
    operations = tuple(
        replace(op, summary=purpose if _tells(op, purpose, common, len(purposes)) else "", doc="")
        for op, purpose in zip(api.operations, purposes, strict=True)
    )
    sent = _sent(api)
    told, read = rewriter(_without(_noted)), rewriter(_without(_read))
    return replace(
        api,
        operations=tuple(
            replace(
                op,
                input=op.input and told(op.input),
                output=op.output and read(op.output),
                overload=op.overload
                and Overload(told(op.overload.input), read(op.overload.output)),
            )
            for op in operations
        ),
        types={
            name: replace(named, doc="", type=(told if name in sent else read)(named.type))
            for name, named in api.types.items()
        },
    )


def _sent(api: Api) -> set[str]:
    """Return the names of the types that arguments reach."""
    only = tuple(replace(op, output=None, overload=None) for op in api.operations)
    return set(prune(replace(api, operations=only)).types)


def _purpose(operation: Operation) -> str:
    text = operation.summary.strip() or _SENTENCE.split(operation.doc.strip(), 1)[0]
    line = " ".join(_TAG.sub("", text).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rsplit(" ", 1)[0] + "…"


def _tells(operation: Operation, purpose: str, common: Counter[str], of: int) -> bool:
    weights = {word: log((of + 1) / common[word]) for word in _words(purpose)}
    said = set(_said(operation))
    new = sum(
        weight
        for word, weight in weights.items()
        if word not in said and not any(_alike(word, other) for other in said)
    )
    return new > 0 and new >= ENOUGH * sum(weights.values())


def _said(operation: Operation) -> Iterator[str]:
    """The words that stand in the printed signature."""
    for name in operation.name:
        yield from _words(name)
    for parameter in operation.call.parameters:
        yield from _words(parameter.arg)
    for side in (operation.input, operation.output):
        for node in walk(side) if side is not None else ():
            match node:
                case Ref(name) | Apply(name, _):
                    yield from _words(name)
                case Record(fields):
                    for field in fields:
                        yield from _words(field.name)
                case _:
                    pass


def _words(text: str) -> list[str]:
    return [word.lower() for word in _HUMP.findall(text)]


def _alike(word: str, other: str) -> bool:
    """Whether two words differ in their ending only: `issue`, `issues`."""
    short, long = sorted((word, other), key=len)
    if len(short) < 4:
        return len(short) == 3 and long[:-1] == short  # gets, pets
    return long.startswith(short[:-1])


def _without(change: Callable[[Field], Field]) -> Callable[[Type], Type]:
    """Return what puts the fields of objects through `change`."""

    def rewritten(node: Type) -> Type:
        if not isinstance(node, Record):
            return node
        fields = tuple(map(change, node.fields))
        return node if fields == node.fields else replace(node, fields=fields)

    return rewritten


def _noted(field: Field) -> Field:
    return _told(field, field.note)


def _read(field: Field) -> Field:
    return _told(field, field.reading)


def _told(field: Field, note: str) -> Field:
    """Return `field` with this note and no other prose; one that its name says too says nothing."""
    if not (field.doc or field.example or field.note):
        return field
    said = set(_words(field.name))
    note = "" if note and said.issuperset(_words(note)) and note.isalpha() else note
    return replace(field, doc="", example="", note=note)
