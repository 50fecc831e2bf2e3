"""`tsbind diff`: what a new version of an API changes for programs, prompts and budgets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from tsbind.cli.files import STDIN, spell
from tsbind.cli.group import Command
from tsbind.cli.screen import plural, print_json, share, show, working
from tsbind.cli.source import allow_ref_option, json_option, max_values_option, open_source
from tsbind.cli.unswept import unswept

if TYPE_CHECKING:
    from tsbind.bundle import Bundle
    from tsbind.changes import Difference, OperationChange
    from tsbind.pipeline import LoadLimits

BREAKING = 1
BUNDLE_SUFFIX = ".bundle.json"


@click.command(cls=Command)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--docs",
    type=click.Choice(("none", "brief", "full")),
    default="none",
    show_default=True,
    help="How much prose the compared declarations have.",
)
@click.option("--select", "selection", metavar="QUERY", help="Compare only these.")
@click.option("--tokenizer", "name", metavar="NAME", default="o200k_base", show_default=True)
@click.option("--fail-on-breaking", is_flag=True, help="End with 1 when something breaks programs.")
@allow_ref_option
@max_values_option
@json_option
@click.pass_context
@unswept()
def command(
    ctx: click.Context,
    old: str,
    new: str,
    docs: Literal["none", "brief", "full"],
    selection: str | None,
    name: str,
    fail_on_breaking: bool,
    allow_refs: tuple[str, ...],
    limits: LoadLimits,
    json: bool,
) -> None:
    """Say what a new version of an API changes: operations, types, tokens, prompt prefix.

    OLD and NEW are OpenAPI documents, or Bundles named *.bundle.json; one may be `-`, as in
    `git show HEAD:api.yaml | tsbind diff - api.yaml`.  A change is breaking when a program that
    passed the type checker before may fail it now.
    """
    if old == new == STDIN:
        raise click.UsageError("only one of OLD and NEW may be standard input")
    from tsbind.changes import compare
    from tsbind.meter import tokenizer
    from tsbind.pipeline import Options, compile

    def bundle(spec: str) -> Bundle:
        from tsbind.bundle import Bundle

        if spec.endswith(BUNDLE_SUFFIX):
            return Bundle.open(Path(spec))
        options = Options(
            docs=docs, select=selection, name=spell(spec), allow_refs=allow_refs, limits=limits
        )
        return compile(open_source(spec), options).bundle

    with working(f"comparing {spell(old)} and {spell(new)}"):
        found = compare(bundle(old), bundle(new), tokenizer(name).count)
    if json:
        print_json({"breaking": found.breaking, **msgspec.structs.asdict(found)})
    else:
        for line in _told(found):
            show(line)
    if fail_on_breaking and found.breaking:
        ctx.exit(BREAKING)


def _told(found: Difference) -> Iterator[str]:
    for breaking in (True, False):
        chosen = [change for change in found.operations if change.breaking == breaking]
        if chosen:
            title = plural(len(chosen), "operation")
            yield (
                f"{title} changed in a way that breaks programs:"
                if breaking
                else (f"{title} changed without breaking programs:")
            )
        for change in chosen:
            yield from _operation(change)
        if chosen:
            yield ""
    for kind in ("added", "removed", "changed"):
        names = [change.name for change in found.types if change.kind == kind]
        if names:
            yield f"{plural(len(names), 'type')} {kind}: {', '.join(names)}"
    if not found.operations and not found.types:
        yield "nothing changed"
    gained = found.after - found.before
    yield f"tokens: {found.before:,} → {found.after:,}, {gained:+,}"
    kept = share(found.prefix, found.before)
    yield f"prompt prefix: {found.prefix:,} tokens of {found.before:,} survive ({kept})"


def _operation(change: OperationChange) -> Iterator[str]:
    cost = f"{change.before:,} → {change.after:,} tokens" if change.before else f"{change.after:,}"
    if change.kind == "removed":
        cost = f"{-change.before:,} tokens"
    elif change.kind == "added":
        cost = f"+{change.after:,} tokens"
    yield f"  {change.kind} {change.name}, {cost}"
    yield from (f"    {detail}" for detail in change.details)
