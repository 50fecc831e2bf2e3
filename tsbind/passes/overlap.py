"""Finds members that many sets share, where stating them once saves the most.

The sets are objects (members: fields) or enums and unions (members: options).  This is the search
behind `group`; it knows members and their costs, not types.

Candidates are the closures of formal concept analysis that can be had without comparing every set
with every other: for each member, what all the sets that hold it have in common; for rare members,
what each two of those sets have in common; and whole sets that already have a name.  They are
taken greedily, best first.  A taken candidate becomes a set itself, so that it can be made of
further ones.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations

import msgspec

RARE = 12  # holders up to which a member's sets are compared pairwise
PAIRS = 60_000  # comparisons in all, so that time stays linear in the size of the Api


class Group(msgspec.Struct, frozen=True):
    """Members stated once: as the set `named` if that is one of the given ones, else anew."""

    members: frozenset[int]
    named: int | None


class Prices(msgspec.Struct, frozen=True):
    """What stating costs, in estimated tokens."""

    member: Sequence[float]  # by member
    mention: float  # of a group in place of its members
    definition: float  # of a group that is not yet a named set


class Factoring(msgspec.Struct, frozen=True):
    """The outcome: which groups there are, and how each set is made of groups and members."""

    groups: tuple[Group, ...]
    # By set; a set with index len(sets) + g is what remains of group g.
    uses: tuple[tuple[int, ...], ...]
    remains: tuple[frozenset[int], ...]


def factor(
    sets: Sequence[frozenset[int]],
    weights: Sequence[int],
    named: Sequence[bool],
    related: Callable[[int, int], bool],
    prices: Prices,
    *,
    gain: float,
    most: int,
) -> Factoring:
    """Return the groups that save at least `gain` tokens each, at most `most` in one set.

    `weights[s]` is how often set s is written out, `named[s]` whether it has a name, and
    `related(s, t)` whether set t may be said to be the named set s and more.
    Deterministic: ties go to the candidate whose first members come first.
    """
    search = _Search(sets, weights, named, related, prices, most)
    heap: list[tuple[float, tuple[int, ...]]] = []
    for candidate in search.candidates():
        worth = search.worth(candidate)
        if worth >= gain:
            heap.append((-worth, tuple(sorted(candidate))))
    heapq.heapify(heap)
    while heap:
        _, ordered = heapq.heappop(heap)
        candidate = frozenset(ordered)
        worth = search.worth(candidate)
        if worth < gain:
            continue
        # What was taken since may have made this one worth less than the next.
        if heap and worth < -heap[0][0]:
            heapq.heappush(heap, (-worth, ordered))
        else:
            search.take(candidate)
    return search.outcome()


class _Search:
    def __init__(
        self,
        sets: Sequence[frozenset[int]],
        weights: Sequence[int],
        named: Sequence[bool],
        related: Callable[[int, int], bool],
        prices: Prices,
        most: int,
    ) -> None:
        self._given = len(sets)
        self._full = list(sets)
        self._left = [set(members) for members in sets]
        self._weights = list(weights)
        self._related = related
        self._prices = prices
        self._most = most
        self._uses: list[list[int]] = [[] for _ in sets]
        self._groups: list[Group] = []
        self._holders: dict[int, set[int]] = defaultdict(set)
        for index, members in enumerate(sets):
            for member in members:
                self._holders[member].add(index)
        self._names = {sets[i]: i for i in reversed(range(len(sets))) if named[i]}

    def candidates(self) -> set[frozenset[int]]:
        found: set[frozenset[int]] = set(self._names)
        pairs = 0
        for holders in self._holders.values():
            if len(holders) < 2:
                continue
            found.add(self._common(holders))
            if len(holders) <= RARE and pairs < PAIRS:
                for one, other in combinations(sorted(holders), 2):
                    found.add(self._full[one] & self._full[other])
                    pairs += 1
        return {candidate for candidate in found if len(candidate) > 1}

    def _common(self, holders: set[int]) -> frozenset[int]:
        common: frozenset[int] | None = None
        for index in sorted(holders, key=lambda i: len(self._full[i])):
            common = self._full[index] if common is None else common & self._full[index]
            if len(common) < 2:
                break
        return common or frozenset()

    def _sets_with(self, candidate: frozenset[int]) -> list[int]:
        owner = self._names.get(candidate)
        rarest = min(candidate, key=lambda member: len(self._holders[member]))
        return sorted(
            index
            for index in self._holders[rarest]
            if index != owner
            and (owner is None or self._related(owner, index))
            and len(self._uses[index]) < self._most
            and candidate <= self._left[index]
        )

    def worth(self, candidate: frozenset[int]) -> float:
        """Return the tokens saved by stating `candidate` once, as things stand now."""
        holders = self._sets_with(candidate)
        if not holders:
            return 0.0
        size = sum(self._prices.member[member] for member in candidate)
        times = sum(self._weights[index] for index in holders)
        whole = sum(
            self._weights[index] for index in holders if len(candidate) == len(self._left[index])
        )
        owner = self._names.get(candidate)
        definition = 0.0 if owner is not None else self._prices.definition + size
        # A set that is nothing but the group needs no braces of its own.
        return times * (size - self._prices.mention) + whole - definition

    def take(self, candidate: frozenset[int]) -> None:
        owner = self._names.get(candidate)
        group = len(self._groups)
        self._groups.append(Group(candidate, owner))
        for index in self._sets_with(candidate):
            self._left[index] -= candidate
            self._uses[index].append(group)
            for member in candidate:
                self._holders[member].discard(index)
        # The group is a set to be factored in its turn.
        index = len(self._full)
        self._full.append(candidate)
        self._left.append(set(candidate) if owner is None else set())
        self._weights.append(1)
        self._uses.append([])
        if owner is None:
            for member in candidate:
                self._holders[member].add(index)

    def outcome(self) -> Factoring:
        return Factoring(
            tuple(self._groups),
            tuple(map(tuple, self._uses)),
            tuple(map(frozenset, self._left)),
        )
