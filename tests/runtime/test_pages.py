"""Lists that come in pages, in each of the usual ways."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tsbind.bundle import Bundle, Call, Json, Paging, Parameter
from tsbind.errors import ProgramError
from tsbind.runtime import FakeTransport, Host, Policy, Request, Response, run_sync
from tsbind.runtime.failures import ArgumentError
from tsbind.runtime.pages import Page, turn

ROLES = {
    "cursor": "cursor", "pageToken": "cursor", "start_cursor": "cursor", "starting_after": "after",
    "page": "page", "offset": "offset", "startAt": "offset", "per_page": "size", "limit": "size",
}  # fmt: skip


def call(*names: str, **types: str) -> Call:
    parameters = tuple(Parameter(name, name, "query", "form", explode=True) for name in names)
    properties = {name: {"type": types.get(name, "string")} for name in names}
    paging = Paging(**{ROLES[name]: name for name in names})  # type: ignore[arg-type]
    return Call("x.list", "GET", "/x", parameters=parameters, paging=paging,
                args={"type": "object", "properties": properties})  # fmt: skip


NEXT = '<https://a/x?page=1>; rel="prev", <https://a/x?page=3&foo=1>; rel="next"; title="a, b"'


@pytest.mark.parametrize(
    ("operation", "args", "reply", "link", "onward"),
    [
        (call("page", page="integer"), {}, [1], NEXT, {"page": 3}),
        (call("page", page="integer"), {}, [1], '<https://a/x?page=1>; rel="first"', None),
        (call("page", page="integer"), {"page": 3}, [1], NEXT, None),
        (call("page", page="integer"), {}, [1], '</style.css>; rel="preload"', {"page": 2}),
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
        (
            call("starting_after"),
            {},
            {"data": [{"id": "a"}], "has_more": True, "last_id": "z"},
            "",
            {"starting_after": "z"},
        ),
        (call("starting_after"), {}, {"data": [{"id": "a"}], "has_more": False}, "", None),
        (call("offset", offset="integer"), {}, {"data": [1], "next": "/x?offset=2"}, "",
         {"offset": 2}),
        (call("cursor"), {}, {"items": [1], "metadata": {"continue": "c"}}, "", {"cursor": "c"}),
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


def test_the_list_is_where_the_document_has_it() -> None:
    pages = Call("x", "GET", "/x", paging=Paging(items="rooms", page="page", first=0))
    reply = {"data": [1], "rooms": [2], "page": {"total": 5}}
    assert turn(pages, {}, reply, "") == Page([2], {"page": 1})
    assert turn(pages, {}, {"data": [1]}, "") == Page([1], {"page": 1})  # the server says otherwise


def test_a_next_page_that_nothing_can_ask_for_is_told() -> None:
    with pytest.raises(ArgumentError, match="no argument that asks for it"):
        turn(call("page"), {}, [1], '<https://a/x?after=9>; rel="next"')


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


ONE = Call("x.get", "GET", "/x/1")
PAGED = call("page", "per_page", page="integer", per_page="integer")
BUNDLE = Bundle("T", "1", "", {"x.list": PAGED, "x.get": ONE}, {})


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
        ("await api.$page({ op: 'x.get' })", "x.get gives no list in pages"),
        ("for await (const x of api.$pages(api.x.get)) x", "x.get gives no list in pages"),
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


ALL = """
const all: unknown[] = [];
for await (const item of api.$pages(api.x.list, { per_page: 2 }%s)) all.push(item);
return all;
"""


@pytest.mark.parametrize(
    ("most", "items", "calls"),
    [
        ("", [10, 11, 20, 21, 30], 3),
        (", 3", [10, 11, 20], 2),
        (", 2", [10, 11], 1),
        (", 0", [], 0),
        (", 99", [10, 11, 20, 21, 30], 3),
    ],
)
def test_a_loop_goes_through_the_items_of_all_pages(most: str, items: Json, calls: int) -> None:
    result = run_sync(ALL % most, BUNDLE, host=host())
    assert result.value == items
    assert len(result.trace) == calls


def test_a_loop_that_is_left_asks_for_no_more_pages() -> None:
    program = "for await (const item of api.$pages(api.x.list)) if (item === 11) break"
    assert len(run_sync(program, BUNDLE, host=host()).trace) == 1


def test_each_of_several_apis_has_pages_of_its_own() -> None:
    both = {"one": BUNDLE, "two": BUNDLE}
    hosts = {"one": host(), "two": host()}
    program = ALL.replace("api.", "two.") % ", 3"
    result = run_sync(program, both, host=hosts)
    assert result.value == [10, 11, 20]
    assert [event.op for event in result.trace.events] == ["two.x.list"] * 2
    with pytest.raises(ProgramError, match=r"two\.\$pages takes an operation"):
        run_sync("for await (const x of two.$pages(one.x.list)) x", both, host=hosts)


def test_an_operation_that_is_a_namespace_too_has_pages() -> None:
    bundle = Bundle("T", "1", "", {"x.list": PAGED, "x.list.some": PAGED}, {})
    made = Host(bundle, "https://api.example", transport=FakeTransport(answer))
    assert run_sync(ALL % "", bundle, host=made).value == [10, 11, 20, 21, 30]


@pytest.mark.parametrize(
    "program",
    [
        "api.$pages(api.x)",
        "api.$pages('x.list')",
        "api.$pages((a) => a)",
        "api.$pages()",
        "api.$pages(api.x.list, {}, -1)",
        "api.$pages(api.x.list, {}, 1.5)",
        "api.x.$pages(api.x.list)",
    ],
)
def test_pages_of_what_is_no_operation_are_refused_at_once(program: str) -> None:
    with pytest.raises(ProgramError, match="TypeError"):
        run_sync(program, BUNDLE, host=host())


def test_a_list_without_end_is_no_part_taken_for_the_whole() -> None:
    endless = FakeTransport(lambda _: Response.json(list(range(1000))))
    made = Host(BUNDLE, "https://api.example", transport=endless)
    with pytest.raises(ProgramError, match="more than 10000 items: say how many to take"):
        run_sync(ALL % "", BUNDLE, host=made)
    taken = run_sync(ALL % ", 12_000", BUNDLE, host=made).value
    assert len(taken) == 12_000


def test_what_the_host_offers_is_not_listed() -> None:
    program = "return [Object.keys(api), typeof api.$page, typeof api.$pages, '$pages' in api]"
    value = run_sync(program, BUNDLE, host=host()).value
    assert value == [["x"], "function", "function", True]


def test_an_api_without_pages_offers_none() -> None:
    bundle = Bundle("T", "1", "", {"x.get": ONE}, {})
    made = Host(bundle, "https://api.example", transport=FakeTransport(answer))
    for name in ("$page", "$pages"):
        with pytest.raises(ProgramError, match=rf"api\.\{name} is not an operation"):
            run_sync(f"api.{name}(api.x.get)", bundle, host=made)
