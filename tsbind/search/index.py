"""The index: for each word, the operations that say it and how much each is about it (BM25F).

A word counts more in an operation's name than in its description: weights are added up before
they saturate.  How rare a word is depends on what is taken for the same word, so that factor of
BM25 is left to the query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from tsbind.search.words import terms

SATURATION: Final = 0.8  # BM25's k1: how soon repeating a word stops counting
LENGTH: Final = 0.7  # BM25's b: how much an operation with many words is held back
PROSE: Final = 200  # characters of a summary or description that are indexed; more only blurs
SCALE: Final = 100  # impacts are stored as integers, in hundredths

_VERBS: Final[Mapping[str, str]] = {
    "GET": "get",
    "HEAD": "check",
    "POST": "create post",
    "PUT": "set put",
    "PATCH": "update",
    "DELETE": "delete",
    "QUERY": "search",
}


class Entry(msgspec.Struct, frozen=True):
    """What the index is to know of one operation."""

    op: str
    method: str
    path: str
    summary: str = ""
    doc: str = ""
    about: str = ""  # what its namespace is for
    tags: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    deprecated: bool = False


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """A signature or a type as it is shown, and its tokens."""

    text: str
    tokens: int


class Index(msgspec.Struct, frozen=True):
    """All that a search needs; part of a Bundle."""

    operations: tuple[str, ...]
    postings: Mapping[str, tuple[int, ...]]  # word -> operation, impact, operation, impact, …
    signatures: Mapping[str, Piece]  # by operation
    types: Mapping[str, Piece]  # by name


def build(
    entries: Sequence[Entry], signatures: Mapping[str, Piece], types: Mapping[str, Piece]
) -> Index:
    """Index operations; the same entries give the same index, whatever the hash seed."""
    weighed = [_weigh(entry) for entry in entries]
    lengths = [sum(weights.values()) for weights in weighed]
    average = sum(lengths) / max(len(lengths), 1)
    found: dict[str, list[tuple[int, float]]] = {}
    for number, weights in enumerate(weighed):
        for word, weight in weights.items():
            found.setdefault(word, []).append((number, weight))
    postings: dict[str, tuple[int, ...]] = {}
    for word in sorted(found):
        flat: list[int] = []
        for number, weight in found[word]:
            room = SATURATION * (1 - LENGTH + LENGTH * lengths[number] / average)
            impact = weight * (SATURATION + 1) / (weight + room)
            flat += (number, max(1, round(SCALE * impact)))
        postings[word] = tuple(flat)
    return Index(tuple(entry.op for entry in entries), postings, signatures, types)


def _weigh(entry: Entry) -> dict[str, float]:
    weights: dict[str, float] = {}

    def add(texts: Iterable[str], weight: float) -> None:
        for text in texts:
            for word in terms(text):
                weights[word] = weights.get(word, 0.0) + weight

    *spaces, method = entry.op.split(".")
    steps = entry.path.split("/")
    fixed = [step for step in steps if not step.startswith("{")]
    add([entry.op], 3.0)
    if spaces and len(terms(method)) == 1:
        # `issues.create` is asked for as "create issue", which other names say in one word.
        for word in terms(f"{method}{spaces[-1][:1].upper()}{spaces[-1][1:]}")[-1:]:
            weights[word] = 3.0
    add([entry.summary[:PROSE]], 2.5)
    add(fixed[-1:], 4.0)  # what the operation is about
    add(fixed[:-1], 1.0)
    add((step for step in steps if step.startswith("{")), 0.4)
    add(entry.tags, 1.0)
    add([entry.doc[:PROSE]], 0.6)
    add([entry.about[:PROSE]], 0.3)
    add(entry.arguments[:40], 0.3)
    add([_implied(entry)], 1.0)
    return weights


def _implied(entry: Entry) -> str:
    """The verb that the method stands for, which names and summaries often leave out."""
    if entry.method == "GET" and not entry.path.rstrip("/").endswith("}"):
        return "list"
    return _VERBS.get(entry.method, "")
