"""Estimates how many tokens the printer's text of a type will take.

Passes choose between spellings many thousand times, so they cannot run a tokenizer on each; and
they must not depend on one model's.  The figures below are means over published APIs, printed by
`tsbind.emit.typescript` and counted in o200k_base and cl100k_base (which differ by less than 3 %).
What is chosen by these estimates is measured exactly, by the benchmarks, and by a budget.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, assert_never

from tsbind.ir.types import (
    Anything,
    Apply,
    Array,
    Boolean,
    Bytes,
    Enum,
    Field,
    Intersection,
    Never,
    Null,
    Number,
    Record,
    Ref,
    Scalar,
    Text,
    Trim,
    Tuple,
    Type,
    Union,
    Unknown,
    Variable,
)
from tsbind.ir.walk import LEAVES, children
from tsbind.passes.shapes import Shapes

_WORD: Final = re.compile(r"_?(?:[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]{1,3}|[^A-Za-z0-9_]+)|_+")
DEFINITION: Final = 3.0  # `type`, `=`, the line's end; the name itself comes on top
SEPARATOR: Final = 0.8  # a comma; it often joins the word that follows it
# Asked by `type`, here and below: `isinstance` takes ten times as long to say no of these classes.
_JOINING: Final = frozenset({Text, Number, Boolean, Record, Enum})  # to the colon before them
_ONE_WORD: Final = LEAVES - {Enum, Ref, Variable}


@lru_cache(maxsize=1 << 17)
def words(name: str) -> float:
    """Return the cost of an identifier or a literal's text: a token per word, more if long."""
    return sum(1 + max(0, len(word) - 7) * 0.1 for word in _WORD.findall(name))


def field(name: str, required: bool, node: Type, inner: float) -> float:
    """Return the cost of a field whose type costs `inner`, with the separator after it."""
    return words(name) + mark(required, node) + inner + SEPARATOR


def mark(required: bool, node: Type) -> float:
    """Return the cost of `:` or `?:` before `node`; a colon joins a keyword, or a bracket."""
    if not required:
        return 1.0
    if type(node) is Union:
        node = node.options[0]
    elif type(node) is Array:
        node = node.item
    return 0.0 if type(node) in _JOINING else 1.0


def own(node: Type, inside: tuple[float, ...]) -> float:
    """Return the cost of `node`, whose children (as `walk.children` lists them) cost `inside`."""
    if type(node) in _ONE_WORD:
        return 1.0
    match node:
        case Record(fields, rest):
            members = sum(map(_member, fields, inside))
            return 1.0 + members + (0.0 if rest is None else 5.0 + inside[-1] if fields else 1.5)
        case Enum(values):
            return sum(map(scalar, values))
        case Array(item):
            brackets = 1.0 if isinstance(item, (Union, Intersection, Enum)) else 0.0
            return inside[0] + 0.6 + brackets
        case Tuple():
            return sum(inside) + 1 + SEPARATOR * len(inside)
        case Union():
            return sum(inside) + 0.6 * (len(inside) - 1)
        case Intersection():
            return sum(inside) + 0.8 * (len(inside) - 1)
        case Ref(name) | Variable(name):
            return words(name)
        case Trim(_, _, names):
            keys = sum(map(words, names)) + len(names)
            return 2.5 + sum(inside) + keys
        case Apply(name):
            return words(name) + 1 + sum(inside) + SEPARATOR * len(inside)
        case Unknown() | Never() | Null() | Boolean() | Text() | Number() | Bytes() | Anything():
            return 1.0
        case _:
            assert_never(node)


def scalar(value: Scalar) -> float:
    """Return the cost of one value of an enum, with the bar and quotes around it."""
    return 1 + 1.2 * words(value if isinstance(value, str) else repr(value))


def of(node: Type) -> float:
    """Return the cost of `node` with everything below it; named types are not entered."""
    return own(node, tuple([of(child) for child in children(node)]))


def by_number(shapes: Shapes) -> list[float]:
    """Return the cost of every shape written out in full, by its number."""
    costs: list[float] = []
    for node, inside in zip(shapes.nodes, shapes.inside, strict=True):
        costs.append(own(node, tuple([costs[inner] for inner in inside])))
    return costs


def _member(member: Field, inner: float) -> float:
    return field(member.name, member.required, member.type, inner)
