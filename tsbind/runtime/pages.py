"""Walk through a list that an API gives in pages, whichever of the usual ways it does so.

A program asks for one page at a time: `await api.$page({op, args, next})` gives `{items, next}`,
and `next` of one page asks for the one after it; it is null after the last.  What it holds are
arguments of the operation, and they are checked like any others.  Recognised, in this order:

- a `Link: <…>; rel="next"` header (RFC 8288), whose query names parameters of the operation;
- a cursor in the reply (`next_cursor`, `nextPageToken`, `response_metadata.next_cursor`, …) with a
  parameter that takes it, or the URL of the next page there (`next`, `@odata.nextLink`);
- `has_more` with a parameter that takes the last item's id (`starting_after`);
- a page number (`page`), or an offset (`offset`, `skip`, `startAt`), until a page is not full.

    >>> from tsbind.bundle import Parameter
    >>> call = Call("x.list", "GET", "/x", parameters=(Parameter("page", "page", "query", "form"),))
    >>> turn(call, {}, [{"id": 1}], "")
    Page(items=[{'id': 1}], next={'page': 2})
    >>> turn(call, {"page": 2}, [], "")
    Page(items=[], next=None)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from tsbind.bundle import Call, Json, Parameter
from tsbind.runtime.failures import ArgumentError

OP: Final = "$page"
_LISTS: Final = ("items", "data", "results", "values", "entries", "records", "value", "list")
_SIZES: Final = (
    "limit",
    "perpage",
    "pagesize",
    "count",
    "maxresults",
    "size",
    "top",
    "first",
    "num",
)
_CURSORS: Final = (
    "cursor", "nextcursor", "startcursor", "pagetoken", "nextpagetoken", "nexttoken",
    "continuationtoken", "paginationtoken", "marker", "after", "pagecursor", "next",
)  # fmt: skip
_NEXT_CURSORS: Final = (
    "nextcursor", "nextpagetoken", "nexttoken", "continuationtoken", "paginationtoken",
    "nextmarker", "endcursor", "cursor", "after", "next",
)  # fmt: skip
_NEXT_URLS: Final = ("next", "nexturl", "nextlink", "nextpageurl", "odatanextlink", "href")
_HOLDERS: Final = ("meta", "metadata", "responsemetadata", "pagination", "paging", "pageinfo",
                   "links", "cursors", "page", "next")  # fmt: skip
_LINK: Final = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w*!]+(?:=(?:"[^"]*"|[^",;\s]*))?)*)')


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a program gives to ask for a page."""

    op: str
    args: dict[str, Json] = {}
    next: dict[str, Json] | None = None

    def arguments(self) -> dict[str, Json]:
        """The arguments of the operation's call."""
        return {**self.args, **(self.next or {})}


class Page(msgspec.Struct, frozen=True):
    """One page, and what asks for the next."""

    items: list[Json]
    next: dict[str, Json] | None


def asked(args: Mapping[str, Json]) -> Ask:
    """Read what a program gave; raises ArgumentError."""
    try:
        return msgspec.convert(args, Ask)
    except msgspec.ValidationError as error:
        raise ArgumentError(f"{OP}: {error}", code="argument") from None


def turn(call: Call, args: Mapping[str, Json], reply: Json, link: str) -> Page:
    """Return the page that a reply is, and how to ask for the next.

    `link` is the reply's Link header.  Raises ArgumentError when the reply holds no list.
    """
    items = _items(reply)
    if items is None:
        raise ArgumentError(f"{call.op}: its reply is no list, and holds none", code="page")
    onward = _onward(call, args, reply, items, link)
    stuck = onward is not None and all(args.get(key) == value for key, value in onward.items())
    return Page(items, None if stuck else onward)


def _onward(
    call: Call, args: Mapping[str, Json], reply: Json, items: list[Json], link: str
) -> dict[str, Json] | None:
    by_name = {_plain(p.name): p for p in call.parameters if p.place == "query"}
    if link:
        return _from_url(call, _next_link(link))
    if isinstance(reply, Mapping):
        found = _from_reply(call, reply, items, by_name)
        if found is not _UNKNOWN:
            return found
    if not items:
        return None
    return _counted(args, items, by_name)


_UNKNOWN: Final[dict[str, Json]] = {}


