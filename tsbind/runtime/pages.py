"""Walk through a list that an API gives in pages, in the way that the document lets one expect.

A program asks for one page at a time: `await api.$page({op, args, next})` gives `{items, next}`,
and `next` of one page asks for the one after it; it is null after the last.  What it holds are
arguments of the operation, and they are checked like any others.  The call's `paging` names the
arguments that ask for a page; what they are given, the last page says, in this order:

- a `Link: <…>; rel="next"` header (RFC 8288), whose query names parameters of the operation;
- the URL of the next page in the reply (`next`, `@odata.nextLink`), read in the same way;
- a cursor there (`next_cursor`, `nextPageToken`, `response_metadata.next_cursor`, …);
- `has_more`, with the id of the last item;
- nothing: then pages or items are counted until a page is not full.

    >>> from tsbind.bundle import Paging
    >>> call = Call("x.list", "GET", "/x", paging=Paging(items="", page="page"))
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

from tsbind.bundle import Bundle, Call, Json, Paging
from tsbind.paging import HOLDERS, LISTS, ONWARD, URLS, plain
from tsbind.runtime.failures import ArgumentError

OP: Final = "$page"
_PAGE_RELATIONS: Final = frozenset({"next", "prev", "previous", "first", "last"})
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


def offered(bundle: Bundle) -> tuple[str, ...]:
    """Return the operation that gives pages, where any list of the Bundle comes in them."""
    return (OP,) if any(call.paging is not None for call in bundle.calls.values()) else ()


def asked(args: Mapping[str, Json]) -> Ask:
    """Read what a program gave; raises ArgumentError."""
    try:
        return msgspec.convert(args, Ask)
    except msgspec.ValidationError as error:
        raise ArgumentError(f"{OP}: {error}", code="argument") from None


def check_paged(call: Call) -> None:
    """Raise ArgumentError unless the document lets one expect pages of `call`."""
    if call.paging is None:
        raise ArgumentError(
            f"{call.op} gives no list in pages as far as its document says; call it by itself",
            code="page",
        )


def turn(call: Call, args: Mapping[str, Json], reply: Json, link: str) -> Page:
    """Return the page that a reply is, and how to ask for the next.

    `link` is the reply's Link header.  Raises ArgumentError when the reply holds no list, or
    there is a next page that no argument of the call can ask for.
    """
    paging = call.paging or Paging()
    items = _items(reply, paging)
    if items is None:
        raise ArgumentError(f"{call.op}: its reply is no list, and holds none", code="page")
    onward = _onward(call, paging, args, reply, items, link)
    stuck = onward is not None and all(args.get(key) == value for key, value in onward.items())
    return Page(items, None if stuck else onward)


def _onward(
    call: Call,
    paging: Paging,
    args: Mapping[str, Json],
    reply: Json,
    items: list[Json],
    link: str,
) -> dict[str, Json] | None:
    relations = _relations(link)
    if not _PAGE_RELATIONS.isdisjoint(relations):
        return _from_url(call, relations["next"]) if "next" in relations else None
    if isinstance(reply, Mapping):
        found = _from_reply(call, paging, reply, items)
        if found is not _UNKNOWN:
            return found
    return _counted(paging, args, items) if items else None


_UNKNOWN: Final[dict[str, Json]] = {}


def _from_reply(
    call: Call, paging: Paging, reply: Mapping[str, Json], items: list[Json]
) -> dict[str, Json] | None:
    """What the reply itself says comes next; `_UNKNOWN` when it says nothing."""
    fields = _said(reply)
    if any(fields.get(name) is False for name in ("hasmore", "hasnextpage", "more")):
        return None
    url = next((fields[n] for n in (*URLS, "href") if _is_url(fields.get(n))), None)
    if url is not None:
        return _from_url(call, url)
    known = [name for name in ONWARD if name in fields]
    if paging.cursor and known:
        value = next((fields[name] for name in known if fields[name] not in (None, "")), None)
        return None if value is None else {paging.cursor: value}
    if paging.after and fields.get("hasmore") is True and items:
        last = items[-1]
        after = fields.get("lastid") or (last.get("id") if isinstance(last, Mapping) else None)
        return {paging.after: after} if after else None
    return _UNKNOWN


def _counted(paging: Paging, args: Mapping[str, Json], items: list[Json]) -> dict[str, Json] | None:
    """The next page by number or offset, unless this one was not full."""
    size = args.get(paging.size) if paging.size else None
    if isinstance(size, int) and len(items) < size:
        return None
    for name, start, step in ((paging.page, paging.first, 1), (paging.offset, 0, len(items))):
        now = args.get(name, start)
        if name and isinstance(now, int):
            return {name: now + step}
    return None


def _items(reply: Json, paging: Paging) -> list[Json] | None:
    """The list that a page holds: where the document has it, else where it is found."""
    if isinstance(reply, Mapping) and isinstance(reply.get(paging.items or ""), list):
        return list(reply[paging.items])
    return _found(reply)


def _found(reply: Json) -> list[Json] | None:
    """The list that a reply is or holds: by its usual name, or because it is the only one."""
    if isinstance(reply, list):
        return reply
    if not isinstance(reply, Mapping):
        return None
    for name in LISTS:
        if isinstance(reply.get(name), list):
            return list(reply[name])
    lists = [value for value in reply.values() if isinstance(value, list)]
    if len(lists) == 1:
        return lists[0]
    inner = [found for value in reply.values() if isinstance(value, Mapping)
             if (found := _found(value)) is not None]  # fmt: skip
    return inner[0] if not lists and len(inner) == 1 else None


def _said(reply: Mapping[str, Json]) -> dict[str, Json]:
    """What a reply says about pages: its own fields, and those of the objects made for that."""
    said: dict[str, Json] = {}
    for name, value in reply.items():
        if plain(name) in (*HOLDERS, "next") and isinstance(value, Mapping):
            said.update({plain(key): inner for key, inner in _said(value).items()})
        elif not isinstance(value, (Mapping, list)):
            said[plain(name)] = value
    return said


def _from_url(call: Call, url: str) -> dict[str, Json]:
    """The arguments that the query of a URL stands for; other names in it are left out."""
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        pairs = []
    by_name = {p.name: p for p in call.parameters if p.place == "query"}
    found = {by_name[name].arg: value for name, value in pairs if name in by_name}
    properties = call.args.get("properties", {}) if isinstance(call.args, Mapping) else {}
    if not found:
        raise ArgumentError(
            f"{call.op}: there is a next page, but the document has no argument that asks for it",
            code="page",
        )
    return {arg: _typed(value, properties.get(arg)) for arg, value in found.items()}


def _typed(text: str, schema: Json) -> Json:
    """Read a query value as the type that the operation takes."""
    kinds = schema.get("type", ()) if isinstance(schema, Mapping) else ()
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "integer" in kinds and text.lstrip("-").isdecimal():
        return int(text)
    if "boolean" in kinds and text in ("true", "false"):
        return text == "true"
    return text


def _relations(header: str) -> dict[str, str]:
    """The first target of each relation in a Link header (RFC 8288 §3)."""
    found: dict[str, str] = {}
    for target, parameters in _LINK.findall(header[:16_384]):
        for name, value in _link_parameters(parameters):
            for relation in value.lower().split() if name == "rel" else ():
                found.setdefault(relation, str(target))
    return found


def _link_parameters(text: str) -> Iterable[tuple[str, str]]:
    for part in text.split(";"):
        name, _, value = part.strip().partition("=")
        yield name.strip().lower(), value.strip().strip('"')


def _is_url(value: Json) -> bool:
    return isinstance(value, str) and (
        value.startswith(("http://", "https://", "/")) or "?" in value
    )
