"""`tsbind tokens`: what an API costs a model, told as document and as declarations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from tsbind.cli.files import spell
from tsbind.cli.group import Command
from tsbind.cli.screen import print_json, share, show, table, working
from tsbind.cli.source import allow_ref_option, document_text, json_option, open_source

if TYPE_CHECKING:
    from tsbind.meter import Tokenizer

LEVELS: tuple[Literal["none", "brief", "full"], ...] = ("none", "brief", "full")
_LABELS = {level: f"declarations, {'no' if level == 'none' else level} prose" for level in LEVELS}
_FEW_OPERATIONS, _FEW_TOKENS = 5, 1_000


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
@allow_ref_option
@json_option
def command(
    specs: tuple[str, ...],
    names: tuple[str, ...],
    text: bool,
    allow_refs: tuple[str, ...],
    json: bool,
) -> None:
    """Count the tokens of API descriptions, exactly and offline.

    For each SPEC: the document as published and without its layout, the tools that a classic
    tool-calling agent is sent, and the declarations with no, brief and full prose.
    """
    from tsbind.meter import DEFAULT, tokenizer

    counters = [tokenizer(name) for name in names or (DEFAULT,)]
    reports = []
    for spec in specs:
        source = open_source(spec)
        with working(f"counting {spell(spec)}"):
            if text:
                reports.append(
                    _Report(spell(spec), _count({"text": document_text(source)}, counters))
                )
            else:
                reports.append(_compare(spell(spec), source, allow_refs, counters))
    if json:
        print_json(reports)
        return
    for number, report in enumerate(reports):
        show(("\n" if number else "") + _told(report))


class _Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """The tokens of one file: by what is counted, then by tokenizer."""

    file: str
    tokens: Mapping[str, Mapping[str, int]]
    operations: int = 0
    advice: str = ""


def _compare(
    name: str, source: bytes | Path, allow_refs: tuple[str, ...], counters: Sequence[Tokenizer]
) -> _Report:
    from tsbind.meter import tools, without_layout
    from tsbind.pipeline import Options, compile

    texts = {"document": document_text(source)}
    for level in LEVELS:
        compiled = compile(source, Options(docs=level, name=name, allow_refs=allow_refs))
        if level == LEVELS[0]:
            bundle = compiled.bundle
            texts["document, minified"] = without_layout(compiled.document)
            texts["tools, as JSON Schema"] = f"[{','.join(tools(bundle).values())}]"
        texts[_LABELS[level]] = compiled.declarations
    tokens = _count(texts, counters)
    operations = len(bundle.calls)
    return _Report(name, tokens, operations, _advice(tokens, operations, counters[0].name))


def _count(texts: Mapping[str, str], counters: Sequence[Tokenizer]) -> dict[str, dict[str, int]]:
    from tsbind.meter import RankTokenizer

    for counter in counters:
        if isinstance(counter, RankTokenizer):
            counter.prepare(texts.values())
    return {
        label: {counter.name: counter.count(text) for counter in counters}
        for label, text in texts.items()
    }


def _advice(tokens: Mapping[str, Mapping[str, int]], operations: int, name: str) -> str:
    """Say when programs are not worth it: tools cost little then, and need no isolate."""
    tools, declarations = tokens["tools, as JSON Schema"][name], tokens[_LABELS["none"]][name]
    if operations <= _FEW_OPERATIONS and tools <= _FEW_TOKENS:
        return (
            f"with {operations} operations and {tools:,} tokens, tools are as good:"
            " programs pay when calls are chained or replies are long"
        )
    if declarations >= tools:
        return (
            f"the declarations, which also tell the replies, take {declarations - tools:,} tokens"
            " more than tools that do not: select operations, or call tools"
        )
    return ""


def _told(report: _Report) -> str:
    names = list(next(iter(report.tokens.values())))
    rows = []
    for label, counts in report.tokens.items():
        row = [label]
        for name in names:
            row.append(f"{counts[name]:,}")
            if "document" in report.tokens:
                row.append(share(counts[name], report.tokens["document"][name]))
        rows.append(row)
    header = [report.file]
    for name in names:
        header += [name, ""] if "document" in report.tokens else [name]
    return table(header, rows) + (f"\n{report.advice}" if report.advice else "")
