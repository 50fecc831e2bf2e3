"""How do tsbind's isolates compare with other ways to run untrusted code from Python?

fresh_ms   a new isolate evaluates `1 + 1`, its result is read, and it is closed; each peer in a
           process of its own, all in the same run
speed_ms   programs that reshape data: in tsbind, in native QuickJS (quickjs-ng), in V8 (mini-racer)

quickjs-ng is no isolate: the engine that tsbind runs inside WebAssembly, with nothing around it.
The peers are not dependencies: `pip install mini-racer jsrun quickjs-rs quickjs-ng`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import statistics
import time
from collections.abc import Callable
from typing import Any

import msgspec

from benchmarks import record
from benchmarks.apart import apart
from tsbind.runtime.engine import Engine
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.limits import Limits
from tsbind.runtime.messages import Start

ROUNDS = 30
DEADLINE = 60.0  # seconds

PROGRAMS = {
    "reshape JSON": """
        const rows = Array.from({ length: 20000 }, (_, id) => ({ id, tag: `t${id % 40}`, n: id }));
        const by = {};
        for (const row of JSON.parse(JSON.stringify(rows))) (by[row.tag] ??= []).push(row.n);
        Object.entries(by).map(([tag, all]) => [tag, all.reduce((a, b) => a + b)]).length""",
    "sort": """
        let x = 1;
        const all = Array.from({ length: 60000 }, () => (x = (x * 48271) % 2147483647));
        all.sort((a, b) => a - b)[30000]""",
    "build text": """
        let text = "";
        for (let i = 0; i < 200000; i++) text += `${i},`;
        text.split(",").length""",
    "dates": """
        let sum = 0;
        for (let i = 0; i < 40000; i++) sum += new Date(2020, 0, i % 900).getUTCDate();
        sum""",
    "regular expressions": """
        const line = "2024-05-01 ERROR [worker-7] request 4711 took 12.5 ms\\\\n".repeat(8000);
        [...line.matchAll(/(\\\\d+)-(\\\\d+)-(\\\\d+) (\\\\w+) .*? took ([\\\\d.]+)/g)].length""",
}
PROGRAMS = {name: text.replace("\\\\", "\\") for name, text in PROGRAMS.items()}


def _tsbind(source: str) -> object:
    with Isolate(Engine.default(), Limits(cpu=30.0)) as isolate:
        step = isolate.start(Start(source=source, table="\n", now=0.0, seed=1))
        if step.value is None:
            raise RuntimeError(str(step.error))
        return msgspec.json.decode(step.value)


def _mini_racer(source: str) -> object:
    context = importlib.import_module("py_mini_racer").MiniRacer()
    try:
        return context.eval(source)
    finally:
        context.close()


def _jsrun(source: str) -> object:
    runtime = importlib.import_module("jsrun").Runtime()
    try:
        return runtime.eval(source)
    finally:
        runtime.close()


def _quickjs_rs(source: str) -> object:
    runtimes = importlib.import_module("quickjs_rs")
    with runtimes.Runtime() as runtime, runtime.new_context() as context:
        return context.eval(source)


def _quickjs_ng(source: str) -> object:
    return importlib.import_module("quickjs").Context().eval(source)


PEERS: dict[str, tuple[str, Callable[[str], object]]] = {
    "tsbind": ("tsbind", _tsbind),
    "mini-racer": ("mini-racer", _mini_racer),
    "jsrun": ("jsrun", _jsrun),
    "quickjs-rs": ("quickjs-rs", _quickjs_rs),
    "quickjs-ng, no isolate": ("quickjs-ng", _quickjs_ng),
}
FAST = ("tsbind", "quickjs-ng, no isolate", "mini-racer")


def measure() -> dict[str, Any]:
    """Take the figures, in milliseconds."""
    fresh = {}
    for name, (package, evaluate) in PEERS.items():
        outcome = apart(_times, evaluate, "1 + 1", ROUNDS, deadline=DEADLINE)
        figures = outcome.value or {"failure": outcome.failure.strip().splitlines()[-1:]}
        fresh[name] = {"version": _version(package), **figures}
    speed = {
        program: {
            name: (apart(_times, PEERS[name][1], text, 5, deadline=DEADLINE).value or {}).get("p50")
            for name in FAST
        }
        for program, text in PROGRAMS.items()
    }
    return {"fresh_ms": fresh, "speed_ms": speed}


def _times(evaluate: Callable[[str], object], source: str, rounds: int) -> dict[str, float]:
    evaluate(source)  # loads what it loads once
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        evaluate(source)
        times.append((time.perf_counter() - began) * 1e3)
    return {"p50": round(statistics.median(times), 3), "least": round(min(times), 3)}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def told(result: dict[str, Any]) -> str:
    """Spell one line per figure."""
    lines = []
    for name, figures in {**result["fresh_ms"], **result["speed_ms"]}.items():
        lines.append(f"{name:26}" + "  ".join(f"{key} {value}" for key, value in figures.items()))
    return "\n".join(lines)


if __name__ == "__main__":
    record.main("peers", measure, told)
