"""Spells strings from a document so that they stay data: literals, property names, comments.

Everything in a document is hostile.  Inside a literal every character keeps its meaning (the
wire name must survive byte for byte) but nothing invisible is printed raw; inside a comment a
character that could end the comment, start a new line, reorder the text or hide in it is
replaced, since a comment need not be exact.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Letters and marks that show nothing, which str.isprintable() lets pass: fillers, variation
# selectors (the usual carrier of smuggled text), the grapheme joiner.
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_PLAIN: Final = re.compile(r"[ !#-\[\]-~]*")
_WORD: Final = re.compile(r"[!#-\[\]-~]+")
_ASCII_NAME: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_LETTERS: Final = re.compile(r"\w+")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,14}")
_SHORT_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", '"': '\\"'}


def quote(text: str) -> str:
    r"""Spell `text` as a TypeScript string literal with exactly its UTF-16 code units.

    >>> print(quote('say "hi"\u2028'), quote("\ud800"))
    "say \"hi\"\u2028" "\ud800"
    """
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    return '"' + "".join(map(_in_literal, text)) + '"'


def is_word(text: str) -> bool:
    """Whether `text` may stand between spaces in a literal, where it needs no escape.

    >>> is_word("eu-west-1"), is_word("New York"), is_word("naïve"), is_word("")
    (True, False, False, False)
    """
    return _WORD.fullmatch(text) is not None


def _in_literal(character: str) -> str:
    short = _SHORT_ESCAPES.get(character)
    if short is not None:
        return short
    if character.isprintable() and not _UNSEEN.match(character):
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\u{{{code:x}}}"


def is_identifier(name: str) -> bool:
    """Whether `name` is an identifier to TypeScript of any Unicode version, and to `dts.lark`."""
    if _ASCII_NAME.fullmatch(name):
        return True
    return (
        name.isidentifier()
        and _LETTERS.fullmatch(name) is not None  # no marks that combine
        and max(name) <= "\uffff"
        and unicodedata.is_normalized("NFKC", name)
        and not _UNSEEN.search(name)
    )


def property_name(name: str) -> str:
    """Spell the key of a property: bare where TypeScript allows it, else as a literal.

    >>> property_name("full_name"), property_name("200"), property_name("x-rate")
    ('full_name', '200', '"x-rate"')
    """
    if _ASCII_NAME.fullmatch(name) or _INDEX.fullmatch(name) or is_identifier(name):
        return name
    return quote(name)


def plain(text: str, limit: int) -> str:
    """Make one line of prose out of `text`, at most `limit` characters long.

    White space collapses; controls, bidirectional marks and characters that show nothing go.

    >>> plain("Rooms\\n\\u202e of\\ta chat", 10)
    'Rooms of…'
    """
    # What lies far beyond the limit cannot matter; a hostile description may be megabytes long.
    line = " ".join(text[: 8 * limit + 64].split())
    if not line.isprintable() or _UNSEEN.search(line):
        seen = (c for c in line if c.isprintable() and not _UNSEEN.match(c))
        line = " ".join("".join(seen).split())
    if len(line) <= limit:
        return line
    cut = line.rfind(" ", limit // 2, limit)
    return line[: cut if cut > 0 else limit - 1].rstrip(" ,;:-") + "…"


def line_comment(text: str, limit: int) -> str:
    """Spell `text` as a comment that reaches to the end of its line."""
    return f"// {plain(text, limit)}"


def block_comment(text: str, limit: int) -> str:
    """Spell `text` as a comment that only its own end closes.

    >>> block_comment("*/ evil() /*", 80)
    '/** *\\\\/ evil() /* */'
    """
    return f"/** {plain(text, limit).replace('*/', '*' + chr(92) + '/')} */"
