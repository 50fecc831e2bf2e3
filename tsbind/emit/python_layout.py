"""Lays annotations out over lines exactly as `ruff format` (and black) would.

An annotation is a small tree, so that the break points are known.  Where one does not fit in its
line, its outermost brackets open first, members of a union get a line each, and what still does
not fit opens in turn.
"""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from tsbind.emit.python_text import WIDTH, width


class Name(msgspec.Struct, frozen=True):
    """Text that cannot be broken: a name or a literal."""

    text: str


class Subscript(msgspec.Struct, frozen=True):
    """`head[argument, …]`."""

    head: str
    arguments: tuple[Annotation, ...]


class Either(msgspec.Struct, frozen=True):
    """`option | option`: at least two options, none of them an Either."""

    options: tuple[Annotation, ...]


Annotation = Name | Subscript | Either

STEP: Final = 4


def flat(node: Annotation) -> str:
    """Spell an annotation in one line."""
    match node:
        case Name(text):
            return text
        case Subscript(head, arguments):
            return f"{head}[{', '.join(map(flat, arguments))}]"
        case Either(options):
            return " | ".join(map(flat, options))
        case _:
            assert_never(node)


def words(node: Annotation) -> list[str]:
    """Return the names and literals that an annotation mentions."""
    match node:
        case Name(text):
            return [text]
        case Subscript(head, arguments):
            return [head, *(word for argument in arguments for word in words(argument))]
        case Either(options):
            return [word for option in options for word in words(option)]
        case _:
            assert_never(node)


def declaration(name: str, annotation: Annotation, indent: int) -> str:
    """Spell `name: annotation` as a statement that stands `indent` spaces in.

    >>> print(declaration("a", Either((Name("B" * 50), Name("None"), Name("C" * 50))), 0))
    a: (
        BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB
        | None
        | CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC
    )
    """
    line = f"{name}: {flat(annotation)}"
    if width(line) + indent <= WIDTH:
        return line
    if isinstance(annotation, Either) or (
        isinstance(annotation, Name) and width(annotation.text) + indent + STEP <= WIDTH
    ):
        return f"{name}: {parenthesised(annotation, indent)}"
    return f"{name}: {broken(annotation, indent)}"


def parenthesised(node: Annotation, indent: int) -> str:
    """Spell an annotation in parentheses, over several lines."""
    inner = indent + STEP
    return f"(\n{' ' * inner}{_fitted(node, inner)}\n{' ' * indent})"


def broken(node: Annotation, indent: int) -> str:
    """Spell an annotation that does not fit in its line; `indent` is that of its statement."""
    match node:
        case Name(text):
            return text
        case Subscript(head, arguments):
            inner = indent + STEP
            margin = "\n" + " " * inner
            end = "," if len(arguments) > 1 else ""
            body = ("," + margin).join(_fitted(argument, inner, end) for argument in arguments)
            return f"{head}[{margin}{body}{end}\n{' ' * indent}]"
        case Either(options):
            margin = "\n" + " " * indent + "| "
            return margin.join(_fitted(option, indent, used=2) for option in options)
        case _:
            assert_never(node)


def _fitted(node: Annotation, indent: int, end: str = "", used: int = 0) -> str:
    """Spell a node on a line of its own: flat where that fits."""
    line = flat(node)
    return line if width(line) + indent + used + len(end) <= WIDTH else broken(node, indent)
