"""How long does `tsbind check` take, fast and with `--full`, and what does each find?

Each figure is of one new process, Python's start included; CPU time, for others may use the
machine.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks import record
from benchmarks.compile import run


def measure() -> dict[str, Any]:
    """Check each document of the list both ways."""
    folder = record.corpus()
    with tempfile.TemporaryDirectory() as out:
        rows = [_row(folder, name, out) for name in record.DOCUMENTS]
    return {"documents": rows}


def _row(folder: Path, name: str, out: str) -> dict[str, Any]:
    path = folder / name
    row: dict[str, Any] = {
        "document": name,
        "megabytes": round(path.stat().st_size / 1e6, 2),
    }
    for way, options in (("fast", []), ("full", ["--full"])):
        cost, printed = run(["check", str(path), "--json", *options], out, expected=(0, 1))
        found = Counter(each["severity"] for each in json.loads(printed))
        row[way] = {
            "cpu_seconds": round(cost.cpu, 2),
            "memory_mb": round(cost.memory),
            "errors": found["error"],
            "warnings": found["warning"],
        }
    return row


def told(result: dict[str, Any]) -> str:
    """Spell the table."""
    lines = [f"{'document':24}{'MB':>8}{'fast':>9}{'found':>7}{'full':>9}{'found':>7}  CPU seconds"]
    for row in result["documents"]:
        cells = ""
        for way in ("fast", "full"):
            each = row[way]
            cells += f"{each['cpu_seconds']:9}{each['errors'] + each['warnings']:7,}"
        lines.append(f"{row['document']:24}{row['megabytes']:8}{cells}")
    return "\n".join(lines)


if __name__ == "__main__":
    record.main("check", measure, told)
