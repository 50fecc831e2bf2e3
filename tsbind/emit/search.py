"""Prints the search index of an API: its words, and the signatures that hits are shown as."""

from __future__ import annotations

from collections.abc import Callable

from tsbind.emit.typescript import print_pieces
from tsbind.ir.api import Api, Operation
from tsbind.search.index import Entry, Index, Piece, build


def print_index(whole: Api, small: Api, count: Callable[[str], int]) -> Index:
    """Return the index over `whole`; hits are shown as `small`, its shorter form, is printed.

    Both have the same operations.  `count` says how many tokens a text takes.
    """
    operations, types = print_pieces(small)
    return build(
        entries(whole),
        {op: Piece(text, count(text)) for op, text in operations.items()},
        {name: Piece(text, count(text)) for name, text in types.items()},
    )


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
