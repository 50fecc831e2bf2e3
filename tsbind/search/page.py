"""Spells operations with just the types that they need, within a number of tokens.

Signatures come first, then the types of arguments, without which nothing can be called, then those
of replies, nearest first.  What does not fit is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from tsbind.search.index import Index, Piece

REMARK: Final = 100  # tokens kept for what is left out: as many characters cannot take more

_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*")


def show(index: Index, operations: Sequence[str], tokens: int, types: Sequence[str] = ()) -> str:
    """Return the text of operations, and of types, with the types that they mention.

    `tokens` is kept to by the counts in the index, which a line feed per line is added to; below
    what the remark about the rest takes, only that remark is returned.
    """
    room = tokens - REMARK
    lines: list[str] = []
    shown: list[str] = []
    for op in operations:
        if index.signatures[op].tokens + 1 > room:
            break
        room -= index.signatures[op].tokens + 1
        lines.append(index.signatures[op].text)
        shown.append(op)
    absent: list[str] = []
    for name in _wanted(index, shown, types):
        if index.types[name].tokens + 1 > room:
            absent.append(name)
        else:
            room -= index.types[name].tokens + 1
            lines.append(index.types[name].text)
    left = [*operations[len(shown) :], *absent]
    if left:
        lines.append(_remark(left))
    return "\n".join(lines)


def _remark(left: Sequence[str]) -> str:
    line = f"// {len(left)} left out, see $describe: {', '.join(left)}"
    return line if len(line.encode()) <= REMARK else f"{_cut(line, REMARK - 3)}…"


def _cut(line: str, size: int) -> str:
    """The first `size` bytes of a line, up to the last name that is whole."""
    return line.encode()[:size].decode("utf-8", "ignore").rpartition(",")[0] + ", "


def _wanted(index: Index, operations: Iterable[str], types: Iterable[str]) -> Iterator[str]:
    """The types that signatures mention, directly or not; those of arguments before others."""
    split = [index.signatures[op].text.partition("):Promise<") for op in operations]
    seen: dict[str, None] = dict.fromkeys(types)
    yield from seen
    yield from _reached((index.types[name].text for name in list(seen)), index.types, seen)
    yield from _reached((before for before, _, _ in split), index.types, seen)
    for _, _, after in split:
        yield from _reached([after], index.types, seen)


def _reached(
    texts: Iterable[str], types: Mapping[str, Piece], seen: dict[str, None]
) -> Iterator[str]:
    """The types that texts mention, directly or not, breadth first, without those seen."""
    pending = list(texts)
    for text in pending:
        for name in _NAME.findall(text):
            if name in types and name not in seen:
                seen[name] = None
                pending.append(types[name].text)
                yield name
