"""Counts an API in every form that a model may be sent, as a whole and per operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from tsbind.bundle import Bundle, Call, Json
from tsbind.emit.catalog import print_catalog
from tsbind.ir.api import Api, Operation
from tsbind.meter import RankTokenizer, Tokenizer, tools, without_layout
from tsbind.meter.outline import Kind, weigh
from tsbind.pipeline import Options, survey
from tsbind.spec.parse import parse

Docs = Literal["none", "brief", "full"]
LEVELS: Final[tuple[Docs, ...]] = ("none", "brief", "full")
DOCUMENT, MINIFIED, TOOLS, CATALOG = (
    "document",
    "document, minified",
    "tools, as JSON Schema",
    "catalog, for search",
)
DECLARED: Final = {
    level: f"declarations, {'no' if level == 'none' else level} prose" for level in LEVELS
}
_FEW_OPERATIONS, _FEW_TOKENS = 5, 1_000


class OperationCost(msgspec.Struct, frozen=True):
    """The tokens of what each form says of one operation alone, without the types it shares."""

    name: str
    document: int  # its object in the normalised document, minified
    tools: int  # its function definition, with the schemas that it needs
    declarations: Mapping[Docs, int]  # its own lines, by level of prose


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """The tokens of one file: by what is counted, then by tokenizer."""

    file: str
    tokens: Mapping[str, Mapping[str, int]]
    operations: int = 0
    advice: str = ""
    # These are counted with the first tokenizer.
    by_operation: tuple[OperationCost, ...] = ()
    parts: Mapping[Kind, Mapping[str, int]] = {}  # of the declarations without prose


def measure(
    source: bytes | Path,
    text: str,
    counters: Sequence[Tokenizer],
    options: Options,
    *,
    detail: bool = False,
) -> Account:
    """Compile a document at each level of prose and count everything.

    `text` is the document as it is written, `detail` asks for the account per operation.  Raises
    what compiling raises, and TokenizerError.
    """
    name = options.name
    found = survey(source, options)
    bundle = found.bundle
    texts = {
        DOCUMENT: text,
        MINIFIED: _as_written(text, options),
        TOOLS: f"[{','.join(tools(bundle).values())}]",
        **{DECLARED[level]: declared for level, declared in found.declarations.items()},
    }
    # Of all texts that the introduction may be, the one that has the words of the others.
    longest = _introduction(bundle, lambda text: 0)
    tokens = count_all(texts, counters, longest)
    tokens[CATALOG] = {
        counter.name: counter.count(_introduction(bundle, counter.count)) for counter in counters
    }
    first = counters[0]
    account = Account(
        name, tokens, len(bundle.calls), advice(tokens, len(bundle.calls), first.name)
    )
    if not detail:
        return account
    weights = {level: weigh(text, first.count) for level, text in found.declarations.items()}
    return msgspec.structs.replace(
        account,
        by_operation=_by_operation(bundle, found.document, weights, first),
        parts=weights["none"],
    )


def count_all(
    texts: Mapping[str, str], counters: Sequence[Tokenizer], *later: str
) -> dict[str, dict[str, int]]:
    """Count each text with each tokenizer; texts like those in `later` will be counted, too."""
    for counter in counters:
        if isinstance(counter, RankTokenizer):
            counter.prepare([*texts.values(), *later])
    return {
        label: {counter.name: counter.count(text) for counter in counters}
        for label, text in texts.items()
    }


def advice(tokens: Mapping[str, Mapping[str, int]], operations: int, name: str) -> str:
    """Say when programs are not worth it: tools cost little then, and need no isolate."""
    tools, declarations = tokens[TOOLS][name], tokens[DECLARED["none"]][name]
    if operations <= _FEW_OPERATIONS and tools <= _FEW_TOKENS:
        return (
            f"with {_operations(operations)} and {tools:,} tokens, tools are as good:"
            " programs pay when calls are chained or replies are long"
        )
    if declarations >= tools:
        return (
            f"the declarations, which also tell the replies, take {declarations - tools:,} tokens"
            " more than tools that do not: select operations, or call tools"
        )
    return ""


def _operations(count: int) -> str:
    return "1 operation" if count == 1 else f"{count} operations"


def _as_written(text: str, options: Options) -> str:
    """The document without its layout, but otherwise as it is: nothing upgraded or resolved."""
    tree = parse(text.encode("utf-8", "replace"), options.name, nodes=options.limits.nodes)[1]
    return without_layout(tree)


def _introduction(bundle: Bundle, count: Callable[[str], int]) -> str:
    """The catalog, which tells names and numbers; the types of operations are not in it."""
    operations = tuple(
        Operation(tuple(op.split(".")), None, None, call) for op, call in bundle.calls.items()
    )
    named = Api(
        bundle.title, bundle.version, operations, {}, {}, {}, (), bundle.doc, bundle.namespaces
    )
    return print_catalog(named, count)


def _by_operation(
    bundle: Bundle,
    document: Json,
    weights: Mapping[Docs, Mapping[Kind, dict[str, int]]],
    counter: Tokenizer,
) -> tuple[OperationCost, ...]:
    defined = tools(bundle)
    return tuple(
        OperationCost(
            op,
            counter.count(without_layout(_described(document, call))),
            counter.count(defined[op]),
            {level: found["operation"].get(op, 0) for level, found in weights.items()},
        )
        for op, call in bundle.calls.items()
    )


def _described(document: Json, call: Call) -> Json:
    """The Operation Object of a call; methods without a field of their own lie in another."""
    item = document.get("paths", {}).get(call.path, {})
    found = item.get(call.method.lower())
    return found if found is not None else item.get("additionalOperations", {}).get(call.method, {})
