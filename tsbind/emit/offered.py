"""Prints the methods that stand beside the API's own: those that any operation is one for.

`$pages` walks through lists in pages.  It is spelt for the lists that there are: where every reply
has its list at the same place, what an item is follows from there; else a condition picks the list
out of each reply, and takes anything for an item where there is none.  `$response` gives the whole
of a reply where the document promises headers that are no part of its value.  `NoInfer` holds the
arguments against what the operation takes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from tsbind.emit import text
from tsbind.ir.api import Api, NamedType
from tsbind.ir.types import NULL, Apply, Array, Intersection, Record, Ref, Trim, Type, Union

PAGES: Final = "$pages"
RESPONSE: Final = "$response"
_ARGUMENTS: Final = "a?:NoInfer<A>,most?:number"
_WHOLE: Final = "{status:number,headers:Record<string,string>,body:R}"
_HEADERS_LIMIT: Final = 400  # characters of the comment that names headers

Types = Mapping[str, NamedType]


def print_offered(api: Api) -> list[str]:
    """Print those of the methods that there is a use for."""
    taken = {operation.name[0] for operation in api.operations}
    offered = {PAGES: _pages(api), RESPONSE: _response(api)}
    return [spelt for name, spelt in offered.items() if spelt and name not in taken]


def _response(api: Api) -> str:
    """The method that gives headers and status with the body; "" where none are promised."""
    if not any(operation.call.headers for operation in api.operations):
        return ""
    method = f"{RESPONSE}<A,R>(call:(a:A)=>Promise<R>,a?:NoInfer<A>):Promise<{_WHOLE}>"
    named = text.block_comment(f"headers: {', '.join(api.headers)}", _HEADERS_LIMIT)
    return f"{named}\n{method}" if api.headers else method


def _pages(api: Api) -> str:
    """The method that walks through lists in pages; "" where no operation gives any."""
    paged = [(each.output, each.call.paging) for each in api.operations]
    lists = [(output, paging.items) for output, paging in paged if paging is not None]
    if not lists:
        return ""
    places = {items for _, items in lists}
    if len(places) == 1:
        (items,) = places
        found = {_listed(output, items, api.types) for output, _ in lists}
        if None not in found:
            held = "T[]|null" if True in found else "T[]"
            reply = f"{{{text.property_name(items)}?:{held}}}" if items else held
            return f"{PAGES}<A,T>(list:(a:A)=>Promise<{reply}>,{_ARGUMENTS}):AsyncIterable<T>"
    item = _picked(places)
    return f"{PAGES}<A,R>(list:(a:A)=>Promise<R>,{_ARGUMENTS}):AsyncIterable<{item}>"


def _picked(places: Collection[str | None]) -> str:
    """Spell the condition that picks out what stands in any of these fields; "" is the reply."""
    names = sorted(place for place in places if place)
    shapes = ["(infer T)[]"] if "" in places else []
    if len(names) == 1:
        shapes.append(f"{{{text.property_name(names[0])}?:(infer T)[]}}")
    elif names:
        shapes.append(f"{{[K in{'|'.join(map(text.quote, names))}]?:(infer T)[]}}")
    return f"R extends{'|'.join(shapes)}?T:any" if shapes else "any"


def _listed(reply: Type | None, items: str | None, types: Types) -> bool | None:
    """Whether the list in a reply may be null; None where that is no list, or nobody can tell."""
    if reply is None or items is None:
        return None
    found = [reply] if not items else list(_fields(reply, items, types, frozenset()))
    known = [_nullable(each, types, frozenset()) for each in found]
    return None if not known or None in known else all(known)


def _fields(node: Type, name: str, types: Types, entered: frozenset[str]) -> Iterator[Type]:
    """Yield the types that one object's field is declared with, as far as they meet the eye."""
    match node:
        case Ref(named) | Apply(named) if named in types and named not in entered:
            yield from _fields(types[named].type, name, types, entered | {named})
        case Trim(base, how) if how in ("Partial", "Required"):
            yield from _fields(base, name, types, entered)
        case Intersection(parts):
            for part in parts:
                yield from _fields(part, name, types, entered)
        case Record(fields):
            yield from (field.type for field in fields if field.name == name)
        case _:
            pass


def _nullable(node: Type, types: Types, entered: frozenset[str]) -> bool | None:
    """Whether a list may be null, too; None for what is no list."""
    match node:
        case Array():
            return False
        case Union((one, other)) if other == NULL:
            return None if _nullable(one, types, entered) is None else True
        case Ref(named) | Apply(named) if named in types and named not in entered:
            return _nullable(types[named].type, types, entered | {named})
        case _:
            return None
