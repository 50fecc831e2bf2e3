"""What a program sees of its isolate, and what the host sees of the program."""

from __future__ import annotations

import threading
import time

import msgspec
import pytest

from tests.runtime.guests import NOW, echo, failure, run, start, value
from tsbind.bundle import Json
from tsbind.errors import GuestError, LimitError
from tsbind.runtime.engine import Engine
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.limits import MIB, Limits
from tsbind.runtime.messages import CallFailure, CallReply, Resume

# ---- Forms of a program ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 1", 2),
        ("(async () => { return 1 + 1 })", 2),
        ("() => 2", 2),
        ("const x = await user(); x.op", "user"),
        ("await Promise.resolve(2)", 2),
        ("api.user()", {"op": "user", "args": {}}),
        ("async (api) => (await api.user()).op", "user"),
        ("({ then(done) { done(2) } })", 2),
        ("if (1) { 2 }", 2),
    ],
)
def test_the_value_of_a_program(source: str, expected: Json) -> None:
    assert (
        value(f"const user = api.user; {source}" if "await user" in source else source) == expected
    )


def test_a_program_without_a_value() -> None:
    step = run("(async () => {})")
    assert (step.state, step.value) == ("done", None)


# ---- Calls -------------------------------------------------------------------------------------


def test_calls_go_out_together_and_settle_as_answers_come() -> None:
    source = """async () => {
        const order = [];
        const one = api.issues.list({ page: 1 }).then(() => order.push("list"));
        const two = api.repos.get({ name: "x" }).then(() => order.push("get"));
        await Promise.all([one, two]);
        return order;
    }"""
    with Isolate(Engine.default(), Limits()) as isolate:
        step = isolate.start(start(source))
        assert [(call.id, call.op, bytes(call.args)) for call in step.calls] == [
            (1, "issues.list", b'{"page":1}'),
            (2, "repos.get", b'{"name":"x"}'),
        ]
        step = isolate.resume(Resume(NOW, (CallReply(2, ok=msgspec.Raw(b"{}")),)))
        assert (step.state, step.calls) == ("waiting", ())
        step = isolate.resume(Resume(NOW, (CallReply(1, ok=msgspec.Raw(b"{}")),)))
        assert step.value is not None
        assert bytes(step.value) == b'["get","list"]'
        assert isolate.steps == 3


def test_arguments_are_those_of_the_moment() -> None:
    assert value("const a = {n: 1}; const p = api.user(a); a.n = 2; (await p).args") == {"n": 1}


def test_a_failed_call_is_an_error_with_the_place_of_the_call() -> None:
    def answer(op: str, args: Json) -> Json:
        return CallFailure(
            "ApiError", "no such room", status=404, code="x", body=msgspec.Raw(b"[1]")
        )

    source = "const f = async () => {\n  await 0;\n  return api.user();\n};\nawait f()"
    error = run(source, answer).error
    assert error is not None
    assert (error.name, error.message, error.call) == ("ApiError", "no such room", 1)
    assert [(frame.function, frame.line) for frame in error.stack] == [("f", 3)]
    caught = """try { await api.user() } catch (e) {
        ({ s: e.status, c: e.code, b: e.body, o: e.operation, t: e instanceof ApiError,
           u: e instanceof CallError, e: e instanceof Error, n: e.name }) }"""
    assert value(caught, answer) == {
        "s": 404, "c": "x", "b": [1], "o": "user", "t": True, "u": True, "e": True, "n": "ApiError",
    }  # fmt: skip


def test_an_unknown_kind_of_failure_is_a_call_error() -> None:
    source = "try { await api.user() } catch (e) { [e.name, e instanceof CallError] }"
    assert value(source, lambda op, args: CallFailure("OddError", "m")) == ["OddError", True]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("api.isues.list()", "api.isues is not an operation. Did you mean api.issues?"),
        ("api.issues.lst()", "api.issues.lst is not an operation. Did you mean api.issues.list?"),
        ("api.list_comments()",
         "api.list_comments is not an operation. Did you mean api.issues.list_comments?"),
        ("api.zzzzzzzz", "api.zzzzzzzz is not an operation"),
        ("api.user.name", None),
        ("api.user({}, 1)", "api.user takes one argument object, not 2 arguments"),
        ("api.user = 1", "api cannot be changed"),
        ("delete api.issues.list", "api.issues cannot be changed"),
    ],
)  # fmt: skip
def test_wrong_names_say_what_was_meant(source: str, message: str | None) -> None:
    if message is None:
        assert value(f"({source})") is not None
    else:
        assert failure(source) == ("TypeError", message)


