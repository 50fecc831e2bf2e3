"""Does search find what is meant, and how soon?

The tasks are things that people want of well-known APIs, in their words, with the operations that
would do; a search succeeds when one of these is among its first hits.  There are three sets, told
apart: `first` and `more` were looked at while the search was improved; of `unseen`, written before
that, only the totals were, so its figures are the most honest and still a little kind.  SQLite's
full-text search answers the same words over the same fields, as a yardstick.
"""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import record
from tsbind.emit.search import entries
from tsbind.lower import lower
from tsbind.search import Entry, Finder, build
from tsbind.search.index import PROSE
from tsbind.search.words import terms
from tsbind.spec.load import load

FOLDER = Path(__file__).parent
SETS = {
    "first": FOLDER / "search_tasks.jsonl",
    "more": FOLDER / "search_tasks_more.jsonl",
    "unseen": FOLDER / "search_tasks_unseen.jsonl",
}
KINDS = ("tsbind", "fts5")
Search = Callable[[str], Sequence[str]]


class Task(msgspec.Struct, frozen=True):
    """What somebody wants."""

    document: str
    words: str
    want: tuple[str, ...]  # operations that would do, as "METHOD /path"


def tasks(path: Path) -> list[Task]:
    """Return the tasks of one set."""
    return msgspec.json.decode(b"[%s]" % b",".join(path.read_bytes().splitlines()), type=list[Task])


def measure() -> dict[str, Any]:
    """Ask every task of both searches."""
    asked = {name: tasks(path) for name, path in SETS.items()}
    found: dict[tuple[str, str], list[int]] = {(name, kind): [] for name in SETS for kind in KINDS}
    taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
    sizes: list[dict[str, Any]] = []
    for document in dict.fromkeys(task.document for each in asked.values() for task in each):
        listed = entries(lower(load(record.corpus() / document))[0])
        wire = {entry.op: f"{entry.method} {entry.path}" for entry in listed}
        searches, build_ms = _searches(listed)
        size = {"document": document, "operations": len(listed), "build_ms": build_ms}
        sizes.append(size)
        for name, each in asked.items():
            for task in (task for task in each if task.document == document):
                assert set(task.want) <= set(wire.values()), task
                for kind, search in searches.items():
                    hits, milliseconds = _timed(search, task.words)
                    taken[kind].append(milliseconds)
                    found[name, kind].append(_rank([wire[op] for op in hits], task.want))
    return {
        "sets": [
            {"set": name, "search": kind, "tasks": len(ranks), **_recall(ranks)}
            for (name, kind), ranks in found.items()
        ],
        "latency": {kind: _latency(taken[kind]) for kind in KINDS},
        "documents": sizes,
    }


def _searches(listed: Sequence[Entry]) -> tuple[dict[str, Search], float]:
    """Both searches over one API, and the milliseconds that building ours takes."""
    start = time.perf_counter()
    finder = Finder(build(listed, {}, {}))
    milliseconds = round(1000 * (time.perf_counter() - start), 1)

    def ours(words: str) -> list[str]:
        return [hit.op for hit in finder.find(words, limit=50)]

    return {"tsbind": ours, "fts5": _fts5(listed)}, milliseconds


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


def _recall(ranks: list[int]) -> dict[str, float]:
    return {
        f"recall_at_{limit}": round(statistics.mean(rank <= limit for rank in ranks), 3)
        for limit in (1, 5, 10)
    }


def _latency(taken: list[float]) -> dict[str, float]:
    slowest = sorted(taken)[int(0.99 * (len(taken) - 1))]
    return {"p50_ms": round(statistics.median(taken), 2), "p99_ms": round(slowest, 2)}


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
    lines = [f"{'tasks':14}{'search':8}{'@1':>8}{'@5':>8}{'@10':>8}"]
    for row in result["sets"]:
        lines.append(
            f"{row['tasks']:4} {row['set']:9}{row['search']:8}{row['recall_at_1']:8}"
            f"{row['recall_at_5']:8}{row['recall_at_10']:8}"
        )
    for kind, row in result["latency"].items():
        lines.append(f"{kind}: {row['p50_ms']} ms median, {row['p99_ms']} ms for the slowest 1 %")
    return "\n".join(lines)


if __name__ == "__main__":
    record.main("search", measure, told)
