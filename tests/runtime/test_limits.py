"""Every limit, and every way that programs try to get past it: each ends in its own typed error."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from benchmarks.hostile_programs import BUNDLE, Answers, Program, programs
from tsbind.bundle import Json
from tsbind.errors import LimitError, ProgramError, ResultError
from tsbind.runtime import Limits, Options, Response, Result, run_sync
from tsbind.runtime.http import FakeTransport
from tsbind.runtime.limits import MIB

LIMITS = {
    "cpu": Limits(cpu=0.1),
    "memory": Limits(memory=8 * MIB, calls=1_000, reply_bytes=1 << 30),
    "stack": Limits(cpu=3.0),
    "calls": Limits(calls=10),
    "wall": Limits(wall=0.1, calls=100_000),
}
ALLOWED = {"cpu": 0.1, "memory": 8, "calls": 10, "wall": 0.1}
UNITS = {"cpu": "seconds", "memory": "MiB", "calls": "calls", "wall": "seconds"}
DEEP = r"call stack|too deeply|stack overflow"
SLACK = 0.1  # seconds of CPU beyond the limit


def name_of(program: Program) -> str:
    return f"{program.limit}-{program.how}"


def perform(program: str, limits: Limits) -> Result:
    return run_sync(program, BUNDLE, host=Answers(BUNDLE), limits=limits)


@pytest.mark.parametrize("each", [p for p in programs() if p.limit != "stack"], ids=name_of)
def test_a_limit_ends_a_program(each: Program) -> None:
    with pytest.raises(LimitError) as caught:
        perform(each.program, LIMITS[each.limit])
    error = caught.value
    assert error.limit == each.limit
    assert (error.allowed, error.unit) == (ALLOWED[each.limit], UNITS[each.limit])
    assert error.used >= error.allowed
    assert error.usage.cpu < LIMITS[each.limit].cpu + SLACK
    assert perform("return 1 + 1", Limits()).value == 2


@pytest.mark.parametrize("each", [p for p in programs() if p.limit == "stack"], ids=name_of)
def test_recursion_is_an_error_that_a_program_may_catch(each: Program) -> None:
    with pytest.raises((ProgramError, ResultError), match=DEEP):
        perform(each.program, LIMITS["stack"])
    setup, _, last = each.program.rpartition(";")
    caught = f"{setup}; try {{ {last.replace('return o', 'JSON.stringify(o)')} }} catch {{}}\n2"
    assert perform(caught, LIMITS["stack"]).value == 2


GUEST_LIMITS = {
    "one argument": ("await api.get({ n: 'x'.repeat(3e6) })", "request_bytes", 2 * MIB),
    "arguments at once": (
        "await Promise.all(Array.from({ length: 9 }, () => api.get({ n: 'x'.repeat(3e5) })))",
        "request_bytes",
        2 * MIB,
    ),
    "argument by toJSON": (
        "await api.get({ n: { toJSON: () => 'x'.repeat(3e6) } }).catch(() => 0); return 1",
        "request_bytes",
        2 * MIB,
    ),
    "result": ("return 'x'.repeat(3e6)", "result_bytes", 2 * MIB),
    "result by toJSON": ("return { toJSON: () => 'x'.repeat(3e6) }", "result_bytes", 2 * MIB),
    "result of many parts": ("return Array(1e6).fill({ a: 1 })", "result_bytes", 2 * MIB),
    "result by getter": ("return { get a() { return 'x'.repeat(3e6) } }", "result_bytes", 2 * MIB),
    "result of escapes": ("return '\\u0001'.repeat(5e5)", "result_bytes", 2 * MIB),
    "result in finally": (
        "try { throw 1 } finally { return 'x'.repeat(3e6) }",
        "result_bytes",
        2 * MIB,
    ),
    "program": (f"return {'1 + ' * 600_000} 1", "program_bytes", 2 * MIB),
}


@pytest.mark.parametrize(("program", "limit", "allowed"), GUEST_LIMITS.values(), ids=GUEST_LIMITS)
def test_bytes_that_leave_the_guest_are_limited(program: str, limit: str, allowed: int) -> None:
    limits = Limits(request_bytes=2 * MIB, result_bytes=2 * MIB, program_bytes=2 * MIB)
    with pytest.raises(LimitError) as caught:
        perform(program, limits)
    assert (caught.value.limit, caught.value.allowed, caught.value.unit) == (
        limit,
        allowed,
        "bytes",
    )
    assert caught.value.used > allowed


@pytest.mark.parametrize(
    "program",
    [
        "return await api.get({ n: 1 })",
        "for (;;) await api.get({ n: 1 })",
        "await Promise.all([1, 2, 3, 4].map((n) => api.get({ n })))",
        "for (;;) { try { await api.get({ n: 1 }) } catch {} }",
        "try { await api.get({ n: 1 }) } finally { await api.get({ n: 1 }) }",
        "api.get({ n: 1 }); await new Promise((done) => setTimeout(done, 50)); return 1",
    ],
)
@pytest.mark.parametrize("limit", ["request_bytes", "reply_bytes"])
def test_bytes_over_the_wire_are_limited(program: str, limit: str) -> None:
    reply = Response.json({"text": "x" * 2_000})
    transport = FakeTransport(lambda _: reply)
    long = f"http://127.0.0.1/{'x' * 2_000}"  # a request without a body is its address
    host = Wire(BUNDLE, long, transport=transport)
    limits = Limits(reply_bytes=1_000) if limit == "reply_bytes" else Limits(request_bytes=1_000)
    with pytest.raises(LimitError) as caught:
        run_sync(program, BUNDLE, host=host, limits=limits)
    error = caught.value
    assert (error.limit, error.unit) == (limit, "bytes")
    assert error.used > error.allowed == getattr(limits, limit)
    assert getattr(error.usage, limit) >= error.used  # those at once have been sent


class Wire(Answers):
    """Sends its calls."""

    OPERATIONS: ClassVar[dict[str, str]] = {}


@pytest.mark.parametrize(
    "program",
    [
        "for (let i = 0; i < 1e4; i++) console.log('x'.repeat(100)); return 1",
        "console.log('x'.repeat(1e6)); return 1",
        "console.error({ a: 'x'.repeat(1e6) }); return 1",
        "await api.get({ n: 1 }); for (let i = 0; i < 1e4; i++) console.warn(i, 'text'); return 1",
        "for (let i = 0; i < 1e3; i++) { await 0; console.log('é'.repeat(50)) } return 1",
        "console.log({ toString() { return 'x'.repeat(1e6) }, a: 'y'.repeat(1e6) }); return 1",
    ],
)
def test_console_output_is_dropped_and_counted(program: str) -> None:
    result = perform(program, Limits(log_bytes=1_000))
    assert result.value == 1
    assert sum(len(text.encode()) for _, text in result.logs[:-1]) <= 1_000
    assert result.usage.log_bytes <= 1_000
    level, last = result.logs[-1]
    assert level == "warn"
    assert last.endswith("bytes of console output were dropped")
    assert int(last.split()[0]) > 0


@pytest.mark.parametrize(
    "program",
    ["return 'word '.repeat(500)", "return { toJSON: () => Array(999).fill(1) }", "Array(500)"],
)
def test_tokens_of_a_result_are_limited(program: str) -> None:
    options = Options(limits=Limits(result_tokens=100), count_tokens=lambda text: len(text) // 4)
    with pytest.raises(LimitError) as caught:
        run_sync(program, BUNDLE, **options)
    error = caught.value
    assert (error.limit, error.allowed, error.unit) == ("result_tokens", 100, "tokens")
    assert error.used > 100


@pytest.mark.parametrize(
    "program",
    [
        "await Promise.all(Array.from({ length: 12 }, (_, n) => api.get({ n }))); return 1",
        "for (let n = 0; n < 12; n++) api.get({ n });\n"
        "await new Promise((done) => setTimeout(done, 99)); return 1",
        "const f = async (n) => {\n"
        "  await api.get({ n });\n"
        "  if (n) await Promise.all([f(n - 1), f(n - 1)]);\n"
        "};\n"
        "await f(2); return 1",
    ],
)
def test_calls_at_once_wait_their_turn(program: str) -> None:
    class Busy(Answers):
        now = most = 0

        async def get(self, args: Mapping[str, Json]) -> Json:
            Busy.now += 1
            Busy.most = max(Busy.most, Busy.now)
            await asyncio.sleep(0.005)
            Busy.now -= 1
            return args["n"]

    result = run_sync(program, BUNDLE, host=Busy(BUNDLE), limits=Limits(concurrency=2))
    assert result.value == 1
    assert (Busy.most, Busy.now) == (2, 0)


MEASURE = """
import sys, msgspec
from pathlib import Path
from benchmarks.hostile_programs import programs
from tests.runtime.test_limits import Answers, BUNDLE, Limits, MIB, peak_of, perform
from tsbind.errors import RunError
from tsbind.runtime.strip import stripper

