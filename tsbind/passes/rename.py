"""Rename types whose names mean something else in TypeScript, or are no names there.

>>> from tsbind.emit.sketch import through
>>> print(through(rename, "type Promise={x:Omit[]}; type Omit=string; get():Promise"))
type Promise2={x:Omit2[]}
type Omit2=string
get():Promise<Promise2>
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api
from tsbind.ir.types import Apply, Ref, Type
from tsbind.ir.walk import rewrite
from tsbind.passes.naming import is_name, type_name, unused
from tsbind.passes.shapes import each_type

# What the printed text relies on.  Other global names may be hidden by a type of the API: the
# text is a module of its own.
RELIED_ON: Final = frozenset(
    {"Async", "Bytes", "Dict", "Promise", "Uint8Array", "Omit", "Pick", "Partial", "Required"}
)


def rename(api: Api) -> Api:
    """Return `api` with names of types that TypeScript reads as the names of those types."""
    names: dict[str, str] = {}
    taken = set(api.types)
    for name in api.types:
        if name in RELIED_ON or not is_name(name):
            names[name] = unused(type_name(name), taken | RELIED_ON)
            taken.add(names[name])
    if not names:
        return api
    types = {names.get(name, name): named for name, named in api.types.items()}
    return each_type(replace(api, types=types), lambda node: renamed(node, names))


def renamed(node: Type, names: dict[str, str]) -> Type:
    """Return `node` with the named types that it mentions called by their new names."""

    def change(node: Type) -> Type:
        match node:
            case Ref(name) if name in names:
                return Ref(names[name])
            case Apply(name) if name in names:
                return replace(node, name=names[name])
            case _:
                return node

    return rewrite(node, change)
