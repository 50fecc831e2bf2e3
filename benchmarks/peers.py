"""How do tsbind's isolates compare with other ways to run untrusted code from Python?

fresh_ms   a new isolate evaluates `1 + 1`, its result is read, and it is closed; each peer in a
           process of its own, all in the same run
speed_ms   programs that work on data: in tsbind, in native QuickJS (quickjs-ng), in V8 (mini-racer)

Not all of them are peers.  quickjs-ng is no isolate: the engine that tsbind runs inside
WebAssembly, with nothing around it.  pydantic-monty runs Python, not JavaScript, in processes of a
pool.  node's `vm` and worker threads are measured from inside of node, and are no security
boundary; a whole process without a sandbox is the floor for everything that starts one.

The peers are not dependencies: `pip install mini-racer jsrun quickjs-rs quickjs-ng pydantic-monty`,
and node on the PATH.  One that is absent is left out.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from typing import Any

import msgspec

from benchmarks import record
from benchmarks.apart import apart
from tsbind.runtime.engine import Engine
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.limits import MIB, Limits
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
        const line = "2024-05-01 ERROR [worker-7] request 4711 took 12.5 ms\\n".repeat(8000);
        [...line.matchAll(/(\\d+)-(\\d+)-(\\d+) (\\w+) .*? took ([\\d.]+)/g)].length""",
    "regular expressions, 10 MB": """
        const line = "2024-05-01 ERROR [worker-7] request 4711 took 12.5 ms\\n";
        const text = line.repeat(Math.ceil(1e7 / line.length));
        let sum = 0;
        for (const found of text.matchAll(/(\\d+)-(\\d+)-(\\d+) (\\w+) .*? took ([\\d.]+)/g))
            sum += Number(found[5]);
        sum + text.replace(/\\d+/g, "#").length""",
}

_IN_NODE = """
const { performance } = require("node:perf_hooks");
const vm = require("node:vm");
const { Worker } = require("node:worker_threads");
const ways = {
  vm: () => vm.runInContext("1 + 1", vm.createContext({})),
  worker: () => new Promise((settle, fail) => {
    const code = 'require("node:worker_threads").parentPort.postMessage(1 + 1)';
    const worker = new Worker(code, { eval: true });
    let value;
    worker.on("message", (message) => (value = message));
    worker.on("exit", () => settle(value));
    worker.on("error", fail);
  }),
};
(async () => {
  const [way, rounds] = process.argv.slice(-2), times = [];
  for (let i = 0; i <= rounds; i++) {
    const began = performance.now();
    if ((await ways[way]()) !== 2) throw new Error("wrong");
    times.push(performance.now() - began);
  }
  console.log(JSON.stringify(times.slice(1)));
})();
"""


def _tsbind(source: str) -> object:
    with Isolate(Engine.default(), Limits(cpu=30.0, memory=512 * MIB)) as isolate:
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


_pools = ExitStack()  # ends with the process that measures


@cache
def _monty_pool() -> Any:  # noqa: ANN401 - of a package that is not there for mypy
    return _pools.enter_context(importlib.import_module("pydantic_monty").Monty())


def _monty(source: str) -> object:
    with _monty_pool().checkout() as session:
        return session.feed_run(source)


def _python_process(source: str) -> object:
    return _output(sys.executable, "-I", "-c", f"print({source})")


def _node_process(source: str) -> object:
    return _output(_node(), "-e", f"console.log({source})")


def _node() -> str:
    found = shutil.which("node")
    if found is None:
        raise FileNotFoundError("there is no node on the PATH")
    return found


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


PEERS: dict[str, tuple[str, Callable[[str], object]]] = {
    "tsbind": ("tsbind", _tsbind),
    "mini-racer": ("mini-racer", _mini_racer),
    "jsrun": ("jsrun", _jsrun),
    "quickjs-rs": ("quickjs-rs", _quickjs_rs),
    "pydantic-monty (Python)": ("pydantic-monty", _monty),
    "quickjs-ng, no isolate": ("quickjs-ng", _quickjs_ng),
    "a Python process": ("", _python_process),
    "a node process": ("", _node_process),
}
IN_NODE = {"node vm, no boundary": "vm", "node worker thread, no boundary": "worker"}
FAST = ("tsbind", "quickjs-ng, no isolate", "mini-racer")


def measure() -> dict[str, Any]:
    """Take the figures, in milliseconds."""
    fresh = {}
    for name, (package, evaluate) in PEERS.items():
        fresh[name] = {"version": _version(package), **_apart(_times, evaluate, "1 + 1", ROUNDS)}
    for name, way in IN_NODE.items():
        fresh[name] = {"version": "", **_apart(_times_in_node, way, ROUNDS)}
    speed: dict[str, dict[str, float]] = {}
    for program, text in PROGRAMS.items():
        figures = {name: _apart(_times, PEERS[name][1], text, 5) for name in FAST}
        speed[program] = {name: each["least"] for name, each in figures.items() if "least" in each}
    return {"fresh_ms": fresh, "speed_ms": speed}


def _apart(function: Callable[..., Any], *arguments: object) -> dict[str, Any]:
    outcome = apart(function, *arguments, deadline=DEADLINE)
    return outcome.value or {"failure": outcome.failure.strip().splitlines()[-1][:100]}


def _times(evaluate: Callable[[str], object], source: str, rounds: int) -> dict[str, float]:
    evaluate(source)  # loads what it loads once
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        evaluate(source)
        times.append((time.perf_counter() - began) * 1e3)
    _pools.close()
    return _spread(times)


def _times_in_node(way: str, rounds: int) -> dict[str, float]:
    return _spread(json.loads(_output(_node(), "-e", _IN_NODE, way, str(rounds))))


def _spread(times: list[float]) -> dict[str, float]:
    return {"p50": round(statistics.median(times), 3), "least": round(min(times), 3)}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package) if package else ""
    except importlib.metadata.PackageNotFoundError:
        return ""


def told(result: dict[str, Any]) -> str:
    """Spell one line per figure."""
    lines = []
    for name, figures in {**result["fresh_ms"], **result["speed_ms"]}.items():
        lines.append(f"{name:34}" + "  ".join(f"{key} {value}" for key, value in figures.items()))
    return "\n".join(lines)


def table(result: dict[str, Any]) -> str:
    """Spell `results/peers.md`."""
    measured = result["measured"]
    lines = [
        "# Isolates compared",
        "",
        "Made by `python -m benchmarks.peers --save`"
        f" on {measured['machine']}, {measured['date']}.",
        "",
        "A new isolate evaluates `1 + 1`, its result is read, and it is closed:",
        "",
        "| | version | median ms | least ms | times tsbind's |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    ours = result["fresh_ms"]["tsbind"]["p50"]
    for name, figures in sorted(result["fresh_ms"].items(), key=lambda item: item[1].get("p50", 0)):
        if "failure" not in figures:
            ratio = figures["p50"] / ours
            lines.append(
                f"| {name} | {figures['version']} | {figures['p50']:.2f} "
                f"| {figures['least']:.2f} | {ratio:.1f} |"
            )
    lines += [
        "",
        "The speed of JavaScript itself, the least of five runs:",
        "",
        "| program | tsbind ms | native QuickJS ms | V8 ms | tsbind / native | tsbind / V8 |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for program, times in result["speed_ms"].items():
        if all(name in times for name in FAST):
            mine, native, v8 = (times[name] for name in FAST)
            lines.append(
                f"| {program} | {mine:.1f} | {native:.1f} | {v8:.1f} "
                f"| {mine / native:.2f} | {mine / v8:.2f} |"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    record.main("peers", measure, told, table)