limits = Limits(cpu=0.5, memory=64 * MIB, calls=200)
def end(program):
    try:
        perform(program, limits)
    except RunError:
        pass
for program in ("return 1", "return { a: 'x'.repeat(3e6) }", "return 'x'.repeat(1e9)"):
    end(program)
found = {p.how: peak_of(lambda: end(p.program)) for p in programs() if p.limit == "memory"}
print(msgspec.json.encode(found).decode())
"""


def peak_of(work: object) -> int:
    """Return by how many bytes this process's memory rises while it works, at most; Linux's way."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _status("VmRSS")
    work()  # type: ignore[operator]
    return _status("VmHWM") - before


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory as Linux counts it")
def test_the_host_takes_little_more_memory_than_the_guest_may() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    grown = msgspec.json.decode(done.stdout, type=dict[str, int])
    assert len(grown) >= 20
    assert max(grown.values()) > 32 * MIB  # else nothing was measured
    assert {how: size for how, size in grown.items() if size > (64 + 16) * MIB} == {}


def test_the_clock_of_a_limit_is_honest() -> None:
    began = time.process_time()
    with pytest.raises(LimitError) as caught:
        perform("for (;;);", Limits(cpu=0.3))
    assert 0.3 <= caught.value.used <= time.process_time() - began + 0.01
