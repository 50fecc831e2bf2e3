"""Do limits hold, and how soon?  Every hostile program, at several limits of CPU time.

The programs are those of the corpus (hostile/own/hostile-programs.json) and hostile_programs.jsonl.
Each runs `TIMES` times at each limit.

ends          how runs ended, counted; `host error` would be anything but a value or a RunError
overshoot_ms  CPU time of the whole run beyond its cpu limit, of runs that the limit ended
alive_ms      the same on the clock: how long a program lived on
memory_mb     by how much a program raised this process's resident memory, at most, beside what
              its limit lets the guest have
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import record
from benchmarks.hostile_programs import BUNDLE, Answers, programs
from tsbind.errors import LimitError, RunError
from tsbind.runtime import Limits, run_sync
from tsbind.runtime.limits import MIB

CPU = (0.05, 0.2)  # seconds
TIMES = 3
MEMORY = 64 * MIB


def measure() -> dict[str, Any]:
    """Run all of them."""
    texts = [*_corpus(), *(each.program for each in programs() if each.limit != "wall")]
    for text in ("return 1", "return 'x'.repeat(3e6)"):
        _run(text, CPU[0])
    ends: Counter[str] = Counter()
    cpu: list[float] = []
    wall: list[float] = []
    memory = 0
    for limit in CPU * TIMES:
        for text in texts:
            Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
            before = _status("VmRSS")
            began, used = time.perf_counter(), time.process_time()
            end = _run(text, limit)
            ends[end] += 1
            if end == "cpu":
                cpu.append(time.process_time() - used - limit)
                wall.append(time.perf_counter() - began - limit)
            memory = max(memory, _status("VmHWM") - before)
    return {
        "programs": len(texts),
        "ends": dict(ends.most_common()),
        "overshoot_ms": _spread(cpu),
        "alive_ms": _spread(wall),
        "memory_mb": {"most": round((memory - MEMORY) / 1e6, 1)},
    }


def told(result: dict[str, Any]) -> str:
    """Spell one line per figure."""
    return "\n".join(f"{name:14}{figures}" for name, figures in result.items())


def _corpus() -> list[str]:
    path = record.corpus().parent / "hostile" / "own" / "hostile-programs.json"
    return [each["code"] for each in msgspec.json.decode(path.read_bytes())]


def _run(text: str, cpu: float) -> str:
    """Run a program and say in a word how it ended."""
    limits = Limits(cpu=cpu, memory=MEMORY, wall=60.0)
    try:
        run_sync(text, BUNDLE, host=Answers(BUNDLE), limits=limits)
    except LimitError as error:
        return error.limit
    except RunError as error:
        return type(error).__name__
    except Exception as error:  # what must not be
        return f"host error: {error!r}"
    return "value"


def _spread(times: list[float]) -> dict[str, float]:
    times = sorted(times)
    return {
        "p50": round(times[len(times) // 2] * 1e3, 1),
        "p95": round(times[len(times) * 95 // 100] * 1e3, 1),
        "most": round(times[-1] * 1e3, 1),
    }


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    record.main("limits", measure, told)
