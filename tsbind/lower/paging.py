"""Recognise the operations that give a list in pages, and how each next page is asked for.

Documents have no words for it, so it is told by names: of arguments that ask for a page, of fields
in which a reply says where the next one is, and of the list that a page holds.  An operation whose
end could not be told from a page that says nothing is not recognised: nothing may take a part for
the whole.

    >>> from tsbind.bundle import Call, Parameter, Reply
    >>> page = Parameter("page", "page", "query", "form")
    >>> rooms = {"type": "object", "properties": {"rooms": {"type": "array"}}}
    >>> reply = Reply("200", "application/json", rooms)
    >>> paging(Call("x", "GET", "/x", (page,), replies=(reply,)), {})
    Paging(items='rooms', cursor='', after='', page='page', first=1, offset='', size='')
    >>> paging(Call("x", "GET", "/x", replies=(reply,)), {})
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from tsbind.bundle import Call, Json, Paging
from tsbind.media import is_json

# Names without case and punctuation; the first that is there counts.
_CURSORS: Final = (
    "cursor", "nextcursor", "startcursor", "pagecursor", "pagetoken", "nextpagetoken", "nexttoken",
    "continuationtoken", "paginationtoken", "continue", "marker", "after", "next",
)  # fmt: skip
_VAGUE: Final = frozenset(
    {"continue", "marker", "after", "next"}
)  # may mean something else altogether
_AFTERS: Final = ("startingafter", "after")
_PAGES: Final = ("page", "pagenumber")
_OFFSETS: Final = ("offset", "skip", "startat", "from")
_SIZES: Final = (
    "limit", "perpage", "pagesize", "count", "maxresults", "size", "top", "first", "num",
)  # fmt: skip
_LISTS: Final = (
    "items", "data", "results", "result", "values", "entries", "records", "value", "list",
)  # fmt: skip
_ONWARD: Final = (
    "nextcursor", "nextpagetoken", "nexttoken", "continuationtoken", "paginationtoken",
    "nextmarker", "endcursor", "cursor", "continue", "after", "next",
)  # fmt: skip
_URLS: Final = (
    "next", "nexturl", "nexturi", "nextlink", "nextpage", "nextpageurl", "nextpageuri",
    "odatanextlink",
)  # fmt: skip
_HOLDERS: Final = (
    "meta", "metadata", "responsemetadata", "pagination", "paging", "pageinfo", "links", "cursors",
    "page", "pages",
)  # fmt: skip
_DEEP: Final = 16  # references and compositions that are followed


def paging(call: Call, schemas: Mapping[str, Json], *, link: bool = False) -> Paging | None:
    """Return how `call` gives its list in pages; None when it does not, or nobody can tell.

    `schemas` holds the definitions that the call's schemas refer to; `link` says whether the
    document promises a `Link` header with the reply.
    """
    reply = next((reply for reply in call.replies if reply.media), None)
    if (
        reply is None
        or reply.item is not None
        or not (is_json(reply.media) or reply.media == "*/*")
    ):
        return None
    shape = _shape(reply.schema, schemas)
    asked = _asked(call, schemas)
    items = _items(shape, schemas)
    made = Paging(
        items=items,
        cursor=_first(asked, _CURSORS, "string", "integer"),
        after=_first(asked, _AFTERS, "string", "integer") if _says_more(shape) else "",
        page=_first(asked, _PAGES, "integer", "number"),
        first=_first_page(asked),
        offset=_first(asked, _OFFSETS, "integer", "number"),
        size=_first(asked, _SIZES, "integer", "number"),
    )
    known = _is_told(call, made, shape, schemas, link=link)
    return made if known or (items is None and _is_likely(call, made, shape)) else None


class _Shape(NamedTuple):
    """What a schema says of its value: JSON types (none: any), fields, and where it may begin."""

    kinds: frozenset[str]
    fields: dict[str, Json]
    words: dict[str, Json]  # `default` and `minimum`, as far as they are given


def _shape(schema: Json, schemas: Mapping[str, Json], deep: int = 0) -> _Shape:
    if not isinstance(schema, dict) or deep > _DEEP:
        return _Shape(frozenset(), {}, {})
    kind = schema.get("type", ())
    kinds = {kind} if isinstance(kind, str) else {*kind}
    fields: dict[str, Json] = {}
    words = {word: schema[word] for word in ("default", "minimum") if word in schema}
    for part in _parts(schema, schemas):
        inner = _shape(part, schemas, deep + 1)
        kinds |= inner.kinds
        fields |= inner.fields
        words = inner.words | words
    fields |= schema.get("properties", {})
    kinds |= ({"array"} if "items" in schema else set()) | ({"object"} if fields else set())
    return _Shape(frozenset(kinds - {"null"}), fields, words)


def _parts(schema: dict[str, Json], schemas: Mapping[str, Json]) -> Iterable[Json]:
    """Schemas that hold for the same value: references, `allOf`, the only choice beside null."""
    target = schema.get("$ref")
    if isinstance(target, str):
        yield schemas.get(target.removeprefix("#/$defs/"), True)
    yield from schema.get("allOf", ())
    for word in ("anyOf", "oneOf"):
        choices = [choice for choice in schema.get(word, ()) if choice != {"type": "null"}]
        if len(choices) == 1:
            yield choices[0]


def _asked(call: Call, schemas: Mapping[str, Json]) -> dict[str, tuple[str, _Shape]]:
    """Arguments in the query or at the top of a body, by plain name: their own, and what they are.

    A reply that a request with a body gets is a list in pages only for searches.
    """
    wire = {p.arg: p.name for p in call.parameters}
    query = {p.arg for p in call.parameters if p.place == "query"}
    fields = dict.fromkeys(query, True) | _shape(call.args, schemas).fields
    return {
        _plain(wire.get(arg, arg)): (arg, _shape(schema, schemas))
        for arg, schema in reversed(fields.items())
        if arg in query or arg not in wire
    }


def _first(asked: Mapping[str, tuple[str, _Shape]], names: Iterable[str], *kinds: str) -> str:
    """The first argument of these names that takes a value of one of these JSON types."""
    for name in names:
        if name in asked and (not asked[name][1].kinds or asked[name][1].kinds & {*kinds}):
            return asked[name][0]
    return ""


def _first_page(asked: Mapping[str, tuple[str, _Shape]]) -> int:
    words = next((asked[name][1].words for name in _PAGES if name in asked), {})
    first = words.get("default", words.get("minimum", 1))
    return first if first == 0 and isinstance(first, int) else 1


def _items(shape: _Shape, schemas: Mapping[str, Json]) -> str | None:
    """The field that is the list: by its usual name, or because it is the only list."""
    if "array" in shape.kinds:
        return ""
    lists = [name for name, each in shape.fields.items() if "array" in _shape(each, schemas).kinds]
    usual = [name for name in _LISTS if name in lists]
    return usual[0] if usual else lists[0] if len(lists) == 1 else None


def _said(shape: _Shape, schemas: Mapping[str, Json]) -> set[str]:
    """Plain names of what a reply says beside its list, in the objects made for that too."""
    said: set[str] = set()
    for name, schema in shape.fields.items():
        inner = _shape(schema, schemas)
        if _plain(name) in _HOLDERS and inner.fields:
            said |= _said(_Shape(inner.kinds, inner.fields, {}), schemas)
        elif not inner.kinds & {"array", "object"}:
            said.add(_plain(name))
    return said


def _says_more(shape: _Shape) -> bool:
    return any(_plain(name) == "hasmore" for name in shape.fields)


def _is_told(
    call: Call, made: Paging, shape: _Shape, schemas: Mapping[str, Json], *, link: bool
) -> bool:
    """Whether the document says what is on a page, and how to know that there is another."""
    if made.items is None:
        return False
    if made.page or made.offset or made.after:
        return call.safe
    said = _said(shape, schemas)
    if made.cursor and said.intersection(_ONWARD):
        return True
    asks = any(p.place == "query" for p in call.parameters)
    return call.safe and asks and (link or bool(said.intersection(_URLS)))


def _is_likely(call: Call, made: Paging, shape: _Shape) -> bool:
    """Whether a reply of which the document says little is a page by what may be asked."""
    if shape.kinds - {"object"} or len(shape.fields) > 1:
        return False
    if made.cursor and _plain(made.cursor) not in _VAGUE:
        return call.safe or call.method == "POST"
    return call.safe and bool((made.page or made.offset) and made.size)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
