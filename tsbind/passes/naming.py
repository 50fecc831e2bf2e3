"""Finds names for types that a pass makes: from where they stand, short, and free.

A shape is named after the field in which it stands most often (`sort`, `Sort`); one that stands
nowhere but as a reply or an argument after its namespace and method.  Names depend on nothing but
those places, so that a change elsewhere in the document renames nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from typing import Final

from tsbind.ir.api import Api
from tsbind.ir.types import Array, Record, Type, Union
from tsbind.ir.walk import children
from tsbind.passes.shapes import Shapes

_PART: Final = re.compile(r"[A-Za-z0-9]+")
# Names that mean something else in TypeScript, or in what the printer writes around the types.
RESERVED: Final = frozenset(
    """
    Any Anything Array Async Awaited BigInt Boolean Bytes Date Dict Error Exclude Extract
    Function Infinity Iterable Iterator JSON Map Math NaN Never NonNullable Null Number
    Object Omit Parameters Partial Pick Promise Proxy Readonly Record Reflect RegExp
    Required ReturnType Set String Symbol Uint8Array Undefined Unknown Void
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


def type_name(*words: str) -> str:
    """Join `words`, each of any spelling, into one name of a type.

    >>> type_name("pull_request", "head-ref"), type_name("2fa")
    ('PullRequestHeadRef', 'T2fa')
    """
    parts = [part for word in words for part in _PART.findall(word)]
    name = "".join(part[0].upper() + part[1:] for part in parts)[:40]
    return name if name[:1].isalpha() else f"T{name}"


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


def unused(name: str, taken: Collection[str]) -> str:
    """Return `name`, or `name` with the first number that makes it unlike all `taken` ones."""
    if name not in taken and name not in RESERVED:
        return name
    number = 2
    while f"{name}{number}" in taken:
        number += 1
    return f"{name}{number}"


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


class Hints:
    """Where each shape stands, and what that says about its name."""

    def __init__(self, api: Api, shapes: Shapes) -> None:
        self._shapes = shapes
        self._places: dict[int, Counter[str]] = {}
        self._visited: set[int] = set()
        for operation in api.operations:
            self._visit(operation.input, type_name(*operation.name[-2:], "Input"))
            self._visit(operation.output, type_name(*operation.name[-2:], "Reply"))
        for name, named in api.types.items():
            self._visit(named.type, name)

    def name(self, number: int) -> str:
        """Return the name that says best what the shape `number` is."""
        places = self._places[number]
        return max(places, key=lambda place: (places[place], -len(place), place))

    def _visit(self, node: Type | None, place: str) -> None:
        if node is None:
            return
        number = self._shapes.number(node)
        self._places.setdefault(number, Counter())[place] += 1
        if number in self._visited:
            return
        self._visited.add(number)
        match node:
            case Record(fields, rest):
                for field in fields:
                    self._visit(field.type, type_name(field.name))
                self._visit(rest, place)
            case Array(item):
                self._visit(item, singular(place))
            case Union():
                for option in node.options:
                    self._visit(option, place)
            case _:
                for child in children(node):
                    self._visit(child, place)
