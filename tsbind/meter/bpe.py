"""Byte-pair encodings counted with tiktoken, from rank files that ship with tsbind.

Two things make it quick and change no count:

* A large text repeats itself.  `cut` finds places where a token ends whatever stands around them,
  so equal stretches are counted once (`repeats`).
* Loading 200,000 ranks takes a third of a second, for a file of a page as for one of 13 MB.  A
  merge only ever looks up pieces of the text, so the first small texts are counted with a table
  of just those ranks that occur in them.
"""

from __future__ import annotations

import gc
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from hashlib import sha256
from itertools import compress, count
from typing import TYPE_CHECKING

import msgspec

from tsbind.errors import BuildError
from tsbind.meter.cut import gaps, repeats, slices, stretches
from tsbind.resources import artefact

if TYPE_CHECKING:
    from tiktoken import Encoding as Tiktoken


class Encoding(msgspec.Struct, frozen=True):
    """An encoding as its makers publish it: how text is split, and the file of its ranks."""

    name: str
    pattern: str
    digest: str  # SHA-256 of the rank file: the one that tiktoken itself insists on


_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"

ENCODINGS = {
    encoding.name: encoding
    for encoding in (
        Encoding(
            "o200k_base",
            "|".join(
                (
                    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_CONTRACTION}",
                    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_CONTRACTION}",
                    r"\p{N}{1,3}",
                    r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
                    r"\s*[\r\n]+",
                    r"\s+(?!\S)",
                    r"\s+",
                )
            ),
            "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        ),
        Encoding(
            "cl100k_base",
            "|".join(
                (
                    r"'(?i:[sdmt]|ll|ve|re)",
                    r"[^\r\n\p{L}\p{N}]?+\p{L}++",
                    r"\p{N}{1,3}+",
                    r" ?[^\s\p{L}\p{N}]++[\r\n]*+",
                    r"\s++$",
                    r"\s*[\r\n]",
                    r"\s+(?!\S)",
                    r"\s",
                )
            ),
            "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        ),
    )
}
DEFAULT = "o200k_base"

_SMALL = 400_000  # substrings that a text may have and still be counted with a table of its own
_PARTIALS = 8  # tables of some ranks that are made before loading all would have been quicker
_LONGEST = 128  # bytes of the longest token of either encoding
_REPETITIVE = 1 << 16  # characters from which looking for repetition pays


class RankTokenizer:
    """Counts the tokens of one encoding; no special tokens, as for text that is data."""

    def __init__(self, encoding: Encoding) -> None:
        self.name = encoding.name
        self._encoding = encoding
        self._known: frozenset[bytes] = frozenset()  # pieces that `_partial` can merge
        self._partial: Tiktoken | None = None
        self._partials = 0  # tables made so far that were not the full one

    def prepare(self, texts: Iterable[str]) -> None:
        """Load at once what counting all these texts needs; it saves time and changes no count."""
        self._table_for("\n".join(texts))

    def count(self, text: str) -> int:
        """Return how many tokens `text` has; a lone surrogate counts as U+FFFD."""
        text = _encodable(text)
        table = self._table_for(text)
        if len(text) < _REPETITIVE:
            return _count(table, text)
        return sum(times * _count(table, part) for times, part in repeats(text))

    def _table_for(self, text: str) -> Tiktoken:
        if "_full" in self.__dict__ or self._partials == _PARTIALS:
            return self._full
        pieces = _pieces(_encodable(text))
        if pieces is None:
            return self._full
        if self._partial is None or not pieces <= self._known:
            self._partials += 1
            self._known |= pieces
            self._partial = self._table(self._ranks_of(self._known))
        return self._partial

    @cached_property
    def _full(self) -> Tiktoken:
        with _no_garbage_collection():
            return self._table(dict(zip(map(a2b_base64, self._keys), count(), strict=False)))

    @cached_property
    def _keys(self) -> list[bytes]:
        """The tokens in base64, by rank.

        The verified files number their lines from 0 without a gap, so a line's number is its rank.
        """
        data = artefact(f"{self.name}.tiktoken").read_bytes()
        if sha256(data).hexdigest() != self._encoding.digest:
            raise BuildError(
                f'"{self.name}.tiktoken" is not the file that its makers publish',
                fix="install tsbind again",
                code="damaged",
            )
        with _no_garbage_collection():
            return data.split()[::2]

    def _ranks_of(self, pieces: frozenset[bytes]) -> dict[bytes, int]:
        # Bytes one by one, since every text is made of those whatever else merges.
        pieces |= {bytes((byte,)) for byte in range(256)}
        wanted = {b2a_base64(piece, newline=False): piece for piece in pieces}
        found = compress(enumerate(self._keys), map(wanted.__contains__, self._keys))
        return {wanted[key]: rank for rank, key in found}

    def _table(self, ranks: dict[bytes, int]) -> Tiktoken:
        from tiktoken import Encoding as Tiktoken

        return Tiktoken(
            self.name,
            pat_str=self._encoding.pattern,
            mergeable_ranks=ranks,
            special_tokens={},
        )


def _encodable(text: str) -> str:
    # Pairs of surrogates become one character and lone ones U+FFFD, as in tiktoken.
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _count(table: Tiktoken, text: str) -> int:
    total = 0
    for part, whole in gaps(text):
        # tiktoken's regular expressions overflow on very long gaps, so those go in as one piece.
        encode = table._encode_single_piece if whole else table.encode_ordinary
        total += sum(len(encode(piece)) for piece in slices(part))
    return total


def _pieces(text: str) -> frozenset[bytes] | None:
    """All substrings that could be tokens of `text`, or None when they are too many to be worth it.

    Tokens never reach across the ends of `stretches`, and never are longer than `_LONGEST`.
    """
    if len(text) > _SMALL:
        return None
    parts = [part.encode() for part in set(stretches(text))]
    if sum(len(part) * min(len(part), _LONGEST) for part in parts) > _SMALL:
        return None
    return frozenset(
        part[start:end]
        for part in parts
        for start in range(len(part))
        for end in range(start + 1, min(len(part), start + _LONGEST) + 1)
    )


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    # 200,000 new objects and no cycle among them: the collector would only walk them, repeatedly.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
