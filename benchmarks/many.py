"""What do many isolates cost: one after the other, at the same time, and on several cores?

sequence     fresh isolates one after the other, each made, run (`return 1 + 1`), decoded, closed:
             milliseconds of CPU for one at the start and at the end, bytes of memory that each left
             behind, and what the process holds more of at the end
live         isolates that are open at the same time in one process, each waiting for a reply; how
             many of them answer rightly when they get it
throughput   isolates per second: of one thread, and of two threads or two processes at once, each
             with its share; and the same for whole runs (`run_sync` from TypeScript to value)

`python -m benchmarks.many --save` keeps `results/many.json` and `results/many.md`.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import record
from benchmarks.isolates import BUNDLE, OPERATIONS, SUM, TABLE
from tsbind.runtime import run_sync
from tsbind.runtime.engine import Engine
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.limits import Limits
from tsbind.runtime.messages import CallReply, Resume, Start

SEQUENCE = 100_000
PART = 5_000  # of the sequence: what its start and its end are
LIVE = 10_000
ISOLATES, RUNS = 8_000, 800  # for the throughput
PROGRAM = "const rows: number[] = [1, 2, 3];\nreturn rows.map((each) => each * 2).length"


def measure() -> dict[str, Any]:
    """Take all the figures."""
    return {
        "sequence": _sequence(),
        "live": _live(),
        "throughput": {"isolates": _rates(_isolates, ISOLATES), "runs": _rates(_runs, RUNS)},
    }


def _isolates(count: int) -> None:
    engine, limits = Engine.default(), Limits()
    for _ in range(count):
        with Isolate(engine, limits) as isolate:
            step = isolate.start(Start(source=SUM, table=TABLE, now=0.0, seed=1))
            assert step.value is not None
            assert msgspec.json.decode(step.value) == 2


def _runs(count: int) -> None:
    for _ in range(count):
        assert run_sync(PROGRAM, BUNDLE).value == 3


# ---- One after the other -----------------------------------------------------------------------


def _sequence() -> dict[str, Any]:
    _isolates(PART)
    gc.collect()
    before, resident = _holdings(), _resident()
    first = _cpu(_isolates, PART)
    _isolates(SEQUENCE - 2 * PART)
    last = _cpu(_isolates, PART)
    gc.collect()
    after, grown = _holdings(), _resident() - resident
    return {
        "runs": SEQUENCE,
        "first_ms": first,
        "last_ms": last,
        "left_bytes_each": round(grown / SEQUENCE, 1),
        **{f"more_{name}": after[name] - before[name] for name in before},
    }


def _cpu(work: Callable[[int], None], count: int) -> float:
    """Return the CPU time of one, in milliseconds."""
    began = time.thread_time()
    work(count)
    return round((time.thread_time() - began) * 1e3 / count, 4)


def _holdings() -> dict[str, int]:
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "maps": len(Path("/proc/self/maps").read_text("utf-8").splitlines()),
    }


def _resident() -> int:
    """Return the process's proportional set size in bytes: what is shared counts once."""
    lines = Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()[1:]
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


# ---- At the same time --------------------------------------------------------------------------


def _live() -> dict[str, Any]:
    source = f"const reply = await api.{OPERATIONS[0]}({{}}); reply.id * 2"
    start, engine, limits = Start(source, TABLE, 0.0, 1), Engine.default(), Limits()
    before, live = _resident(), []
    for _ in range(LIVE):
        isolate = Isolate(engine, limits)
        live.append(isolate)
        assert isolate.start(start).state == "waiting"
    each = (_resident() - before) / LIVE
    answered = 0
    for number, isolate in enumerate(live):
        reply = CallReply(1, ok=msgspec.Raw(b'{"id":%d}' % number))
        step = isolate.resume(Resume(0.0, (reply,)))
        answered += step.value is not None and msgspec.json.decode(step.value) == number * 2
        isolate.close()
    return {"isolates": LIVE, "answered": answered, "pss_mb_each": round(each / 1e6, 3)}


# ---- On several cores --------------------------------------------------------------------------


def _rates(work: Callable[[int], None], count: int) -> dict[str, int]:
    """Return how many are done per second, by one thread and by two workers of each kind."""
    work(50)
    rates = {"one": _rate(work, [count], ThreadPoolExecutor(1))}
    rates["two threads"] = _rate(work, [count // 2] * 2, ThreadPoolExecutor(2))
    spawn = multiprocessing.get_context("spawn")
    rates["two processes"] = _rate(work, [count // 2] * 2, ProcessPoolExecutor(2, spawn))
    return rates


def _rate(
    work: Callable[[int], None], shares: list[int], pool: ThreadPoolExecutor | ProcessPoolExecutor
) -> int:
    with pool:
        list(pool.map(work, [50] * 8))  # each worker has loaded what it loads once
        began = time.perf_counter()
        list(pool.map(work, shares))
        return round(sum(shares) / (time.perf_counter() - began))


def told(result: dict[str, Any]) -> str:
    """Spell one line per figure."""
    flat = {"sequence": result["sequence"], "live": result["live"], **result["throughput"]}
    return "\n".join(
        f"{name:12}" + "  ".join(f"{key} {value}" for key, value in figures.items())
        for name, figures in flat.items()
    )


def table(result: dict[str, Any]) -> str:
    """Spell `results/many.md`."""
    measured, sequence, live = result["measured"], result["sequence"], result["live"]
    lines = [
        "# Many isolates",
        "",
        f"Made by `python -m benchmarks.many --save` on {measured['machine']}, {measured['date']}.",
        "",
        f"- {sequence['runs']:,} fresh isolates one after the other: {sequence['first_ms']} ms of"
        f" CPU for each of the first, {sequence['last_ms']} ms for each of the last;"
        f" {sequence['left_bytes_each']} bytes of memory left by each,"
        f" {sequence['more_descriptors']} descriptors, {sequence['more_threads']} threads and"
        f" {sequence['more_maps']} maps by all together.",
        f"- {live['isolates']:,} live in one process, each waiting for a reply:"
        f" {live['answered']:,} answer rightly, and each takes {live['pss_mb_each']} MB.",
        "",
        "| per second | one thread | two threads | two processes |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, what in (
        ("isolates", "isolates that run `return 1 + 1`"),
        ("runs", "whole runs, from TypeScript to value"),
    ):
        rates = result["throughput"][name]
        figures = " | ".join(f"{rates[way]:,}" for way in ("one", "two threads", "two processes"))
        lines.append(f"| {what} | {figures} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    record.main("many", measure, told, table)
