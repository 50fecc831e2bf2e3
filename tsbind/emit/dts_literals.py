r"""Reads the literals of TypeScript declarations: strings with their escapes, and numbers.

>>> unquote(r'"caf\u00e9"'), number("1e3"), number("7")
('café', 1000.0, 7)
"""

from __future__ import annotations

import re
from typing import Final


class Outside(Exception):
    """The text parses, but says something that the subset does not allow there."""


_ESCAPE: Final = re.compile(
    r"\\(?:u\{(?P<long>[0-9a-fA-F]{1,6})\}|u(?P<four>[0-9a-fA-F]{4})|(?P<short>.))", re.S
)
_SHORT: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def unquote(literal: str) -> str:
    """Return what a string literal says; raises Outside for what is beyond Unicode."""

    def meaning(found: re.Match[str]) -> str:
        code = found["long"] or found["four"]
        if code is None:
            return _SHORT.get(found["short"], found["short"])
        if int(code, 16) > 0x10FFFF:
            raise Outside(f'"{found[0]}" is beyond Unicode')
        return chr(int(code, 16))

    text = _ESCAPE.sub(meaning, literal[1:-1])
    # Two escapes may be the halves of one character.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def number(literal: str) -> int | float:
    """Return what a numeric literal says."""
    return float(literal) if set(literal) & set(".eE") else int(literal)
