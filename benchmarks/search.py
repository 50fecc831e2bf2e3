"""Does search find what is meant, and how soon?

The tasks (`search_tasks.jsonl`) are things that people want of well-known APIs, in their words,
with the operations that would do; a search succeeds when one of these is among its first hits.
SQLite's full-text search answers the same words over the same fields, as a yardstick.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import record
from tsbind.emit.search import entries
from tsbind.lower import lower
from tsbind.search import Entry, Finder, build
from tsbind.search.index import PROSE
from tsbind.search.words import terms
from tsbind.spec.load import load

TASKS = Path(__file__).parent / "search_tasks.jsonl"
Search = Callable[[str], Sequence[str]]


def tasks() -> list[dict[str, Any]]:
    """Return the tasks: a document, words, and the wanted operations as "METHOD /path"."""
    return [json.loads(line) for line in TASKS.read_text("utf-8").splitlines()]


def measure() -> dict[str, Any]:
    """Ask every task of both searches."""
    found: dict[str, list[int]] = {"tsbind": [], "fts5": []}
    taken: dict[str, list[float]] = {"tsbind": [], "fts5": []}
    sizes: list[dict[str, Any]] = []
    for name in dict.fromkeys(task["document"] for task in tasks()):
        listed = entries(lower(load(record.corpus() / name))[0])
        wire = {entry.op: f"{entry.method} {entry.path}" for entry in listed}
        start = time.perf_counter()
        index = build(listed, {}, {})
        sizes.append(
            {
                "document": name,
                "operations": len(listed),
                "build_ms": round(1000 * (time.perf_counter() - start), 1),
            }
        )
        finder = Finder(index)
        searches: dict[str, Search] = {
            "tsbind": lambda words, finder=finder: [h.op for h in finder.find(words, limit=50)],  # type: ignore[misc]
            "fts5": _fts5(listed),
        }
        for task in (each for each in tasks() if each["document"] == name):
            for kind, search in searches.items():
                hits, milliseconds = _timed(search, task["words"])
                taken[kind].append(milliseconds)
                found[kind].append(_rank([wire[op] for op in hits], task["want"]))
    return {
        "tasks": len(tasks()),
        "searches": {kind: _summary(found[kind], taken[kind]) for kind in found},
        "documents": sizes,
    }


def _timed(search: Search, words: str) -> tuple[Sequence[str], float]:
    """Search, and say how long that takes: the best of five, for other processes disturb."""
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        hits = search(words)
        best = min(best, 1000 * (time.perf_counter() - start))
    return hits, best


def _rank(hits: Sequence[str], wanted: Sequence[str]) -> int:
    """The place of the first wanted operation, from 1; 1,000 when it is not there."""
    return next((place for place, hit in enumerate(hits, 1) if hit in wanted), 1000)


def _summary(ranks: list[int], taken: list[float]) -> dict[str, float]:
    recall = {
        f"recall_at_{limit}": round(statistics.mean(rank <= limit for rank in ranks), 3)
        for limit in (1, 5, 10)
    }
    slowest = sorted(taken)[int(0.99 * (len(taken) - 1))]
    return recall | {"p50_ms": round(statistics.median(taken), 2), "p99_ms": round(slowest, 2)}


def _fts5(listed: Sequence[Entry]) -> Search:
    """SQLite's BM25 with Porter's stemmer and our weights, any word may match."""
    base = sqlite3.connect(":memory:")
    base.execute("create virtual table t using fts5(name, summary, path, doc, tokenize='porter')")
    base.executemany(
        "insert into t values (?, ?, ?, ?)",
        (
            (" ".join(terms(e.op)), e.summary, " ".join(terms(e.path)), e.doc[:PROSE])
            for e in listed
        ),
    )

    def search(words: str) -> list[str]:
        asked = " OR ".join(f'"{word}"' for word in words.split())
        ranked = base.execute(
            "select rowid from t where t match ? order by bm25(t, 3.0, 2.5, 2.0, 0.6) limit 50",
            (asked,),
        )
        return [listed[row - 1].op for (row,) in ranked]

    return search


def told(result: dict[str, Any]) -> str:
    """Spell the table."""
    lines = [f"{result['tasks']} tasks{'@1':>14}{'@5':>8}{'@10':>8}{'p50 ms':>9}{'p99 ms':>9}"]
    for kind, row in result["searches"].items():
        lines.append(
            f"{kind:12}{row['recall_at_1']:10}{row['recall_at_5']:8}{row['recall_at_10']:8}"
            f"{row['p50_ms']:9}{row['p99_ms']:9}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    record.main("search", measure, told)
