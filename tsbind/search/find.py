"""Answers a search: the best operations, and their signatures with the types that they need."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from difflib import get_close_matches
from functools import lru_cache
from heapq import nlargest
from itertools import chain, pairwise
from math import log
from typing import Final

import msgspec

from tsbind.bundle import Bundle
from tsbind.errors import BundleError, SelectionError
from tsbind.search.index import SCALE, Index
from tsbind.search.page import show
from tsbind.search.words import ALIKE, HINTS, VERBS, one_edit, phrases, silent, terms

LIMIT: Final = 10  # hits
TOKENS: Final = 2000  # of the text that hits are shown as
LONGEST: Final = 500  # characters of a query that are read
MOST_TERMS: Final = 24
KEPT: Final = 4  # opened indexes

_LOOKED_AT: Final = 50  # hits beyond those asked for whose names are held against the query
_NAMED_WORTH: Final = 0.5  # gained by an operation whose whole name the query says

# How much of a word's worth another word has that stands in for it.
_ALIKE_WORTH, _BEGUN_WORTH, _TYPO_WORTH, _JOINED_WORTH, _HINT_WORTH = 0.7, 0.6, 0.7, 0.2, 0.25


class Hit(msgspec.Struct, frozen=True):
    """One operation that a search found, and how well it fits; the scores of one search compare."""

    op: str
    score: float


class Finder:
    """Searches one index.  Cheap to make, cheaper to keep."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._words = sorted(index.postings)
        self._sizes: dict[int, list[str]] = {}
        for word in self._words:
            self._sizes.setdefault(len(word), []).append(word)

    @staticmethod
    def of(bundle: Bundle) -> Finder:
        """Open the index of a Bundle; raises BundleError when it has none, or none of this kind.

        The last few are kept, for reading an index takes far longer than a search.
        """
        finder = _opened(_Same(bundle.index))
        if isinstance(finder, str):
            raise BundleError(
                finder, where=bundle.title, fix="compile the document again", code="bundle-index"
            )
        return finder

    def find(self, words: str, *, limit: int = LIMIT) -> list[Hit]:
        """Return the operations that fit `words` best, best first, at most `limit`.

        Forgives endings, words that mean the same, joined words, beginnings and slips of the pen.
        """
        read = words[:LONGEST]
        asked = list(dict.fromkeys([*phrases(read), *terms(read)]))[:MOST_TERMS]
        concepts = self._concepts(asked)
        hints = list(self._hints(asked if concepts else (), silent(read)))
        scores = self._scores(concepts or hints)
        if concepts:  # hints tell likely hits apart, and make none
            for number, worth in self._scores(hints).items():
                if number in scores:
                    scores[number] += worth
        likely = nlargest(limit + _LOOKED_AT, scores, key=lambda number: (scores[number], -number))
        said = frozenset(chain.from_iterable([*concepts, *hints]))
        for number in likely:
            scores[number] *= 1 + _NAMED_WORTH * self._named(number, said)
        ranked = sorted(likely, key=lambda number: (-scores[number], number))[:limit]
        return [Hit(self._index.operations[number], scores[number] / SCALE) for number in ranked]

    def _scores(self, concepts: Iterable[dict[str, float]]) -> dict[int, float]:
        scores: dict[int, float] = {}
        for variants in concepts:
            for number, worth in self._worths(variants).items():
                scores[number] = scores.get(number, 0.0) + worth
        return scores

    def _named(self, number: int, said: Set[str]) -> float:
        """The share of an operation's own name that the query says: 1 when nothing is left over.

        "create an issue" says all of `issues.create`, and half of `issues.createComment`.
        """
        words = frozenset(terms(self._index.operations[number]))
        return len(words & said) / max(len(words), 1)

    def _concepts(self, asked: Sequence[str]) -> list[dict[str, float]]:
        """What is asked for: words of the index that stand for one another, with their worth.

        Words of the query that mean the same ("open a new issue") are one concept, not two.
        """
        known = self._index.postings
        concepts: list[dict[str, float]] = []
        for word in asked:
            alike = ALIKE.get(word, frozenset())
            variants = {other: _ALIKE_WORTH for other in alike if other in known}
            if word in known:
                variants[word] = 1.0
            elif not variants:
                variants = self._guesses(word)
            same = next((each for each in concepts if word in each), None)
            if same is not None:
                for other, worth in variants.items():
                    same[other] = max(worth, same.get(other, 0.0))
            elif variants:
                concepts.append(variants)
        joined = (left + right for left, right in pairwise(asked))
        return concepts + [{word: _JOINED_WORTH} for word in joined if word in known]

    def _hints(self, asked: Sequence[str], silent: Iterable[str]) -> Iterator[dict[str, float]]:
        """What the rest of a question says: that it is about the caller, or only to be read."""
        known = self._index.postings
        worth = _HINT_WORTH if asked else 1.0  # of "who am I" hints are all there is
        for word in dict.fromkeys(silent):
            hinted = {each: worth for each in HINTS.get(word, ()) if each in known}
            if hinted:
                yield hinted
        if asked and VERBS.isdisjoint(asked):
            yield {each: _HINT_WORTH for each in ("list", "get") if each in known}

    def _worths(self, variants: Mapping[str, float]) -> dict[int, float]:
        """The worth of each operation by the best of the variants that it says."""
        best: dict[int, float] = {}
        for word, worth in variants.items():
            posting = self._index.postings[word]
            for number, impact in zip(posting[::2], posting[1::2], strict=True):
                value = worth * impact
                if value > best.get(number, 0.0):
                    best[number] = value
        count = len(self._index.operations)
        rarity = log(1 + (count - len(best) + 0.5) / (len(best) + 0.5))
        return {number: rarity * value for number, value in best.items()}

    def _guesses(self, word: str) -> dict[str, float]:
        """Words of the index that this one begins or is begun by, or that are one slip away."""
        known = self._index.postings
        if len(word) < 3:
            return {}
        guesses = {word[:end]: _BEGUN_WORTH for end in range(4, len(word)) if word[:end] in known}
        for other in self._words[bisect_left(self._words, word) :]:
            if not other.startswith(word):
                break
            guesses[other] = _BEGUN_WORTH
        if len(word) > 3:
            near = chain.from_iterable(self._sizes.get(len(word) + by, ()) for by in (-1, 0, 1))
            guesses.update((other, _TYPO_WORTH) for other in near if one_edit(word, other))
        return guesses

    # -- as text -------------------------------------------------------------------------------

    def search(self, words: str, *, limit: int = LIMIT, tokens: int = TOKENS) -> str:
        """Return the best hits as signatures with the types that they need, in `tokens` at most."""
        hits = self.find(words, limit=limit)
        if not hits:
            return "// nothing found; try other words"
        return show(self._index, [hit.op for hit in hits], tokens)

    def describe(self, name: str, *, tokens: int = TOKENS) -> str:
        """Return an operation, a type, or all operations of a namespace, with the types they need.

        Raises SelectionError when nothing has that name.
        """
        index = self._index
        if name in index.signatures:
            return show(index, [name], tokens)
        if name in index.types:
            return show(index, [], tokens, [name])
        inside = [op for op in index.signatures if op.startswith(name + ".")]
        if inside:
            return show(index, inside, tokens)
        near = get_close_matches(name, [*index.signatures, *index.types], 1)
        raise SelectionError(
            f'there is no operation, namespace or type "{name[:80]}"',
            fix=f'did you mean "{near[0]}"' if near else "look with $search",
            code="unknown-name",
        )


class _Same:
    """A key that only the same object equals: comparing the bytes of indexes takes long."""

    __slots__ = ("index",)

    def __init__(self, index: msgspec.Raw) -> None:
        self.index = index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.index is other.index

    def __hash__(self) -> int:
        return id(self.index)


@lru_cache(maxsize=KEPT)
def _opened(key: _Same) -> Finder | str:
    """Return a finder for an index, or what is wrong with it."""
    try:
        index = msgspec.json.decode(key.index, type=Index | None)
    except msgspec.DecodeError as error:
        return f"has an index that cannot be read: {error}"
    return "has no search index" if index is None else Finder(index)
