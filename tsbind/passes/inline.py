"""Write out named types where the name costs more than it saves.

That is so for a type that is used once, for a short one, and for another name of a named type.
A type that mentions itself keeps its name, and so does a large one inside another large one:
a reader gets lost in braces before the tokens are worth it.

    >>> from tsbind.emit.sketch import through
    >>> print(through(inline, '''
    ...     type Id=string
    ...     type Owner={id:Id,login:string}
    ...     type Node={id:Id,next?:Node}
    ...     list(a:{id:Id}):Owner[]
    ...     head():Node'''))
    type Node={id:string,next?:Node}
    list(a:{id:string}):Promise<{id:string,login:string}[]>
    head():Promise<Node>
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from tsbind.ir.api import Api
from tsbind.ir.types import Apply, Intersection, Record, Ref, Type
from tsbind.ir.walk import rewrite, walk
from tsbind.passes import cost
from tsbind.passes.shapes import each_type, roots

LARGE: Final = 120.0  # estimated tokens that a type used once may have and still be written out


def inline(api: Api) -> Api:
    """Return `api` without the names that do not pay."""
    uses = _uses(api)
    expanded: dict[str, Type] = {}
    gone: dict[str, Type] = {}
    for name in _inner_first(api):
        named = api.types[name]
        body = _write_out(named.type, gone)
        expanded[name] = body
        if not named.parameters and _cheaper_without(name, body, uses[name]):
            gone[name] = body
    # A body may mention a name that went later; what went last mentions none.
    for name in reversed(gone):
        gone[name] = _write_out(gone[name], gone)
    types = {n: replace(api.types[n], type=expanded[n]) for n in api.types if n not in gone}
    return each_type(replace(api, types=types), lambda node: _write_out(node, gone))


def _cheaper_without(name: str, body: Type, uses: int) -> bool:
    mentioned = [node.name for node in walk(body) if isinstance(node, (Ref, Apply))]
    if name in mentioned:
        return False
    size, word = cost.of(body), cost.words(name)
    if uses == 1:
        return size <= LARGE
    return uses * size <= uses * word + cost.DEFINITION + word + size


def _uses(api: Api) -> Counter[str]:
    return Counter(
        node.name for root in roots(api) for node in walk(root) if isinstance(node, (Ref, Apply))
    )


def _inner_first(api: Api) -> Iterator[str]:
    """Yield the names of all types, each after those it mentions, as far as cycles allow."""
    mentions = {
        name: [n.name for n in walk(named.type) if isinstance(n, (Ref, Apply))]
        for name, named in api.types.items()
    }
    entered: set[str] = set()
    for start in api.types:
        if start in entered:
            continue
        entered.add(start)
        pending = [(start, iter(mentions[start]))]
        while pending:
            name, inner = pending[-1]
            found = next((n for n in inner if n not in entered and n in mentions), None)
            if found is None:
                pending.pop()
                yield name
            else:
                entered.add(found)
                pending.append((found, iter(mentions[found])))


def _write_out(node: Type, bodies: dict[str, Type]) -> Type:
    def change(node: Type) -> Type:
        match node:
            case Ref(name) if name in bodies:
                return bodies[name]
            case Intersection(parts):
                return _joined(parts)
            case _:
                return node

    return rewrite(node, change)


def _joined(parts: tuple[Type, ...]) -> Type:
    """Return the intersection of `parts`, with its plain records made one where that is exact."""
    records = [part for part in parts if isinstance(part, Record) and part.rest is None]
    names = [field.name for record in records for field in record.fields]
    if len(records) < 2 or len(names) != len(set(names)):
        return Intersection(parts)
    joined = Record(tuple(field for record in records for field in record.fields))
    rest = tuple(part for part in parts if not (isinstance(part, Record) and part.rest is None))
    return Intersection((*rest, joined)) if rest else joined
