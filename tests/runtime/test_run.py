"""Whole runs: a program in a real isolate, a real server on loopback, and everything between."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from aiohttp import web

from tests.runtime.loopback import serving
from tsbind.bundle import Body, Bundle, Call, Json, Need, Parameter, Reply, Scheme, Server
from tsbind.errors import (
    BundleError,
    CredentialError,
    GuestError,
    LimitError,
    PolicyError,
    ProgramError,
    ResultError,
    RunError,
)
from tsbind.runtime import (
    Answer,
    ApiError,
    Budget,
    Credentials,
    Event,
    FakeTransport,
    Host,
    Limits,
    Policy,
    Question,
    ReplyError,
    Request,
    Response,
    Result,
    Timeouts,
    run,
    run_sync,
)
from tsbind.runtime.validate import Strictness

SECRET = "tok-secret-1"
NAME = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"],
        "additionalProperties": False}  # fmt: skip
ROOM = {"$ref": "#/$defs/Room"}
CALLS = {
    call.op: call
    for call in (
        Call(
            "rooms.list",
            "GET",
            "/rooms",
            parameters=(Parameter("limit", "limit", "query", "form", explode=True),),
            replies=(Reply("200", "application/json", {"type": "array", "items": ROOM}),),
            args={
                "type": "object",
                "properties": {"limit": {"type": "integer"}},
                "additionalProperties": False,
            },
        ),
        Call(
            "rooms.create",
            "POST",
            "/rooms",
            bodies=(Body("application/json", required=True),),
            replies=(Reply("201", "application/json", ROOM),),
            args=NAME,
            summary="Create a room",
        ),
        Call(
            "rooms.get",
            "GET",
            "/rooms/{id}",
            parameters=(Parameter("id", "id", "path", "simple", required=True),),
            replies=(Reply("200", "application/json", ROOM),),
            args={"type": "object", "required": ["id"]},
        ),
    )
}
SCHEMAS = {
    "Room": {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
        "required": ["id", "name"],
    }
}
BUNDLE = Bundle("Chat", "1", "", CALLS, SCHEMAS, servers=(Server("https://chat.example"),),
                fingerprint="abc")  # fmt: skip
LOCKED = Bundle(
    "Chat",
    "1",
    "",
    {
        op: Call(
            op,
            call.method,
            call.path,
            parameters=call.parameters,
            bodies=call.bodies,
            replies=call.replies,
            args=call.args,
            security=((Need("token"),),),
        )
        for op, call in CALLS.items()
    },
    SCHEMAS,
    schemes={"token": Scheme(type="http", scheme="bearer")},
    servers=(Server("https://chat.example"),),
)


def answer(request: Request) -> Response:
    if request.method == "POST":
        return Response.json({"id": 3, **json.loads(request.body or b"{}")}, 201)
    if request.url.endswith("/rooms/9"):
        return Response.json({"message": "no such room", "code": "gone"}, 404)
    if "/rooms/" in request.url:
        return Response.json({"id": int(request.url.rpartition("/")[2]), "name": "x"})
    return Response.json([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])


def fake() -> tuple[Host, FakeTransport]:
    transport = FakeTransport(answer)
    return Host(BUNDLE, transport=transport), transport


def value(program: str, **options: Any) -> Json:  # noqa: ANN401 - keywords of `run`
    return run_sync(program, BUNDLE, **{"host": fake()[0], **options}).value


def test_a_program_chains_calls_and_returns_json() -> None:
    program = """
    const rooms: Array<{ id: number }> = await api.rooms.list({ limit: 2 });
    const names = await Promise.all(rooms.map((room) => api.rooms.get({ id: room.id })));
    const made = await api.rooms.create({ name: "new" });
    return { ids: names.map((room) => room.id), made };
    """
    host, transport = fake()
    result = run_sync(program, BUNDLE, host=host)
    assert result.value == {"ids": [1, 2], "made": {"id": 3, "name": "new"}}
    assert [event.op for event in result.trace.events] == [
        "rooms.list", "rooms.get", "rooms.get", "rooms.create"
    ]  # fmt: skip
    assert [event.step for event in result.trace.events] == [1, 2, 2, 3]
    assert result.usage.calls == 4
    assert result.usage.steps >= 4
    assert result.usage.cpu > 0
    assert transport.sent[0].url == "https://chat.example/rooms?limit=2"


def test_run_and_run_sync_are_the_same_and_nest() -> None:
    async def main() -> None:
        host, _ = fake()
        program = "return (await api.rooms.list({})).length"
        assert (await run(program, BUNDLE, host=host)).value == 2
        assert run_sync(program, BUNDLE, host=host).value == 2  # inside a running loop

    asyncio.run(main())


def test_calls_of_promise_all_are_under_way_together() -> None:
    together, most = 0, 0

    class Slow(Host):
        OPERATIONS: ClassVar[Mapping[str, str]] = {"rooms.get": "rooms_get"}

        async def rooms_get(self, args: Mapping[str, Json]) -> Json:
            nonlocal together, most
            together += 1
            most = max(most, together)
            await asyncio.sleep(0.02)
            together -= 1
            return {"id": args["id"], "name": "x"}

    program = "return (await Promise.all([1,2,3,4,5,6].map((id) => api.rooms.get({id})))).length"
    assert run_sync(program, BUNDLE, host=Slow(BUNDLE)).value == 6
    assert most == 6
    most = 0
    limits = Limits(concurrency=2)
    assert run_sync(program, BUNDLE, host=Slow(BUNDLE), limits=limits).value == 6
    assert most == 2


def test_each_answer_reaches_the_program_as_soon_as_it_is_there() -> None:
    class Uneven(Host):
        OPERATIONS: ClassVar[Mapping[str, str]] = {"rooms.get": "rooms_get"}

        async def rooms_get(self, args: Mapping[str, Json]) -> Json:
            await asyncio.sleep(args["id"] / 50)
            return {"id": args["id"], "name": "x"}

    program = """
    const order: number[] = [];
    await Promise.all([5, 1, 3].map(async (id) => order.push((await api.rooms.get({ id })).id)));
    return order;
    """
    assert run_sync(program, BUNDLE, host=Uneven(BUNDLE)).value == [1, 3, 5]


def test_over_real_http_with_a_token() -> None:
    seen: list[str] = []

    async def chat(request: web.BaseRequest) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        if seen[-1] != f"Bearer {SECRET}":
            return web.json_response({"message": "who?"}, status=401)
        return web.json_response([{"id": 1, "name": seen[-1]}])

    async def main() -> None:
        async with serving(chat) as url:
            result = await run(
                "return await api.rooms.list({})",
                LOCKED,
                base_url=url,
                credentials=Credentials({"token": SECRET}),
            )
            assert result.value == [{"id": 1, "name": "Bearer [redacted]"}]
            assert seen == [f"Bearer {SECRET}"]
            assert SECRET not in repr(result) + result.trace.timeline()
            assert result.trace.events[0].warnings == [
                "reply: it echoed a credential, which was redacted"
            ]

    asyncio.run(main())


ODD = Bundle("T", "1", "", {"x.get": Call("x.get", "GET", "/x", replies=(Reply(
    "200", "application/json",
    {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["name"]},
),))}, {})  # fmt: skip
TWICE = "const x = await api.x.get({}); return [x, await api.x.get({})]"


def odd(replies: Strictness) -> Host:
    transport = FakeTransport(lambda request: Response.json({"id": "x", "more": [1]}))
    return Host(ODD, "https://api.example", transport=transport, replies=replies)


@pytest.mark.parametrize(
    ("replies", "warnings"),
    [
        ("warn", ('x.get: reply: the field "name" is missing (2 calls)',
                  'x.get: reply.id: must be an integer, not "x" (2 calls)')),
        ("off", ()),
    ],
)  # fmt: skip
def test_a_reply_that_does_not_fit_is_kept_and_told(
    replies: Strictness, warnings: tuple[str, ...]
) -> None:
    result = run_sync(TWICE, ODD, host=odd(replies))
    assert result.value == [{"id": "x", "more": [1]}] * 2
    assert result.warnings == warnings


def test_a_reply_that_must_fit_is_an_error_of_its_own() -> None:
    with pytest.raises(ProgramError, match=r"reply\.id: must be an integer") as caught:
        run_sync(TWICE, ODD, host=odd("strict"))
    assert isinstance(caught.value.__cause__, ReplyError)
    program = f"try {{ {TWICE} }} catch (e) {{ return [e instanceof ReplyError, e.code] }}"
    assert run_sync(program, ODD, host=odd("strict")).value == [True, "reply"]


def test_a_run_out_of_time_names_the_calls_that_it_waits_for() -> None:
    async def slow(request: Request) -> Response:
        await asyncio.sleep(0 if request.url.endswith("/rooms") else 60)
        return Response.json([])

    host = Host(BUNDLE, transport=FakeTransport(slow))
    program = """
    await api.rooms.list({});
    await Promise.all([1, 2, 3, 4].map((id) => api.rooms.get({ id })));
    """
    with pytest.raises(LimitError) as caught:
        run_sync(program, BUNDLE, host=host, limits=Limits(wall=0.3))
    named = r"rooms\.get \(0\.\d s\)"
    want = rf"seconds.*, while it waited for {named}, {named}, {named} and 1 more "
    assert re.search(want, str(caught.value))


STREAM = Bundle("T", "1", "", {"x.live": Call("x.live", "GET", "/live", replies=(
    Reply("200", "text/event-stream", item={"type": "object"}),
    Reply("200", "application/x-ndjson", item={"type": "object"}),
))}, {})  # fmt: skip


@pytest.mark.parametrize("media", ["text/event-stream", "application/x-ndjson"])
@pytest.mark.parametrize("ends", [True, False])
def test_a_stream_is_a_list_of_what_comes_in_its_time(media: str, ends: bool) -> None:
    async def ticking(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": media})
        await response.prepare(request)
        for tick in range(3 if ends else 1000):
            line = f"data: {tick}\n\n" if "event" in media else f'{{"data": {tick}}}\n'
            await response.write(line.encode())
            await asyncio.sleep(0.02)
        return response

    async def main() -> Result:
        async with serving(ticking) as url:
            times = Timeouts(stream=0.3)
            async with Host(STREAM, url, timeouts=times) as host:
                program = "return (await api.x.live()).map((each) => Number(each.data))"
                return await run(program, STREAM, host=host)

    result = asyncio.run(main())
    assert result.value == list(range(len(result.value)))
    notes = result.trace.events[0].notes
    if ends:
        assert (len(result.value), notes) == (3, [])
    else:
        assert 3 < len(result.value) < 20
        assert notes[0].startswith("the stream went on: it was cut after 0.3 s or ")


# Failing


@pytest.mark.parametrize(
    ("program", "caught"),
    [
        ("await api.rooms.get({id: 9})", ["ApiError", 404, "gone", "status 404: no such room"]),
        (
            "await api.rooms.list({limit: 'x'})",
            ["ArgumentError", None, "argument",
             'rooms.list: args.limit: must be an integer, not "x"'],
        ),
        (
            "await api.rooms.get({id: '../x'})",
            ["ArgumentError", None, "path", "args.id: a separator would arise in the path"],
        ),
    ],
)  # fmt: skip
def test_a_program_can_catch_a_failed_call(program: str, caught: Json) -> None:
    got = value(
        f"try {{ {program} }} catch (e) {{"
        " return [e.name, e.status ?? null, e.code ?? null, e.message] }"
    )
    assert got == caught


@pytest.mark.parametrize(
    ("program", "kind", "text"),
    [
        ("await api.rooms.get({id: 9})", ProgramError, "ApiError: status 404: no such room"),
        ("throw new Error('no')", ProgramError, "no"),
        ("await api.rooms.lst({})", ProgramError, "Did you mean api.rooms.list?"),
        ("let x: = 5", ProgramError, "program.ts:1"),
        ("while (true) {}", LimitError, "limit-cpu"),
        ("await new Promise(() => {})", ProgramError, "nothing"),
        ("await new Promise((r) => setTimeout(r, 60000))", LimitError, "limit-wall"),
        ("for (;;) await api.rooms.list({})", LimitError, "limit-calls"),
        ("return 'x'.repeat(5000)", LimitError, "limit-result-bytes"),
        ("const a = []; for (;;) a.push('x'.repeat(1e6) + a.length)", LimitError, "limit-memory"),
        ("return { f: () => 1 }", RunError, ""),
    ],
)
def test_every_way_to_fail_is_one_typed_error(
    program: str, kind: type[RunError], text: str
) -> None:
    limits = Limits(cpu=0.2, wall=1.5, calls=10, result_bytes=1000, memory=16 << 20)
    began = time.perf_counter()
    with pytest.raises(kind) as caught:
        value(program, limits=limits)
    assert text in str(caught.value)
    assert time.perf_counter() - began < 3.0
    assert caught.value.usage is not None
    assert caught.value.trace is not None


def test_a_failed_run_keeps_what_it_did() -> None:
    with pytest.raises(ProgramError) as caught:
        value("await api.rooms.list({}); throw new Error('late')")
    assert [event.op for event in caught.value.trace.events] == ["rooms.list"]
    assert caught.value.usage.calls == 1


def test_the_bytes_of_a_run_are_limited() -> None:
    with pytest.raises(LimitError, match="limit-reply-bytes"):
        value("for (;;) await api.rooms.list({})", limits=Limits(reply_bytes=100))
    with pytest.raises(LimitError, match="limit-request-bytes"):
        value("for (;;) await api.rooms.list({})", limits=Limits(request_bytes=2000))


def test_a_result_must_fit_its_schema() -> None:
    schema = {"type": "array", "items": {"type": "integer"}}
    assert value("return [1, 2]", result_schema=schema) == [1, 2]
    with pytest.raises(ResultError, match=r'result\[1\]: must be an integer, not "x"'):
        value("return [1, 'x']", result_schema=schema)


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("return { at: [() => 1] }", "program.ts: the result.at[0] is a function"),
        ("const a = {}; a.a = a; return a", "the result"),
        ("return { toJSON() { throw new Error('no') } }", "program.ts:1:31: no"),
    ],
    ids=["function", "cycle", "toJSON"],
)
def test_a_result_must_be_json(program: str, says: str) -> None:
    with pytest.raises(ResultError, match=re.escape(says)) as caught:
        value(program)
    assert caught.value.fix.startswith("return plain data")
    assert caught.value.usage is not None


class Closing(FakeTransport):
    """Counts how often it is closed."""

    closed = 0

    async def close(self) -> None:
        self.closed += 1


def test_a_blocking_run_leaves_no_connection_open() -> None:
    transport = Closing(answer)
    host = Host(BUNDLE, transport=transport)
    for number in (1, 2):
        value("await api.rooms.list({}); return 1", host=host)
        assert transport.closed == number  # its event loop has ended
    asyncio.run(run("await api.rooms.list({}); return 1", BUNDLE, host=host))
    assert transport.closed == 2  # the caller's loop goes on


def test_the_tokens_of_a_result_are_limited_where_they_can_be_counted() -> None:
    limits = Limits(result_tokens=5)
    assert value("return 'abc'", limits=limits, count_tokens=len) == "abc"
    with pytest.raises(LimitError, match="limit-result-tokens"):
        value("return 'abcdef'", limits=limits, count_tokens=len)


def test_a_missing_credential_ends_the_run_as_what_it_is() -> None:
    transport = FakeTransport(answer)
    with pytest.raises(CredentialError, match='needs the credential "token"') as caught:
        run_sync("await api.rooms.list({})", LOCKED, host=Host(LOCKED, transport=transport))
    assert caught.value.where.startswith("program.ts:1:")
    assert transport.sent == []


def test_a_host_that_fails_is_named_and_its_exception_is_the_cause() -> None:
    class Broken(Host):
        OPERATIONS: ClassVar[Mapping[str, str]] = {"rooms.list": "rooms_list"}

        async def rooms_list(self, args: Mapping[str, Json]) -> Json:
            raise KeyError("password=hunter2")

    with pytest.raises(ProgramError, match=r"HostError: rooms\.list: the host failed") as caught:
        run_sync("await api.rooms.list({})", BUNDLE, host=Broken(BUNDLE))
    assert "hunter2" not in str(caught.value)
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_host_may_fail_as_the_api_would() -> None:
    class Stern(Host):
        OPERATIONS: ClassVar[Mapping[str, str]] = {"rooms.list": "rooms_list"}

        async def rooms_list(self, args: Mapping[str, Json]) -> Json:
            raise ApiError(418, "teapot", body={"a": 1})

    program = "try { await api.rooms.list({}) } catch (e) { return [e.status, e.message, e.body] }"
    assert run_sync(program, BUNDLE, host=Stern(BUNDLE)).value == [418, "teapot", {"a": 1}]


def test_a_host_that_returns_no_json_is_an_error_of_the_host() -> None:
    class Odd(Host):
        OPERATIONS: ClassVar[Mapping[str, str]] = {"rooms.list": "rooms_list"}

        async def rooms_list(self, args: Mapping[str, Json]) -> Json:
            return object()

    with pytest.raises(ProgramError, match="the reply is not JSON"):
        run_sync("await api.rooms.list({})", BUNDLE, host=Odd(BUNDLE))


# Policies


def test_a_denied_call_is_the_programs_to_catch_and_sends_nothing() -> None:
    host, transport = fake()
    policy = Policy.parse(["allow read"])
    program = "try { await api.rooms.create({name: 'x'}) } catch (e) { return e.name }"
    assert run_sync(program, BUNDLE, host=host, policy=policy).value == "PolicyError"
    assert transport.sent == []
    with pytest.raises(PolicyError, match=r"rooms\.create is not allowed: no rule matches"):
        run_sync("await api.rooms.create({name: 'x'})", BUNDLE, host=host, policy=policy)


NO = Answer(False, reason="no")
ASK = Policy.parse(["allow read", "ask write"])


@pytest.mark.parametrize(
    ("decision", "want", "verdict"),
    [
        (True, {"id": 3, "name": "x"}, "ask: allowed"),
        (Answer(True, args={"name": "better"}), {"id": 3, "name": "better"}, "ask: edited"),
        (False, "PolicyError: rooms.create was not approved", "ask: denied"),
        (NO, "PolicyError: rooms.create was not approved: no", "ask: denied"),
    ],
)  # fmt: skip
def test_somebody_is_asked(decision: Answer | bool, want: Json, verdict: str) -> None:
    asked: list[Question] = []

    async def approve(question: Question) -> Answer | bool:
        asked.append(question)
        await asyncio.sleep(0.3)  # longer than the run may last: a person's time is not counted
        return decision

    host, _ = fake()
    program = """
    const [a, b] = await Promise.allSettled([api.rooms.create({ name: "x" }), api.rooms.list({})]);
    return [a.value ?? String(a.reason), b.value.length];
    """
    limits = Limits(wall=0.25)
    result = run_sync(program, BUNDLE, host=host, policy=ASK, approve=approve, limits=limits)
    assert result.value == [want, 2]
    assert result.trace.events[0].verdict == verdict
    (question,) = asked
    assert str(question) == (
        'rooms.create  (Create a room)\nPOST https://chat.example/rooms\n{"name":"x"}'
    )


def test_nobody_to_ask_means_no() -> None:
    with pytest.raises(PolicyError, match="nobody is there to give it"):
        value("await api.rooms.create({name: 'x'})", policy=ASK)


def test_an_edit_is_checked_like_what_the_program_wrote() -> None:
    with pytest.raises(ProgramError, match="must be a string, not 5"):
        value(
            "await api.rooms.create({name: 'x'})",
            policy=ASK,
            approve=lambda question: Answer(True, args={"name": 5}),
        )


def test_a_budget_counts_calls_that_are_made_together() -> None:
    policy = Policy(budgets=(Budget("rooms.get", calls=3),), default="allow")
    program = """
    const all = await Promise.allSettled([1, 2, 3, 4, 5].map((id) => api.rooms.get({ id })));
    return all.map((each) => each.status);
    """
    assert value(program, policy=policy) == ["fulfilled"] * 3 + ["rejected"] * 2


# Several APIs


def test_several_apis_have_their_own_hosts_credentials_and_policies() -> None:
    first, second = FakeTransport(answer), FakeTransport(answer)
    hosts = {
        "chat": Host(LOCKED, transport=first, credentials=Credentials({"token": "first-1"})),
        "other": Host(LOCKED, transport=second, credentials=Credentials({"token": "second-2"})),
    }
    program = """
    const made = await chat.rooms.create({ name: "x" });
    const refused = await other.rooms.create({ name: "x" }).catch((e) => e.name);
    return [made.id, refused, (await other.rooms.list({})).length];
    """
    result = run_sync(
        program,
        {"chat": LOCKED, "other": LOCKED},
        host=hosts,
        policy={"other": Policy.parse(["allow read"])},
    )
    assert result.value == [3, "PolicyError", 2]
    assert dict(first.sent[0].on_the_wire()[1])["Authorization"] == "Bearer first-1"
    assert dict(second.sent[0].on_the_wire()[1])["Authorization"] == "Bearer second-2"
    assert [event.op for event in result.trace.events] == [
        "chat.rooms.create", "other.rooms.create", "other.rooms.list"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("bundles", "options", "want"),
    [
        ({}, {}, "no Bundle"),
        ({"a b": BUNDLE}, {}, "global name"),
        ({"a": BUNDLE, "b": BUNDLE}, {"base_url": "https://x"}, "must be given for each by name"),
        (BUNDLE, {"host": Host(LOCKED, transport=FakeTransport(answer))}, "another Bundle"),
        (BUNDLE, {"base_url": "nonsense"}, "not an absolute http or https URL"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    bundles: Json, options: dict[str, Any], want: str
) -> None:
    with pytest.raises(BundleError, match=want):
        run_sync("return 1", bundles, **options)


def test_stubs_of_another_document_are_refused() -> None:
    class Stale(Host):
        FINGERPRINT: ClassVar[str] = "0ld"

    class Foreign(Host):
        OPERATIONS: ClassVar[Mapping[str, str]] = {"rooms.burn": "rooms_burn"}

    with pytest.raises(BundleError, match='"Stale" were made from "0ld", this Bundle is "abc"'):
        Stale(BUNDLE)
    with pytest.raises(BundleError, match='"Foreign" name the operation'):
        Foreign(BUNDLE)


# Time, chance and the outside


def test_a_run_is_deterministic_given_its_seed_and_clock() -> None:
    program = "return [Math.random(), Date.now(), Math.random()]"
    one = value(program, seed=7, now=lambda: 1_700_000_000.25)
    assert one == value(program, seed=7, now=lambda: 1_700_000_000.25)
    assert one[1] == 1_700_000_000_250
    assert one != value(program, seed=8, now=lambda: 1_700_000_000.25)


def test_timers_fire_in_order_and_are_no_calls() -> None:
    program = """
    const order = [];
    await Promise.all([30, 10, 20].map((ms) => new Promise((done) =>
      setTimeout(() => { order.push(ms); done(); }, ms))));
    return order;
    """
    host, _ = fake()
    result = run_sync(program, BUNDLE, host=host)
    assert (result.value, result.usage.calls) == ([10, 20, 30], 0)


def test_events_are_told_as_they_happen() -> None:
    told: list[Event] = []
    value("await api.rooms.list({}); await api.rooms.get({id: 9})" " .catch(() => 0)",
          on_event=told.append)  # fmt: skip
    assert [(event.op, event.status) for event in told] == [("rooms.list", 200), ("rooms.get", 404)]
    assert told[1].error == "ApiError: status 404: no such room"


def test_cancelling_a_run_frees_it_at_once() -> None:
    async def main() -> None:
        for program in ("while (true) {}", "await new Promise((r) => setTimeout(r, 1e6))"):
            task = asyncio.create_task(run(program, BUNDLE, host=fake()[0]))
            await asyncio.sleep(0.3)
            began = time.perf_counter()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert time.perf_counter() - began < 0.25

    asyncio.run(main())


INTERRUPTED = """
import sys
from tsbind.bundle import Bundle
from tsbind.runtime import run_sync
bundle = Bundle("T", "1", "", {}, {})
run_sync("return 1", bundle)
print("ready", flush=True)
try:
    run_sync(sys.argv[1], bundle)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize(
    "program", ["while (true) {}", "await new Promise((done) => setTimeout(done, 1e6))"]
)
def test_ctrl_c_ends_a_run_at_once(program: str) -> None:
    command = [sys.executable, "-W", "error", "-c", INTERRUPTED, program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(0.3)
        began = time.perf_counter()
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == b"interrupted\n"
        assert time.perf_counter() - began < 1.0
        out, error = child.communicate(timeout=30)
    assert (child.returncode, out, error) == (0, b"", b"")


def test_one_program_that_computes_does_not_hold_up_another() -> None:
    async def main() -> None:
        spinning = asyncio.create_task(
            run("while (true) {}", BUNDLE, host=fake()[0], limits=Limits(cpu=1.0))
        )
        await asyncio.sleep(0.1)
        began = time.perf_counter()
        result = await run("return (await api.rooms.list({})).length", BUNDLE, host=fake()[0])
        assert result.value == 2
        assert time.perf_counter() - began < 0.8
        with pytest.raises(LimitError, match="limit-cpu"):
            await spinning

    asyncio.run(main())


def test_many_threads_may_run_at_once() -> None:
    host, _ = fake()
    values: list[Json] = []

    def work() -> None:
        for _ in range(5):
            values.append(
                run_sync("return (await api.rooms.list({})).length", BUNDLE, host=host).value
            )

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values == [2] * 30


def test_no_guest_error_escapes_as_anything_else() -> None:
    assert issubclass(GuestError, RunError)
    assert value("return 12345678901234567890n") == 12345678901234567890


@pytest.mark.parametrize("program", [5, None, b"return 1"])
def test_a_program_that_is_no_text_is_refused(program: Any) -> None:  # noqa: ANN401
    with pytest.raises(ProgramError, match=r"a program is a text, not"):
        run_sync(program, BUNDLE)


@pytest.mark.parametrize("bundle", [5, None, "x", {"a": 1}, {}])
def test_what_is_no_bundle_is_refused(bundle: Any) -> None:  # noqa: ANN401
    with pytest.raises(BundleError):
        run_sync("return 1", bundle)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"limit": Limits()}, r"unexpected keyword argument 'limit' \(did you mean 'limits'\?\)"),
        ({"limits": 5}, "limits must be Limits, not int"),
        ({"max_result_tokens": 5}, "count_tokens"),
        ({"limits": Limits(result_tokens=5)}, "count_tokens"),
    ],
)
def test_options_that_cannot_be_are_refused(options: Any, says: str) -> None:  # noqa: ANN401
    with pytest.raises(TypeError, match=says):
        run_sync("return 1", BUNDLE, **options)


def test_a_schema_that_is_none_is_refused_before_anything_is_sent() -> None:
    transport = FakeTransport(answer)
    host = Host(BUNDLE, transport=transport)
    with pytest.raises(BundleError, match="is no usable JSON Schema"):
        run_sync("return api.rooms.list({})", BUNDLE, host=host, result_schema={"type": "nope"})
    assert transport.sent == []
