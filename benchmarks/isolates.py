"""What does an isolate cost: to make, to start in a new process, to keep, and to call out of?

fresh_isolate_ms   made, `return 1 + 1` run with 1,000 operations bound, result decoded, closed
first_result_ms    `python -c` that imports tsbind.runtime and prints the result of `return 1 + 1`,
                   from spawn to exit, with compiled code in the cache and modules as bytecode, as
                   pip leaves them; `bare` is `python -c pass`, `asyncio` imports that alone
resident_mb        memory per live isolate that waits for a reply, over 1,000 of them: `p50` as
                   proportional set size, where pages that isolates share count once; `rss` as ps
                   counts, where the image's pages count again in each
host_call_ms       guest → host → guest, in process: `p50` at the isolate, `run` through `run_sync`
                   with its validation and trace, `async` the same through `await run`
chain_ms           a whole `run_sync`: one call, then two at once, then the result
hundred_calls_ms   a whole `run_sync` with 100 calls at once, each of which takes 10 ms
saved_ms           a waiting run with 50 small objects in it, as a sealed snapshot
resumed_ms         that snapshot opened, and an isolate made of it that can go on
snapshot_bytes     its size

`cpu` is the mean time of the thread itself, which other work on the machine disturbs least.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from benchmarks import record
from tsbind.bundle import Bundle, Call, Json
from tsbind.errors import SuspendedError
from tsbind.runtime import LATER, Host, Policy, run, run_sync
from tsbind.runtime.engine import Engine
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.limits import Limits
from tsbind.runtime.messages import CallReply, Resume, Start
from tsbind.runtime.snapshot import seal, unseal

OPERATIONS = tuple(sorted(f"namespace{i % 40}.operation{i}" for i in range(1_000)))
TABLE = "\n" + "\n".join(OPERATIONS) + "\n"
SUM = "(async () => {\nreturn 1 + 1\n})"
LIVE = 1_000
CALLS = 500

BUNDLE = Bundle(
    title="Benchmark",
    version="1",
    declarations="",
    calls={
        name: Call(op=name, method="GET", path="/", args={"type": "object"}) for name in OPERATIONS
    },
    schemas={},
)

FIRST = """
import msgspec
from tsbind.bundle import Bundle
from tsbind.runtime import run_sync
bundle = Bundle(title="", version="", declarations="", calls={}, schemas={})
print(run_sync("return 1 + 1", bundle).value)
"""


class Echo(Host):
    """Answers in process, with nothing in between."""

    OPERATIONS: ClassVar[dict[str, str]] = {OPERATIONS[0]: "echo"}

    async def echo(self, args: Json = None) -> Json:
        """Return the arguments."""
        return args


def measure() -> dict[str, Any]:
    """Take all the figures, in milliseconds and megabytes."""
    return {
        "fresh_isolate_ms": _spread(_fresh, 5_000),
        "fresh_isolate_empty_table_ms": _spread(lambda: _fresh("\n"), 2_000),
        "first_result_ms": _first(),
        "resident_mb": _resident(),
        "host_call_ms": {
            "p50": _isolate_calls(),
            "run": _run_calls(),
            "async": asyncio.run(_async_calls()),
        },
        "chain_ms": _spread(_chain, 300),
        "hundred_calls_ms": _spread(_hundred, 30, warm=3),
        **_snapshots(),
    }


def told(result: dict[str, Any]) -> str:
    """Spell one line per figure."""
    return "\n".join(
        f"{name:30}" + "  ".join(f"{key} {value}" for key, value in figures.items())
        for name, figures in result.items()
        if name != "measured"
    )


def _spread(work: Callable[[], object], count: int, warm: int = 200) -> dict[str, float]:
    for _ in range(warm):
        work()
    gc.collect()
    times, cpu = [], time.thread_time()
    for _ in range(count):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1e3)
    cpu = (time.thread_time() - cpu) * 1e3 / count
    times.sort()
    return {
        "p50": round(times[count // 2], 3),
        "p99": round(times[count * 99 // 100], 3),
        "least": round(times[0], 3),
        "cpu": round(cpu, 3),
    }


def _fresh(table: str = TABLE) -> None:
    with Isolate(Engine.default(), Limits()) as isolate:
        step = isolate.start(Start(source=SUM, table=table, now=0.0, seed=1))
        assert step.value is not None
        assert msgspec.json.decode(step.value) == 2


def _first() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        kept = {
            name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        }
        environment = {**kept, "PYTHONPYCACHEPREFIX": folder}
        figures = {**_process(FIRST, environment)}
        for name, source in (("bare", "pass"), ("asyncio", "import asyncio")):
            figures[name] = _process(source, environment)["p50"]
        imported = "import time; t = time.perf_counter(); import tsbind.runtime"
        told = f"{imported}; print((time.perf_counter() - t) * 1e3)"
        times = [float(_output(told, environment)) for _ in range(11)]
        return {**figures, "import": round(statistics.median(times), 3)}


def _process(source: str, environment: dict[str, str]) -> dict[str, float]:
    _output(source, environment)  # which leaves bytecode behind
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = _spread(lambda: _output(source, environment), 21, warm=0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    return {"p50": figures["p50"], "least": figures["least"], "cpu": round(cpu * 1e3 / 21, 3)}


def _output(source: str, environment: dict[str, str]) -> bytes:
    command = [sys.executable, "-c", source]
    return subprocess.run(command, check=True, capture_output=True, env=environment).stdout


def _waiting(source: str) -> Isolate:
    isolate = Isolate(Engine.default(), Limits())
    assert isolate.start(Start(source=source, table=TABLE, now=0.0, seed=1)).state == "waiting"
    return isolate


def _resident() -> dict[str, float]:
    source = f"const rows = await api.{OPERATIONS[0]}({{n: 1}}); rows.length"
    for isolate in [_waiting(source) for _ in range(10)]:
        isolate.close()
    before = _memory()
    live = [_waiting(source) for _ in range(LIVE)]
    after = _memory()
    for isolate in live:
        isolate.close()
    each = {name: round((after[name] - before[name]) / LIVE, 3) for name in before}
    return {"p50": each["Pss"], "rss": each["Rss"]}


def _memory() -> dict[str, float]:
    """Read this process's proportional and resident set sizes, in megabytes."""
    lines = Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()[1:]
    sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 / 1e6 for line in lines}
    return {name: sizes[name] for name in ("Pss", "Rss")}


