"""Shows a place in a program: the lines around it, and a caret under the column."""

from __future__ import annotations

import unicodedata

BEFORE, AFTER = 2, 1  # lines shown around the place
WIDTH = 100  # columns shown of each line


def code_frame(text: str, line: int, column: int) -> str:
    """Return the lines of `text` around a place that counts from 1, the place marked.

    What could steer a terminal is shown as `?`; a long line is cut around the column.  A place
    outside of the text gives "".
    """
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        return ""
    left = max(0, column - 1 - WIDTH * 3 // 4) if len(lines[line - 1]) > WIDTH else 0
    end = len(lines) - (line < len(lines) and not lines[-1])  # a final line break starts no line
    first, last = max(1, line - BEFORE), min(end, line + AFTER)
    margin = len(str(last))
    shown: list[str] = []
    for number in range(first, last + 1):
        mark = ">" if number == line else " "
        part = plain(lines[number - 1][left : left + WIDTH])
        shown.append(f"{mark} {number:>{margin}} | {part}".rstrip())
        if number == line and column >= 1:
            caret = _width(lines[number - 1][left : column - 1])
            shown.append(f"  {'':>{margin}} | {'':{caret}}^")
    return "\n".join(shown)


def plain(text: str) -> str:
    """Return `text` with each control, format or surrogate character shown as `?`, tabs as one
    space.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        " " if c == "\t" else "?" if unicodedata.category(c) in _INVISIBLE else c for c in text
    )


_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def _width(text: str) -> int:
    """Return how many columns of a terminal `text` takes: East Asian wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
