"""The one walk over types: what a node holds, all that is below it, and rewriting from below.

>>> from tsbind.ir.types import NULL, NUMBER, TEXT, Array, Field, Record, Ref
>>> pet = Record((Field("name", TEXT), Field("tags", Array(Ref("Tag")))))
>>> [type(node).__name__ for node in walk(pet)]
['Record', 'Text', 'Array', 'Ref']
>>> rewrite(Array(TEXT), lambda node: NULL if node == TEXT else node)
Array(item=Null())
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, assert_never

from msgspec.structs import replace

from tsbind.ir.types import (
    Anything,
    Apply,
    Array,
    Boolean,
    Bytes,
    Enum,
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
    union,
)

# What holds nothing; most nodes are such, so this is asked first.
LEAVES: Final = frozenset(
    {Unknown, Never, Null, Boolean, Text, Number, Bytes, Anything, Enum, Ref, Variable}
)


def children(node: Type) -> tuple[Type, ...]:
    """Return the types directly inside `node`, in the order in which they are printed."""
    if type(node) in LEAVES:
        return ()
    match node:
        case Record(fields, rest):
            inside = tuple([field.type for field in fields])
            return inside if rest is None else (*inside, rest)
        case Array(item):
            return (item,)
        case Union(inner) | Intersection(inner) | Apply(_, inner):
            return inner
        case Tuple(items, _, rest):
            return items if rest is None else (*items, rest)
        case Trim(base):
            return (base,)
        case (
            Unknown() | Never() | Null() | Boolean() | Text() | Number() | Bytes() | Anything()
        ) | (Enum() | Ref() | Variable()):
            return ()
        case _:
            assert_never(node)


def walk(node: Type) -> Iterator[Type]:
    """Yield `node` and everything below it, parents first; named types are not entered."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(children(current)))


def rewrite(node: Type, change: Callable[[Type], Type]) -> Type:
    """Rebuild `node` from below: `change` sees each node after its children were changed.

    Nodes that stay as they are are shared with the argument, so `is` tells whether anything
    changed.  A Union whose options change is simplified again.
    """
    return change(_rebuild(node, lambda inner: rewrite(inner, change)))


def _rebuild(node: Type, visit: Callable[[Type], Type]) -> Type:
    before = children(node)
    if not before:
        return node
    after = [visit(child) for child in before]
    if all(new is old for new, old in zip(after, before, strict=True)):
        return node
    return with_children(node, tuple(after))


def with_children(node: Type, inside: tuple[Type, ...]) -> Type:
    """Return `node` holding `inside` in place of its `children`, of which it has as many."""
    match node:
        case Array():
            return Array(inside[0])
        case Tuple(items, required, rest):
            last = None if rest is None else inside[-1]
            return Tuple(inside[: len(items)], required, last)
        case Record(fields, rest):
            changed = tuple(
                field if field.type is type_ else replace(field, type=type_)
                for field, type_ in zip(fields, inside, strict=False)
            )
            return replace(node, fields=changed, rest=None if rest is None else inside[-1])
        case Union():
            return union(inside)
        case Intersection():
            return intersection(inside)
        case Apply():
            return replace(node, arguments=inside)
        case Trim():
            return replace(node, base=inside[0])
        case _:
            return node


def intersection(parts: tuple[Type, ...]) -> Type:
    """All of `parts` at once, flat and without repetition; one part stands for itself."""
    flat: dict[Type, None] = {}
    for part in parts:
        flat.update(dict.fromkeys(part.parts if isinstance(part, Intersection) else (part,)))
    return Intersection(tuple(flat)) if len(flat) > 1 else next(iter(flat))
