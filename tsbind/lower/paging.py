"""Recognise the operations that give a list in pages, and how each next page is asked for.

Documents have no words for it, so it is told by names: of arguments that ask for a page, of fields
in which a reply says where the next one is, and of the list that a page holds.  An operation whose
end could not be told from a page that says nothing is not recognised: nothing may take a part for
the whole.

    >>> from tsbind.bundle import Call, Parameter, Reply
    >>> page = Parameter("page", "page", "query", "form")
    >>> rooms = {"type": "object", "properties": {"rooms": {"type": "array"}}}
    >>> reply = Reply("200", "application/json", rooms)
    >>> Pages({}).of(Call("x", "GET", "/x", (page,), replies=(reply,)))
    Paging(items='rooms', cursor='', after='', page='page', first=1, offset='', size='')
    >>> Pages({}).of(Call("x", "GET", "/x", replies=(reply,)))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from tsbind.bundle import Call, Json, Paging
from tsbind.lower.outline import Outlines
from tsbind.media import is_json
from tsbind.paging import HOLDERS, LISTS, ONWARD, URLS, plain

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
_ASKED: Final = frozenset((*_CURSORS, *_AFTERS, *_PAGES, *_OFFSETS, *_SIZES))


_plain = lru_cache(maxsize=1 << 14)(plain)  # documents repeat their names


class _Reply(NamedTuple):
    """What a reply says that matters here."""

    kinds: frozenset[str]
    fields: Mapping[str, Json]
    items: str | None  # the field that is the list; "" for the whole, None for neither
    said: frozenset[str]  # plain names of what stands beside the list
    more: bool  # whether it says that there is more


class Pages:
    """Recognises lists in pages; `schemas` holds the definitions that schemas refer to.

    What replies say is found once for each schema, not for each operation.
    """

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self._outlines = Outlines(schemas)
        self._replies: dict[int, _Reply] = {}  # by id() of their fields, which `_outlines` holds

    def of(self, call: Call, *, link: bool = False) -> Paging | None:
        """Return how `call` gives its list in pages; None when it does not, or nobody can tell.

        `link` says whether the document promises a `Link` header with the reply.
        """
        reply = next((reply for reply in call.replies if reply.media), None)
        if (
            reply is None
            or reply.item is not None
            or not (is_json(reply.media) or reply.media == "*/*")
        ):
            return None
        told = self._reply(reply.schema)
        asked = self._asked(call)
        made = Paging(
            items=told.items,
            cursor=self._first(asked, _CURSORS, "string", "integer"),
            after=self._first(asked, _AFTERS, "string", "integer") if told.more else "",
            page=self._first(asked, _PAGES, "integer", "number"),
            first=self._first_page(asked),
            offset=self._first(asked, _OFFSETS, "integer", "number"),
            size=self._first(asked, _SIZES, "integer", "number"),
        )
        known = _is_told(call, made, told, link=link)
        return made if known or (told.items is None and _is_likely(call, made, told)) else None

    def _reply(self, schema: Json) -> _Reply:
        kinds, fields = self._outlines.kinds(schema), self._outlines.fields(schema)
        if not fields:
            return _Reply(kinds, fields, "" if "array" in kinds else None, frozenset(), False)
        found = self._replies.get(id(fields))
        if found is None or found.kinds != kinds:
            items = "" if "array" in kinds else self._items(fields)
            more = any(_plain(name) == "hasmore" for name in fields)
            found = _Reply(kinds, fields, items, frozenset(self._said(fields, set())), more)
            self._replies[id(fields)] = found
        return found

    def _asked(self, call: Call) -> dict[str, tuple[str, Json]]:
        """Arguments in the query or at the top of a body, by plain name: their own, and schema.

        A reply that a request with a body gets is a list in pages only for searches.
        """
        wire = {p.arg: p.name for p in call.parameters}
        query = {p.arg for p in call.parameters if p.place == "query"}
        fields = dict.fromkeys(query, True) | dict(self._outlines.fields(call.args))
        named = (
            (_plain(wire.get(arg, arg)), arg, schema)
            for arg, schema in reversed(fields.items())
            if arg in query or arg not in wire
        )
        return {name: (arg, schema) for name, arg, schema in named if name in _ASKED}

    def _first(
        self, asked: Mapping[str, tuple[str, Json]], names: Iterable[str], *kinds: str
    ) -> str:
        """The first argument of these names that takes a value of one of these JSON types."""
        for name in names:
            if name in asked:
                taken = self._outlines.kinds(asked[name][1])
                if not taken or not taken.isdisjoint(kinds):
                    return asked[name][0]
        return ""

    def _first_page(self, asked: Mapping[str, tuple[str, Json]]) -> int:
        schema = next((asked[name][1] for name in _PAGES if name in asked), True)
        words = self._outlines.words(schema)
        first = words.get("default", words.get("minimum", 1))
        return first if first == 0 and isinstance(first, int) else 1

    def _items(self, fields: Mapping[str, Json]) -> str | None:
        """The field that is the list: by its usual name, or because it is the only list."""
        lists = [name for name, each in fields.items() if "array" in self._outlines.kinds(each)]
        usual = [name for name in LISTS if name in lists]
        return usual[0] if usual else lists[0] if len(lists) == 1 else None

    def _said(self, fields: Mapping[str, Json], entered: set[int]) -> Iterator[str]:
        """Plain names of what a reply says beside its list, in the objects made for that too."""
        entered.add(id(fields))  # such an object may hold itself
        for name, schema in fields.items():
            inner = self._outlines.fields(schema) if _plain(name) in HOLDERS else {}
            if inner:
                if id(inner) not in entered:
                    yield from self._said(inner, entered)
            elif self._outlines.kinds(schema).isdisjoint(("array", "object")):
                yield _plain(name)


def _is_told(call: Call, made: Paging, reply: _Reply, *, link: bool) -> bool:
    """Whether the document says what is on a page, and how to know that there is another."""
    if made.items is None:
        return False
    if made.page or made.offset or made.after:
        return call.safe
    if made.cursor and not reply.said.isdisjoint(ONWARD):
        return True
    asks = any(p.place == "query" for p in call.parameters)
    return call.safe and asks and (link or not reply.said.isdisjoint(URLS))


def _is_likely(call: Call, made: Paging, reply: _Reply) -> bool:
    """Whether a reply of which the document says little is a page by what may be asked."""
    if reply.kinds - {"object"} or len(reply.fields) > 1:
        return False
    if made.cursor and _plain(made.cursor) not in _VAGUE:
        return call.safe or call.method == "POST"
    return call.safe and bool((made.page or made.offset) and made.size)
