"""How long and how much memory do hostile documents take, and how does the cost grow with size?

Every document of the corpus's hostile folders, and documents made to be as costly as the default
limits let them be, each in a process of its own; then ordinary documents of 10 to 20,000
operations, whose times are drawn as a plain SVG.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import record
from benchmarks.apart import Outcome, apart
from benchmarks.hostile_documents import MADE, ordinary
from tsbind.errors import TsbindError
from tsbind.meter import DEFAULT, tokenizer
from tsbind.pipeline import LoadLimits, Options, compile

DEADLINE = 60.0  # seconds on the clock
FOLDERS = (
    "openapi3-examples",
    "oai-schema-tests",
    "openapi-spec-validator",
    "swagger-parser-specs",
)
SIZES = (10, 30, 100, 300, 1_000, 3_000, 10_000, 20_000)
LARGER = Options(limits=LoadLimits.for_values(2_000_000))  # 20,000 operations are not let in


def measure() -> dict[str, Any]:
    """Compile all, one after the other."""
    tokenizer(DEFAULT).count("x" * 400_001)  # loads the ranks once, for every forked process
    folder = record.corpus().parent / "hostile"
    files = [file for name in FOLDERS for file in sorted((folder / name).rglob("*"))]
    published = [
        _row(str(file.relative_to(folder)), apart(outcome, file, deadline=DEADLINE))
        for file in files
        if file.suffix in (".json", ".yaml", ".yml")
    ]
    made = [_row(name, compiled(make)) for name, make in MADE.items()]
    rows = published + made
    return {
        "documents": len(rows),
        "failed": [row for row in rows if row["came"].startswith("!")],
        "slowest": max(rows, key=lambda row: row["seconds"]),
        "largest": max(rows, key=lambda row: row["memory_mb"]),
        "made": made,
        "growth": [_row(str(size), compiled(partial(ordinary, size), LARGER)) for size in SIZES],
    }


def compiled(make: Callable[[], bytes], options: Options | None = None) -> Outcome:
    """Compile a document that is made elsewhere, so that only compiling takes memory here."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.json"
        made = apart(lambda: path.write_bytes(make()), deadline=DEADLINE)
        assert not made.failure, made.failure
        return apart(outcome, path, options, deadline=DEADLINE)


def _row(name: str, found: Outcome) -> dict[str, Any]:
    came = found.value or f"!{found.failure.strip().splitlines()[-1]}"
    return {
        "document": name,
        "came": came,
        "seconds": round(found.seconds, 3),
        "memory_mb": round(found.memory_mb),
    }


def outcome(source: bytes | Path, options: Options | None = None) -> str:
    """Compile; say what came of it."""
    try:
        return f"{len(compile(source, options).bundle.calls):,} operations"
    except TsbindError as error:
        return f"refused: {error.code}"


# The plot.


def plot(rows: list[dict[str, Any]]) -> str:
    """Draw seconds over operations, both logarithmic, beside a line of exactly linear growth."""
    points = [(int(row["document"]), row["seconds"]) for row in rows]
    last_x, last_y = points[-1]
    bottom = min(y for _, y in points) / 2

    def at(x: float, y: float) -> str:
        across = math.log(x / 10) / math.log(last_x / 10)
        up = math.log(y / bottom) / math.log(last_y * 2 / bottom)
        return f"{60 + 520 * across:.1f},{300 - 270 * max(up, 0):.1f}"

    linear = [(x, last_y * x / last_x) for x, _ in points if last_y * x / last_x >= bottom]
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 350" font-family="sans-serif" '
        'font-size="12">',
        "<title>Seconds to compile, by number of operations</title>",
        '<rect width="640" height="350" fill="white"/>',
        f'<polyline points="{" ".join(at(*p) for p in linear)}" fill="none" stroke="#999" '
        'stroke-dasharray="4"/>',
        f'<polyline points="{" ".join(at(*p) for p in points)}" fill="none" stroke="#06c" '
        'stroke-width="2"/>',
        *_marks(points, at),
        '<text x="60" y="16">CPU seconds (log), by operations (log); dashed: linear</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _marks(points: list[tuple[int, float]], at: Callable[[float, float], str]) -> Iterator[str]:
    for x, y in points:
        left, top = at(x, y).split(",")
        yield f'<circle cx="{left}" cy="{top}" r="3" fill="#06c"/>'
        yield f'<text x="{left}" y="{float(top) - 8:.1f}" text-anchor="middle">{y:.2f} s</text>'
        yield f'<text x="{left}" y="325" text-anchor="middle">{x:,}</text>'


def told(result: dict[str, Any]) -> str:
    """Spell what matters."""
    lines = [f"{result['documents']} documents, {len(result['failed'])} failed"]
    lines += [f"  {row}" for row in result["failed"]]
    for row in [*result["made"], *result["growth"]]:
        lines.append(
            f"{row['document']:45}{row['seconds']:8}{row['memory_mb']:6} MB  {row['came']}"
        )
    lines += [f"slowest: {result['slowest']}", f"largest: {result['largest']}"]
    return "\n".join(lines)


def table(result: dict[str, Any]) -> str:
    """Spell `results/hostile.md`, and draw the plot beside it."""
    (record.RESULTS / "growth.svg").write_text(plot(result["growth"]), "utf-8")
    slowest, largest = result["slowest"], result["largest"]
    lines = [
        "# Hostile documents, and growth",
        "",
        "Made by `python -m benchmarks.hostile --save`; seconds are CPU time, MB the peak of a",
        "process that has the compiler and a tokenizer loaded.",
        "",
        f"- {result['documents']:,} documents, {len(result['failed'])} failed.",
        f"- The slowest: {slowest['document']}, {slowest['seconds']} s.",
        f"- The largest: {largest['document']}, {largest['memory_mb']} MB.",
        "",
        "| document | came | seconds | MB |",
        "| --- | --- | ---: | ---: |",
    ]
    for row in result["made"]:
        lines.append(
            f"| {row['document']} | {row['came']} | {row['seconds']} | {row['memory_mb']} |"
        )
    lines += ["", "## Growth", "", "![seconds by operations](growth.svg)", ""]
    lines += ["| operations | seconds | MB |", "| ---: | ---: | ---: |"]
    for row in result["growth"]:
        lines.append(f"| {int(row['document']):,} | {row['seconds']} | {row['memory_mb']} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    record.main("hostile", measure, told, table)