def test_the_api_can_be_looked_through() -> None:
    assert value("Object.keys(api)") == ["issues", "repos", "user"]
    assert value("Object.keys(api.issues)") == ["create", "list", "list_comments"]
    assert value("['issues' in api, 'x' in api, typeof api.user, typeof api.issues]") == [
        True, False, "function", "object",
    ]  # fmt: skip
    assert value("const {issues: {list}} = api; (await list()).op") == "issues.list"
    assert value("(await api).issues !== undefined") is True  # no thenable
    assert value("const o = {...api.issues}; typeof o.create") == "function"


def test_an_operation_may_be_a_namespace_too() -> None:
    message = start(
        "[(await api.user()).op, (await api.user.get()).op]", names=("user", "user.get")
    )
    step = run("", message=message)
    assert step.value is not None
    assert bytes(step.value) == b'["user","user.get"]'


def test_several_apis() -> None:
    names = ("github.issues.list", "slack.post")
    source = "[typeof api, (await github.issues.list()).op, (await slack.post()).op]"
    step = run("", message=start(source, names=names, roots=("github", "slack")))
    assert step.value is not None
    assert msgspec.json.decode(step.value) == ["undefined", "github.issues.list", "slack.post"]
    wrong = run("", message=start("slack.pst()", names=names, roots=("github", "slack"))).error
    assert wrong is not None
    assert wrong.message == "slack.pst is not an operation. Did you mean slack.post?"


def test_a_function_is_given_the_api_that_there_is() -> None:
    one = start("async (it) => (await it.user()).op", roots=("chat",))
    assert bytes(run("", message=one).value or b"") == b'"user"'
    several = start("(it) => typeof it", names=("a.x", "b.y"), roots=("a", "b"))
    assert bytes(run("", message=several).value or b"") == b'"undefined"'


def test_programs_are_strict() -> None:
    assert failure("undeclared = 1") == ("ReferenceError", "undeclared is not defined")


def test_every_name_of_a_large_table_is_found() -> None:
    names = [f"space{i % 97}.operation{i}" for i in range(3_000)]
    source = f"""let found = 0;
        for (const name of {names}) {{
            const [a, b] = name.split("."); if (typeof api[a][b] === "function") found++;
        }} found"""
    step = run("", message=start(source, names=names))
    assert step.value is not None
    assert bytes(step.value) == b"3000"


# ---- Nothing is lost ---------------------------------------------------------------------------


def test_a_call_that_nobody_awaits_is_made_and_reported() -> None:
    step = run("api.issues.create({title: 'x'}); 'early'")
    assert (step.state, bytes(step.value or b""), step.floating) == ("done", b'"early"', (1,))
    assert run("await api.issues.create({}); 1").floating == ()


def test_loops_that_forget_to_wait_still_finish() -> None:
    seen: list[Json] = []

    def answer(op: str, args: Json) -> Json:
        seen.append(args["n"])
        return {}

    run(
        "[1,2].forEach(async (n) => { await api.user({n}); await api.user({n: n * 10}) }); 0",
        answer,
    )
    assert sorted(seen) == [1, 2, 10, 20]


def test_a_rejection_that_nobody_hears_is_a_failure() -> None:
    error = run("(async () => { throw new RangeError('lost') })(); 1").error
    assert error is not None
    assert (error.name, error.message, error.floating) == ("RangeError", "lost", True)
    assert value("const p = Promise.reject(1); await 0; await 0; try { await p } catch {} 5") == 5


def test_waiting_for_nothing_is_told() -> None:
    name, message = failure("await new Promise(() => {})")
    assert (name, message) == (
        "NeverSettles", "the program awaits a promise that nothing is left to settle",
    )  # fmt: skip


