"""Rename types whose names mean something else in TypeScript, or are no names there.

>>> from tsbind.emit.sketch import through
>>> print(through(rename, "type Promise={x:Omit[]}; type Omit=string; get():Promise"))
type PromiseType={x:OmitType[]}
type OmitType=string
get():Promise<PromiseType>
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api
from tsbind.ir.types import Apply, Ref, Type
from tsbind.ir.walk import each_type, rewriter
from tsbind.passes.naming import RESERVED, first_free, is_name, type_name

_NAMING: Final = frozenset({Ref, Apply})


def rename(api: Api) -> Api:
    """Return `api` with names of types that are names in TypeScript, and mean nothing else there.

    A module may hide `Date` or `Error` with a type of its own, but its reader would be misled.
    """
    names: dict[str, str] = {}
    taken = set(api.types)
    for name in api.types:
        if name in RESERVED or not is_name(name):
            wanted = type_name(name)
            names[name] = first_free((wanted, f"{wanted}Type", f"{wanted}Schema"), taken)
            taken.add(names[name])
    if not names:
        return api
    types = {names.get(name, name): named for name, named in api.types.items()}
    return each_type(replace(api, types=types), renaming(names))


def renaming(names: dict[str, str]) -> Callable[[Type], Type]:
    """Return what rewrites types so that they call named types by their new names."""

    def change(node: Type) -> Type:
        if type(node) not in _NAMING:
            return node
        match node:
            case Ref(name) if name in names:
                return Ref(names[name])
            case Apply(name) if name in names:
                return replace(node, name=names[name])
            case _:
                return node

    return rewriter(change)
