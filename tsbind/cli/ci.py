"""`tsbind ci`: every API of the project held against its budget and the baseline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsbind.cli.check import annotation
from tsbind.cli.group import Command
from tsbind.cli.screen import plural, print_json, say, show, table, visible, working
from tsbind.cli.source import json_option
from tsbind.config import Config, find, read
from tsbind.errors import ConfigError, TsbindError

if TYPE_CHECKING:
    from tsbind.budgets.baseline import Baseline
    from tsbind.budgets.judge import Outcome

STALE = 1
_SHOWN = 10  # changed operations of one API that a person is shown

config_option = click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Use this tsbind.toml or pyproject.toml; by default the nearest one from here up.",
)


@click.command(cls=Command)
@click.argument("names", metavar="[API]...", nargs=-1)
@config_option
@click.option("--update", is_flag=True, help="Write what is measured as the new baseline.")
@click.option("--locked", is_flag=True, help="Also fail when the baseline is not up to date.")
@click.option(
    "--github",
    is_flag=True,
    envvar="GITHUB_ACTIONS",
    help="Print annotations; the default inside GitHub Actions.",
)
@click.option(
    "--summary",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="GITHUB_STEP_SUMMARY",
    metavar="FILE",
    help="Append a Markdown summary to FILE; $GITHUB_STEP_SUMMARY names it in GitHub Actions.",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    path: Path | None,
    update: bool,
    locked: bool,
    github: bool,
    summary: Path | None,
    json: bool,
) -> None:
    """Hold the APIs of a project against their token budgets and a baseline.

    The APIs stand in tsbind.toml or under [tool.tsbind] in pyproject.toml, the baseline in
    tsbind.lock beside it.  Ends with 5 when an API is over its budget or grew more than it may,
    with the error's own code when one cannot be compiled.
    """
    from tsbind.budgets.baseline import NAME
    from tsbind.budgets.judge import judge
    from tsbind.budgets.summary import summarise
    from tsbind.cache import Cache

    config = read(path or find(Path()))
    chosen = choose(config, names)
    lock = config.folder / NAME
    whole = update and not names
    baseline = _baseline(lock, whole)
    outcomes: list[Outcome] = []
    for name in chosen:
        with working(f"measuring {name}"):
            outcomes += judge(config, baseline, [name], cache=Cache.of_user())
    stale = _stale(config, baseline, outcomes)
    if update:
        _update(lock, config, baseline, outcomes)
    if summary:
        _append(summary, summarise(outcomes))
    if json:
        print_json({"config": str(config.path), "baseline": str(lock), "apis": outcomes})
    else:
        _tell(outcomes, github=github, updated=update)
    if locked and stale and not update:
        say(f"{lock} is not up to date: {', '.join(stale)}; run `tsbind ci --update`")
    ctx.exit(_exit_code(outcomes, stale=bool(locked and stale), update=update))


def choose(config: Config, names: Sequence[str]) -> Sequence[str]:
    """Return the APIs that the command line names, all when it names none."""
    for name in names:
        if name not in config.apis:
            near = get_close_matches(name, config.apis, 1)
            raise ConfigError(
                f'names no API "{name}"' + (f' (did you mean "{near[0]}"?)' if near else ""),
                where=str(config.path),
                fix=f"use one of {', '.join(config.apis)}",
                code="no-such-api",
            )
    return names or list(config.apis)


def _baseline(lock: Path, replaced: bool) -> Baseline:
    from tsbind.budgets.baseline import read_baseline

    try:
        return read_baseline(lock) or {}
    except ConfigError:
        if replaced:  # whatever is wrong with it will be gone
            return {}
        raise


def _stale(config: Config, baseline: Baseline, outcomes: Sequence[Outcome]) -> list[str]:
    """The APIs whose lines in the baseline are not what was measured, or of nothing at all."""
    changed = [each.name for each in outcomes if each.cost and each.cost != baseline.get(each.name)]
    return sorted({*changed, *(name for name in baseline if name not in config.apis)})


def _update(lock: Path, config: Config, old: Baseline, outcomes: Sequence[Outcome]) -> None:
    from tsbind.budgets.baseline import write_baseline

    kept = {name: cost for name, cost in old.items() if name in config.apis}
    measured = {each.name: each.cost for each in outcomes if each.cost}
    changed = write_baseline(lock, {**kept, **measured})
    say(f"{lock}: {'written' if changed else 'up to date'}")


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(visible(text))
    except OSError as error:
        raise TsbindError(
            f"the summary cannot be written: {error.strerror}",
            where=str(path),
            fix="choose another file with --summary",
            code="unwritable",
        ) from None


def _tell(outcomes: Sequence[Outcome], *, github: bool, updated: bool) -> None:
    from tsbind.budgets.summary import HEADER, gained, row

    show(table(HEADER, [row(outcome) for outcome in outcomes]))
    for outcome in outcomes:
        if outcome.given_up:
            show(f"\n{outcome.name} gives up, to fit: {outcome.losses}")
        if outcome.changes:
            show(f"\n{outcome.name}: {plural(len(outcome.changes), 'operation')} changed")
        for change in outcome.changes[:_SHOWN]:
            show(f"  {change.operation}: {gained(change)}")
        if len(outcome.changes) > _SHOWN:
            show(f"  and {len(outcome.changes) - _SHOWN:,} more")
    moved = {"no-baseline", "other-tokenizer", "grew"} if updated else set()
    for finding in (each for outcome in outcomes for each in outcome.findings):
        if finding.code not in moved:
            (show if github else say)(
                annotation(finding) if github else f"\n{finding.severity}: {finding}"
            )


def _exit_code(outcomes: Iterable[Outcome], *, stale: bool, update: bool) -> int:
    # Moving the baseline is agreeing to growth; no update makes a budget hold.
    codes = [each.exit_code for each in outcomes if not (update and each.state == "grew")]
    worst = next(filter(None, codes), 0)
    return worst or (STALE if stale and not update else 0)
