"""Cuts named types that are composed of named types, of those in turn, and so on without end.

Whoever asks what fields a type has must follow `allOf`, `oneOf` and `anyOf` from name to name.
Published documents need a dozen steps; one that needs more than MAX_NAMES wants to exhaust us.
What lies deeper could be anything: an intersection goes on without it, a union takes any value.

    >>> from tsbind.ir.types import TEXT, Ref, Union
    >>> types = {f"T{n}": NamedType(Union((Ref(f"T{n + 1}"), TEXT))) for n in range(80)}
    >>> cut, found = shallow({**types, "T80": NamedType(TEXT)})
    >>> found, cut["T30"].type
    (('T30',), Unknown())
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from tsbind.ir.api import NamedType
from tsbind.ir.types import UNKNOWN, Intersection, Ref, Type, Union, union
from tsbind.ir.walk import intersection
from tsbind.lower.cycles import bare

MAX_NAMES = 50


def shallow(types: Mapping[str, NamedType]) -> tuple[dict[str, NamedType], tuple[str, ...]]:
    """Return `types`, which hold no loop of bare references, cut; and the names that were cut."""
    heights: dict[str, int] = {}
    cut: dict[str, NamedType] = {}
    for start in types:
        pending = [start]
        while pending:
            name = pending[-1]
            inner = [other for other in bare(types[name].type) if other in types]
            unknown = [other for other in inner if other not in heights]
            if unknown and name not in heights:
                pending += unknown
                continue
            pending.pop()
            if name not in heights:
                deep = {other for other in inner if heights[other] >= MAX_NAMES}
                if deep:
                    cut[name] = replace(types[name], type=_without(types[name].type, deep))
                left = [heights[other] for other in inner if other not in deep]
                heights[name] = 1 + max(left, default=0)
    return {**types, **cut}, tuple(sorted(cut))


def _without(node: Type, names: set[str]) -> Type:
    match node:
        case Ref(name) if name in names:
            return UNKNOWN
        case Union(options):
            return union([_without(option, names) for option in options])
        case Intersection(parts):
            left = [_without(part, names) for part in parts]
            kept = tuple(part for part in left if part != UNKNOWN)
            return intersection(kept) if kept else UNKNOWN
    return node
