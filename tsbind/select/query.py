"""Keeps the operations that a query means, and the types that they reach."""

from __future__ import annotations

from msgspec.structs import replace

from tsbind.errors import SelectionError
from tsbind.ir.api import Api
from tsbind.passes.prune import prune
from tsbind.query import Query, matches, parse, require


def select(api: Api, query: str | Query) -> Api:
    """Return `api` with only the operations that `query` means.

    Raises SelectionError when the query does not parse, when one of its terms means no operation,
    or when all of it together means none.
    """
    wanted = parse(query) if isinstance(query, str) else query
    require(wanted, (operation.call for operation in api.operations))
    kept = tuple(op for op in api.operations if matches(wanted, op.call))
    if not kept:
        raise SelectionError(
            f"none of the {len(api.operations)} operations is meant by all of it together",
            where="selection",
            fix="join terms with `or` where either is enough",
            code="selection-empty",
        )
    if len(kept) == len(api.operations):
        return api
    spaces = {".".join(op.name[:depth]) for op in kept for depth in range(1, len(op.name))}
    namespaces = {name: doc for name, doc in api.namespaces.items() if name in spaces}
    return prune(replace(api, operations=kept, namespaces=namespaces))
