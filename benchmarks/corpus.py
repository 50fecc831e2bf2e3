"""What becomes of every document of the corpus: compiled, refused, or compiled in part?

Each document is compiled in a process of its own, with a deadline.  What is lost is found by
comparing the Bundle with what a second, independent reader (`benchmarks.written`) sees in the
source: an operation that is neither compiled nor named by a Diagnostic, and a required parameter
that a call does not require.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks import record
from benchmarks.apart import apart
from benchmarks.written import IGNORED_HEADERS, Reader, Written
from tsbind.errors import SpecError
from tsbind.meter import DEFAULT, tokenizer
from tsbind.pipeline import Compiled, Options, compile

DEADLINE = 120.0  # seconds on the clock; others may use the machine


def measure() -> dict[str, Any]:
    """Compile every document of the list, as many at a time as there are cores."""
    folder = record.corpus()
    files = [entry["file"] for entry in json.loads((folder / "index.json").read_bytes())]
    tokenizer(DEFAULT).count("x" * 400_001)  # loads the ranks once, for every forked process
    with ThreadPoolExecutor(2) as pool:
        rows = list(pool.map(lambda file: row(folder, file), files))
    return {"tokenizer": DEFAULT, "totals": totals(rows), "documents": rows}


def row(folder: Path, file: str) -> dict[str, Any]:
    """Say what came of one document."""
    outcome = apart(examined, folder, file, deadline=DEADLINE)
    found = outcome.value or {"failure": outcome.failure.strip().splitlines()[-1]}
    return {
        "document": file,
        **found,
        "seconds": round(outcome.seconds, 2),
        "memory_mb": round(outcome.memory_mb),
    }


def examined(folder: Path, file: str) -> dict[str, Any]:
    """Compile one document and compare what came out with what is written."""
    path = folder / file
    try:
        compiled = compile(path, Options(name=file))
    except SpecError as error:
        return {"refused": str(error).partition("\nfix:")[0], "code": error.code}
    operations = len(compiled.bundle.calls)
    tokens = tokenizer(DEFAULT).count(compiled.declarations)
    skipped = Counter(each.code for each in compiled.diagnostics if each.operation)
    lost, parameters = losses(compiled, Reader(path).operations())
    return {
        "operations": operations,
        "skipped": dict(sorted(skipped.items())),
        "findings": len(compiled.diagnostics) - skipped.total(),
        "tokens": tokens,
        "per_operation": round(tokens / operations, 1),
        "lost_operations": lost,
        "lost_parameters": parameters,
    }


def losses(compiled: Compiled, written: Mapping[Written, int]) -> tuple[list[str], list[str]]:
    """Name the operations, and the required or path parameters, that are gone without a word."""
    said = {each.operation for each in compiled.diagnostics if each.operation}
    calls: dict[tuple[str, str], list[set[tuple[str, str]]]] = {}
    for call in compiled.bundle.calls.values():
        needs: set[tuple[str, str]] = {
            (each.place, each.name) for each in call.parameters if each.required
        }
        calls.setdefault((call.method, plain(call.path)), []).append(needs)
    operations, parameters = [], []
    for one in Counter(written).elements():
        name = f"{one.method} {one.path}"
        made = calls.get((one.method, plain(one.path)))
        if not made:
            operations += [] if name in said else [name]
            continue
        wanted = {need for need in one.required if not _ignored(*need)}
        # Paths that differ in their fragment alone are one on the wire: the call that fits best.
        fitting = min(made, key=lambda call: (len(wanted - call), len(call - wanted)))
        made.remove(fitting)
        parameters += [f"{name}: {place} {key}" for place, key in sorted(wanted - fitting)]
    return sorted(operations), parameters


def plain(path: str) -> str:
    """A path without what RFC 6570 puts around the names of variables, and without a fragment."""
    out, rest = "", path.partition("#")[0]
    while "{" in rest and "}" in rest.partition("{")[2]:
        before, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        out += before + "{" + name.lstrip("+#./;?&").removesuffix("*") + "}"
    return out + rest


def _ignored(place: str, name: str) -> bool:
    return place == "header" and name.lower() in IGNORED_HEADERS


def totals(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up."""
    rows = list(rows)
    compiled = [row for row in rows if "operations" in row]
    skipped: Counter[str] = Counter()
    for row in compiled:
        skipped.update(row["skipped"])
    operations = sum(row["operations"] for row in compiled)
    return {
        "documents": len(rows),
        "compiled": len(compiled),
        "refused": dict(Counter(row["code"] for row in rows if "refused" in row).most_common()),
        "failed": sum("failure" in row for row in rows),
        "operations": operations,
        "skipped": dict(skipped.most_common()),
        "lost_operations": sum(len(row["lost_operations"]) for row in compiled),
        "lost_parameters": sum(len(row["lost_parameters"]) for row in compiled),
        "tokens": sum(row["tokens"] for row in compiled),
        "slowest_seconds": max(row["seconds"] for row in rows),
        "largest_memory_mb": max(row["memory_mb"] for row in rows),
    }


def told(result: dict[str, Any]) -> str:
    """Spell the totals, and what is not as it should be."""
    lines = [f"{key:20}{value}" for key, value in result["totals"].items()]
    for row in result["documents"]:
        for key in ("failure", "refused", "lost_operations", "lost_parameters"):
            if row.get(key):
                lines.append(f"{row['document']}: {key}: {row[key]}")
    return "\n".join(lines)


def table(result: dict[str, Any]) -> str:
    """Spell `results/corpus.md`."""
    sums = result["totals"]
    skipped = ", ".join(f"{count:,} {code}" for code, count in sums["skipped"].items())
    refused = ", ".join(f"{count:,} {code}" for code, count in sums["refused"].items())
    compiled = [row for row in result["documents"] if "operations" in row]
    lines = [
        "# Every document of the corpus, compiled",
        "",
        "Made by `python -m benchmarks.corpus --save`.",
        f"Tokens are of {result['tokenizer']}, without prose; seconds are CPU time.",
        "",
        f"- {sums['documents']:,} documents: {sums['compiled']:,} compiled, "
        f"{sums['failed']:,} failed; refused: {refused}.",
        f"- {sums['operations']:,} operations compiled; skipped with a Diagnostic: "
        f"{skipped or 'none'}.",
        f"- Lost without a Diagnostic: {sums['lost_operations']:,} operations, "
        f"{sums['lost_parameters']:,} required or path parameters.",
        f"- The slowest document took {sums['slowest_seconds']} s, "
        f"the largest process {sums['largest_memory_mb']:,} MB.",
        "",
        "| document | operations | skipped | findings | tokens | per operation | seconds |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    for row in compiled:
        reasons = ", ".join(f"{count} {code}" for code, count in row["skipped"].items())
        lines.append(
            f"| {row['document']} | {row['operations']:,} | {reasons} | {row['findings']:,} "
            f"| {row['tokens']:,} | {row['per_operation']:,} | {row['seconds']:.2f} |"
        )
    lines += ["", "## Refused", "", "| document | why |", "| --- | --- |"]
    for row in result["documents"]:
        if "refused" in row:
            why = row["refused"].replace("|", "\\|").replace("\n", " ")
            lines.append(f"| {row['document']} | {why} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    record.main("corpus", measure, told, table)
