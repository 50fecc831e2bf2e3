"""Splits names of every convention into words, and joins words into identifiers.

What comes out is an identifier in both TypeScript and Python: normalised with NFKC (Python
compares identifiers that way), free of control, format and bidi characters, and never a name
that JavaScript's own objects answer to.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

LONGEST = 8192  # characters of a path, an operationId or another name; published ones have 380
MAX_LENGTH = 80  # characters of one identifier; longer ones end in a hash

# A hump starts at an upper case letter after a lower case one or a digit (listIssues), and at
# the last letter of a run of capitals (HTTPServer).
_HUMP = re.compile(r"(?<=[^\W_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ASCII_PIECE = re.compile(r"[A-Za-z0-9]+")
_INVISIBLE = frozenset(("Cf", "Cc", "Cs", "Co", "Cn"))  # format, control, surrogate, unassigned
_APOSTROPHE = re.compile(r"(?<=\w)['\u2019](?=s\b)")
# One plural acronym that the rule above would cut in two: "listAPIs", "getURLs".
_PLURAL_ACRONYM = re.compile(r"([A-Z]{2,})s(?![a-z])")

# An API object answers to these although nobody declared them: `then` would make it a thenable,
# and assigning to `__proto__` changes the object itself.
UNSAFE = frozenset(
    [
        "then",
        "constructor",
        "prototype",
        "toString",
        "toLocaleString",
        "valueOf",
        "toJSON",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
    ]
)


def words(name: str) -> list[str]:
    """Split a name into words; of a name that is no name, only LONGEST characters.

    >>> words("issues/list-for-repo"), words("getHTTPServerURLs"), words("получитьСчёт")
    (['issues', 'list', 'for', 'repo'], ['get', 'HTTP', 'Server', 'URLs'], ['получить', 'Счёт'])
    """
    return list(_words(name[:LONGEST]))


@lru_cache(maxsize=1 << 16)
def _words(name: str) -> tuple[str, ...]:
    found: list[str] = []
    for piece in _pieces(name):
        if piece.islower():  # most are, and have no humps
            found.append(piece)
            continue
        whole = _PLURAL_ACRONYM.sub(lambda match: match[1] + "S", piece)
        start = 0
        for hump in _humps(whole):
            found.append(piece[start:hump])
            start = hump
        found.append(piece[start:])
    return tuple(word for word in found if word)


def _humps(text: str) -> list[int]:
    if text.isascii():
        return [match.start() for match in _HUMP.finditer(text)]
    return [
        at
        for at in range(1, len(text))
        if text[at].isupper() and (not text[at - 1].isupper() or text[at + 1 : at + 2].islower())
    ]


def _pieces(name: str) -> list[str]:
    """Cut at everything that cannot stand in an identifier, and at underscores."""
    if name.isascii():
        return _ASCII_PIECE.findall(_APOSTROPHE.sub("", name))
    letters = (
        letter if letter != "_" and ("a" + letter).isidentifier() else " "
        for letter in _APOSTROPHE.sub("", unicodedata.normalize("NFKC", name))
        if unicodedata.category(letter) not in _INVISIBLE or letter.isspace()
    )
    return "".join(letters).split()


def camel(parts: Sequence[str]) -> str:
    """Join words as a method is named: `listForRepo`."""
    if not parts:
        return ""
    first, *rest = parts
    return identifier(first.lower() + "".join(_capital(word, tame=True) for word in rest))


def pascal(parts: Sequence[str]) -> str:
    """Join words as a type is named: `PullRequest`."""
    return identifier("".join(map(_capital, parts)))


def _capital(word: str, *, tame: bool = False) -> str:
    """Capitalise a word; `tame` also makes an acronym a word: `DNS` → `Dns`."""
    rest = word[1:].lower() if tame and word.isupper() else word[1:]
    return word[:1].upper() + rest


def identifier(text: str) -> str:
    """Make `text`, which holds only letters, digits and underscores, a safe identifier."""
    text = unicodedata.normalize("NFKC", text)
    if len(text) > MAX_LENGTH:
        mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        text = f"{text[: MAX_LENGTH - 9]}_{mark}"
    if text in UNSAFE:
        return text + "_"
    return text if text.isidentifier() and not text.startswith("__") else "_" + text.lstrip("_")


@lru_cache(maxsize=1 << 14)
def singular(word: str) -> str:
    """Reduce a word to the form in which it is compared: lower case, without a plural ending.

    >>> [singular(word) for word in ("Issues", "policies", "addresses", "status", "skus", "emojis")]
    ['issue', 'policy', 'address', 'status', 'sku', 'emoji']
    """
    word = word.lower()
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(_NO_PLURAL) and len(word) > 2:
        return word[:-1]
    return word


def plural(word: str) -> bool:
    """Whether a word looks like the name of a collection."""
    return singular(word) != word.lower() or word.lower() in _COLLECTIVE


_NO_PLURAL = ("ss", "sis", "xis", "this", "tus", "sus", "rus", "cus", "lus", "bus", "ius")
_IRREGULAR = {"people": "person", "children": "child", "indices": "index", "vertices": "vertex"}
_COLLECTIVE = frozenset(("data", "media", "metadata", "history"))
