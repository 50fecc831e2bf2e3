"""Fits an Api into a budget of tokens by climbing down the ladder of losses as little as it can.

How many losses a budget asks for is estimated from what each saves, and the estimate is corrected
by measuring: a few measurements come close to the budget, and what fits was measured itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from itertools import accumulate, count
from typing import Final

import msgspec

from tsbind.errors import BudgetError
from tsbind.ir.api import Api
from tsbind.select.cut import GivenUp, cut
from tsbind.select.ladder import ladder

CLOSE: Final = 0.92  # of the budget; what uses as much of it is not improved on
AIM: Final = 0.96  # of the budget; what is aimed at, so that most attempts fit
# What may be measured in search of a better fit, once there is one: so many tokens, or so much of
# the whole.  Counted in tokens, so that the outcome does not depend on the machine.
ENOUGH_TOKENS: Final = 60_000
ENOUGH_SHARE: Final = 1.0


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
    whole.  Raises BudgetError when nothing fits.
    """
    whole = measure(api)
    if whole <= budget:
        return api, Fit(whole, budget)
    search = _Search(api, whole, budget, measure)
    return search.best() or _introduced(api, budget, search.least, catalog)


class _Search:
    """Looks for the fewest losses that fit."""

    def __init__(self, api: Api, whole: int, budget: int, measure: Callable[[Api], int]) -> None:
        self._api = api
        self._budget = budget
        self._measure = measure
        found = ladder(api)
        self._losses = found.losses
        self._saved = [0.0, *accumulate(loss.saves for loss in found.losses)]
        self._rest = found.rest
        self._low = (0, whole)  # the most losses that do not fit, and the tokens that they leave
        self._high: tuple[int, int] | None = None  # the fewest that do
        self._found: tuple[Api, Fit] | None = None
        self._spent = 0  # tokens measured so far
        self._room = max(ENOUGH_TOKENS, ENOUGH_SHARE * whole)
        self.least = whole

    def best(self) -> tuple[Api, Fit] | None:
        """Return what fits and leaves little unused; None when all losses are not enough."""
        for attempt in count(1):
            after = len(self._losses) + 1 if self._high is None else self._high[0]
            if after - self._low[0] < 2 or self._is_enough():
                break
            self._attempt(self._guess(after, halve=attempt % 3 == 0))
        return self._found

    def _is_enough(self) -> bool:
        if self._high is None:
            return False
        return self._high[1] >= CLOSE * self._budget or self._spent >= self._room

    def _attempt(self, taken: int) -> None:
        lost = {loss.item for loss in self._losses[:taken]}
        smaller, given_up = cut(self._api, lost)
        tokens = self._measure(smaller)
        self._spent += tokens
        self.least = min(self.least, tokens)
        if tokens > self._budget:
            self._low = taken, tokens
        else:
            self._high = taken, tokens
            self._found = smaller, Fit(tokens, self._budget, given_up)

    def _guess(self, after: int, *, halve: bool) -> int:
        """The number of losses, below `after`, that is likely to leave what the budget holds.

        Between two measurements, tokens are taken to go as the estimate does.
        """
        taken, tokens = self._low
        start = self._saved[taken]
        if self._high is None:
            end, left = self._saved[-1] + self._rest, 0
        else:
            end, left = self._saved[self._high[0]], self._high[1]
        share = 0.5 if halve else (tokens - AIM * self._budget) / (tokens - left)
        wanted = start + (end - start) * share
        return min(max(bisect_left(self._saved, wanted), taken + 1), after - 1)


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
