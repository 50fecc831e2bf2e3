"""Compares what APIs cost now with their budgets and with the baseline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

import msgspec

from tsbind.budgets.baseline import Baseline, Cost
from tsbind.cache import Cache
from tsbind.config import Config
from tsbind.errors import BudgetError, Diagnostic, Location, Severity, TsbindError
from tsbind.meter import tokenizer
from tsbind.meter.outline import weigh
from tsbind.project import compile_api, over_budget

State = Literal["ok", "over", "grew", "failed"]
FAILING: Final = frozenset({"over", "grew", "failed"})


class Change(msgspec.Struct, frozen=True):
    """An operation whose own tokens are not what the baseline says; None: it is not there."""

    operation: str
    before: int | None
    now: int | None

    @property
    def gained(self) -> int:
        """The tokens that it gained; negative when it lost some."""
        return (self.now or 0) - (self.before or 0)


class Outcome(msgspec.Struct, frozen=True):
    """What became of one API."""

    name: str
    state: State
    cost: Cost | None  # None: it did not compile
    budget: int | None
    before: int | None  # tokens in the baseline; None: it is not in there, or counted otherwise
    changes: tuple[Change, ...] = ()  # the largest first
    given_up: Mapping[str, tuple[str, ...]] = {}  # what the budget cost: kinds of loss, and names
    findings: tuple[Diagnostic, ...] = ()
    exit_code: int = 0

    @property
    def losses(self) -> str:
        """What the budget cost, in words: each kind with its number."""
        return "; ".join(f"{what} ({len(names):,})" for what, names in self.given_up.items())


def judge(
    config: Config, baseline: Baseline, names: Iterable[str], *, cache: Cache | None = None
) -> Iterator[Outcome]:
    """Compile the named APIs and hold each against its budget and the baseline.

    An API that cannot be compiled is an outcome, too, so that the others are still looked at.
    """
    for name in names:
        try:
            yield _judged(config, name, baseline.get(name), cache)
        except TsbindError as error:
            finding = _finding(error, config.locate(name, "document"))
            yield Outcome(
                name,
                "failed",
                None,
                config.apis[name].budget,
                None,
                findings=(finding,),
                exit_code=error.exit_code,
            )


def _judged(config: Config, name: str, old: Cost | None, cache: Cache | None) -> Outcome:
    api = config.apis[name]
    compiled = compile_api(config, name, cache)
    count = tokenizer(api.tokenizer).count
    now = Cost(
        count(compiled.declarations),
        weigh(compiled.declarations, count)["operation"],
        api.tokenizer,
    )
    comparable = old if old is not None and old.tokenizer == now.tokenizer else None
    over = over_budget(config, name, now.tokens)
    grown = _grown(config, name, comparable, now)
    findings = [_finding(error, config.locate(name)) for error in (over, grown) if error]
    findings += _told(config, name, old, comparable)
    lost = {each.operation for each in compiled.diagnostics if each.operation}
    if lost:
        what = f'{len(lost)} of the operations of "{name}" cannot be compiled'
        fix = f"`tsbind check {config.document(name)}` says why"
        findings.append(_warning(what, config.locate(name, "document"), fix, "lost"))
    fit = compiled.fit
    return Outcome(
        name,
        "over" if over else "grew" if grown else "ok",
        now,
        api.budget,
        comparable.tokens if comparable else None,
        changes=_changes(comparable.operations, now.operations) if comparable else (),
        given_up={loss.what: loss.names for loss in fit.given_up} if fit else {},
        findings=tuple(findings),
        exit_code=BudgetError.exit_code if over or grown else 0,
    )


def _grown(config: Config, name: str, old: Cost | None, now: Cost) -> TsbindError | None:
    growth = config.apis[name].growth
    if old is None or growth is None or now.tokens <= old.tokens * (1 + growth / 100):
        return None
    return BudgetError(
        f'the declarations of "{name}" grew from {old.tokens:,} tokens to {now.tokens:,},'
        f" {growth:g} % more are allowed",
        where=config.locate(name, "growth"),
        fix="make it smaller, or agree to it with `tsbind ci --update`",
        code="grew",
    )


def _told(
    config: Config, name: str, old: Cost | None, comparable: Cost | None
) -> Iterator[Diagnostic]:
    where, fix = config.locate(name), "run `tsbind ci --update` and commit tsbind.lock"
    if old is None:
        yield _warning(f'"{name}" is not in the baseline', where, fix, "no-baseline")
    elif comparable is None:
        what = f'the baseline of "{name}" was counted with {old.tokenizer}'
        yield _warning(what, where, fix, "other-tokenizer")


def _changes(before: Mapping[str, int], now: Mapping[str, int]) -> tuple[Change, ...]:
    names = sorted({*before, *now})
    changes = [Change(name, before.get(name), now.get(name)) for name in names]
    changed = [change for change in changes if change.before != change.now]
    return tuple(sorted(changed, key=lambda change: (-abs(change.gained), change.operation)))


def _finding(error: TsbindError, otherwise: Location) -> Diagnostic:
    """Return an error as what is shown for it; one that names no place is put at `otherwise`."""
    place = re.fullmatch(r"(.+?)(?::(\d+):(\d+))?", error.where, re.DOTALL)
    where = Location(place[1], int(place[2] or 0), int(place[3] or 0)) if place else otherwise
    return Diagnostic(error.code, where, error.what, error.fix)


def _warning(what: str, where: Location, fix: str, code: str) -> Diagnostic:
    severity: Severity = "warning"
    return Diagnostic(code, where, what, fix, severity)
