"""What does each pass gain, and what does it cost?

Tokens of the declarations (o200k_base, no prose) after each pass in turn, per operation, and the
processor time of the pass and of printing.  Each outcome is read back and compared with the Api
before the passes: a gain that loses something would not be one.
"""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import Any

from benchmarks import record
from tsbind.emit.dts import read_declarations
from tsbind.emit.typescript import print_declarations
from tsbind.lower import lower
from tsbind.meter import DEFAULT, tokenizer
from tsbind.passes import passes
from tsbind.passes.lossless import differences
from tsbind.spec.load import load


def measure() -> dict[str, Any]:
    """Run the passes over each document of the list."""
    folder = record.corpus()
    return {
        "tokenizer": DEFAULT,
        "documents": [_row(folder / name, name) for name in record.DOCUMENTS],
    }


def _row(path: Path, name: str) -> dict[str, Any]:
    count = tokenizer(DEFAULT).count
    before = api = lower(load(path))[0]
    size = count(print_declarations(api))
    steps: list[dict[str, Any]] = [{"pass": "", "tokens": size, "seconds": 0.0}]
    gc.collect()
    gc.disable()
    for step in passes():
        started = time.process_time()
        api = step(api)
        seconds = time.process_time() - started
        size = count(print_declarations(api))
        steps.append({"pass": step.__name__, "tokens": size, "seconds": round(seconds, 3)})
    started = time.process_time()
    text = print_declarations(api)
    printing = time.process_time() - started
    gc.enable()
    lost = differences(before, read_declarations(text))
    if lost:
        raise SystemExit(f"{name}: the passes lost something: {lost[0]}")
    operations = len(before.operations)
    return {
        "document": name,
        "operations": operations,
        "types": {"before": len(before.types), "after": len(api.types)},
        "per_operation": round(size / operations, 1),
        "seconds": round(printing + sum(step["seconds"] for step in steps), 3),
        "steps": steps,
    }


def told(result: dict[str, Any]) -> str:
    """Spell the table: tokens for each operation after each pass."""
    rows = result["documents"]
    names = [f"{i} {step['pass']}" for i, step in enumerate(rows[0]["steps"])]
    lines = [f"{'':14}" + "".join(f"{row['document'].split('.')[0][-11:]:>12}" for row in rows)]
    for i, name in enumerate(names):
        cells = (row["steps"][i]["tokens"] / row["operations"] for row in rows)
        lines.append(f"{name:14}" + "".join(f"{cell:12.1f}" for cell in cells))
    lines.append(f"{'seconds':14}" + "".join(f"{row['seconds']:12.2f}" for row in rows))
    return "\n".join(lines)


if __name__ == "__main__":
    record.main("passes", measure, told)
