"""How long does `tsbind compile` take, from a document's file to all outputs, and how much memory?

Each figure is the median over new processes, with everything that a user waits for: starting
Python, reading, compiling, counting tokens, writing three files.  Memory is the peak of all its
processes together, what they share counted once (Linux's PSS), in a run of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import record

RUNS = 3
OFTEN = 0.01  # seconds between two looks at the memory


class Run(NamedTuple):
    """What one process took."""

    wall: float  # seconds
    cpu: float  # seconds, user and system
    memory: float  # MB, the peak of its largest process


def measure() -> dict[str, Any]:
    """Compile each document of the list, a few times."""
    folder = record.corpus()
    with tempfile.TemporaryDirectory() as out:
        nothing = _median([run(["--version"], out)[0] for _ in range(RUNS)])
        rows = [_row(folder, name, out) for name in record.DOCUMENTS]
    return {"start_ms": round(nothing.wall * 1000), "documents": rows}


def _row(folder: Path, name: str, out: str) -> dict[str, Any]:
    path = folder / name
    arguments = ["compile", "--no-cache", str(path), "-o", out, "--json"]
    runs = [run(arguments, out) for _ in range(RUNS)]
    report = json.loads(runs[0][1])
    middle = _median([each for each, _ in runs])
    return {
        "document": name,
        "megabytes": round(path.stat().st_size / 1e6, 2),
        "operations": report["operations"],
        "seconds": round(middle.wall, 2),
        "cpu_seconds": round(middle.cpu, 2),
        "memory_mb": round(together(arguments, out)),
    }


def run(
    arguments: list[str], folder: str, *, expected: tuple[int, ...] = (0,)
) -> tuple[Run, bytes]:
    """Run `tsbind` in a new process; the benchmark ends when its exit code is not `expected`."""
    start = time.perf_counter()
    with _started(arguments, folder) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode not in expected:
        sys.exit(f"{' '.join(arguments)} ended with {process.returncode}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6), printed


def together(arguments: list[str], folder: str) -> float:
    """Run `tsbind` in a new process; return the peak MB of it and of those that it starts."""
    peak = 0.0
    with _started(arguments, folder) as process, ThreadPoolExecutor(1) as pool:
        assert process.stdout is not None
        printed = pool.submit(process.stdout.read)
        while process.poll() is None:
            with contextlib.suppress(OSError):  # one of them has just ended
                started = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
                peak = max(peak, sum(map(_megabytes, (str(process.pid), *started.split()))))
            time.sleep(OFTEN)
        printed.result()
    return peak


def _megabytes(process: str) -> float:
    told = Path(f"/proc/{process}/smaps_rollup").read_text("ascii")
    return (
        sum(int(line.split()[1]) for line in told.splitlines() if line[:4] == "Pss:") * 1024 / 1e6
    )


def _started(arguments: list[str], folder: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tsbind", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(record.ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder, env=environment)


def _median(runs: list[Run]) -> Run:
    return Run(*(statistics.median(column) for column in zip(*runs, strict=True)))


def told(result: dict[str, Any]) -> str:
    """Spell the table."""
    lines = [f"{'document':24}{'MB':>8}{'ops':>7}{'seconds':>9}{'CPU':>7}{'MB peak':>9}"]
    for row in result["documents"]:
        lines.append(
            f"{row['document']:24}{row['megabytes']:8}{row['operations']:7,}"
            f"{row['seconds']:9}{row['cpu_seconds']:7}{row['memory_mb']:9}"
        )
    lines.append(f"`tsbind --version` takes {result['start_ms']} ms")
    return "\n".join(lines)


if __name__ == "__main__":
    record.main("compile", measure, told)
