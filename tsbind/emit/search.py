"""Prints the search index of an API: its words, and the signatures that hits are shown as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tsbind.ir.api import Api, Operation
from tsbind.search.index import Entry, Index, Piece, build


def print_index(
    listed: Sequence[Entry],
    operations: Mapping[str, str],
    types: Mapping[str, str],
    tokens: Sequence[int],
) -> Index:
    """Return the index over what `entries` listed; hits are shown as what `print_pieces` printed.

    `tokens` says how many each of the `operations` takes, and then each of the `types`.
    """
    return build(
        listed,
        _pieces(operations, tokens),
        _pieces(types, tokens[len(operations) :]),
    )


def _pieces(texts: Mapping[str, str], tokens: Sequence[int]) -> dict[str, Piece]:
    return {
        name: Piece(text, count) for (name, text), count in zip(texts.items(), tokens, strict=False)
    }


def entries(api: Api) -> list[Entry]:
    """Return what is worth finding an operation by, in the Api's order."""
    return [
        _entry(operation, api.namespaces.get(operation.name[0], "")) for operation in api.operations
    ]


def _entry(operation: Operation, about: str) -> Entry:
    call = operation.call
    return Entry(
        op=operation.id,
        method=call.method,
        path=call.path,
        summary=operation.summary or call.summary,
        doc=operation.doc,
        about=about,
        tags=operation.tags or call.tags,
        arguments=tuple(parameter.arg for parameter in call.parameters),
        deprecated=operation.deprecated,
    )


__all__ = ["Entry", "entries", "print_index"]
