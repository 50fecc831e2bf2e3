"""What a program sees of its isolate, and what the host sees of the program."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from tests.runtime.guests import NOW, echo, failure, reply, run, start, value
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


LONG = "let n = 0; for (let i = 0; i < 1e6; i++) n += i % 3; n"


def test_a_step_may_be_begun_in_one_thread_and_finished_in_another() -> None:
    with Isolate(Engine.default(), Limits()) as isolate:
        assert isolate.begin(start(f"await api.user(); {LONG}")) is not None
        replies = (CallReply(1, ok=msgspec.Raw(b"1")),)
        assert isolate.begin(Resume(NOW, replies)) is None
        with ThreadPoolExecutor(1) as thread:
            step = thread.submit(isolate.finish).result()
    assert step.value is not None
    assert bytes(step.value) == b"999999"
    assert isolate.steps == 2


def test_what_was_begun_is_over_when_its_isolate_is_closed() -> None:
    isolate = Isolate(Engine.default(), Limits())
    assert isolate.begin(start("for (;;);")) is None
    isolate.close()
    assert not isolate.is_open
    with pytest.raises(GuestError, match="is closed"):
        isolate.finish()


def test_a_moment_ends_soon_and_counts() -> None:
    used = []
    for _ in range(10):
        with Isolate(Engine.default(), Limits()) as isolate:
            assert isolate.begin(start("for (;;);")) is None
            used.append(isolate.cpu)
    assert 0.002 <= min(used) < 0.01  # seconds; on a busy machine some take longer


def test_limits_hold_in_moments_too() -> None:
    """No step is long enough for a look at the limits in its middle."""
    limits = Limits(cpu=0.02)
    with Isolate(Engine.default(), limits) as isolate, pytest.raises(LimitError) as caught:
        endless(isolate)
    assert caught.value.limit == "cpu"
    assert caught.value.used < 0.05


def endless(isolate: Isolate) -> None:
    step = isolate.begin(start("for (;;) await api.user()"))
    while step is not None:
        replies = tuple(reply(call, lambda op, args: 1) for call in step.calls)
        step = isolate.begin(Resume(NOW, replies))


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
