"""`tsbind replay`: a recorded run again, without the API, compared with what it was."""

from __future__ import annotations

import asyncio

import click
import msgspec

from tsbind.cli.files import spell
from tsbind.cli.group import Command
from tsbind.cli.run import read_limits
from tsbind.cli.screen import print_json, say, working, write
from tsbind.cli.source import json_option


@click.command(cls=Command)
@click.argument("journal", metavar="JOURNAL")
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=VALUE",
    help="Raise or lower a limit: cpu=2s, wall=1s, memory=128MiB, …",
)
@json_option
def command(journal: str, limits: tuple[str, ...], json: bool) -> None:
    """Run a recorded program again, and compare what it does with what it did.

    JOURNAL is what `tsbind run --journal` wrote.  Nothing is sent: each call gets the answer that
    it got before.  The program must ask for the same calls and end in the same way, byte for byte.
    """
    from tsbind.runtime.replay import replay

    bounds = read_limits(limits)
    with working(f"replaying {spell(journal)}"):
        outcome = asyncio.run(replay(journal, limits=bounds))
    if outcome.error is not None:
        outcome.error.logs, outcome.error.usage = outcome.logs, outcome.usage
        if not json:
            say("the program fails as it did before:")
        raise outcome.error
    if json:
        print_json(outcome)
        return
    for level, text in outcome.logs:
        say(f"{level}: {text}")
    write(msgspec.json.format(msgspec.json.encode(outcome.value), indent=2).decode() + "\n")
