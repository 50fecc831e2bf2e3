"""Make a text that matches a regular expression, from how Python parses it.

Covers what API documents use: literals, classes, groups, alternatives, repetition, anchors.
Look-around and back-references are refused.

    >>> text_for("^[A-Z]{2}-[0-9]+$")
    'AA-0'
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from re import _constants as code
from re import _parser as parser
from typing import Any

_CATEGORIES = {
    code.CATEGORY_DIGIT: "0",
    code.CATEGORY_NOT_DIGIT: "a",
    code.CATEGORY_SPACE: " ",
    code.CATEGORY_NOT_SPACE: "a",
    code.CATEGORY_WORD: "a",
    code.CATEGORY_NOT_WORD: "-",
}
_CANDIDATES = "aA0-_. /:@#x1" + "".join(map(chr, range(33, 127))) + "é€"
LONGEST = 10_000


def text_for(pattern: str, least: int = 0, most: float = math.inf) -> str:
    """Return a text of `least` to `most` characters in which `pattern` is found.

    Raises re.error for what is no pattern to Python, ValueError when no text was found.
    """
    parsed = parser.parse(pattern)
    for extra in (0, least):
        text = _text(parsed, extra)
        if len(text) < least and not pattern.endswith("$"):
            text += "a" * (least - len(text))
        if least <= len(text) <= most and len(text) <= LONGEST and re.search(pattern, text):
            return text
    raise ValueError("no text found")


def _text(parsed: Iterable[tuple[Any, Any]], extra: int) -> str:
    """The text of a sequence; repetitions that may go on take up to `extra` more."""
    return "".join(_one(kind, detail, extra) for kind, detail in parsed)


def _one(kind: Any, detail: Any, extra: int) -> str:  # noqa: ANN401 - the parser's own tree
    match kind:
        case code.LITERAL:
            return chr(detail)
        case code.NOT_LITERAL:
            return next(c for c in _CANDIDATES if ord(c) != detail)
        case code.ANY:
            return "a"
        case code.IN:
            return _of_class(detail)
        case code.BRANCH:
            return _text(detail[1][0], extra)
        case code.SUBPATTERN:
            return _text(detail[3], extra)
        case code.MAX_REPEAT | code.MIN_REPEAT | code.POSSESSIVE_REPEAT:
            low, high, inner = detail
            one = _text(inner, 0)
            times = min(max(low, -(-extra // max(len(one), 1))), high, LONGEST)
            return str(one * times)
        case code.AT:
            return ""
        case _:
            raise ValueError(f"{kind} is not followed")


def _of_class(members: list[tuple[Any, Any]]) -> str:
    if members[0][0] is code.NEGATE:
        return next(c for c in _CANDIDATES if not _in_class(c, members[1:]))
    kind, detail = members[0]
    match kind:
        case code.LITERAL:
            return chr(detail)
        case code.RANGE:
            return chr(int(detail[0]))
        case code.CATEGORY:
            return str(_CATEGORIES[detail])
        case _:
            raise ValueError(f"{kind} is not followed")


def _in_class(character: str, members: list[tuple[Any, Any]]) -> bool:
    escaped = {code.CATEGORY_DIGIT: r"\d", code.CATEGORY_SPACE: r"\s", code.CATEGORY_WORD: r"\w",
               code.CATEGORY_NOT_DIGIT: r"\D", code.CATEGORY_NOT_SPACE: r"\S",
               code.CATEGORY_NOT_WORD: r"\W"}  # fmt: skip
    for kind, detail in members:
        if kind is code.LITERAL and ord(character) == detail:
            return True
        if kind is code.RANGE and detail[0] <= ord(character) <= detail[1]:
            return True
        if kind is code.CATEGORY and re.match(escaped[detail], character):
            return True
    return False