# ---- Values across the boundary ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("({a: undefined, b: null, c: [undefined]})", b'{"b":null,"c":[null]}'),
        ("[0, -0, 1.5, 1e21, 1e-7, 2**53, -(2**53)]",
         b"[0,0,1.5,1e+21,1e-7,9007199254740992,-9007199254740992]"),
        ("[123456789012345678901234567890n, -1n]", b"[123456789012345678901234567890,-1]"),
        ("'\\u2028\\u0000\\ud83d\\ude00\"\\\\'",
         '"\u2028\\u0000\U0001f600\\"\\\\"'.encode()),
        ("'a\\ud800b\\udfff'", '"a\ufffdb\ufffd"'.encode()),
        ("new Uint8Array([0,1,254,255])", b'{"$bytes":"AAH+/w=="}'),
        ("new Uint8Array([7]).buffer", b'{"$bytes":"Bw=="}'),
        ("new Date(0)", b'"1970-01-01T00:00:00.000Z"'),
        ("[new String('s'), new Number(1), new Boolean(false), Object(5n)]", b'["s",1,false,5]'),
        ("Object.assign(new TypeError('m'), {code: 3})",
         b'{"name":"TypeError","message":"m","code":3}'),
        ("class P { x = 1; get y() { return 2 } }; new P()", b'{"x":1}'),
        ("({toJSON() { return {toJSON: 1, z: 2} }})", b'{"toJSON":1,"z":2}'),
        ("JSON.parse('{\"__proto__\":{\"a\":1}}')", b'{"__proto__":{"a":1}}'),
        ("const shared = {n: 1}; [shared, shared]", b'[{"n":1},{"n":1}]'),
        ("new Proxy({a: 1}, {})", b'{"a":1}'),
        ("[, 1]", b"[null,1]"),
    ],
)  # fmt: skip
def test_results(source: str, expected: bytes) -> None:
    step = run(source)
    assert step.error is None
    assert bytes(step.value or b"") == expected


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("({rows: [{n: 1}, {n: 0/0}]})", "the result.rows[1].n is NaN, which JSON cannot hold"),
        ("[1/0]", "the result[0] is infinite, which JSON cannot hold"),
        ("({f() {}})", "the result.f is a function"),
        ("[Symbol('x')]", "the result[0] is a symbol"),
        ("const a = {}; a.b = {c: a}; a", "the result.b.c is circular"),
        ("({m: new Map()})", "the result.m is a Map: use Object.fromEntries(map)"),
        ("[new Set()]", "the result[0] is a Set: spread it into an array"),
        ("({p: api.user()})", "the result.p is a Promise: await it"),
        ("/x/", "the result is a RegExp: which JSON cannot hold"),
        ("new Float64Array(2)", "the result is a Float64Array: use Array.from(it)"),
        ("let d = 1; for (let i = 0; i < 501; i++) d = [d]; d",
         "the result is nested deeper than 500 levels"),
    ],
)  # fmt: skip
def test_results_that_json_cannot_hold(source: str, message: str) -> None:
    assert failure(source) == ("ResultError", message)


@pytest.mark.parametrize(
    "text",
    [
        b"0", b"-1", b"1.25", b"-0.0", b"1e3", b"9007199254740991", b"9007199254740993",
        b"-12345678901234567890", b"true", b"null", b'""', b'"\\u00e9\\ud83d\\ude00\\n"',
        '"\u00e9\U0001f600"'.encode(), b"[]", b"{}", b'[1,[2,[3]],{"a":{"b":[]}}]',
        b'{"__proto__":1,"constructor":2,"then":3,"toJSON":4,"":5,"0":6}',
        b" [ 1 , 2 ] ", b'{"$bytes":"AAH+/w=="}', b'{"$bytes":"not base64"}', b'{"$bytes":1}',
        b'{"$bytes":"AA==","x":1}',
    ],
)  # fmt: skip
def test_replies_come_back_as_they_were(text: bytes) -> None:
    step = run("await api.user()", lambda op, args: text)
    assert step.value is not None
    assert msgspec.json.decode(step.value) == msgspec.json.decode(text)


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        (b"9007199254740993", "[typeof r, JSON.stringify({r})]",
         ["bigint", '{"r":9007199254740993}']),
        (b"9007199254740991", "typeof r", "number"),
        (b'{"$bytes":"AQI="}', "[r instanceof Uint8Array, r.length]", [True, 2]),
        (b'{"__proto__":{"admin":1}}', "[r.admin, {}.admin]", [None, None]),
    ],
)  # fmt: skip
def test_replies_as_the_program_sees_them(text: bytes, source: str, expected: Json) -> None:
    assert replied(f"const r = await api.user(); ({source})", text) == expected


def replied(source: str, text: bytes) -> Json:
    """Return the value of `source` when every call is answered with `text`."""
    return value(source, lambda op, args: text)


def test_a_reply_that_is_no_json_rejects() -> None:
    deep = b"[" * 600 + b"]" * 600
    for text in (b"", b"{", b"[1,]", b"nul", b"01", b'"\\x"', b"[1] 2", b"1e", deep):
        assert replied("try { await api.user() } catch (e) { e.name }", text) == "SyntaxError"


# ---- Time, chance, console ---------------------------------------------------------------------


