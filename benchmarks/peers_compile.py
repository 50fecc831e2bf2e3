"""How long do tsbind and the generators that people use take for GitHub's document, in one run?

Each tool is a new process, from the file to all that it writes; rounds alternate between the tools,
so that a busy moment hits them all.  `TSBIND_PEERS` names a folder in which npm has installed them;
those that are not there are left out.  tsbind keeps no cache here, and writes what the others do
not: stubs, the table of calls with schemas, a search index, and counts of tokens.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import record

DOCUMENT = "github.json"
ROUNDS = 3
DEADLINE = 120.0  # seconds on the clock for one run of one tool
# By npm package: its program and arguments.  All print inputs and replies of every operation.
PEERS = {
    "openapi-typescript": ("openapi-typescript", "{document}", "-o", "{out}/types.ts"),
    "@hey-api/openapi-ts": ("openapi-ts", "-i", "{document}", "-o", "{out}/hey"),
    "oazapfts": ("oazapfts", "{document}", "{out}/api.ts"),
    "swagger-typescript-api": (
        "swagger-typescript-api",
        "generate",
        "-p",
        "{document}",
        "-o",
        "{out}/swagger",
        "--silent",
    ),
    "orval": ("orval", "--input", "{document}", "--output", "{out}/orval.ts"),
}


class Run(NamedTuple):
    """What one run of a tool took."""

    seconds: float  # on the clock
    cpu: float  # seconds, user and system, of all its processes
    memory: float  # peak MB of its largest process


def measure() -> dict[str, Any]:
    """Time every tool that is installed."""
    document = record.corpus() / DOCUMENT
    with tempfile.TemporaryDirectory() as out:
        commands = {"tsbind": _ours(document, out), **_theirs(document, out)}
        taken: dict[str, list[Run | None]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                if None not in taken[name]:
                    taken[name].append(_run(command, out))
    rows = [_row(name, runs) for name, runs in taken.items()]
    ours = rows[0].get("seconds")
    if ours is None:
        sys.exit("tsbind failed")
    for row in rows:
        if "seconds" in row:
            row["times_tsbind"] = round(row["seconds"] / ours, 1)
    return {"document": DOCUMENT, "rounds": ROUNDS, "deadline": DEADLINE, "tools": rows}


def _ours(document: Path, out: str) -> list[str]:
    return [sys.executable, "-m", "tsbind", "compile", "--no-cache", str(document), "-o", out]


def _theirs(document: Path, out: str) -> dict[str, list[str]]:
    folder = os.environ.get("TSBIND_PEERS")
    if not folder:
        sys.exit("no peers here: set TSBIND_PEERS to a folder with their node_modules")
    programs = Path(folder) / "node_modules/.bin"
    return {
        name: [
            str(programs / program),
            *(each.format(document=document, out=out) for each in arguments),
        ]
        for name, (program, *arguments) in PEERS.items()
        if (programs / program).exists()
    }


def _run(command: list[str], folder: str) -> Run | None:
    """Return what it took; None when it failed, or did not end in time."""
    environment = {**os.environ, "PYTHONPATH": str(record.ROOT)}
    start = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        end = threading.Timer(DEADLINE, os.killpg, (process.pid, signal.SIGKILL))
        end.start()
        _, status, usage = os.wait4(process.pid, 0)
        end.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        return None
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def _row(name: str, runs: list[Run | None]) -> dict[str, Any]:
    row: dict[str, Any] = {"tool": name, "version": _version(name)}
    ended = [run for run in runs if run is not None]
    if len(ended) < len(runs):
        return {**row, "failed": True}
    middle = Run(*(statistics.median(column) for column in zip(*ended, strict=True)))
    return {
        **row,
        "seconds": round(middle.seconds, 2),
        "cpu_seconds": round(middle.cpu, 2),
        "memory_mb": round(middle.memory),
    }


def _version(name: str) -> str:
    if name == "tsbind":
        project = tomllib.loads((record.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        return str(project["version"])
    package = Path(os.environ["TSBIND_PEERS"]) / "node_modules" / name / "package.json"
    return str(json.loads(package.read_text("utf-8"))["version"])


def told(result: dict[str, Any]) -> str:
    """Spell the table."""
    lines = [f"{result['document']:34}{'seconds':>9}{'CPU':>8}{'MB':>7}{'x tsbind':>10}"]
    for row in result["tools"]:
        name = f"{row['tool']} {row['version']}"
        lines.append(
            f"{name:34}  failed"
            if row.get("failed")
            else f"{name:34}{row['seconds']:9}{row['cpu_seconds']:8}{row['memory_mb']:7}"
            f"{row['times_tsbind']:10}"
        )
    return "\n".join(lines)


def table(result: dict[str, Any]) -> str:
    """Spell `results/peers_compile.md`."""
    lines = [
        "# Compiling GitHub's document",
        "",
        "Made by `python -m benchmarks.peers_compile --save`: medians over"
        f" {result['rounds']} rounds that alternate between the tools, each a new process from"
        f" `{result['document']}` to all that it writes; MB are the peak of its largest process.",
        f"A tool that failed did so within {result['deadline']:.0f} s, or was stopped then.",
        "",
        "| tool | seconds | CPU seconds | MB | times tsbind's seconds |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for row in result["tools"]:
        cells = [f"{row['tool']} {row['version']}"]
        if row.get("failed"):
            cells += ["failed", "", "", ""]
        else:
            cells += [
                f"{row['seconds']:.2f}",
                f"{row['cpu_seconds']:.2f}",
                str(row["memory_mb"]),
                f"{row['times_tsbind']:.1f}",
            ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    record.main("peers_compile", measure, told, table)
