"""How much a description asks of the compiler, measured before any of it is compiled.

Values are a poor measure: those of an example cost next to nothing, while a schema is lowered,
printed and counted several times over.  What is weighed is what the compiler looks at, in units of
about 30 microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tsbind.bundle import Json
from tsbind.spec.shapes import METHODS, SHAPES

CHARACTERS: Final = 100  # of names and prose that weigh as much as one part
NAMED: Final = 2  # what a named schema weighs beside itself
OPERATION: Final = 1  # what an operation weighs beside itself

_PARTS: Final = frozenset(key for shape in SHAPES.values() for key in shape)
_DATA: Final = frozenset(("example", "examples", "default", "value", "const"))


def weight(parts: Iterable[dict[str, Json]], schemas: int) -> int:
    """Return what `parts`, all objects of a description, weigh together.

    A schema, a parameter, and any other object weighs 1; two values of an `enum`, names in
    `required`, or other things that are listed, 1; CHARACTERS characters of text 1.  Data is not
    weighed.  `schemas` is how many have a name.
    """
    total = schemas * NAMED
    entries = characters = 0
    for part in parts:
        total += 1
        for key, value in part.items():
            if type(value) is str:
                characters += len(value)
            elif type(value) is not dict and type(value) is not list:
                continue
            elif key in _PARTS:
                if key in METHODS:
                    total += OPERATION
                elif type(value) is dict:
                    characters += sum(map(len, value))
            elif key not in _DATA and not key.startswith("x-"):
                listed, text = _content(value)
                entries += listed
                characters += text
    return total + entries // 2 + characters // CHARACTERS


def _content(value: dict[str, Json] | list[Json]) -> tuple[int, int]:
    """Return how many values are below `value`, and how many characters of text."""
    entries = characters = 0
    pending: list[Json] = [value]
    while pending:
        node = pending.pop()
        if type(node) is str:
            characters += len(node)
        elif type(node) is list:
            entries += len(node)
            pending += node
        elif type(node) is dict:
            entries += len(node)
            characters += sum(map(len, node))
            pending += node.values()
    return entries, characters