def test_time_moves_only_between_steps() -> None:
    source = """const a = Date.now(); let n = 0; while (n < 1e5) n++;
        const b = Date.now(), p = performance.now(); await api.user();
        [a, b, Date.now() - b, performance.now() - p]"""
    assert value(source) == [int(NOW), int(NOW), 10, 10]


def test_timers_are_calls() -> None:
    source = """async () => {
        const seen = [];
        const late = setTimeout(() => seen.push("late"), 50);
        setTimeout((a, b) => seen.push(a + b), 5, "x", "y");
        clearTimeout(late);
        let n = 0;
        await new Promise((done) => { const i = setInterval(() => {
            if (++n === 3) { clearInterval(i); done(); } }, 1); });
        return [seen, n];
    }"""
    asked: list[tuple[str, Json]] = []

    def answer(op: str, args: Json) -> Json:
        asked.append((op, args))
        return None

    assert value(source, answer) == [["xy"], 3]
    assert asked[:3] == [("$timer", {"ms": 50}), ("$timer", {"ms": 5}), ("$timer", {"ms": 1})]


def test_a_pending_timer_does_not_hold_the_result() -> None:
    step = run("setTimeout(() => {}, 1e6); 1")
    assert (step.state, step.calls, step.floating) == ("done", (), ())


def test_the_same_inputs_give_the_same_bytes() -> None:
    source = (
        "[Math.random(), Math.random(), crypto.randomUUID(), Date.now(), new Date().toString()]"
    )
    first, again = (run("", message=start(source, seed=3)) for _ in range(2))
    other = run("", message=start(source, seed=4))
    assert first.value is not None
    assert bytes(first.value) == bytes(again.value or b"")
    assert bytes(first.value) != bytes(other.value or b"")


def test_console_lines_are_kept_up_to_the_limit() -> None:
    step = run("console.log('a', 1); console.error('b'); console.debug('c'); 0")
    assert step.logs == (("log", "a 1"), ("error", "b"), ("debug", "c"))
    with Isolate(Engine.default(), Limits(log_bytes=100)) as isolate:
        step = isolate.start(start("for (let i = 0; i < 20; i++) console.log('x'.repeat(10)); 0"))
        assert len(step.logs) == 10
        assert (isolate.log_bytes, isolate.logs_dropped) == (100, 100)


# ---- What is not there -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["fetch", "require", "process", "XMLHttpRequest", "Deno", "WebSocket"]
)
def test_what_is_missing_says_what_to_use(name: str) -> None:
    kind, message = failure(f"{name}('x')")
    assert kind == "TypeError"
    assert message.startswith(f"{name} does not exist here: ")


def test_there_are_no_modules_and_no_shared_memory() -> None:
    name, message = failure("await import('fs')")
    assert (name, message[:36]) == ("TypeError", 'cannot import "fs": there are no mod')
    absent = "[typeof SharedArrayBuffer, typeof Atomics, typeof WebAssembly, typeof native]"
    assert value(absent) == ["undefined"] * 4


# ---- Limits ------------------------------------------------------------------------------------


def test_cpu_is_counted_over_all_steps() -> None:
    source = "for (;;) { for (let i = 0; i < 2e5; i++); await api.user() }"
    with pytest.raises(LimitError) as caught:
        run(source, limits=Limits(cpu=0.1))
    assert caught.value.limit == "cpu"
    assert caught.value.used >= 0.1


@pytest.mark.parametrize("size", [2, 8, 64])
def test_memory_ends_at_its_limit(size: int) -> None:
    for source in (
        "let a = []; for (;;) a.push({})",
        "new Uint8Array(1e9)",
        "'x'.repeat(2**29).split('')",
        "const r = []; for (;;) r.push(new ArrayBuffer(1e5))",
    ):
        with Isolate(Engine.default(), Limits(memory=size * MIB, cpu=10)) as isolate:
            with pytest.raises(LimitError) as caught:
                isolate.start(start(source))
            assert caught.value.limit == "memory"
            assert isolate.memory <= size * MIB


def test_a_program_may_catch_that_memory_ran_out() -> None:
    grow = "const a = []; for (;;) { a.push('x'.repeat(1e6) + n); n++ }"
    assert value(f"let n = 0; try {{ {grow} }} catch {{}} n > 3") is True


