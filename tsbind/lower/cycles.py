"""Cuts named types that are nothing but themselves.

`type A = B | string; type B = A` has no meaning to a reader and none to TypeScript: recursion
must pass through a property or an item.  The reference that closes such a loop is dropped from
its union or intersection, where it adds nothing; alone, it could have been anything.

    >>> from tsbind.ir.types import TEXT, Ref, Union
    >>> without_cycles({"A": NamedType(Union((Ref("A"), TEXT)))})["A"].type
    Text()
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from tsbind.ir.api import NamedType
from tsbind.ir.types import UNKNOWN, Intersection, Ref, Type, Union, union
from tsbind.ir.walk import intersection


def without_cycles(types: Mapping[str, NamedType]) -> dict[str, NamedType]:
    """Return `types` with every reference dropped that closes a loop of bare references."""
    cut = _closing(types)
    return {
        name: replace(named, type=_drop(named.type, cut[name])) if name in cut else named
        for name, named in types.items()
    }


def bare(node: Type) -> list[str]:
    """The names that `node` mentions outside of any property or item."""
    match node:
        case Ref(name):
            return [name]
        case Union(inner) | Intersection(inner):
            return [name for part in inner for name in bare(part)]
    return []


def _closing(types: Mapping[str, NamedType]) -> dict[str, set[str]]:
    """Find, depth first in the order of the table, the references back to an open name."""
    closing: dict[str, set[str]] = {}
    done: set[str] = set()
    for start in types:
        if start in done:
            continue
        open_: dict[str, list[str]] = {start: bare(types[start].type)}
        while open_:
            name, pending = next(reversed(open_.items()))
            if not pending:
                del open_[name]
                done.add(name)
                continue
            other = pending.pop()
            if other in open_:
                closing.setdefault(name, set()).add(other)
            elif other in types and other not in done:
                open_[other] = bare(types[other].type)
    return closing


def _drop(node: Type, names: set[str]) -> Type:
    match node:
        case Ref(name) if name in names:
            return UNKNOWN
        case Union(options):
            kept = [_drop(option, names) for option in options if not _is(option, names)]
            return union(kept) if kept else UNKNOWN
        case Intersection(parts):
            kept = [_drop(part, names) for part in parts if not _is(part, names)]
            return intersection(tuple(kept)) if kept else UNKNOWN
    return node


def _is(node: Type, names: set[str]) -> bool:
    return isinstance(node, Ref) and node.name in names
