"""Spells strings from a document in Python: literals, docstrings, names.

The counterpart of `text.py`, which spells them in TypeScript.  What is spelled here is also laid
out as `ruff format` would, so that printed stubs need no formatter.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from tsbind.emit.text import plain

WIDTH: Final = 88  # the default line length of ruff and black

_BARE: Final = re.compile(r"[ !#-&(-\[\]-~]*")  # printable ASCII without quotes and backslash
_SHORT_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
_HUMPS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def literal(text: str) -> str:
    r"""Spell `text` as a Python string literal, in the quotes that need fewer escapes.

    >>> print(literal('say "hi"\u2028'), literal("it's"))
    'say "hi"\u2028' "it's"
    """
    if _BARE.fullmatch(text):
        return f'"{text}"'
    mark = "'" if text.count('"') > text.count("'") else '"'
    return mark + "".join(_in_literal(character, mark) for character in text) + mark


def _in_literal(character: str, mark: str) -> str:
    if character == mark:
        return "\\" + mark
    short = _SHORT_ESCAPES.get(character)
    if short is not None:
        return short
    if plain(character, 1) == character or character == " ":
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def width(text: str) -> int:
    """Return how many columns a text takes, as formatters count them: wide letters take two.

    >>> width("room"), width("部屋"), width("e\u0301")
    (4, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def docstring(paragraphs: Iterable[tuple[str, int]], indent: int) -> str:
    r'''Spell a docstring of the paragraphs `(text, limit in characters)` that say something.

    The first line starts where the statement does; the others carry `indent` spaces.

    >>> print(docstring([("List\nrooms.", 80), ("Only \"yours\".", 80)], 4))
    """List rooms.
    <BLANKLINE>
        Only "yours".
        """
    >>> print(docstring([('"Mine"', 80)], 0))
    """'Mine'"""
    '''
    said = [line for line in (_prose(text, limit) for text, limit in paragraphs) if line]
    if not said:
        return ""
    if len(said) == 1 and width(said[0]) + indent + 6 <= WIDTH:
        return f'"""{said[0]}"""'
    quotes = 3 if len(said) > 1 else 6  # a lone paragraph too long for one line takes two
    first = wrap(said[0], WIDTH - indent, first=WIDTH - indent - quotes)
    if len(said) == len(first) == 1:
        return f'"""{said[0]}"""'
    margin = "\n" + " " * indent
    blocks = [margin.join(first)]
    blocks += [margin.join(wrap(line, WIDTH - indent)) for line in said[1:]]
    body = f"\n{margin}".join(blocks)
    return f'"""{body}{margin}"""'


def _prose(text: str, limit: int) -> str:
    """One line of text as it may stand anywhere between triple quotes."""
    line = plain(text, limit)
    if '"' in line and ('"""' in line or line[0] == '"' or line[-1] == '"'):
        line = line.replace('"', "'")
    return line.replace("\\", "\\\\") if "\\" in line else line


def wrap(line: str, width: int, *, first: int = 0) -> list[str]:
    """Break a line at spaces; `first` is the width of the first line when it differs.

    Much faster than `textwrap`, which matters for the tens of thousands of lines of a large API.
    """
    room = first or width
    lines: list[str] = []
    while len(line) > room:
        cut = line.rfind(" ", 0, room + 1)
        if cut <= 0:
            cut = line.find(" ", room)
            if cut < 0:
                break
        lines.append(line[:cut])
        line = line[cut + 1 :]
        room = width
    lines.append(line)
    return lines


def snake(parts: Sequence[str]) -> str:
    """Make one lower-case name of the parts of a TypeScript name.

    >>> snake(("chat", "postMessage")), snake(("HTTPServer",)), snake(("class",))
    ('chat_post_message', 'http_server', 'class_')
    """
    words = "_".join(_HUMPS.sub("_", part) for part in parts).lower()
    return _identifier(words.strip("_"))


def pascal(text: str) -> str:
    """Make a class name of any text.

    >>> pascal("room chat API"), pascal("list-for_repo"), pascal("3d")
    ('RoomChatAPI', 'ListForRepo', 'T3d')
    """
    words = re.split(r"[\W_]+", unicodedata.normalize("NFKC", text))
    return _identifier("".join(word[:1].upper() + word[1:] for word in words), "T")


def _identifier(name: str, prefix: str = "n") -> str:
    """Make `name` an identifier that Python reads as it is written."""
    name = unicodedata.normalize("NFKC", name)
    if not name.isidentifier():
        kept = "".join(c for c in name if ("_" + c).isidentifier())
        name = kept if kept.isidentifier() else prefix + kept
    return name + "_" if keyword.iskeyword(name) else name


def is_field_name(name: str) -> bool:
    """Whether a class body can declare `name` as it is: no escapes, no mangling, no folding."""
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__"):
        return False
    return name.isascii() or (
        unicodedata.is_normalized("NFKC", name) and plain(name, len(name)) == name
    )