def _isolate_calls() -> float:
    source = f"for (;;) await api.{OPERATIONS[0]}({{n: 1}})"
    times = []
    with _waiting(source) as isolate:
        for number in range(1, CALLS + 1):
            began = time.perf_counter()
            replies = (CallReply(number, ok=msgspec.Raw(b'{"id":1,"title":"one"}')),)
            isolate.resume(Resume(0.0, replies))
            times.append((time.perf_counter() - began) * 1e3)
    return round(statistics.median(times), 3)


def _run_calls() -> float:
    """Time `CALLS` calls one after the other in one run, without what the run itself takes."""

    def timed(calls: int) -> float:
        began = time.perf_counter()
        run_sync(_calling(calls), BUNDLE, host=Echo(BUNDLE), limits=Limits(calls=CALLS))
        return time.perf_counter() - began

    timed(1)
    return _each([(timed(CALLS), timed(1)) for _ in range(5)])


async def _async_calls() -> float:
    """Do the same in an event loop."""

    async def timed(calls: int) -> float:
        began = time.perf_counter()
        await run(_calling(calls), BUNDLE, host=Echo(BUNDLE), limits=Limits(calls=CALLS))
        return time.perf_counter() - began

    await timed(1)
    return _each([(await timed(CALLS), await timed(1)) for _ in range(5)])


def _calling(calls: int) -> str:
    return f"for (let i = 0; i < {calls}; i++) await api.{OPERATIONS[0]}({{n: i}})"


def _each(times: list[tuple[float, float]]) -> float:
    """Return milliseconds of one call, from the seconds of runs with `CALLS` and with one."""
    each = (many - one for many, one in times)
    return round(statistics.median(each) * 1e3 / (CALLS - 1), 3)


def _chain() -> None:
    call = f"api.{OPERATIONS[0]}"
    source = f"""
        const first = await {call}({{ n: 1 }});
        const both = await Promise.all([{call}({{ n: first.n }}), {call}({{ n: 2 }})]);
        return both.map((each) => each.n);
    """
    assert run_sync(source, BUNDLE, host=Echo(BUNDLE)).value == [1, 2]


class Slow(Echo):
    """Takes 10 ms to answer."""

    async def echo(self, args: Json = None) -> Json:
        """Return the arguments, later."""
        await asyncio.sleep(0.01)
        return args


def _hundred() -> None:
    source = f"""
        const all = Array.from({{ length: 100 }}, (_, n) => api.{OPERATIONS[0]}({{ n }}));
        return (await Promise.all(all)).length;
    """
    limits = Limits(concurrency=100)
    assert run_sync(source, BUNDLE, host=Slow(BUNDLE), limits=limits).value == 100


def _snapshots() -> dict[str, Any]:
    source = f"""
        const rows = Array.from({{ length: 50 }}, (_, id) => ({{ id, title: `title ${{id}}` }}));
        const more = await api.{OPERATIONS[0]}({{ n: 1 }});
        return {{ rows, more }};
    """
    key = b"k" * 32
    try:
        run_sync(
            source,
            BUNDLE,
            host=Echo(BUNDLE, base_url="http://127.0.0.1", policy=Policy(default="ask")),
            approve=lambda _: LATER,
            snapshot_key=key,
        )
    except SuspendedError as stop:
        snapshot = stop.snapshot
    saved, pages = unseal(snapshot, key)
    engine = Engine.default()
    with Isolate.revive(engine, saved.limits, saved.rest, pages) as isolate:

        def save() -> None:
            rest, kept = isolate.save()
            seal(msgspec.structs.replace(saved, rest=rest), kept, key)

        times = _spread(save, 200)

    def resume() -> None:
        saved, pages = unseal(snapshot, key)
        Isolate.revive(engine, saved.limits, saved.rest, pages).close()

    return {
        "saved_ms": times,
        "resumed_ms": _spread(resume, 200),
        "snapshot_bytes": {"p50": len(snapshot)},
    }


if __name__ == "__main__":
    record.main("isolates", measure, told)
