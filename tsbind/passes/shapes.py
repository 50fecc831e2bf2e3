"""Gives equal types equal numbers, so that passes can count and compare whole shapes cheaply.

Equality here is what a reader of TypeScript means by it: the order of fields and options does not
matter, and `1` is not `true` (which Python thinks it is).  What is told of a field matters, since
the limit of one is not that of another; where prose was dropped, there is none.  A shape's number
is above the numbers of all shapes inside it, so that counting up visits the leaves first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, assert_never

from tsbind.ir.api import Api
from tsbind.ir.types import (
    Anything,
    Apply,
    Array,
    Boolean,
    Bytes,
    Enum,
    Field,
    Intersection,
    Never,
    Null,
    Number,
    Record,
    Ref,
    Text,
    Trim,
    Tuple,
    Type,
    Union,
    Unknown,
    Variable,
)
from tsbind.ir.walk import LEAVES, children, inside, roots

Key = tuple[object, ...]
_SINGLE: Final = LEAVES - {Enum, Ref, Variable}  # kinds that have only one member


class Shapes:
    """The distinct shapes met so far.

    `nodes[n]` is the first type met with number n, and `inside[n]` the numbers of its children.
    `alias` says what a name is called for the purpose of comparing; by default itself.
    """

    def __init__(self, alias: Mapping[str, object] | None = None) -> None:
        self.nodes: list[Type] = []
        self.inside: list[tuple[int, ...]] = []
        self._numbers: dict[Key, int] = {}
        self._seen: dict[int, tuple[int, Type]] = {}  # by id(); holding the type keeps the id valid
        self._alias = alias or {}

    def number(self, node: Type) -> int:
        """Return the number of `node`, the same for every equal type."""
        seen = self._seen.get(id(node))
        if seen is not None:
            return seen[0]
        if type(node) in _SINGLE:
            inside: tuple[int, ...] = ()
            key: Key = (type(node),)
        else:
            inside = tuple([self.number(child) for child in children(node)])
            key = self._key(node, inside)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.nodes)
            self.nodes.append(node)
            self.inside.append(inside)
        self._seen[id(node)] = (number, node)
        return number

    def forget(self) -> None:
        """Look at types anew, since `alias` has changed; equal types still get equal numbers."""
        self._seen.clear()

    def _key(self, node: Type, inside: tuple[int, ...]) -> Key:
        kind = type(node)
        match node:
            case Record(fields, _, closed):
                # Whether further members are refused shows only where there are no others.
                named = frozenset(zip(map(told, fields), inside, strict=False))
                return (kind, named, inside[len(fields) :], closed and not fields)
            case Ref(name):
                return (kind, self._alias.get(name, name))
            case Enum(values):
                return (kind, frozenset((type(value), value) for value in values))
            case Array():
                return (kind, inside)
            case Tuple(items, required, _):
                return (kind, inside, len(items), required)
            case Union() | Intersection():
                return (kind, frozenset(inside))
            case Trim(_, how, names):
                return (kind, inside, how, frozenset(names))
            case Apply(name):
                return (kind, self._alias.get(name, name), inside)
            case Variable(name):
                return (kind, name)
            case (
                Unknown() | Never() | Null() | Boolean() | Text() | Number() | Bytes() | Anything()
            ):
                return (kind,)
            case _:
                assert_never(node)


def told(field: Field) -> tuple[object, ...]:
    """Return all that is said of a field but its type."""
    return field.name, field.required, field.note, field.deprecated, field.doc, field.example


def occurrences(api: Api, shapes: Shapes) -> list[int]:
    """Number all of `api` and return how often each shape stands in its text, by number."""
    numbers = [shapes.number(root) for root in roots(api)]
    uses = [0] * len(shapes.nodes)
    for number in numbers:
        uses[number] += 1
    for number in reversed(range(len(uses))):
        for inner in shapes.inside[number]:
            uses[inner] += uses[number]
    return uses


def unbound(shapes: Shapes) -> list[bool]:
    """Say of each shape, by number, whether it means something only inside a generic type."""
    found: list[bool] = []
    for node, parts in zip(shapes.nodes, shapes.inside, strict=True):
        found.append(isinstance(node, Variable) or any(found[part] for part in parts))
    return found


def substituter(put: Callable[[Type], Type | None]) -> Callable[[Type], Type]:
    """Return what rebuilds types from above: where `put` gives a type, that stands in the place.

    Where it gives None, the node stays and its children are visited.
    """
    done: dict[int, tuple[Type, Type]] = {}  # by id(); holding the node keeps its id valid

    def visit(node: Type) -> Type:
        found = done.get(id(node))
        if found is None:
            made = put(node)
            found = done[id(node)] = node, inside(node, visit) if made is None else made
        return found[1]

    return visit
