"""What differs between two versions of an API: operations, types, tokens, and the prompt prefix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal

import msgspec

from tsbind.bundle import Bundle, Call
from tsbind.changes.fits import Fitting
from tsbind.emit.dts import Declarations, Signature, read_declarations
from tsbind.ir.api import Overload
from tsbind.ir.types import Ref, Type
from tsbind.meter.outline import weigh

Kind = Literal["added", "removed", "renamed", "changed", "sent otherwise"]


class OperationChange(msgspec.Struct, frozen=True):
    """An operation that is not what it was."""

    name: str  # its new name, unless it was removed
    kind: Kind
    breaking: bool  # whether a program that was right may be wrong now
    details: tuple[str, ...]
    before: int  # tokens of its own lines; 0: it was not there
    after: int


class TypeChange(msgspec.Struct, frozen=True):
    """A name among the declared types that does not stand for what it stood for."""

    name: str
    kind: Literal["added", "removed", "changed"]


class Difference(msgspec.Struct, frozen=True):
    """All that one version of an API changes."""

    operations: tuple[OperationChange, ...]
    types: tuple[TypeChange, ...]
    before: int  # tokens of the declarations
    after: int
    prefix: int  # tokens at the beginning of both, in whole lines: what a prompt cache keeps

    @property
    def breaking(self) -> bool:
        """Whether any operation changed in a way that can break a program."""
        return any(change.breaking for change in self.operations)


def compare(old: Bundle, new: Bundle, count: Callable[[str], int]) -> Difference:
    """Compare two Bundles by what they declare and how their calls are made.

    Breaking means: a program that passed the type checker against the old declarations may fail it
    against the new.  Raises SpecError for declarations that hold no operations, as those of an API
    that was too large for its budget.
    """
    sides = (
        read_declarations(old.declarations, file="the old declarations"),
        read_declarations(new.declarations, file="the new declarations"),
    )
    weights = (weigh(old.declarations, count), weigh(new.declarations, count))
    tokens = (weights[0]["operation"], weights[1]["operation"])
    comparison = _Comparison(*sides)
    operations = tuple(_operations(comparison, (old.calls, new.calls), tokens))
    return Difference(
        operations,
        tuple(comparison.types()),
        count(old.declarations),
        count(new.declarations),
        count(prefix(old.declarations, new.declarations)),
    )


def prefix(old: str, new: str) -> str:
    """Return the lines that both texts begin with."""
    ours, theirs = old.splitlines(keepends=True), new.splitlines(keepends=True)
    same = 0
    for mine, yours in zip(ours, theirs, strict=False):
        if mine != yours:
            break
        same += 1
    return "".join(ours[:same])


class _Comparison:
    """The signatures of both sides, and how their types fit."""

    def __init__(self, old: Declarations, new: Declarations) -> None:
        self.old = {".".join(each.name): each for each in old.operations}
        self.new = {".".join(each.name): each for each in new.operations}
        self._tables = (old.types, new.types)
        self._fitting = Fitting(old.types, new.types)
        for signature in self.old.values():
            self._fitting.learn_old(*_types(signature))
        for signature in self.new.values():
            self._fitting.learn_new(*_types(signature))
        self._fitting.learn_old(*map(Ref, old.types))
        self._fitting.learn_new(*map(Ref, new.types))
        self._fitting.settle()

    def same(self, old: Signature, new: Signature) -> bool:
        """Whether two signatures mean the same."""
        fitting = self._fitting
        lenient = old.input is None or old.optional == new.optional
        forms = _forms(old), _forms(new)
        alike = len(forms[0]) == len(forms[1]) and all(
            fitting.same(mine.input, yours.input) and fitting.same(mine.output, yours.output)
            for mine, yours in zip(*forms, strict=True)
        )
        return lenient and alike

    def reasons(self, old: Signature, new: Signature) -> Iterator[str]:
        """Yield why a program that used `old` may not use `new`."""
        optional = old.input is None or old.optional
        if optional and new.input is not None and not new.optional:
            yield "its argument is required now"
        for mine, yours in zip(_forms(old), _forms(new), strict=False):
            for reason in self._fitting.argument(mine.input, yours.input):
                yield f"argument: {reason}"
            for reason in self._fitting.reply(mine.output, yours.output):
                yield f"reply: {reason}"
        if (old.overload is None) != (new.overload is None):
            yield "reply: another argument decides what it is"

    def gains(self, old: Signature, new: Signature) -> Iterator[str]:
        """Yield what a program may do or meet that it could not: the same question, reversed."""
        reverse = Fitting(self._tables[1], self._tables[0])
        for mine, yours in zip(_forms(old), _forms(new), strict=False):
            for reason in reverse.argument(yours.input, mine.input):
                yield f"argument: {_reversed(reason)}"
            for reason in reverse.reply(yours.output, mine.output):
                yield f"reply: {_reversed(reason)}"

    def types(self) -> Iterator[TypeChange]:
        """Yield what became of the declared names."""
        old, new = self._tables
        for name in sorted({*old, *new}):
            if name not in new:
                yield TypeChange(name, "removed")
            elif name not in old:
                yield TypeChange(name, "added")
            elif not self._fitting.same(Ref(name), Ref(name)):
                yield TypeChange(name, "changed")


# What is lost on the way back was gained on the way there.
_GAINS: Final = (
    (" is not taken any more", " is taken now"),
    (" is required now", " may be left out now"),
    (" does not take ", " takes "),
    (" any more", " now"),
    (" is gone", " is new"),
    (" may be absent now", " is always there now"),
)


def _forms(signature: Signature) -> list[Signature | Overload]:
    """What an operation takes and gives: always, and where an argument is of a special kind."""
    return [signature] if signature.overload is None else [signature, signature.overload]


def _types(signature: Signature) -> Iterator[Type | None]:
    for form in _forms(signature):
        yield form.input
        yield form.output


def _reversed(reason: str) -> str:
    for lost, gained in _GAINS:
        if lost in reason:
            told = reason.replace(lost, gained)
            return told.replace(" any more", " now") if lost == " does not take " else told
    head, may, rest = reason.rpartition(" may be ")
    return f"{head} is never {rest.removesuffix(' now')} now" if may else reason


def _operations(
    comparison: _Comparison,
    calls: tuple[Mapping[str, Call], Mapping[str, Call]],
    tokens: tuple[Mapping[str, int], Mapping[str, int]],
) -> Iterator[OperationChange]:
    renamed = _renamed(comparison, calls)
    gone = [name for name in comparison.old if name not in comparison.new]
    for name in sorted({*gone, *comparison.new} - set(renamed)):
        cost = tokens[0].get(name, 0), tokens[1].get(name, 0)
        former = next((old for old, new in renamed.items() if new == name), name)
        before, after = comparison.old.get(former), comparison.new.get(name)
        if before is None:
            yield OperationChange(name, "added", False, (), *cost)
        elif after is None:
            yield OperationChange(name, "removed", True, (), *cost)
        elif former != name:
            told = (f"was {former}", *comparison.reasons(before, after))
            yield OperationChange(name, "renamed", True, told, tokens[0].get(former, 0), cost[1])
        elif not comparison.same(before, after):
            reasons = tuple(comparison.reasons(before, after))
            details = reasons or tuple(comparison.gains(before, after))
            yield OperationChange(name, "changed", bool(reasons), details, *cost)
        elif differ := _sent(calls[0].get(name), calls[1].get(name)):
            yield OperationChange(name, "sent otherwise", False, differ, *cost)


def _renamed(
    comparison: _Comparison, calls: tuple[Mapping[str, Call], Mapping[str, Call]]
) -> dict[str, str]:
    """Which names were given up for which: the operations with one method and path."""
    old, new = (
        {(call.method, call.path): name for name, call in side.items() if name not in other}
        for side, other in zip(calls, (comparison.new, comparison.old), strict=True)
    )
    return {old[place]: new[place] for place in old if place in new}


_WIRE: Final = ("method", "path", "parameters", "bodies", "security", "servers")


def _sent(old: Call | None, new: Call | None) -> tuple[str, ...]:
    """What of a request is made otherwise, though the program sees none of it."""
    if old is None or new is None:
        return ()
    return tuple(part for part in _WIRE if getattr(old, part) != getattr(new, part))