def _from_reply(
    call: Call, reply: Mapping[str, Json], items: list[Json], by_name: Mapping[str, Parameter]
) -> dict[str, Json] | None:
    """What the reply itself says comes next; `_UNKNOWN` when it says nothing."""
    fields = _said(reply)
    if any(fields.get(name) is False for name in ("hasmore", "hasnextpage", "more")):
        return None
    url = next((fields[n] for n in _NEXT_URLS if _is_url(fields.get(n))), None)
    if url is not None:
        return _from_url(call, url)
    cursor = next((p for name in _CURSORS if (p := by_name.get(name))), None)
    known = [name for name in _NEXT_CURSORS if name in fields]
    if cursor is not None and known:
        value = next((fields[name] for name in known if fields[name] not in (None, "")), None)
        return None if value is None else {cursor.arg: value}
    after = by_name.get("startingafter")
    if after is not None and fields.get("hasmore") is True and items:
        last = items[-1]
        return {after.arg: last["id"]} if isinstance(last, Mapping) and "id" in last else None
    return _UNKNOWN


def _counted(
    args: Mapping[str, Json], items: list[Json], by_name: Mapping[str, Parameter]
) -> dict[str, Json] | None:
    """The next page by number or offset, unless this one was not full."""
    size = next((args.get(p.arg) for n in _SIZES if (p := by_name.get(n)) and p.arg in args), None)
    if isinstance(size, int) and len(items) < size:
        return None
    page = by_name.get("page") or by_name.get("pagenumber")
    if page is not None:
        now = args.get(page.arg, 1)
        return {page.arg: now + 1} if isinstance(now, int) else None
    offset = next((p for n in ("offset", "skip", "startat", "from") if (p := by_name.get(n))), None)
    if offset is not None:
        now = args.get(offset.arg, 0)
        return {offset.arg: now + len(items)} if isinstance(now, int) else None
    return None


def _items(reply: Json) -> list[Json] | None:
    """The list that a reply is or holds: by its usual name, or because it is the only one."""
    if isinstance(reply, list):
        return reply
    if not isinstance(reply, Mapping):
        return None
    for name in _LISTS:
        if isinstance(reply.get(name), list):
            return list(reply[name])
    lists = [value for value in reply.values() if isinstance(value, list)]
    if len(lists) == 1:
        return lists[0]
    inner = [found for value in reply.values() if isinstance(value, Mapping)
             if (found := _items(value)) is not None]  # fmt: skip
    return inner[0] if not lists and len(inner) == 1 else None


def _said(reply: Mapping[str, Json]) -> dict[str, Json]:
    """What a reply says about pages: its own fields, and those of the objects made for that."""
    said: dict[str, Json] = {}
    for name, value in reply.items():
        if _plain(name) in _HOLDERS and isinstance(value, Mapping):
            said.update({_plain(key): inner for key, inner in _said(value).items()})
        elif not isinstance(value, (Mapping, list)):
            said[_plain(name)] = value
    return said


def _from_url(call: Call, url: str) -> dict[str, Json] | None:
    """The arguments that the query of a URL stands for; other names in it are left out."""
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return None
    by_name = {p.name: p for p in call.parameters if p.place == "query"}
    found = {by_name[name].arg: (name, value) for name, value in pairs if name in by_name}
    properties = call.args.get("properties", {}) if isinstance(call.args, Mapping) else {}
    return {arg: _typed(value, properties.get(arg)) for arg, (_, value) in found.items()} or None


def _typed(text: str, schema: Json) -> Json:
    """Read a query value as the type that the operation takes."""
    kinds = schema.get("type", ()) if isinstance(schema, Mapping) else ()
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "integer" in kinds and text.lstrip("-").isdecimal():
        return int(text)
    if "boolean" in kinds and text in ("true", "false"):
        return text == "true"
    return text


def _next_link(header: str) -> str:
    """The target of `rel="next"` in a Link header (RFC 8288 §3), or ""."""
    for target, parameters in _LINK.findall(header[:16_384]):
        for name, value in _link_parameters(parameters):
            if name == "rel" and "next" in value.lower().split():
                return str(target)
    return ""


def _link_parameters(text: str) -> Iterable[tuple[str, str]]:
    for part in text.split(";"):
        name, _, value = part.strip().partition("=")
        yield name.strip().lower(), value.strip().strip('"')


def _is_url(value: Json) -> bool:
    return isinstance(value, str) and (
        value.startswith(("http://", "https://", "/")) or "?" in value
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
