"""Spells names of types: from words, free of what they must not mean, and not yet taken."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Sequence
from functools import lru_cache
from typing import Final

from tsbind.ir.numbering import numbered

_PART: Final = re.compile(r"[A-Za-z0-9]+")
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
# Names that mean something else to a program: global ones of ECMAScript and TypeScript, of what
# every program has (runtime/ambient.py), and what the printer writes around the types.
RESERVED: Final = frozenset(
    """
    AggregateError Any Anything ApiError ArgumentError Array ArrayBuffer ArrayBufferView
    ArrayLike Async AsyncFunction AsyncGenerator AsyncIterable AsyncIterator Atomics Awaited
    BigInt BigInt64Array BigUint64Array Boolean Bytes CallError Capitalize Console
    CredentialError DOMException DataView Date Dict Error EvalError Exclude Extract
    FinalizationRegistry Float32Array Float64Array Function Generator GeneratorFunction
    HostError Infinity InstanceType Int16Array Int32Array Int8Array Intl Iterable IterableIterator
    Iterator IteratorResult JSON LimitError Lowercase Map Math NaN NetworkError Never
    NoInfer NonNullable Null Number Object Omit OneOf Parameters Partial Pick PolicyError Promise
    PromiseLike PropertyDescriptor Proxy RangeError Readonly ReadonlyArray ReadonlyMap
    ReadonlySet Record ReferenceError Reflect RegExp ReplyError RegExpExecArray RegExpMatchArray
    Required ReturnType Set SharedArrayBuffer String Symbol SyntaxError TextDecoder
    TextEncoder ThisType TypeError URIError URL URLSearchParams Uint16Array Uint32Array
    Uint8Array Uint8ClampedArray Uncapitalize Undefined Unknown Uppercase Void WeakMap
    WeakRef WeakSet
    """.split()  # noqa: SIM905  a list of words reads better as one
)

# Words that cannot name a type: ECMAScript's reserved words and TypeScript's own types.
KEYWORDS: Final = frozenset(
    """
    abstract any as async await bigint boolean break case catch class const constructor
    continue declare debugger default delete do else enum export extends false finally for
    function global if implements import in infer instanceof interface intrinsic is keyof
    let module namespace never new null number object package private protected public
    readonly return static string super switch symbol this throw true try type typeof
    undefined unique unknown var void while with yield
    """.split()  # noqa: SIM905  a list of words reads better as one
)


@lru_cache(maxsize=1 << 14)
def type_name(*words: str) -> str:
    """Join `words`, each of any spelling, into one name of a type, of at most 40 characters.

    >>> type_name("pull_request", "head-ref"), type_name("2fa"), type_name("名")
    ('PullRequestHeadRef', 'T2fa', 'T')
    """
    name = ""
    for part in (part for word in words for part in _PART.findall(word)):
        if name and len(name) + len(part) > 40:
            break
        name += part[0].upper() + part[1:]
    name = name[:40]
    return name if name[:1].isalpha() else f"T{name}"


@lru_cache(maxsize=1 << 14)
def split(name: str) -> tuple[str, ...]:
    """Return the words of a name of a type.

    >>> split("PullRequestURL2"), split("HTTPRoute")
    (('Pull', 'Request', 'URL2'), ('HTTP', 'Route'))
    """
    return tuple(_WORD.findall(name))


def common_words(names: Sequence[Sequence[str]]) -> list[str]:
    """Return the words, in order, that most of `names` have; each name is its words.

    >>> common_words([("Room", "List", "Reply"), ("User", "List"), ("List",), ("Tag", "List")])
    ['List']
    """
    if len(names) < 2:
        return []
    counts = Counter(word for name in names for word in dict.fromkeys(name))
    return [word for word in min(names, key=len) if counts[word] * 4 >= len(names) * 3]


def first_free(wanted: Sequence[str], taken: Container[str]) -> str:
    """Return the first of `wanted` that is free; the first with a number if none is."""
    return next((n for n in wanted if n not in taken and n not in RESERVED), "") or (
        unused(wanted[0], taken)
    )


def is_name(name: str) -> bool:
    """Whether TypeScript takes `name` for the name of a type, and nothing else for it.

    >>> [is_name(name) for name in ("Room", "any", "class", "2fa", "Été", "a-b")]
    [True, False, False, False, True, False]
    """
    if not name.isidentifier() or name in KEYWORDS:
        return False
    # Elsewhere only letters that show, in their one spelling: Hangul fillers are letters, too.
    return name.isascii() or (
        unicodedata.is_normalized("NFKC", name)
        and all(c.isascii() or (c.isalpha() and c not in "\u115f\u1160") for c in name)
    )


def unused(name: str, taken: Container[str]) -> str:
    """Return `name`, or `name` with the first number that makes it unlike all `taken` ones."""
    if name not in taken and name not in RESERVED:
        return name
    return numbered(name, taken)


def singular(name: str) -> str:
    """Return the name of one of `name`, by the plain rules of English spelling.

    >>> [singular(name) for name in ("labels", "policies", "addresses", "status", "data")]
    ['label', 'policy', 'address', 'status', 'data']
    """
    if name.endswith("ies") and len(name) > 4:
        return name[:-3] + "y"
    if name.endswith(("sses", "xes", "shes", "ches")):
        return name[:-2]
    if name.endswith("s") and not name.endswith(("ss", "us", "is", "as")):
        return name[:-1]
    return name
