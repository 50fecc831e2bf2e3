"""The operations that a run can call, as the guest looks them up: names between line feeds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import chain

from tsbind.bundle import Bundle, Same
from tsbind.runtime import lookup, pages, response


def table_of(bundles: Mapping[str, Bundle]) -> str:
    """Return `Start.table` for Bundles by their roots.

    Sorting the names of a large API takes longer than running a small program, so the table of a
    Bundle is kept as long as others of the last 64 are.
    """
    if len(bundles) == 1:
        return next(_table(Same(bundle)) for bundle in bundles.values())
    names = (f"{root}.{name}" for root, each in bundles.items() for name in _names(Same(each)))
    return _text(sorted(names))


@lru_cache(maxsize=64)
def _table(key: Same) -> str:
    return _text(_names(key))


@lru_cache(maxsize=64)
def _names(key: Same) -> list[str]:
    bundle = key.bundle
    offered = (each.offered(bundle) for each in (lookup, pages, response))
    return sorted(chain(bundle.calls, *offered))


def _text(names: list[str]) -> str:
    return "\n" + "".join(f"{name}\n" for name in names)
