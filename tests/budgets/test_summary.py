"""The page of a pull request: what names and messages hold stays text."""

from __future__ import annotations

import re

from tsbind.budgets.baseline import Cost
from tsbind.budgets.judge import Change, Outcome
from tsbind.budgets.summary import SHOWN, summarise
from tsbind.errors import Diagnostic, Location

EVIL = "a|b`<img src=x>`\n| [x](javascript:alert) @all\\"


def outcome(changes: tuple[Change, ...]) -> Outcome:
    finding = Diagnostic("code", Location(EVIL, 3, 1), EVIL, EVIL)
    cost = Cost(1200, {EVIL: 12}, "o200k_base")
    return Outcome("chat", "over", cost, 1000, 1190, changes, {EVIL: (EVIL,)}, (finding,), 5)


def test_nothing_in_it_becomes_markup() -> None:
    page = summarise([outcome((Change(EVIL, 10, 12),))])
    assert "<img" not in page
    assert not re.search(r"\]\(|@all|javascript:", page)
    assert "| chat | 1 | 1,200 | 1,190 | +10 | 1,000 | over budget |" in page.splitlines()
    rows = [line for line in page.splitlines() if line.startswith("| <code>")]
    assert len(rows) == 1
    assert rows[0].count("|") == 3
    assert rows[0].endswith("</code> | 10 → 12, +2 |")


def test_only_the_most_changed_operations_are_listed() -> None:
    changes = tuple(Change(f"op{number}", None, number) for number in range(SHOWN + 5))
    page = summarise([outcome(changes)])
    assert page.count("<code>op") == SHOWN
    assert "| and 5 more | |" in page
