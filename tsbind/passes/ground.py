"""Write out aliases that lead back to themselves without a field or element in between.

TypeScript refuses `type A=A|null`; it accepts recursion only below an object, a list or a tuple.
What such a name stands for is what its other alternatives accept, and anything if it has none.

    >>> from tsbind.emit.sketch import through
    >>> print(through(ground, "type A=B|string; type B=A|{next:A}; type C=C; get(a:A):C"))
    type A={next:A}|string
    type B=string|{next:A}
    type C=unknown
    get(a:A):Promise<C>
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from tsbind.ir.api import Api
from tsbind.ir.types import Apply, Intersection, Ref, Trim, Type, Union
from tsbind.passes.unfold import Unfolding


def ground(api: Api) -> Api:
    """Return `api` with every named type defined without going round in a circle."""
    bare = {name: frozenset(_bare(named.type)) for name, named in api.types.items()}
    circular = [name for name in bare if bare[name] and _reaches(name, bare)]
    if not circular:
        return api
    unfolding = Unfolding(api.types, [])
    types = dict(api.types)
    for name in circular:
        types[name] = replace(types[name], type=unfolding.head(Ref(name)))
    return replace(api, types=types)


def _bare(node: Type) -> Iterator[str]:
    """Yield the names that `node` mentions above any field or element."""
    match node:
        case Ref(name) | Apply(name):
            yield name
        case Union(inner) | Intersection(inner):
            for part in inner:
                yield from _bare(part)
        case Trim(base):
            yield from _bare(base)
        case _:
            pass


def _reaches(start: str, bare: dict[str, frozenset[str]]) -> bool:
    pending, seen = list(bare[start]), set[str]()
    while pending:
        name = pending.pop()
        if name == start:
            return True
        if name not in seen:
            seen.add(name)
            pending.extend(bare.get(name, ()))
    return False
