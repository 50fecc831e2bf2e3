"""Values on their way in and out of an isolate, and what a program sees of the world."""

from __future__ import annotations

import msgspec
import pytest

from tests.runtime.guests import NOW, failure, run, start, value
from tsbind.bundle import Json
from tsbind.runtime.engine import Engine
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.limits import Limits

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
