"""Make the type of further members cover the declared fields, as TypeScript demands.

JSON Schema's `additionalProperties` speaks of the other members only; an index signature speaks of
all of them, and `{id:number,[k:string]:string}` does not compile.

    >>> from tsbind.emit.sketch import through
    >>> print(through(widen, "get():{id:number,size:number,name:string,[k:string]:string}"))
    get():Promise<{id:number,size:number,name:string,[k:string]:string|number}>
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from tsbind.ir.api import Api
from tsbind.ir.types import NEVER, TEXT, Enum, Record, Type, Union, Unknown, union
from tsbind.ir.walk import distinct, each_type, rewriter, roots
from tsbind.passes.shapes import Shapes
from tsbind.passes.unfold import Unfolding


def widen(api: Api) -> Api:
    """Return `api` with index signatures that TypeScript accepts beside their fields."""
    if not any(map(_mixed, distinct(roots(api)))):
        return api
    unfolding = Unfolding(api.types, [])

    def change(node: Type) -> Type:
        if not isinstance(node, Record) or node.rest is None or not _mixed(node):
            return node
        if unfolding.head(node.rest) == NEVER:
            return replace(node, rest=None, closed=True)
        return _widened(node, node.rest)

    return each_type(api, rewriter(change))


def _mixed(node: Type) -> bool:
    return (
        isinstance(node, Record)
        and bool(node.fields)
        and node.rest is not None
        and not isinstance(node.rest, Unknown)
    )


def _widened(node: Record, rest: Type) -> Record:
    shapes = Shapes()
    covered = {shapes.number(option) for option in _options(rest)}
    missing: dict[int, Type] = {}
    for field in node.fields:
        for option in _options(field.type):
            texts = isinstance(option, Enum) and all(isinstance(v, str) for v in option.values)
            number = shapes.number(TEXT if texts and shapes.number(TEXT) in covered else option)
            if number not in covered:
                missing[number] = option
    return replace(node, rest=union([rest, *missing.values()])) if missing else node


def _options(node: Type) -> Iterator[Type]:
    if isinstance(node, Union):
        yield from node.options
    else:
        yield node
