"""What a value can be, as far as TypeScript can say it.

A `Type` is a finite tree: recursion goes through `Ref`, so the table of named types in `Api` is
the only graph.  Nodes are frozen, compare by content and cache nothing; behaviour lives in the
passes and printers.  Constraints that TypeScript cannot say (formats, bounds, defaults) travel
as the `note` of a Field or NamedType, for people; for validation the runtime uses the JSON Schema
of the document itself (`Api.schemas`), not these nodes.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

Scalar = str | int | float | bool | None


class Unknown(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Any JSON value."""


class Never(msgspec.Struct, frozen=True, gc=False, tag=True):
    """No value at all: the `false` schema."""


class Null(msgspec.Struct, frozen=True, gc=False, tag=True):
    """`null`."""


class Boolean(msgspec.Struct, frozen=True, gc=False, tag=True):
    """`true` or `false`."""


class Text(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A string of any format."""


class Number(msgspec.Struct, frozen=True, gc=False, tag=True, omit_defaults=True):
    """A number; `whole` if only integers are meant, which TypeScript cannot say."""

    whole: bool = False


class Bytes(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Binary content that is not JSON: a file part, an octet stream."""


class Anything(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An object about whose members nothing is known."""


class Enum(msgspec.Struct, frozen=True, gc=False, tag=True, eq=False):
    """One of these literal values, in the document's order, no two alike; `const` has one."""

    values: tuple[Scalar, ...]

    # In Python `1 == True`; in JSON and TypeScript they are two values.
    def __eq__(self, other: object) -> bool:
        return (
            type(other) is Enum
            and self.values == other.values
            and [*map(type, self.values)] == [*map(type, other.values)]
        )

    def __hash__(self) -> int:
        return hash(self.values)


class Array(msgspec.Struct, frozen=True, tag=True):
    """A list of any length."""

    item: Type


class Tuple(msgspec.Struct, frozen=True, tag=True):
    """A list whose first members have types of their own."""

    items: tuple[Type, ...]
    required: int  # how many of `items` must be there; the rest may be cut off the end
    rest: Type | None = None  # what may follow; None: nothing


class Field(msgspec.Struct, frozen=True):
    """One property of a `Record`; `name` is the wire name, byte for byte."""

    name: str
    type: Type
    required: bool = False
    note: str = ""  # units, format, bounds, default: what a caller must know and a type cannot say
    doc: str = ""
    deprecated: bool = False
    example: str = ""  # one value that it may have, as JSON
    reading: str = ""  # that part of the note which tells how to read a value: its format


class Record(msgspec.Struct, frozen=True, tag=True):
    """An object with known fields."""

    fields: tuple[Field, ...]
    rest: Type | None = None  # the type of further members; None: none are promised
    closed: bool = False  # further members are refused


class Union(msgspec.Struct, frozen=True, tag=True):
    """Any one of these; flat, at least two, no two alike, `Null` last."""

    options: tuple[Type, ...]


class Intersection(msgspec.Struct, frozen=True, tag=True):
    """All of these at once; flat, at least two."""

    parts: tuple[Type, ...]


class Ref(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The named type `name`; the only way that a type can mention itself."""

    name: str


class Trim(msgspec.Struct, frozen=True, tag=True):
    """A Record type with fields picked, dropped, or made optional.

    Made by passes only, where saying it costs fewer tokens than repeating the fields.
    """

    base: Type
    how: str  # "Omit", "Pick", "Partial" or "Required"
    names: tuple[str, ...] = ()


class Apply(msgspec.Struct, frozen=True, tag=True):
    """A generic named type with its arguments.  Made by passes only."""

    name: str
    arguments: tuple[Type, ...]


class Variable(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A parameter of the generic named type that it stands in.  Made by passes only."""

    name: str


Type = (
    Unknown
    | Never
    | Null
    | Boolean
    | Text
    | Number
    | Bytes
    | Anything
    | Enum
    | Array
    | Tuple
    | Record
    | Union
    | Intersection
    | Ref
    | Trim
    | Apply
    | Variable
)

UNKNOWN, NEVER, NULL, BOOLEAN = Unknown(), Never(), Null(), Boolean()
TEXT, NUMBER, BYTES, ANYTHING = Text(), Number(), Bytes(), Anything()
_MERGED = frozenset({Unknown, Union, Null, Never, Enum})  # what no union holds as it is given


def union(options: Iterable[Type]) -> Type:
    """The simplest type that accepts any of `options`: flattened, enums joined, `null` last."""
    flat: dict[Type, None] = {}
    values: dict[tuple[type, Scalar], Scalar] = {}
    null = False
    pending = list(options)
    pending.reverse()
    while pending:
        option = pending.pop()
        if type(option) not in _MERGED:
            flat[option] = None
            continue
        match option:
            case Unknown():
                return UNKNOWN
            case Union(inner):
                pending.extend(reversed(inner))
            case Null():
                null = True
            case Never():
                pass
            case Enum(listed):
                for value in listed:
                    if value is None:
                        null = True
                    else:
                        values[(type(value), value)] = value
    texts = any(isinstance(value, str) for value in values.values())
    if NUMBER in flat:
        flat.pop(Number(whole=True), None)
    if texts and TEXT in flat:
        values = {key: value for key, value in values.items() if not isinstance(value, str)}
    parts: list[Type] = list(flat)
    if values:
        parts.append(Enum(tuple(values.values())))
    if null:
        parts.append(NULL)
    if not parts:
        return NEVER
    return parts[0] if len(parts) == 1 else Union(tuple(parts))
