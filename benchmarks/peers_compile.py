"""How long do tsbind and the generators that people use take for GitHub's document, in one run?

Each tool is a new process, from the file to all that it writes; rounds alternate between the tools,
so that a busy moment hits them all.  `TSBIND_PEERS` names a folder in which npm has installed
`openapi-typescript`, `@hey-api/openapi-ts` and others that are measured when they are there.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import record

DOCUMENT = "github.json"
ROUNDS = 3
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
}


def measure() -> dict[str, Any]:
    """Time every tool that is installed."""
    document = record.corpus() / DOCUMENT
    with tempfile.TemporaryDirectory() as out:
        commands = {"tsbind": _ours(document, out), **_theirs(document, out)}
        taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                taken[name].append(_run(command, out))
    rows = [_row(name, runs) for name, runs in taken.items()]
    ours = rows[0]["seconds"]
    for row in rows:
        row["times_tsbind"] = round(row["seconds"] / ours, 1)
    return {"document": DOCUMENT, "rounds": ROUNDS, "tools": rows}


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


def _run(command: list[str], folder: str) -> tuple[float, float, float]:
    """Return seconds on the clock, seconds of CPU, and peak MB."""
    environment = {**os.environ, "PYTHONPATH": str(record.ROOT)}
    start = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    seconds = time.perf_counter() - start
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def _row(name: str, runs: list[tuple[float, float, float]]) -> dict[str, Any]:
    seconds, cpu, memory = (statistics.median(column) for column in zip(*runs, strict=True))
    return {
        "tool": name,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "memory_mb": round(memory),
    }


def told(result: dict[str, Any]) -> str:
    """Spell the table."""
    lines = [f"{result['document']:26}{'seconds':>9}{'CPU':>8}{'MB':>7}{'x tsbind':>10}"]
    for row in result["tools"]:
        lines.append(
            f"{row['tool']:26}{row['seconds']:9}{row['cpu_seconds']:8}{row['memory_mb']:7}"
            f"{row['times_tsbind']:10}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    record.main("peers_compile", measure, told)
