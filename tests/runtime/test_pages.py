"""Lists that come in pages, in each of the usual ways."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tsbind.bundle import Bundle, Call, Json, Parameter
from tsbind.errors import ProgramError
from tsbind.runtime import FakeTransport, Host, Policy, Request, Response, run_sync
from tsbind.runtime.failures import ArgumentError
from tsbind.runtime.pages import Page, turn


def call(*names: str, **types: str) -> Call:
    parameters = tuple(Parameter(name, name, "query", "form", explode=True) for name in names)
    properties = {name: {"type": types.get(name, "string")} for name in names}
    return Call("x.list", "GET", "/x", parameters=parameters,
                args={"type": "object", "properties": properties})  # fmt: skip


NEXT = '<https://a/x?page=1>; rel="prev", <https://a/x?page=3&foo=1>; rel="next"; title="a, b"'


@pytest.mark.parametrize(
    ("operation", "args", "reply", "link", "onward"),
    [
        (call("page", page="integer"), {}, [1], NEXT, {"page": 3}),
        (call("page", page="integer"), {}, [1], '<https://a/x?page=1>; rel="first"', None),
        (call("page", page="integer"), {"page": 3}, [1], NEXT, None),
        (call("cursor"), {}, {"items": [1], "next_cursor": "c2"}, "", {"cursor": "c2"}),
        (call("cursor"), {}, {"items": [1], "next_cursor": None}, "", None),
        (call("cursor"), {}, {"items": [1], "next_cursor": ""}, "", None),
        (call("cursor"), {"cursor": "c2"}, {"items": [1], "next_cursor": "c2"}, "", None),
        (
            call("cursor"),
            {},
            {"channels": [1], "response_metadata": {"next_cursor": "c"}},
            "",
            {"cursor": "c"},
        ),
        (call("pageToken"), {}, {"files": [1], "nextPageToken": "t"}, "", {"pageToken": "t"}),
        (
            call("start_cursor"),
            {},
            {"results": [1], "has_more": True, "next_cursor": "n"},
            "",
            {"start_cursor": "n"},
        ),
        (call("cursor"), {}, {"results": [1], "hasMore": False, "nextCursor": "n"}, "", None),
        (
            call("starting_after"),
            {},
            {"data": [{"id": "a"}, {"id": "b"}], "has_more": True},
            "",
            {"starting_after": "b"},
        ),
        (call("offset", offset="integer"), {}, {"data": [1], "next": "/x?offset=2"}, "",
         {"offset": 2}),
        (call("page"), {}, [1], "", {"page": 2}),
        (call("page"), {"page": 4}, [1], "", {"page": 5}),
        (call("page"), {}, [], "", None),
        (call("page", "per_page"), {"per_page": 2}, [1], "", None),
        (call("page", "per_page"), {"per_page": 1}, [1], "", {"page": 2}),
        (call("offset", "limit"), {"offset": 10, "limit": 2}, {"rows": [1, 2]}, "", {"offset": 12}),
        (call("startAt"), {"startAt": 5}, {"values": [1]}, "", {"startAt": 6}),
        (call(), {}, [1], "", None),
    ],
)  # fmt: skip
def test_the_next_page_is_found(
    operation: Call, args: dict[str, Json], reply: Json, link: str, onward: dict[str, Json] | None
) -> None:
    assert turn(operation, args, reply, link).next == onward


@pytest.mark.parametrize(
    ("reply", "items"),
    [
        ([1], [1]),
        ({"data": [1], "errors": []}, [1]),
        ({"rooms": [1], "total": 5}, [1]),
        ({"data": {"rooms": [1]}}, [1]),
    ],
)
def test_the_items_are_found(reply: Json, items: list[Json]) -> None:
    assert turn(call(), {}, reply, "") == Page(items, None)


@pytest.mark.parametrize("reply", [None, "x", {}, {"a": [1], "b": [2]}, {"a": 1}])
def test_a_reply_without_a_list_is_told(reply: Json) -> None:
    with pytest.raises(ArgumentError, match="its reply is no list"):
        turn(call(), {}, reply, "")


WALK = """
const all: unknown[] = [];
let next = undefined;
do {
  const page = await api.$page({ op: "x.list", args: { per_page: 2 }, ...(next && { next }) });
  all.push(...page.items);
  next = page.next;
} while (next);
return all;
"""


def answer(request: Request) -> Response:
    asked = parse_qs(urlsplit(request.url).query)
    page = int(asked.get("page", ["1"])[0])
    items = [page * 10, page * 10 + 1] if page < 3 else [30]
    more = f'<https://api.example/x?per_page=2&page={page + 1}>; rel="next"' if page < 3 else ""
    made = Response.json(items)
    return Response(made.status, (*made.headers, ("link", more)), made.body)


PAGED = call("page", "per_page", page="integer", per_page="integer")
BUNDLE = Bundle("T", "1", "", {"x.list": PAGED}, {})


def host(policy: Policy | None = None) -> Host:
    made = Host(BUNDLE, "https://api.example", transport=FakeTransport(answer))
    made.policy = policy or made.policy
    return made


def test_a_program_walks_through_all_pages() -> None:
    result = run_sync(WALK, BUNDLE, host=host())
    assert result.value == [10, 11, 20, 21, 30]
    assert [event.op for event in result.trace.events] == ["x.list"] * 3


@pytest.mark.parametrize(
    ("program", "want"),
    [
        ("await api.$page({ op: 'x.nope' })", 'there is no operation "x.nope"'),
        ("await api.$page({ op: 'x.list', args: { page: 'x' } })", "must be an integer"),
        ("await api.$page({ op: 'x.list', next: { page: 'x' } })", "must be an integer"),
        ("await api.$page({ op: 5 })", "Expected `str`, got `int`"),
        ("await api.$page({ op: '$page' })", 'there is no operation "$page"'),
    ],
)
def test_a_page_is_asked_for_like_any_call(program: str, want: str) -> None:
    with pytest.raises(ProgramError) as caught:
        run_sync(program, BUNDLE, host=host())
    assert want in str(caught.value)


def test_a_policy_holds_for_pages_too() -> None:
    policy = Policy.parse(["deny x.list", "allow all"])
    program = "try { await api.$page({ op: 'x.list' }) } catch (e) { return e.name }"
    assert run_sync(program, BUNDLE, host=host(), policy=policy).value == "PolicyError"
