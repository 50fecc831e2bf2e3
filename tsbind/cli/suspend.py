"""The options of a run that may stand still until somebody decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from tsbind.runtime.options import Options

F = TypeVar("F", bound=Callable[..., object])

_OPTIONS = (
    click.option(
        "--suspend-to",
        metavar="FILE",
        help="When a call needs a decision, save the run there instead of asking.",
    ),
    click.option(
        "--snapshot-key",
        metavar="SOURCE",
        help="The key that seals saved runs: env:VARIABLE, file:PATH or keyring:SERVICE/USER.",
    ),
)


def suspend_options(command: F) -> F:
    """Give a command `--suspend-to` and `--snapshot-key`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def put_off(suspend_to: str | None, snapshot_key: str | None) -> Options:
    """Return the options of a run that is saved when something must be decided."""
    from tsbind.runtime import LATER
    from tsbind.runtime.options import Options

    if suspend_to is None:
        return Options()
    return Options(approve=lambda _question: LATER, snapshot_key=read_key(snapshot_key))


def read_key(source: str | None) -> bytes:
    """Return the key that `--snapshot-key` names; raises CredentialError when it is absent."""
    from tsbind.runtime.credentials.sources import parse_source, read

    if source is None:
        raise click.UsageError("a saved run is sealed with a key: give --snapshot-key")
    return asyncio.run(read(parse_source(source), "snapshot key")).encode()
