"""How much of a prompt cache outlives an update of an API?

Each document is compiled, changed in one place, and compiled again; what is counted is the tokens
at the beginning of both declarations, which is what a prompt cache keeps, as a share of the old.
The changes: a new version number and nothing else; one operation dropped, for a spread of them.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import record
from tsbind.changes.compare import prefix
from tsbind.meter import DEFAULT, tokenizer
from tsbind.pipeline import compile

DOCUMENTS = ("notion.json", "slack-swagger2.json", "discord.json", "box.json")
DROPPED = 12  # operations, spread evenly over the document


def measure() -> dict[str, Any]:
    """Change each document of the list."""
    folder = record.corpus()
    return {"tokenizer": DEFAULT, "documents": [_row(folder / name) for name in DOCUMENTS]}


def _row(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    text = compile(data).declarations
    tree = msgspec.json.decode(data)
    tree["info"]["version"] = "999.0"
    versioned = _kept(text, msgspec.json.encode(tree))
    places = [(p, m) for p, item in tree["paths"].items() for m in item if m in _METHODS]
    step = max(len(places) // DROPPED, 1)
    dropped = [_kept(text, _without(data, *place)) for place in places[::step][:DROPPED]]
    return {
        "document": path.name,
        "same_bytes_again": compile(data).declarations == text,
        "new_version": round(versioned, 3),
        "one_operation_dropped": {
            "median": round(statistics.median(dropped), 3),
            "least": round(min(dropped), 3),
            "most": round(max(dropped), 3),
        },
        "lines_kept": round(statistics.median(
            _lines_kept(text, _without(data, *place)) for place in places[::step][:DROPPED]
        ), 3),
    }  # fmt: skip


_METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})


def _without(data: bytes, path: str, method: str) -> bytes:
    tree = msgspec.json.decode(data)
    del tree["paths"][path][method]
    return msgspec.json.encode(tree)


def _kept(old: str, changed: bytes) -> float:
    count = tokenizer(DEFAULT).count
    return count(prefix(old, compile(changed).declarations)) / count(old)


def _lines_kept(old: str, changed: bytes) -> float:
    """The share of the old lines that are in the new text, wherever."""
    new = set(compile(changed).declarations.splitlines())
    lines = old.splitlines()
    return sum(line in new for line in lines) / len(lines)


def told(result: dict[str, Any]) -> str:
    """Spell the table."""
    lines = [
        f"{'document':22}{'again':>7}{'version':>9}{'dropped: least':>16}{'median':>8}{'most':>8}"
    ]
    for row in result["documents"]:
        drop = row["one_operation_dropped"]
        lines.append(
            f"{row['document']:22}{'same' if row['same_bytes_again'] else 'other':>7}"
            f"{row['new_version']:9.1%}{drop['least']:16.1%}{drop['median']:8.1%}{drop['most']:8.1%}"
            f"  lines kept {row['lines_kept']:.1%}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    record.main("prefix", measure, told)
