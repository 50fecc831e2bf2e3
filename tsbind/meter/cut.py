r"""Places in a text where a token ends for certain, whatever stands before and after.

Both shipped encodings first split text with a regular expression and then merge bytes inside each
part.  Their expressions have no look-behind, and a part can only

* hold letters after an optional first character that is no letter, digit or line break (and, after
  letters, an English contraction, which begins with an apostrophe);
* hold one to three digits;
* hold punctuation after an optional space, and then line breaks (in o200k_base also slashes);
* hold blanks, up to and including the last line break among them if there is one, else up to but
  excluding the last blank before a character.

Hence no part reaches across

1. a line feed, when what follows begins with any number of spaces and then an ASCII character that
   is no slash: no line break and no slash is there to be taken in;
2. the end of a run of ASCII letters and digits before an ASCII character that is neither, and no
   apostrophe.

A text may be cut at such places, and the pieces put together in another order, without changing
the number of tokens, as long as each piece keeps a beginning of the same kind.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

_LINE = re.compile(r"\n(?= *[!-.0-~])")
_STRETCH = re.compile(r"(?<=[A-Za-z0-9])(?=[\x00-&(-/:-@\[-`{-\x7f])")

LONG_GAP = 100_000  # characters; tiktoken's expressions overflow at about ten times as many
SLICE = 25_000  # characters of most parts that are counted at a time
LONG_RUN = 500_000  # characters; what the expressions take for one piece costs more than its share
# White space as Rust's \s has it, line feeds and carriage returns excepted: Python's \s has more.
_BLANK = "\t\x0b\x0c \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_GAP = re.compile(rf"(?<![{_BLANK}])[{_BLANK}]{{{LONG_GAP},}}+(?![\r\n])")


def repeats(text: str) -> Iterator[tuple[int, str]]:
    """Yield (times, part): the tokens of `text` are the sum of `times` times those of `part`.

    Equal lines are in one part, once.
    """
    first, *lines = _LINE.split(text)
    if not lines:
        yield 1, text
        return
    last = lines.pop()
    # The first line may begin with anything, and the last may not end in a line feed.
    yield 1, first + "\n"
    yield 1, last
    groups: defaultdict[int, list[str]] = defaultdict(list)
    for line, times in Counter(lines).items():
        groups[times].append(line)
    for times, group in groups.items():
        yield times, "\n".join(group) + "\n"


def stretches(text: str) -> list[str]:
    """Return `text` in parts that no token reaches across: cut after letters and digits."""
    return _STRETCH.split(text)


def slices(text: str) -> Iterator[str]:
    """Yield `text` in parts, so that counting takes neither the memory nor the time of the whole.

    Parts end where a token ends.  A run of more than LONG_RUN characters without such a place is no
    language's prose: it is cut anywhere, and each part of it may count a token more.
    """
    start = 0
    while len(text) - start > LONG_RUN:
        near, far = start + SLICE, start + LONG_RUN
        cut = _STRETCH.search(text, near, far) or _LINE.search(text, near, far)
        if cut:
            yield text[start : cut.end()]
            start = cut.end()
        else:
            yield from (text[at : at + SLICE] for at in range(start, far, SLICE))
            start = far
    yield text[start:]


def gaps(text: str) -> Iterator[tuple[str, bool]]:
    """Yield `text` in parts, and whether the part is blanks that both encodings take as one piece.

    A gap of more than `LONG_GAP` blanks is one piece, but for its last blank when a character
    follows it.
    """
    start = 0
    if len(text) >= LONG_GAP:
        for gap in _GAP.finditer(text):
            end = gap.end() - (gap.end() < len(text))
            yield text[start : gap.start()], False
            yield text[gap.start() : end], True
            start = end
    yield text[start:], False
