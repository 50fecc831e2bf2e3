"""How much of the declarations must be there, whatever the notation?

A bound from below, in tokens of o200k_base, for any text that spells out the words of an API.  It
counts

  names      each name of a field or parameter, once
  values     each literal value, once
  operations the name of each operation, and of each namespace, once
  choices    one token for each further type that a name has somewhere; one for what an operation
             takes, if it takes anything, and one for what it gives

It leaves out what no notation can do without, but whose least form nobody knows: which fields are
in which object, which of them may be absent, how types nest, and all punctuation.  So the least
text lies between the bound and the declarations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import record
from tsbind.emit.typescript import print_declarations
from tsbind.ir.api import Api
from tsbind.ir.types import Enum, Record, Type
from tsbind.ir.walk import distinct, roots
from tsbind.lower import lower
from tsbind.meter import DEFAULT, counts, tokenizer
from tsbind.passes import passes
from tsbind.passes.prune import prune
from tsbind.passes.shapes import Shapes
from tsbind.passes.strip_docs import strip_docs
from tsbind.spec.load import load


def measure() -> dict[str, Any]:
    """Compute the bound for each document of the list."""
    folder = record.corpus()
    return {
        "tokenizer": DEFAULT,
        "documents": [_row(folder / name, name) for name in record.DOCUMENTS],
    }


def _row(path: Path, name: str) -> dict[str, Any]:
    count = tokenizer(DEFAULT).count
    whole = lower(load(path))[0]
    api = prune(strip_docs(whole))
    parts = bound(api)
    small = api
    for step in passes():
        small = step(small)
    declared = count(print_declarations(small))
    document = count(path.read_text("utf-8"))
    least = sum(parts.values())
    return {
        "document": name,
        "operations": len(api.operations),
        "tokens": {"document": document, "declarations": declared, "bound": least},
        "parts": parts,
        "share_of_document": round(declared / document, 4),
        "bound_of_document": round(least / document, 4),
        "declarations_by_bound": round(declared / least, 2),
    }


def bound(api: Api) -> dict[str, int]:
    """Return the tokens that any text needs to say what `api` holds, by what they are for."""
    shapes = Shapes()
    for root in roots(api):
        shapes.number(root)
    records = [node for node in shapes.nodes if isinstance(node, Record)]
    names = {field.name for node in records for field in node.fields}
    types = {(field.name, shapes.number(field.type)) for node in records for field in node.fields}
    spaces = {each.name[:depth] for each in api.operations for depth in range(1, len(each.name))}
    sides = sum((each.input is not None) + (each.output is not None) for each in api.operations)
    return {
        "names": _spelt(f",{name}" for name in names),
        "values": _spelt(f'|"{value}' for value in _values(shapes.nodes)),
        "operations": _spelt(f"\n{each.name[-1]}" for each in api.operations)
        + _spelt(f"\n{space[-1]}" for space in spaces),
        "choices": len(types) - len(names) + sides,
    }


def _values(nodes: Iterable[Type]) -> set[str]:
    return {
        str(value) for node in distinct(nodes) if isinstance(node, Enum) for value in node.values
    }


def _spelt(words: Iterator[str]) -> int:
    return sum(counts(tokenizer(DEFAULT), list(words)))


def told(result: dict[str, Any]) -> str:
    """Spell the figures."""
    lines = [
        f"{'document':24}{'declared':>10}{'bound':>8}{'of document':>13}{'bound':>8}{'ratio':>7}"
    ]
    for row in result["documents"]:
        tokens = row["tokens"]
        lines.append(
            f"{row['document']:24}{tokens['declarations']:10,}{tokens['bound']:8,}"
            f"{row['share_of_document']:13.1%}{row['bound_of_document']:8.1%}"
            f"{row['declarations_by_bound']:7}"
        )
    return "\n".join(lines)


def table(result: dict[str, Any]) -> str:
    """Spell `results/bound.md`."""
    lines = [
        "# Declarations beside what must be said",
        "",
        "Made by `python -m benchmarks.bound --save`.",
        f"Tokens are of {result['tokenizer']}, without prose.",
        "The bound: every name of a field and every literal once, the name of every operation and",
        "namespace once, one token for every further type of a name and for what each operation",
        "takes and gives.",
        "It leaves out which fields are in which object, which may be absent, and all punctuation.",
        "",
        "| document | operations | names | values | operations' names | choices | bound "
        "| declarations | by bound | of the document | bound of the document |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in result["documents"]:
        parts, tokens = row["parts"], row["tokens"]
        lines.append(
            f"| {row['document']} | {row['operations']:,} | {parts['names']:,} "
            f"| {parts['values']:,} | {parts['operations']:,} | {parts['choices']:,} "
            f"| {tokens['bound']:,} | {tokens['declarations']:,} "
            f"| {row['declarations_by_bound']} | {row['share_of_document']:.1%} "
            f"| {row['bound_of_document']:.1%} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    record.main("bound", measure, told, table)
