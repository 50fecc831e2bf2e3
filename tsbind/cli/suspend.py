"""Runs that may stand still until somebody decides: their options, and their files."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsbind.cli.files import STDIN, read
from tsbind.cli.options import together
from tsbind.errors import SnapshotError

if TYPE_CHECKING:
    from tsbind.runtime.options import Options

_LONGEST = 1 << 30  # bytes of a snapshot
_USED = ".used"

suspend_options = together(
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


def put_off(suspend_to: str | None, snapshot_key: str | None) -> Options:
    """Return the options of a run that is saved when something must be decided."""
    from tsbind.runtime import LATER
    from tsbind.runtime.options import Options

    if suspend_to is None:
        return Options()
    if not os.access(Path(suspend_to).parent, os.W_OK):  # known now, not when the run is at stake
        raise click.BadOptionUsage("--suspend-to", f"--suspend-to {suspend_to}: no such folder")
    return Options(approve=lambda _question: LATER, snapshot_key=read_key(snapshot_key))


def read_saved(name: str) -> bytes:
    """Return a saved run; raises SnapshotError when it was gone on with, TsbindError."""
    if name != STDIN and not Path(name).exists() and _used(name).exists():
        raise SnapshotError(
            "it was gone on with already",
            where=name,
            fix=f"to make its calls again, name {_used(name)}",
            code="snapshot-used",
        )
    return read(name, limit=_LONGEST, what="snapshot")


def claim(name: str) -> bool:
    """Let nobody else go on with a saved run: its file is renamed.  False: somebody was faster.

    What the command line names as used, or gives on standard input, stays where it is.
    """
    if name == STDIN or name.endswith(_USED):
        return True
    try:
        Path(name).rename(_used(name))
    except FileNotFoundError:
        return False
    except OSError as error:
        raise SnapshotError(
            f"it cannot be renamed, so that it would be gone on with twice: {error.strerror}",
            where=name,
            fix="put it into a folder that can be written to",
            code="unwritable",
        ) from None
    return True


def _used(name: str) -> Path:
    return Path(f"{name}{_USED}")


def read_key(source: str | None) -> bytes:
    """Return the key that `--snapshot-key` names; raises CredentialError when it is absent."""
    from tsbind.runtime.credentials.sources import parse_source, read

    if source is None:
        raise click.UsageError("a saved run is sealed with a key: give --snapshot-key")
    return asyncio.run(read(parse_source(source), "snapshot key")).encode()
