"""`tsbind check`: what is wrong with a document, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tsbind.cli.files import spell
from tsbind.cli.group import Command
from tsbind.cli.screen import plural, print_json, say, show, visible, working
from tsbind.cli.source import allow_ref_option, json_option, max_values_option, open_source
from tsbind.cli.unswept import unswept
from tsbind.errors import Diagnostic, TsbindError

if TYPE_CHECKING:
    from tsbind.pipeline import LoadLimits

FINDINGS = 1  # something is wrong, and the rest of the document compiles


@click.command(cls=Command)
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option(
    "--full",
    is_flag=True,
    help="Also check with openapi-spec-validator, which takes much longer.",
)
@click.option("--github", is_flag=True, help="Print annotations for GitHub Actions.")
@allow_ref_option
@max_values_option
@json_option
@click.pass_context
@unswept()
def command(
    ctx: click.Context,
    specs: tuple[str, ...],
    full: bool,
    github: bool,
    allow_refs: tuple[str, ...],
    limits: LoadLimits,
    json: bool,
) -> None:
    """Say what is wrong with an OpenAPI document, and where.

    Ends with 0 when there are at most warnings, with 1 when something is wrong, and with 3 when a
    document cannot be read at all; the others are checked all the same.
    """
    from tsbind.pipeline import Options, check

    found: list[Diagnostic] = []
    code = 0
    for spec in specs:
        options = Options(name=spell(spec), allow_refs=allow_refs, limits=limits)
        try:
            with working(f"checking {spell(spec)}"):
                found += check(open_source(spec), options, full=full)
        except TsbindError as error:
            found.append(Diagnostic(error.code, error.place, error.what, error.fix))
            code = max(code, error.exit_code)
    if json:
        print_json([_as_data(diagnostic) for diagnostic in found])
    elif github:
        for diagnostic in found:
            show(annotation(diagnostic))
    else:
        for diagnostic in found:
            show(f"{diagnostic.severity}: {diagnostic}")
        say(_totals(found))
    wrong = any(diagnostic.severity == "error" for diagnostic in found)
    ctx.exit(code or (FINDINGS if wrong else 0))


def _totals(found: Sequence[Diagnostic]) -> str:
    counts = Counter(diagnostic.severity for diagnostic in found)
    lost = len({diagnostic.operation for diagnostic in found} - {""})
    text = f"{plural(counts['error'], 'error')}, {plural(counts['warning'], 'warning')}"
    text += f", {plural(counts['info'], 'note')}" if counts["info"] else ""
    return f"{text}; {plural(lost, 'operation')} cannot be compiled" if lost else text


def _as_data(diagnostic: Diagnostic) -> dict[str, object]:
    return {
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "file": diagnostic.where.file,
        "line": diagnostic.where.line,
        "column": diagnostic.where.column,
        "what": diagnostic.what,
        "fix": diagnostic.fix,
        "operation": diagnostic.operation,
    }


def annotation(diagnostic: Diagnostic) -> str:
    """Spell a Diagnostic as a workflow command of GitHub Actions.

    A document's text cannot end the line or the property that it stands in.
    """
    where = diagnostic.where
    place = {"file": where.file, "line": where.line, "col": where.column, "title": diagnostic.code}
    given = ",".join(f"{key}={_property(str(value))}" for key, value in place.items() if value)
    text = diagnostic.what + (f"\nfix: {diagnostic.fix}" if diagnostic.fix else "")
    level = "notice" if diagnostic.severity == "info" else diagnostic.severity
    return f"::{level} {given}::{_message(text)}"


def _message(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return visible(escaped)


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
