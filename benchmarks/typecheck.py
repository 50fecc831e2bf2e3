"""How long does checking a program's types take, against GitHub's declarations?

cold_ms    the first check in a process: the checker is started and reads the declarations
warm_ms    a check after that, of a program that differs from the one before
wrong_ms   the same, of programs with a mistake in them, which must be found
"""

from __future__ import annotations

import statistics
import time
from typing import Any

from benchmarks import record
from tsbind.pipeline import compile
from tsbind.runtime.program import prepare
from tsbind.runtime.typecheck import TypeChecker

TIMES = 40
PROGRAM = """
const owner = "octo", repo = "hello-{n}";
type Row = {{ number: number; title: string; labels: string[] }};
const issues = await api.issues.listForRepo({{ owner, repo, state: "open", per_page: 100 }});
const rows: Row[] = [];
for (const issue of issues) {{
  const labels: string[] = [];
  for (const label of issue.labels)
    labels.push(typeof label === "string" ? label : label.name ?? "");
  rows.push({{ number: issue.number, title: issue.title, labels }});
}}
const byLabel = new Map<string, Row[]>();
for (const row of rows)
  for (const label of row.labels)
    byLabel.set(label, [...(byLabel.get(label) ?? []), row]);
const sorted = [...byLabel].sort((a, b) => b[1].length - a[1].length);
const pulls = await api.pulls.list({{ owner, repo }});
const open = pulls
  .filter((pull) => !pull.draft)
  .map((pull) => ({{ id: pull.id, by: pull.user?.login }}));
const commits = await api.repos.listCommits({{ owner, repo, per_page: 10 }});
const authors = new Set(
  commits.map((commit) => commit.commit.author?.name ?? "nobody"),
);
console.log(`${{rows.length}} issues, ${{open.length}} pulls, ${{authors.size}} authors`);
return {{
  labels: sorted.slice(0, 5).map(([label, rows]) => ({{ label, count: rows.length }})),
  open,
  first: rows[0].{field},
}};
"""


def measure() -> dict[str, Any]:
    """Check programs against the declarations of GitHub's API, brief prose and all."""
    made = compile((record.corpus() / "github.json").read_bytes())
    with TypeChecker(made.declarations) as checker:
        cold = _checked(checker, 0, "title")
        warm = [_checked(checker, n, "title") for n in range(1, TIMES)]
        wrong = [_checked(checker, n, "titel") for n in range(TIMES)]
    return {
        "declarations": {"characters": len(made.declarations)},
        "program": {"lines": PROGRAM.strip().count("\n") + 1},
        "cold_ms": {"least": round(cold, 1)},
        "warm_ms": _spread(warm),
        "wrong_ms": _spread(wrong),
    }


def told(result: dict[str, Any]) -> str:
    """Spell one line per figure."""
    return "\n".join(f"{name:14}{figures}" for name, figures in result.items())


def _checked(checker: TypeChecker, n: int, field: str) -> float:
    """Check a program, and that what is wrong with it is found; return the milliseconds."""
    program = prepare(PROGRAM.format(n=n, field=field))
    began = time.perf_counter()
    found = checker.check(program)
    taken = (time.perf_counter() - began) * 1e3
    assert [each.code for each in found] == ([] if field == "title" else ["TS2551"]), found
    return taken


def _spread(times: list[float]) -> dict[str, float]:
    times = sorted(times)
    return {
        "p50": round(statistics.median(times), 1),
        "p95": round(times[len(times) * 95 // 100], 1),
        "most": round(times[-1], 1),
    }


if __name__ == "__main__":
    record.main("typecheck", measure, told)
