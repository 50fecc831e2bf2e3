"""Splits JavaScript into tokens, for the few questions about a program that need no parser.

The text must be valid JavaScript (swc has parsed it), which leaves one hard question: whether a
slash divides or starts a regular expression.  It is answered from the token before it, as
es-module-lexer does; a wrong answer could only follow a function or class *expression* or an object
literal that is divided by something.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Kind = Literal["word", "number", "string", "template", "regex", "mark"]


class Token(NamedTuple):
    """One token: comments and space are left out."""

    kind: Kind
    text: str
    start: int  # offset in the text
    depth: int  # of brackets around it; a bracket itself counts as outside
    fresh: bool  # the first of its line
    head: bool = False  # `)` that closes the head of an if, for, while or with; `}` of a block


_SPACE = re.compile(r"(?:[\s\ufeff]+|//[^\n\r\u2028\u2029]*|/\*.*?\*/)+", re.DOTALL)
_LEXEME = re.compile(
    r"""
    (?P<number> \.?[0-9][\w.]* )
  | (?P<word> (?: [\w$\u200c\u200d\#] | \\u\{?[0-9a-fA-F]+\}? )+ )
  | (?P<string> '(?:[^'\\\n]|\\.)*' | "(?:[^"\\\n]|\\.)*" )
  | (?P<mark> => | \?\.(?![0-9]) | \.\.\. | \+\+ | -- | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[\w$]*")
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{|$)", re.DOTALL)

_BEFORE_OPERAND = frozenset((
    "return", "typeof", "instanceof", "in", "of", "new", "delete", "void", "throw", "case",
    "default", "do", "else", "await", "yield",
))  # fmt: skip
_HEADS = frozenset(("if", "for", "while", "with"))
_CLOSING = {")": "(", "]": "[", "}": "{"}


class _Scanner:
    """The state of one scan: the tokens so far, and the brackets that are open."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.open: list[tuple[str, bool]] = []  # the mark, and `head` of the mark that closes it

    def add(self, kind: Kind, text: str, start: int, fresh: bool) -> None:
        """Append one token, counting brackets."""
        head = False
        if kind == "mark" and text in _CLOSING:
            head = self.open.pop()[1] if self.open else False
        self.tokens.append(Token(kind, text, start, len(self.open), fresh, head))
        if kind == "mark" and text in ("(", "[", "{"):
            self.open.append((text, self._closes_head(text)))

    def _closes_head(self, mark: str) -> bool:
        """Say whether what `mark` opens is the head of a statement, or a block."""
        before = self.tokens[-2] if len(self.tokens) > 1 else None
        if mark == "(":
            return before is not None and before.text in _HEADS and not self._is_member(-2)
        if mark == "{":
            # After an operator or `(` an object is expected, after anything else a block.
            if before is None or before.kind != "mark":
                return before is None or not before.text.endswith("${")
            return before.text in (";", "{", "}", ")", "=>")
        return False

    def _is_member(self, index: int) -> bool:
        """Say whether the token at `index` is a property's name, as in `map.for(x)`."""
        place = len(self.tokens) + index - 1
        return place >= 0 and self.tokens[place].text in (".", "?.")

    def operand_follows(self) -> bool:
        """Say whether a slash would start a regular expression here."""
        if not self.tokens:
            return True
        last = self.tokens[-1]
        if last.kind == "word":
            return last.text in _BEFORE_OPERAND and not self._is_member(-1)
        if last.kind != "mark":
            return last.kind == "template" and last.text.endswith("${")
        return last.head or last.text not in (")", "]", "}", "++", "--")

    def in_template(self) -> bool:
        return bool(self.open) and self.open[-1][0] == "${"


def scan(text: str) -> list[Token]:
    """Return the tokens of `text`, which must be valid JavaScript."""
    scanner, at = _Scanner(), 0
    while True:
        space = _SPACE.match(text, at)
        fresh = at == 0 or (space is not None and "\n" in space[0])
        at = space.end() if space else at
        if at >= len(text):
            return scanner.tokens
        at = _next(scanner, text, at, fresh)


def _next(scanner: _Scanner, text: str, at: int, fresh: bool) -> int:
    """Add the token that starts at `at`, and return where it ends."""
    mark = text[at]
    if mark == "`":
        return _template(scanner, text, at, fresh)
    if mark == "}" and scanner.in_template():
        scanner.open.pop()
        return _template(scanner, text, at, fresh)
    if mark == "/" and scanner.operand_follows() and (regex := _REGEX.match(text, at)):
        scanner.add("regex", regex[0], at, fresh)
        return regex.end()
    lexeme = _LEXEME.match(text, at)
    assert lexeme is not None  # the last branch takes anything
    scanner.add(_KINDS[str(lexeme.lastgroup)], lexeme[0], at, fresh)
    return lexeme.end()


def _template(scanner: _Scanner, text: str, at: int, fresh: bool) -> int:
    """Add the piece of a template that starts at `at`: up to its end or its next `${`."""
    piece = _TEMPLATE.match(text, at + 1)
    assert piece is not None
    scanner.add("template", text[at : piece.end()], at, fresh)
    if piece[0].endswith("${"):
        scanner.open.append(("${", False))
    return piece.end()


_KINDS: dict[str, Kind] = {
    "number": "number",
    "word": "word",
    "string": "string",
    "mark": "mark",
}
