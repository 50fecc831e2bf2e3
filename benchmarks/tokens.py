"""How many tokens does an API cost a model, as document, as tools, and as declarations?

Exact counts in o200k_base, of the documents as published; "tools" are the function definitions
with JSON Schemas that a tool-calling agent is sent, without any prose but one summary each.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from benchmarks import record
from tsbind.meter import DEFAULT, tokenizer, tools, without_layout
from tsbind.pipeline import Options, compile


def measure() -> dict[str, Any]:
    """Count each document of the list."""
    folder = record.corpus()
    rows = [_row(folder, name) for name in record.DOCUMENTS]
    return {"tokenizer": DEFAULT, "documents": rows}


def _row(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    data = path.read_bytes()
    count = tokenizer(DEFAULT).count
    plain, brief, full = (compile(path, Options(docs=docs)) for docs in ("none", "brief", "full"))
    operations = len(plain.bundle.calls)
    declarations = count(plain.declarations)
    return {
        "document": name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "operations": operations,
        "tokens": {
            "document": count(data.decode()),
            "minified": count(without_layout(plain.document)),
            "tools": sum(map(count, tools(plain.bundle).values())),
            "declarations": declarations,
            "brief": count(brief.declarations),
            "full": count(full.declarations),
        },
        "per_operation": round(declarations / operations, 1),
    }


def told(result: dict[str, Any]) -> str:
    """Spell the table."""
    lines = [f"{'document':24}{'ops':>7}{'document':>12}{'tools':>12}{'declared':>10}{'per op':>8}"]
    for row in result["documents"]:
        tokens = row["tokens"]
        lines.append(
            f"{row['document']:24}{row['operations']:7,}{tokens['document']:12,}"
            f"{tokens['tools']:12,}{tokens['declarations']:10,}{row['per_operation']:8}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    record.main("tokens", measure, told)
