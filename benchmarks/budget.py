"""How much of a budget does the fitted text use, and how long does fitting take?

Each document is compiled without a budget, then with budgets from its full size down to a few
hundred tokens, in one process.  Times are CPU time, and told as multiples of compiling without a
budget: the median of three such runs against one run for each budget.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import record
from tsbind.errors import BudgetError
from tsbind.meter import DEFAULT, tokenizer
from tsbind.passes import Docs
from tsbind.pipeline import Compiled, Options, compile

DOCUMENTS: tuple[tuple[str, Docs], ...] = (
    ("github.json", "none"),
    ("github.json", "full"),
    ("box.json", "none"),
    ("slack-swagger2.json", "full"),
    ("notion.json", "none"),
)
LEAST = 400  # tokens
STEP = 0.4  # from one budget to the next


def measure() -> dict[str, Any]:
    """Fit each document into each budget."""
    tokenizer(DEFAULT).count("")  # its table is read once for all
    return {"documents": [_document(name, docs) for name, docs in DOCUMENTS]}


def _document(name: str, docs: Docs) -> dict[str, Any]:
    path = record.corpus() / name
    runs = [_timed(path, Options(docs=docs)) for _ in range(3)]
    alone = statistics.median(seconds for _, seconds in runs)
    whole = tokenizer(DEFAULT).count(runs[0][0].declarations)
    rows = [_row(path, docs, budget, alone) for budget in _budgets(whole)]
    return {
        "document": name,
        "docs": docs,
        "tokens": whole,
        "seconds": round(alone, 2),
        "least_used": min(row["used"] for row in rows),
        "slowest": max(row["times"] for row in rows),
        "budgets": rows,
    }


def _budgets(whole: int) -> Iterator[int]:
    budget = 0.95 * whole
    while budget >= LEAST:
        yield round(budget)
        budget *= STEP


def _row(path: Path, docs: Docs, budget: int, alone: float) -> dict[str, Any]:
    try:
        compiled, seconds = _timed(path, Options(docs=docs, budget=budget))
    except BudgetError as error:
        raise SystemExit(f"{path.name} does not fit {budget} tokens: {error}") from None
    fit = compiled.fit
    assert fit is not None
    assert tokenizer(DEFAULT).count(compiled.declarations) == fit.tokens <= budget
    return {
        "budget": budget,
        "tokens": fit.tokens,
        "used": round(fit.tokens / budget, 3),
        "catalog": fit.catalog,
        "given_up": {loss.kind: len(loss.names) for loss in fit.given_up},
        "times": round(seconds / alone, 2),
    }


def _timed(path: Path, options: Options) -> tuple[Compiled, float]:
    start = time.process_time()
    compiled = compile(path, options)
    return compiled, time.process_time() - start


def told(result: dict[str, Any]) -> str:
    """Spell the table."""
    lines = []
    for each in result["documents"]:
        lines.append(
            f"{each['document']}, docs {each['docs']}: {each['tokens']:,} tokens,"
            f" {each['seconds']} s; with a budget at most {each['slowest']} times that,"
            f" at least {each['least_used']:.0%} used"
        )
        for row in each["budgets"]:
            kind = "catalog" if row["catalog"] else ", ".join(row["given_up"]) or "nothing lost"
            lines.append(f"  {row['budget']:9,} {row['used']:6.0%} {row['times']:6}  {kind}")
    return "\n".join(lines)


if __name__ == "__main__":
    record.main("budget", measure, told)
