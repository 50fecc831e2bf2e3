"""Finds the program in an answer that wraps it in Markdown.

What is not the program is blanked line by line, so that every position still is a position in what
the model wrote.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tsbind.errors import Location, ProgramError

# Three backticks cannot stand unescaped inside a template literal, so a line that starts with them
# is a fence unless it lies in a comment.  `~~~` could be code and counts only with a language.
_OPENING = re.compile(
    r"^[ \t]*(?P<mark>`{3,}|~{3,}(?=[ \t]*\w))[ \t]*(?P<language>[\w+#.-]*)[^`\n]*$", re.M
)
_LANGUAGES = frozenset((
    "ts", "typescript", "tsx", "mts", "cts", "js", "javascript", "jsx", "mjs", "cjs",
    "ecmascript", "node",
))  # fmt: skip


class _Block(NamedTuple):
    """One fenced block: the offsets of its first and behind its last character."""

    language: str
    start: int
    end: int


def unfence(text: str, file: str) -> str:
    """Return `text` with all but its fenced program blanked, or as it is when nothing is fenced.

    Raises ProgramError when several blocks could be the program.
    """
    blocks = _blocks(text)
    if not blocks:
        return text
    code = [block for block in blocks if block.language in _LANGUAGES]
    code = code or [block for block in blocks if not block.language] or blocks
    if len(code) > 1:
        raise ProgramError(
            f"{len(code)} code blocks could be the program",
            where=Location(file, text.count("\n", 0, code[1].start), 1),
            fix="send one program, in one code block or in none",
            code="program-fences",
        )
    block = code[0]
    blank = "\n" * text.count("\n", 0, block.start)
    return blank + text[block.start : block.end]


def _blocks(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    at = 0
    comment = False
    while opening := _OPENING.search(text, at):
        comment = _ends_in_comment(text[at : opening.start()], comment)
        at = opening.end()
        if comment:
            continue
        closing = re.compile(
            rf"^[ \t]*{opening['mark'][0]}{{{len(opening['mark'])},}}[ \t]*$", re.M
        ).search(text, at)
        end = closing.start() if closing else len(text)
        blocks.append(_Block(opening["language"].lower(), min(at + 1, len(text)), end))
        at = closing.end() if closing else len(text)
    return blocks


def _ends_in_comment(text: str, begins: bool) -> bool:
    opened, closed = text.rfind("/*"), text.rfind("*/")
    return begins if opened == closed else opened > closed
