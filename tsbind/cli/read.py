"""`tsbind read`: go on reading a result that was cut."""

from __future__ import annotations

import click

from tsbind.cli.group import Command
from tsbind.cli.results import kept
from tsbind.cli.run import counter
from tsbind.cli.screen import print_json, say
from tsbind.cli.source import json_option


@click.command(cls=Command)
@click.argument("handle", metavar="HANDLE")
@click.argument("path", metavar="[PATH]", default="/")
@click.option(
    "--from",
    "start",
    type=click.IntRange(min=0),
    default=0,
    help="The item, field or character to begin at.",
)
@click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    default=2_000,
    show_default=True,
    help="Cut what is longer, again.",
)
@json_option
def command(handle: str, path: str, start: int, max_tokens: int, json: bool) -> None:
    """Print more of a result that `tsbind run --max-result-tokens` cut.

    It said the HANDLE.  PATH is the place that a gap names, a JSON Pointer such as /rows/3, and
    --from where it goes on there: `… 498 more of 500 items: /rows from 2`.
    """
    from tsbind.runtime import fit

    fitted = fit(kept(handle), max_tokens, counter(), path=path, start=start)
    if json:
        print_json({"value": fitted.value, "fitted": fitted, "handle": handle})
        return
    print_json(fitted.value)
    if fitted.gaps:
        say(f"read on: tsbind read {handle} PATH --from N")
