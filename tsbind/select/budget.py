"""Fits an Api into a budget of tokens by climbing down the ladder of losses as little as it can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from tsbind.errors import BudgetError
from tsbind.ir.api import Api
from tsbind.select.ladder import LADDER, TYPICAL_SHARES, GivenUp, cut

DIRECT: Final = 2  # measurements after the first, then the search goes on by halves


class Fit(msgspec.Struct, frozen=True):
    """What became of a budget."""

    tokens: int  # of the text that fits
    budget: int
    given_up: tuple[GivenUp, ...] = ()
    catalog: bool = False  # nothing fits but an introduction to the API


def fit(
    api: Api,
    budget: int,
    measure: Callable[[Api], int],
    catalog: Callable[[Api], int] | None = None,
) -> tuple[Api, Fit]:
    """Return `api`, or as much of it as fits `budget` tokens, and what was given up for that.

    `measure` says how many tokens an Api takes in print, `catalog` how many its introduction
    takes, or raises BudgetError; the introduction is the last resort, and then the Api is returned
    whole.  Every rung of the ladder takes less than the one above, so the first that fits is found
    with few measurements: each tells where the next is worth while.

    Raises BudgetError when nothing fits.
    """
    whole = least = measure(api)
    if whole <= budget:
        return api, Fit(whole, budget)
    best: tuple[Api, Fit] | None = None
    low, high = 1, len(LADDER)
    bare = float(whole)  # what the Api takes without prose, as far as is known
    probes = 0
    while low < high:
        rung = (low + high) // 2 if probes > DIRECT else _likely(budget / bare, low, high)
        smaller, given_up = cut(api, LADDER[rung])
        tokens = measure(smaller)
        if tokens <= budget:
            best = smaller, Fit(tokens, budget, given_up)
            high = rung
        else:
            low = rung + 1
            least = min(least, tokens)
        bare = max(tokens, 1) / TYPICAL_SHARES[rung]
        probes += 1
    return best or _introduced(api, budget, least, catalog)


def _likely(share: float, low: int, high: int) -> int:
    """The rung from `low` up to, not including, `high` that is likely to leave such a share."""
    first = next((n for n, left in enumerate(TYPICAL_SHARES) if left <= share), high)
    return min(max(first, low), high - 1)


def _introduced(
    api: Api, budget: int, least: int, catalog: Callable[[Api], int] | None
) -> tuple[Api, Fit]:
    if catalog is not None:
        try:
            tokens = catalog(api)
        except BudgetError as error:
            tokens = error.least or least
        else:
            if tokens <= budget:
                return api, Fit(tokens, budget, (_all_lost(api),), catalog=True)
        least = min(least, tokens)
    # The introduction may be longer than the barest declarations of a small API.
    raise BudgetError(
        f"with all detail given up it still takes {least} tokens, {budget} are allowed",
        where=api.title,
        fix=f"raise the budget to {least}, or select fewer operations",
    )


def _all_lost(api: Api) -> GivenUp:
    names = tuple(operation.id for operation in api.operations)
    return GivenUp("declarations", "all declarations; only an introduction is left", names)
