"""The options that say which document to compile and how; shared by several commands."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsbind.cli.files import STDIN, read
from tsbind.cli.options import together

if TYPE_CHECKING:
    from tsbind.pipeline import LoadLimits

DOCUMENT_BYTES = 64 << 20


allow_ref_option = click.option(
    "--allow-ref",
    "allow_refs",
    multiple=True,
    metavar="HOST|FOLDER",
    help="Read parts of the document that lie on this host, or in this folder (/…, ./…, ../…); "
    "may be repeated.",
)


def _limits(_: click.Context, __: click.Parameter, values: int | None) -> LoadLimits:
    from tsbind.pipeline import LoadLimits

    return LoadLimits() if values is None else LoadLimits.for_values(values)


secret_option = click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="PLACE.NAME",
    help="Make a credential of this parameter, and no argument: `query.api_key`; may be repeated.",
)


max_values_option = click.option(
    "--max-values",
    "limits",
    type=click.IntRange(min=1),
    metavar="N",
    callback=_limits,
    help="Read documents of up to N values; the default keeps hostile ones to seconds.",
)

# What narrows a document to what a model is to see.
document_options = together(
    click.option(
        "--docs",
        type=click.Choice(("none", "brief", "full")),
        default="none",
        show_default=True,
        help="How much prose goes into the declarations.",
    ),
    click.option(
        "--select",
        "selection",
        metavar="QUERY",
        help="Keep only these operations: `tag:issues and read`, `path:/repos/**`, …",
    ),
    click.option(
        "--budget",
        type=click.IntRange(min=1),
        metavar="TOKENS",
        help="Give up detail, least loss first, until the declarations fit.",
    ),
    allow_ref_option,
    secret_option,
    max_values_option,
    click.option(
        "--no-cache",
        is_flag=True,
        help="Compile anew, and keep nothing for the next time.",
    ),
)

json_option = click.option("--json", is_flag=True, help="Print JSON for programs.")


def open_source(spec: str) -> bytes | Path:
    """Return what the command line names: the path, or the bytes of standard input for `-`."""
    return read(spec, limit=DOCUMENT_BYTES, what="document") if spec == STDIN else Path(spec)


def document_text(source: bytes | Path) -> str:
    """Return the document as a model would be sent it, whatever its encoding.

    Parts that lie in other files are not in it.
    """
    return as_text(document_bytes(source))


def document_bytes(source: bytes | Path) -> bytes:
    """Return the document as it is written; raises SpecError when it cannot be read."""
    from tsbind.pipeline import read_bytes

    return read_bytes(source, str(source), DOCUMENT_BYTES) if isinstance(source, Path) else source


def as_text(data: bytes) -> str:
    """Return what a document says, whatever its encoding."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if marked else "utf-8-sig", "replace")
