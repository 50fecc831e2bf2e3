"""`tsbind tokens`: what an API costs a model, told as document and as declarations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsbind.cli.files import spell, write_together
from tsbind.cli.group import Command
from tsbind.cli.screen import print_json, say, share, show, table, visible, working, write
from tsbind.cli.source import (
    allow_ref_option,
    document_text,
    json_option,
    max_values_option,
    open_source,
)
from tsbind.cli.unswept import unswept

if TYPE_CHECKING:
    from tsbind.account import Account
    from tsbind.meter import Tokenizer
    from tsbind.pipeline import LoadLimits


@click.command(cls=Command)
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option(
    "--tokenizer",
    "names",
    multiple=True,
    metavar="NAME",
    help="o200k_base, cl100k_base, or one of your own as module:function; may be repeated.",
)
@click.option("--text", is_flag=True, help="Count the files as they are; they need be no specs.")
@click.option("--operations", is_flag=True, help="Also count each operation alone.")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a page that shows where the tokens go, and needs no network.",
)
@allow_ref_option
@max_values_option
@json_option
@unswept()
def command(
    specs: tuple[str, ...],
    names: tuple[str, ...],
    text: bool,
    operations: bool,
    markdown: bool,
    page: Path | None,
    allow_refs: tuple[str, ...],
    limits: LoadLimits,
    json: bool,
) -> None:
    """Count the tokens of API descriptions, exactly and offline.

    For each SPEC: the document as published and without its layout, the tools that a classic
    tool-calling agent is sent, the declarations with no, brief and full prose, and the catalog
    that introduces an API too large to be declared.
    """
    from tsbind.meter import DEFAULT, tokenizer

    if text and (operations or page):
        raise click.UsageError("--text counts files as they are: it has no operations to tell")
    counters = [tokenizer(name) for name in names or (DEFAULT,)]
    accounts = []
    for spec in specs:
        with working(f"counting {spell(spec)}"):
            detail = operations or page is not None
            accounts.append(_account(spec, counters, text, detail, allow_refs, limits))
    if page is not None:
        _draw(page, accounts, counters[0].name)
    if json:
        print_json(accounts)
        return
    for number, account in enumerate(accounts):
        if markdown:
            write(("\n" if number else "") + _markdown(account, operations))
        else:
            show(("\n" if number else "") + _told(account, operations))


def _account(
    spec: str,
    counters: Sequence[Tokenizer],
    text: bool,
    detail: bool,
    allow_refs: tuple[str, ...],
    limits: LoadLimits,
) -> Account:
    from tsbind.account import Account, measure
    from tsbind.account.measure import count_all
    from tsbind.pipeline import Options

    source = open_source(spec)
    written = document_text(source)
    if text:
        return Account(spell(spec), count_all({"text": written}, counters))
    return measure(
        source,
        written,
        counters,
        Options(name=spell(spec), allow_refs=allow_refs, limits=limits),
        detail=detail,
    )


def _draw(page: Path, accounts: Sequence[Account], name: str) -> None:
    from tsbind.account.page import draw

    write_together({page: draw(accounts, name).encode("utf-8", "backslashreplace")})
    say(f"wrote {page}")


def _totals(account: Account) -> tuple[list[str], list[list[str]]]:
    names = list(next(iter(account.tokens.values())))
    whole = account.tokens.get("document")
    header = [account.file]
    for name in names:
        header += [name, ""] if whole else [name]
    rows = []
    for label, counts in account.tokens.items():
        row = [label]
        for name in names:
            row.append(f"{counts[name]:,}")
            if whole:
                row.append(share(counts[name], whole[name]))
        rows.append(row)
    return header, rows


def _operations(account: Account) -> tuple[list[str], list[list[str]]]:
    header = ["operation", "document", "tool", "no prose", "brief", "full"]
    rows = [
        [each.name, *(f"{n:,}" for n in (each.document, each.tools, *each.declarations.values()))]
        for each in account.by_operation
    ]
    return header, rows


def _told(account: Account, operations: bool) -> str:
    parts = [table(*_totals(account))]
    if account.advice:
        parts.append(account.advice)
    if operations:
        parts.append("\n" + table(*_operations(account)))
    return "\n".join(parts)


def _markdown(account: Account, operations: bool) -> str:
    lines = list(_rows(*_totals(account)))
    if account.advice:
        lines += ["", _cell(account.advice)]
    if operations:
        lines += ["", *_rows(*_operations(account))]
    return "\n".join(lines) + "\n"


def _rows(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(map(_cell, header))} |"
    yield f"| --- |{' ---: |' * (len(header) - 1)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(text: str) -> str:
    """Spell a cell so that a name from a document cannot become markup."""
    from tsbind.budgets.summary import cell

    return cell(visible(text))
