"""Proves that two descriptions of an API say the same: what a pass must keep, and a printer.

Names of types do not count, nor prose, nor the order of fields, options or operations.  What
counts is the set of operations and what each takes and gives: fields, whether they may be absent,
types, values of enums.  Aliases, generics, `&`, `Omit` and the like are written out first, where
they meet the eye; what is below a field or an element stays a graph, since types recurse.  Two
graphs are equal when no refinement of their nodes' classes ever tells them apart (bisimulation).

    >>> from tsbind.emit.sketch import sketch
    >>> before = sketch("type A={x:string,y?:A[]}; get():A")
    >>> differences(before, sketch("type X={x:string}; type B=X&{y?:B[]}; get():B"))
    ()
    >>> differences(before, sketch("type A={x:string,y:A[]}; get():A"))
    ('get: the reply differs: "y" was optional',)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Protocol

from tsbind.ir.api import NamedType, Overload
from tsbind.ir.types import Type
from tsbind.passes.unfold import Node, Unfolding, classes


class Signature(Protocol):
    """What a method takes and gives; an `Operation` is one."""

    @property
    def name(self) -> tuple[str, ...]: ...
    @property
    def input(self) -> Type | None: ...
    @property
    def output(self) -> Type | None: ...
    @property
    def optional(self) -> bool: ...
    @property
    def overload(self) -> Overload | None: ...


class Described(Protocol):
    """An API as anything describes it; an `Api` does, and declarations that were read do."""

    @property
    def operations(self) -> Sequence[Signature]: ...
    @property
    def types(self) -> Mapping[str, NamedType]: ...


def differences(before: Described, after: Described) -> tuple[str, ...]:
    """Return one line for each operation that `after` lacks, adds or says otherwise."""
    ours = {operation.name: operation for operation in before.operations}
    theirs = {operation.name: operation for operation in after.operations}
    found = [f"{'.'.join(name)}: is missing" for name in ours if name not in theirs]
    found += [f"{'.'.join(name)}: was not there" for name in theirs if name not in ours]
    if len(theirs) != len(after.operations):
        found.append("an operation is declared twice")
    graph = _Graph(before, after)
    for name, one in ours.items():
        if name in theirs:
            found += [f"{'.'.join(name)}: {what}" for what in graph.compare(one, theirs[name])]
    return tuple(found)


class _Graph:
    """The types of both sides as one graph, and the classes of its nodes."""

    def __init__(self, before: Described, after: Described) -> None:
        self._nodes: list[Node] = []
        self._sides = (
            Unfolding(before.types, self._nodes),
            Unfolding(after.types, self._nodes),
        )
        for side, described in zip(self._sides, (before, after), strict=True):
            for operation in described.operations:
                side.node(operation.input)
                side.node(operation.output)
                if operation.overload is not None:
                    side.node(operation.overload.input)
                    side.node(operation.overload.output)
            side.finish()
        self._classes = classes(self._nodes)

    def compare(self, one: Signature, other: Signature) -> list[str]:
        found = []
        mine, yours = one.overload, other.overload
        if (mine is None) != (yours is None):
            found.append(f"it {'lost its' if mine else 'got an'} overload")
        pairs = [("argument", one.input, other.input), ("reply", one.output, other.output)]
        if mine is not None and yours is not None:
            pairs.append(("argument of the overload", mine.input, yours.input))
            pairs.append(("reply of the overload", mine.output, yours.output))
        for what, given, read in pairs:
            ours, theirs = self._sides[0].node(given), self._sides[1].node(read)
            if self._classes[ours] != self._classes[theirs]:
                found.append(f"the {what} differs{self._where(ours, theirs)}")
        if one.input is not None and one.optional != other.optional:
            found.append(f"the argument was {'optional' if one.optional else 'required'}")
        return found

    def _where(self, mine: int, yours: int) -> str:
        """Find the nearest place where the nodes themselves differ, and say how."""
        pending: deque[tuple[int, int, tuple[str, ...]]] = deque([(mine, yours, ())])
        seen = {(mine, yours)}
        while pending:
            one, other, path = pending.popleft()
            said = _own_difference(self._nodes[one], self._nodes[other])
            if said:
                place = f" at {'.'.join(path)}" if path else ""
                return f"{place}: {said}"
            for label, inner, outer in self._steps(one, other):
                if (inner, outer) not in seen:
                    seen.add((inner, outer))
                    pending.append((inner, outer, (*path, label)))
        return ": its alternatives are not the same"

    def _steps(self, one: int, other: int) -> list[tuple[str, int, int]]:
        edges = zip(self._nodes[one].edges, self._nodes[other].edges, strict=False)
        return [
            (label[0], inner, outer)
            for (label, inner), (_, outer) in edges
            if self._classes[inner] != self._classes[outer]
        ]


def _own_difference(one: Node, other: Node) -> str:
    """Say how two nodes differ without regard to what lies below; empty if they do not."""
    if one.kind != other.kind:
        return f"it was {one.kind}, it is {other.kind}"
    mine, yours = dict(label for label, _ in one.edges), dict(label for label, _ in other.edges)
    for name, required in mine.items():
        if name not in yours:
            return f'it had "{name}"'
        if yours[name] != required:
            return f'"{name}" was {"required" if required else "optional"}'
    extra = next((name for name in yours if name not in mine), None)
    return "" if extra is None else f'it has "{extra}"'
