"""`tsbind search`: operations by what is meant, with their signatures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsbind.bundle import Bundle
from tsbind.cli.files import spell
from tsbind.cli.group import Command
from tsbind.cli.screen import print_json, show, working, write
from tsbind.cli.source import json_option, max_values_option, open_source
from tsbind.cli.unswept import unswept

if TYPE_CHECKING:
    from tsbind.pipeline import LoadLimits

NOTHING = 1


@click.command(cls=Command)
@click.argument("api", metavar="BUNDLE|SPEC")
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="Hits at most."
)
@click.option(
    "--tokens",
    type=click.IntRange(min=1),
    default=2000,
    show_default=True,
    metavar="N",
    help="Of the signatures and the types that they need, at most.",
)
@click.option("--names", is_flag=True, help="Print only the operations' names.")
@max_values_option
@json_option
@click.pass_context
@unswept()
def command(
    ctx: click.Context,
    api: str,
    words: tuple[str, ...],
    limit: int,
    tokens: int,
    names: bool,
    limits: LoadLimits,
    json: bool,
) -> None:
    """Find operations by what is meant, with their signatures.

    The best of what WORDS mean comes first.  BUNDLE is a file that `tsbind compile -o` wrote; an
    OpenAPI document is compiled first.  Ends with 1 when nothing is found.
    """
    from tsbind.search import Finder

    with working(f"reading {spell(api)}"):
        finder = Finder.of(_bundle(api, limits))
    asked = " ".join(words)
    hits = finder.find(asked, limit=limit)
    if json:
        print_json([{"operation": hit.op, "score": round(hit.score, 3)} for hit in hits])
    elif names:
        for hit in hits:
            show(hit.op)
    else:
        write(finder.search(asked, limit=limit, tokens=tokens).rstrip("\n") + "\n")
    if not hits:
        ctx.exit(NOTHING)


def _bundle(api: str, limits: LoadLimits) -> Bundle:
    if api.endswith(".bundle.json"):
        return Bundle.open(Path(api))
    from tsbind.pipeline import Options, compile

    return compile(open_source(api), Options(name=spell(api), limits=limits)).bundle
