"""Let through what an empty part of an intersection would keep out.

An object whose properties are all hidden (read-only ones, in a request) is printed
`Record<string,never>`, so that nobody fills it in.  Beside other objects it adds nothing, and
TypeScript would let no field of theirs pass.

    >>> from tsbind.emit.sketch import through
    >>> print(through(loosen, '''
    ...     type Stamps=Dict<never>
    ...     type More=Stamps&Dict<never>
    ...     add(a:More&{name:string}):More'''))
    type Stamps=Record<string,never>
    type More=Record<string,never>
    add(a:{name:string}):Promise<More>
"""

from __future__ import annotations

from tsbind.ir.api import Api
from tsbind.ir.types import ANYTHING, NEVER, UNKNOWN, Intersection, Record, Ref, Type
from tsbind.ir.walk import distinct, each_type, intersection, rewriter, roots
from tsbind.passes.unfold import Unfolding

_EMPTY = Record((), closed=True)


def loosen(api: Api) -> Api:
    """Return `api` without empty objects among the parts of an intersection."""
    if not any(isinstance(node, Intersection) for node in distinct(roots(api))):
        return api
    empty = _empty_names(api)
    unfolding = Unfolding(api.types, [])

    def change(node: Type) -> Type:
        if not isinstance(node, Intersection):
            return node
        kept = tuple(part for part in node.parts if not _is_empty(part, empty))
        if len(kept) == len(node.parts):
            return node
        # Beside what says nothing itself, the empty object is all that is said.
        said = any(unfolding.head(part) not in (UNKNOWN, ANYTHING) for part in kept)
        return intersection(kept) if said else _EMPTY

    return each_type(api, rewriter(change))


def _empty_names(api: Api) -> set[str]:
    """Return the types that are empty objects, by whatever way of names."""
    names: set[str] = set()
    while True:
        found = {name for name, named in api.types.items() if _is_empty(named.type, names)}
        if found == names:
            return names
        names = found


def _is_empty(node: Type, names: set[str]) -> bool:
    match node:
        case Record((), rest, closed):
            return rest == NEVER or (rest is None and closed)
        case Ref(name):
            return name in names
        case Intersection(parts):
            return all(_is_empty(part, names) for part in parts)
        case _:
            return False
