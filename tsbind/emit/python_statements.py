"""Spells the statements of a stub module that define types: classes, aliases, functional dicts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from tsbind.emit.python_layout import (
    STEP,
    Annotation,
    Subscript,
    broken,
    declaration,
    flat,
    parenthesised,
)
from tsbind.emit.python_text import WIDTH, docstring, is_field_name, literal, width
from tsbind.emit.text import plain
from tsbind.ir.types import Field

FIELD_PROSE: Final = 240  # characters of a field's description that are worth hovering over
TYPE_PROSE: Final = 480
NOTE: Final = 120

_PIECE: Final = re.compile(r".{1,72}(?: |$)|\S+ ?")


class Definition(msgspec.Struct, frozen=True):
    """A class or an alias as finished statements; `body` belongs one step in, below `head`."""

    head: str
    body: tuple[str, ...] = ()
    apart: bool = False  # two empty lines before it, not one


def spaced(definitions: Sequence[Definition]) -> tuple[Definition, ...]:
    """Put two empty lines around classes, as PEP 8 has it, and one between aliases."""
    return tuple(
        msgspec.structs.replace(definition, apart=True)
        if definition.body or before.body
        else definition
        for before, definition in zip((Definition(""), *definitions), definitions, strict=False)
    )


def described(doc: str, note: str = "", *, deprecated: bool = False, limit: int) -> str:
    """One paragraph that says what a field or type is; the note is never cut off."""
    said = plain(doc, limit)
    if note:
        said = f"{said} ({plain(note, NOTE)})" if said else plain(note, NOTE)
    return f"Deprecated. {said}".rstrip() if deprecated else said


def class_definition(
    name: str, bases: Sequence[str], fields: Sequence[tuple[Field, Annotation]], doc: str
) -> Definition:
    """Define a TypedDict whose field names are all identifiers."""
    listed = ", ".join(bases)
    head = f"class {name}({listed}):"
    if width(head) > WIDTH:
        head = f"class {name}(\n    {listed}\n):"
        if width(listed) + STEP > WIDTH and len(bases) > 1:
            lines = "".join(f"    {base},\n" for base in bases)
            head = f"class {name}(\n{lines}):"
    said = docstring([(doc, TYPE_PROSE + NOTE)], STEP)
    body = [statement for field in fields for statement in _field(*field)]
    if said:
        body.insert(0, f"{said}\n" if body else said)
    return Definition(head, tuple(body) or ("pass",))


def _field(field: Field, annotation: Annotation) -> list[str]:
    said = described(field.doc, field.note, deprecated=field.deprecated, limit=FIELD_PROSE)
    line = declaration(field.name, annotation, STEP)
    return [line, docstring([(said, len(said))], STEP)] if said else [line]


def functional_definition(
    name: str, fields: Sequence[tuple[Field, Annotation]], doc: str
) -> Definition:
    """Define a TypedDict some of whose field names no class body can declare."""
    spelled = literal(name)
    lines = [f"{name} = TypedDict(", f"    {spelled},", "    {"]
    for field, annotation in fields:
        said = described(field.doc, field.note, deprecated=field.deprecated, limit=FIELD_PROSE)
        if said:
            lines.append(f"        # {plain(said, WIDTH - 10)}")
        lines.append(f"        {literal(field.name)}: {_value(field, annotation)},")
    lines += ["    },", ")"]
    said = docstring([(doc, TYPE_PROSE + NOTE)], 0)
    return Definition("\n".join([*lines, said] if said else lines))


def _value(field: Field, annotation: Annotation) -> str:
    """The type of one key; in quotes, because it may name a class that comes later."""
    if not (isinstance(annotation, Subscript) and annotation.head == "NotRequired"):
        return literal(flat(annotation))
    inner = literal(flat(annotation.arguments[0]))
    line = f"        {literal(field.name)}: NotRequired[{inner}],"
    indent = 2 * STEP
    if width(line) <= WIDTH:
        return f"NotRequired[{inner}]"
    return f"NotRequired[\n{' ' * (indent + STEP)}{inner}\n{' ' * indent}]"


def alias_definition(name: str, annotation: Annotation, doc: str) -> Definition:
    """Define an alias; in quotes, because it may name a class that comes later, or itself."""
    head = f"{name}: TypeAlias ="
    if isinstance(annotation, Subscript) and annotation.head == "Literal":
        text = f"{head} {_literals(annotation, width(head) + 1)}"
    else:
        text = f"{head} {_quoted(flat(annotation), width(head) + 1)}"
    said = docstring([(doc, TYPE_PROSE + NOTE)], 0)
    return Definition(f"{text}\n{said}" if said else text)


def _literals(annotation: Subscript, used: int) -> str:
    line = flat(annotation)
    if used + width(line) <= WIDTH:
        return line
    if used + len("Literal[") > WIDTH >= used + 1:
        return parenthesised(annotation, 0)
    return broken(annotation, 0)


def _quoted(text: str, used: int) -> str:
    whole = literal(text)
    # A line that is too long already is not made shorter by parentheses.
    if width(whole) + used <= WIDTH or used + 1 > WIDTH:
        return whole
    if width(whole) + STEP <= WIDTH:
        return f"(\n    {whole}\n)"
    lines = "\n    ".join(literal(piece) for piece in _PIECE.findall(text))
    return f"(\n    {lines}\n)"


def has_plain_names(fields: Sequence[Field]) -> bool:
    """Whether a class body can declare all these fields."""
    return all(is_field_name(field.name) for field in fields)
