"""Lists in pages are recognised in whatever is composed, without end or without measure."""

from __future__ import annotations

from tsbind.bundle import Call, Json, Parameter, Reply
from tsbind.lower.paging import Pages

CURSOR = Parameter("cursor", "cursor", "query", "form")


def call(schema: Json) -> Call:
    replies = (Reply("200", "application/json", schema),)
    return Call("list", "GET", "/rooms", (CURSOR,), replies=replies)


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def test_what_tells_of_the_next_page_may_hold_itself() -> None:
    meta = {"properties": {"meta": ref("Meta"), "next_cursor": {"type": "string"}}}
    reply = {"properties": {"data": {"type": "array"}, "meta": ref("Meta")}}
    found = Pages({"Meta": meta}).of(call(reply))
    assert found is not None
    assert (found.items, found.cursor) == ("data", "cursor")


def test_wide_compositions_are_looked_at_once() -> None:
    """Ten ways on each of twenty levels: whoever followed them all would never come back."""
    page = {"properties": {"data": {"type": "array"}, "next_cursor": {"type": "string"}}}
    schemas: dict[str, Json] = {"S20": page}
    for level in range(20):
        schemas[f"S{level}"] = {"allOf": [ref(f"S{level + 1}")] * 10}
    pages = Pages(schemas)
    near, far = pages.of(call(ref("S18"))), pages.of(call(ref("S0")))
    assert near is not None
    assert near.items == "data"
    assert far is None or far.items is None  # too deep to be told