@pytest.mark.parametrize(
    ("source", "limit"),
    [
        ("'x'.repeat(2e6)", "result_bytes"),
        ("new Array(2**32 - 1)", "result_bytes"),
        ("await api.user({a: 'x'.repeat(2e6)})", "request_bytes"),
        ("for (;;) api.user({a: 'x'.repeat(1e4)})", "request_bytes"),
    ],
)
def test_bytes_across_the_boundary_are_limited(source: str, limit: str) -> None:
    with pytest.raises(LimitError) as caught:
        run(source, limits=Limits(result_bytes=MIB, request_bytes=MIB))
    assert caught.value.limit == limit


def test_messages_larger_than_the_inbox() -> None:
    assert value(f"/* {'x' * 400_000} */ await api.user({{n: 1}})") == {
        "op": "user",
        "args": {"n": 1},
    }
    big = msgspec.json.encode(["y" * 1000] * 600)
    assert value("(await api.user()).length + (await api.user()).length", lambda op, a: big) == 1200


def test_recursion_is_a_range_error_that_can_be_caught() -> None:
    for source in (
        "function f() { return f() + 1 }; f()",
        "const f = () => [1].map(f); f()",
        "class A { get x() { return this.x } }; new A().x",
        "JSON.parse('['.repeat(1e5))",
        "eval('('.repeat(1e5))",
        "let a = []; for (let i = 0; i < 1e4; i++) a = [a]; String(a)",
    ):
        assert value(f"let n = ''; try {{ {source} }} catch (e) {{ n = e.name }} n") == "RangeError"
    assert value("const f = (n) => n ? f(n - 1) + 1 : 0; f(500)") == 500


def test_interrupt_ends_a_running_program_from_another_thread() -> None:
    with Isolate(Engine.default(), Limits(cpu=30)) as isolate:
        threading.Timer(0.05, isolate.interrupt, [KeyError("stop")]).start()
        began = time.monotonic()
        with pytest.raises(KeyError, match="stop"):
            isolate.start(start("for (;;);"))
        assert time.monotonic() - began < 2


def test_a_closed_isolate_says_so() -> None:
    isolate = Isolate(Engine.default(), Limits())
    isolate.close()
    isolate.close()
    with pytest.raises(GuestError, match="closed"):
        isolate.start(start("1"))


def test_an_isolate_may_be_closed_while_another_thread_runs_it() -> None:
    isolate = Isolate(Engine.default(), Limits(cpu=30))
    threading.Timer(0.05, isolate.close).start()
    with pytest.raises(GuestError, match="closed while it ran"):
        isolate.start(start("for (;;);"))
    with pytest.raises(GuestError, match="is closed"):
        isolate.resume(Resume(NOW, ()))


def test_an_ended_run_cannot_be_resumed() -> None:
    with Isolate(Engine.default(), Limits()) as isolate:
        assert isolate.start(start("1")).state == "done"
        with pytest.raises(GuestError):
            isolate.resume(Resume(NOW, ()))


# ---- Isolation ---------------------------------------------------------------------------------


def test_nothing_of_one_run_is_seen_by_the_next() -> None:
    poison = """globalThis.mark = 1; Array.prototype.mark = 1; Object.prototype.mark = 1;
        Promise.prototype.then = () => {}; JSON.stringify = () => 'forged'; 0"""
    for _ in range(50):
        run(poison)
        assert value("[typeof mark, typeof [].mark, JSON.stringify([1])]") == [
            "undefined", "undefined", "[1]",
        ]  # fmt: skip


def test_patched_builtins_do_not_reach_the_protocol() -> None:
    source = """JSON.stringify = JSON.parse = () => 'forged'; Promise.prototype.then = null;
        Object.defineProperty(Object.prototype, 'id', {get() { return 99 }, set() {}});
        Array.prototype[Symbol.iterator] = null; String.prototype.split = null;
        globalThis.Promise = null; Function.prototype.call = null;
        const r = await api.user({a: 1}); r.args"""
    assert value(source, echo) == {"a": 1}


def test_many_isolates_live_at_once_and_keep_what_is_theirs() -> None:
    isolates = [Isolate(Engine.default(), Limits()) for _ in range(200)]
    for number, isolate in enumerate(isolates):
        step = isolate.start(start(f"const mine = {number}; await api.user(); mine"))
        assert step.state == "waiting"
    for number, isolate in enumerate(isolates):
        step = isolate.resume(Resume(NOW, (CallReply(1, ok=msgspec.Raw(b"1")),)))
        assert bytes(step.value or b"") == str(number).encode()
        isolate.close()


def test_threads_run_isolates_side_by_side() -> None:
    results: list[Json] = []

    def work() -> None:
        for _ in range(20):
            results.append(value("await Promise.all([api.user(), api.repos.get()]); 1"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [1] * 80
