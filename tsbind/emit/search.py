"""Prints the search index of an API: its words, and the signatures that hits are shown as."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tsbind.emit.typescript import print_pieces
from tsbind.ir.api import Api, Operation
from tsbind.search.index import Entry, Index, Piece, build


def print_index(whole: Api, small: Api, counts: Callable[[Sequence[str]], Sequence[int]]) -> Index:
    """Return the index over `whole`; hits are shown as `small`, its shorter form, is printed.

    Both have the same operations.  `counts` says how many tokens each of many texts takes.
    """
    operations, types = print_pieces(small)
    tokens = counts([*operations.values(), *types.values()])
    return build(
        entries(whole),
        _pieces(operations, tokens),
        _pieces(types, tokens[len(operations) :]),
    )


def _pieces(texts: Mapping[str, str], tokens: Sequence[int]) -> dict[str, Piece]:
    return {
        name: Piece(text, count) for (name, text), count in zip(texts.items(), tokens, strict=False)
    }


def entries(api: Api) -> list[Entry]:
    """Return what is worth finding an operation by, in the Api's order."""
    return [_entry(operation) for operation in api.operations]


def _entry(operation: Operation) -> Entry:
    call = operation.call
    return Entry(
        op=operation.id,
        method=call.method,
        path=call.path,
        summary=operation.summary or call.summary,
        doc=operation.doc,
        tags=operation.tags or call.tags,
        arguments=tuple(parameter.arg for parameter in call.parameters),
        deprecated=operation.deprecated,
    )
