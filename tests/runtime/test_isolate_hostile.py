"""Hostile programs: each ends in one typed way, in time, and the host goes on as if nothing was."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

import pytest

from tests.runtime.guests import run, value
from tsbind.bundle import Json
from tsbind.errors import LimitError
from tsbind.runtime.limits import MIB, Limits

CPU = 0.1  # seconds
LIMITS = Limits(cpu=CPU, memory=32 * MIB)
SLACK = 0.1  # seconds of CPU beyond the limit


def outcome(source: str) -> str:
    """Run `source` and say in one word how it ended."""
    try:
        step = run(source, lambda op, args: None, limits=LIMITS)
    except LimitError as error:
        return error.limit
    if step.error is None:
        return "value"
    return step.error.name


def check(source: str) -> str:
    began = time.thread_time()
    ended = outcome(source)
    assert time.thread_time() - began < CPU + SLACK
    assert value("1 + 1") == 2
    return ended


def programs(corpus: Path) -> list[Json]:
    text = (corpus / "hostile" / "own" / "hostile-programs.json").read_text("utf-8")
    found: list[Json] = json.loads(text)
    return found


def test_every_hostile_program_of_the_corpus_ends_in_time(corpus: Path) -> None:
    ends = {program["id"]: check(program["code"]) for program in programs(corpus)}
    assert len(ends) >= 60
    # Nothing overflows the native stack: recursion is an error that programs can catch.
    assert [name for name, end in ends.items() if end == "stack"] == []


def test_host_memory_stays_near_the_limit(corpus: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("reads the peak of resident memory as Linux counts it")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for program in programs(corpus):
        outcome(program["code"])
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 <= LIMITS.memory + 16 * MIB


OWN = {
    "regex": "/^(a+)+$/.test('a'.repeat(40) + 'b')",
    "regex backtrack": "'x'.repeat(3e4).match(/(x+x+)+y/)",
    "sort": "for (;;) new Array(1e5).fill(0).map(Math.random).sort()",
    "parse": "const t = JSON.stringify(new Array(1e5).fill({a: 1})); for (;;) JSON.parse(t)",
    "stringify": "const a = new Array(1e5).fill('x'); for (;;) JSON.stringify(a)",
    "bigint": "let n = 3n; for (;;) n = n * n % (2n ** 20000n)",
    "bigint text": "for (;;) (7n ** 20000n).toString()",
    "repeat": "for (;;) 'ab'.repeat(1e6)",
    "normalize": "for (;;) '\\u0344'.repeat(1e5).normalize('NFD')",
    "split": "for (;;) 'a,'.repeat(1e5).split(',')",
    "microtasks": "const f = () => Promise.resolve().then(f); f(); await new Promise(() => {})",
    "queueMicrotask": "const f = () => queueMicrotask(f); f(); 1",
    "async loop": "for (;;) await 0",
    "generator": "function* g() { for (;;) yield } for (const x of g());",
    "catch and go on": "for (;;) { try { for (;;); } catch {} }",
    "finally": "const f = () => { try { f() } finally { f() } }; f()",
    "proxy": "const p = new Proxy({}, {get: (t, k, r) => r[k]}); p.x",
    "getter in the result": "({get a() { for (;;); }})",
    "proxy in the result": "new Proxy({}, {ownKeys() { for (;;); }})",
    "toJSON in the result": "({toJSON() { for (;;); }})",
    "toJSON in arguments": "api.user({a: {toJSON() { for (;;); }}})",
    "endless thenable": "({then(done) { done(this) }})",
    "thenable chain": "const t = {then(f) { f(t) }}; await t",
    "getter in an error": "throw Object.defineProperty(Error(), 'name', {get() { for (;;); }})",
    "name of an error": "throw Object.assign(new Error('x'), {name: {toString() { for (;;); }}})",
    "prepareStackTrace": "Error.prepareStackTrace = () => { for (;;); }; throw new Error('x')",
    "stackTraceLimit": "Error.stackTraceLimit = {valueOf() { for (;;); }}; throw new Error('x')",
    "symbol": "throw Symbol('x')",
    "proxy thrown": "throw new Proxy({}, {get() { for (;;); }, getPrototypeOf() { for (;;); }})",
    "long message": "throw new Error('x'.repeat(1e7))",
    "deep cause": "let e; for (let i = 0; i < 1e4; i++) e = new Error('y', {cause: e}); throw e",
    "many rejections": "for (let i = 0; i < 1e5; i++) Promise.reject(i); 1",
    "many calls": "for (;;) api.user({})",
    "calls from toJSON": "const a = {toJSON() { api.user(a); return 1 }}; api.user(a)",
    "many timers": "for (;;) setTimeout(() => {}, 1)",
    "console": "for (;;) console.log('x'.repeat(1e4))",
    "console of a cycle": "const a = {}; a.a = a; console.log(a, [a], new Map([[a, a]]))",
    "console getter": "console.log({get a() { for (;;); }})",
    "names": "for (;;) { try { api['x' + Math.random()] } catch {} }",
    "long name": "api['x'.repeat(1e7)]",
    "eval": "for (;;) eval('1')",
    "source": "eval('1;'.repeat(1e6))",
    "new Function": "for (;;) new Function('return 1')()",
    "string doubling": "let s = 'x'; for (;;) s += s",
    "rope": "let s = ''; for (;;) s = s + 'a' + s.length",
    "map": "const m = new Map(); for (let i = 0; ; i++) m.set(i, m)",
    "weak": "const w = []; for (;;) w.push(new WeakRef({}))",
    "finalizers": "const f = new FinalizationRegistry(() => {}); for (;;) f.register({}, 1)",
    "typed arrays": "const a = []; for (;;) a.push(new Uint8Array(1e6))",
    "resizable": "const b = new ArrayBuffer(1, {maxByteLength: 2 ** 31}); b.resize(2 ** 31 - 1)",
    "structuredClone": "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; structuredClone(a)",
    "urls": "for (;;) new URL('https://a.example/' + 'b/'.repeat(1e5))",
    "lone surrogates": "console.log('\\ud800'); api.user({'\\udfff': '\\ud800'}); '\\udbff'",
    "prototype pollution": "Object.prototype.state = 'done'; Object.prototype.id = 1; api.user()",
    "array species": "Array.prototype.push = () => { throw 1 }; [1].map((x) => x)",
    "delete globals": "for (const k of Reflect.ownKeys(globalThis)) delete globalThis[k]; 1",
    "freeze": "Object.freeze(globalThis); Object.freeze(Promise.prototype); await 1",
    "class chain": "let C = class {}; for (let i = 0; i < 1e4; i++) C = class extends C {}; new C",
    "bind chain": "let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(); f()",
    "deep prototype": "let o = {}; for (let i = 0; i < 1e5; i++) o = Object.create(o); o.x",
    "deep destructuring": "eval('let ' + '['.repeat(1e4) + 'a' + ']'.repeat(1e4) + '=1')",
    "deep regex": "new RegExp('(?:'.repeat(5e4) + ')'.repeat(5e4))",
    "lookbehind": "/(?<=(a+)+)b/.test('a'.repeat(40))",
    "date": "for (;;) new Date(8.64e15).toLocaleString()",
    "sparse": "const a = []; a[2 ** 32 - 2] = 1; a.forEach(() => {}); a.indexOf(2)",
    "huge typed result": "new Uint8Array(8e6)",
    "nul": "'a\\0b'",
    "html comment": "<!-- x\n1",
    "dynamic import": "import('file:///etc/passwd')",
}  # fmt: skip

ENDS = {
    "value", "cpu", "memory", "stack", "result_bytes", "request_bytes", "RangeError", "TypeError",
    "SyntaxError", "InternalError", "ReferenceError", "ResultError", "Error", "Thrown",
    "NeverSettles",
}  # fmt: skip


@pytest.mark.parametrize("name", OWN)
def test_own_hostile_programs_end_in_time(name: str) -> None:
    assert check(OWN[name]) in ENDS


OUT_OF_MEMORY = {  # where it is not the engine that asks for it
    "calls": "for (let i = 0; i < 1e6; i++) api.user({})",
    "timers": "for (let i = 0; i < 1e6; i++) setTimeout(() => {}, 1)",
    "normalize": "'\\u0344'.repeat(5e6).normalize('NFD')",
    "normalize, caught": "try { '\\u0344'.repeat(5e6).normalize('NFD') } catch (e) { throw e }",
}


@pytest.mark.parametrize("name", OUT_OF_MEMORY)
def test_a_program_that_runs_out_of_memory_is_told_so(name: str) -> None:
    limits = Limits(cpu=10, memory=16 * MIB, request_bytes=1 << 30)
    with pytest.raises(LimitError) as caught:
        run(OUT_OF_MEMORY[name], limits=limits)
    assert caught.value.limit == "memory"


def test_a_failure_is_never_longer_than_its_bounds() -> None:
    error = run("const e = new Error('m'.repeat(1e6)); e.name = 'n'.repeat(1e6); throw e").error
    assert error is not None
    assert (len(error.name), len(error.message)) == (100, 4096)
    deep = run("const f = (n) => { if (n) f(n - 1); else throw new Error('x') }; f(300)").error
    assert deep is not None
    assert len(deep.stack) <= 16


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts what /proc shows")
def test_a_thousand_isolates_leave_nothing_behind() -> None:
    def held() -> tuple[int, int, int]:
        maps = Path("/proc/self/maps").read_bytes().count(b"\n")
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return len(os.listdir("/proc/self/fd")), maps, pages

    source = (
        "const a = []; for (let i = 0; i < 2000; i++) a.push({i}); await api.user({}); a.length"
    )
    for _ in range(200):
        run(source)
    fds, maps, pages = held()
    for _ in range(1_000):
        run(source)
    now = held()
    assert now[0] == fds
    assert now[1] <= maps + 8
    assert now[2] <= pages + 256  # 1 MiB
