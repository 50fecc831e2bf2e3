"""The one walk over types: what a node holds, all that is below it, and rewriting from below.

Equal parts of an Api are mostly one object (`tsbind.ir.unify`), so whatever looks at a whole Api
looks at each object once: `distinct`, `rewriter`, `each_type`.

>>> from tsbind.ir.types import NULL, NUMBER, TEXT, Array, Field, Record, Ref
>>> pet = Record((Field("name", TEXT), Field("tags", Array(Ref("Tag")))))
>>> [type(node).__name__ for node in walk(pet)]
['Record', 'Text', 'Array', 'Ref']
>>> rewrite(Array(TEXT), lambda node: NULL if node == TEXT else node)
Array(item=Null())
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import is_not
from typing import Final, assert_never

from msgspec.structs import replace

from tsbind.ir.api import Api, Operation, Overload
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
    if isinstance(node, Record):  # most of what is left; a pattern takes twice as long
        inside = tuple([field.type for field in node.fields])
        return inside if node.rest is None else (*inside, node.rest)
    match node:
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


def distinct(nodes: Iterable[Type], seen: set[int] | None = None) -> Iterator[Type]:
    """Yield each object among `nodes` and below them once, in no order to rely on.

    `seen` holds, by id(), those that were yielded before, and will hold these.
    """
    pending = list(nodes)
    seen = set() if seen is None else seen
    while pending:
        node = pending.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            pending.extend(children(node))


def rewrite(node: Type, change: Callable[[Type], Type]) -> Type:
    """Rebuild `node` from below: `change` sees each node after its children were changed.

    Nodes that stay as they are are shared with the argument, so `is` tells whether anything
    changed.  A Union whose options change is simplified again.
    """
    return rewriter(change)(node)


def rewriter(change: Callable[[Type], Type]) -> Callable[[Type], Type]:
    """Return `rewrite` for many nodes: what stands in several of them is rebuilt once."""
    done: dict[int, tuple[Type, Type]] = {}  # by id(); holding the node keeps its id valid

    def visit(node: Type) -> Type:
        if type(node) in LEAVES:
            return change(node)
        found = done.get(id(node))
        if found is None:
            found = done[id(node)] = node, change(inside(node, visit))
        return found[1]

    return visit


def inside(node: Type, change: Callable[[Type], Type]) -> Type:
    """Return `node` with each child put through `change`; `node` itself if none changes."""
    before = children(node)
    after = tuple([change(child) for child in before])
    return with_children(node, after) if any(map(is_not, after, before)) else node


def with_children(node: Type, inside: tuple[Type, ...]) -> Type:
    """Return `node` holding `inside` in place of its `children`, of which it has as many."""
    match node:
        case Record(fields, rest):
            changed = tuple(
                field if field.type is type_ else replace(field, type=type_)
                for field, type_ in zip(fields, inside, strict=False)
            )
            return replace(node, fields=changed, rest=None if rest is None else inside[-1])
        case Array():
            return Array(inside[0])
        case Tuple(items, required, rest):
            last = None if rest is None else inside[-1]
            return Tuple(inside[: len(items)], required, last)
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


def roots(api: Api) -> Iterator[Type]:
    """Yield every type that `api` prints on its own: inputs, replies, bodies of named types."""
    for operation in api.operations:
        for form in operation.forms:
            yield from (type_ for type_ in (form.input, form.output) if type_ is not None)
    for named in api.types.values():
        yield named.type


def each_type(api: Api, change: Callable[[Type], Type]) -> Api:
    """Return `api` with every type of `roots` put through `change`."""

    def maybe(node: Type | None) -> Type | None:
        return None if node is None else change(node)

    def changed(operation: Operation) -> Operation:
        given, reply, other = operation.input, operation.output, operation.overload
        if other is not None:
            other = Overload(change(other.input), change(other.output))
        return replace(operation, input=maybe(given), output=maybe(reply), overload=other)

    return replace(
        api,
        operations=tuple(map(changed, api.operations)),
        types={name: replace(named, type=change(named.type)) for name, named in api.types.items()},
    )
