"""Tells the outcome of `tsbind ci` as Markdown, for the page of a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tsbind.budgets.judge import FAILING, Change, Outcome

SHOWN: Final = 20  # operations of one API, the most changed ones
VERDICTS: Final = {
    "ok": "within",
    "over": "over budget",
    "grew": "grew too much",
    "failed": "does not compile",
}
HEADER: Final = ("API", "operations", "tokens", "baseline", "change", "budget", "verdict")


def row(outcome: Outcome) -> tuple[str, ...]:
    """Return an outcome as cells of the table under `HEADER`."""
    cost = outcome.cost
    return (
        outcome.name,
        "-" if cost is None else f"{len(cost.operations):,}",
        "-" if cost is None else f"{cost.tokens:,}",
        _number(outcome.before),
        "-" if cost is None or outcome.before is None else f"{cost.tokens - outcome.before:+,}",
        _number(outcome.budget),
        "no budget" if outcome.state == "ok" and outcome.budget is None else _verdict(outcome),
    )


def _verdict(outcome: Outcome) -> str:
    lossy = outcome.state == "ok" and outcome.given_up
    return VERDICTS[outcome.state] + (", with losses" if lossy else "")


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def gained(change: Change) -> str:
    """Say what became of an operation."""
    if change.before is None:
        return f"new, {change.now:,}"
    if change.now is None:
        return f"gone, {change.gained:+,}"
    return f"{change.before:,} → {change.now:,}, {change.gained:+,}"


def summarise(outcomes: Sequence[Outcome]) -> str:
    """Return the Markdown page; names from documents cannot become markup."""
    failing = sum(outcome.state in FAILING for outcome in outcomes)
    verdict = f"{failing} of {len(outcomes)} fail" if failing else "all within"
    lines = [f"### Token budgets: {verdict}", ""]
    lines += [f"| {' | '.join(HEADER)} |", "| --- | ---: | ---: | ---: | ---: | ---: | --- |"]
    lines += [f"| {' | '.join(map(cell, row(outcome)))} |" for outcome in outcomes]
    for outcome in outcomes:
        lines += _details(outcome)
    return "\n".join(lines) + "\n"


def _details(outcome: Outcome) -> Iterator[str]:
    for finding in outcome.findings:
        yield ""
        yield f"- {_code(str(finding.where))}: {cell(finding.what)}. Fix: {cell(finding.fix)}"
    if outcome.given_up:
        yield ""
        yield f"To fit, `{outcome.name}` gives up: {cell(outcome.losses)}"
    if outcome.changes:
        yield ""
        yield f"<details><summary>{outcome.name}: {len(outcome.changes):,} operations changed"
        yield "</summary>"
        yield ""
        yield "| operation | tokens |"
        yield "| --- | ---: |"
        for change in outcome.changes[:SHOWN]:
            yield f"| {_code(change.operation)} | {gained(change)} |"
        if len(outcome.changes) > SHOWN:
            yield f"| and {len(outcome.changes) - SHOWN:,} more | |"
        yield ""
        yield "</details>"


def cell(text: str) -> str:
    """Escape what Markdown or HTML would take for markup."""
    line = " ".join(text.split())
    return re.sub(r"[\\`*_{}\[\]<>|#~&@!:]", lambda found: f"&#{ord(found[0])};", line)


def _code(text: str) -> str:
    return f"<code>{cell(text)}</code>"
