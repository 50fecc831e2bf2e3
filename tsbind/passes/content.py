"""Names types by what they hold, so that a name stays true wherever the type is used.

A short object is called after its fields (`OwnerRepo`), a longer one after those that few others
have; a set of literals after its values (`ReadWrite`); an object that a literal tells from others
after that literal (`List` for `{object:"list",...}`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from tsbind.ir.types import (
    Apply,
    Array,
    Enum,
    Field,
    Intersection,
    Record,
    Ref,
    Type,
    Union,
    Unknown,
)
from tsbind.passes.naming import common_words, split, type_name
from tsbind.passes.shapes import Shapes

SMALL: Final = 4  # fields or values whose names together make a name
WORDS: Final = 5  # that such a name may have
_TAGS: Final = frozenset({"object", "type", "kind"})  # fields whose literal says what an object is


class Contents:
    """Names by content; what is telling depends on how many objects have a field."""

    def __init__(self, shapes: Shapes) -> None:
        self._holders = Counter(
            field.name for node in shapes.nodes if isinstance(node, Record) for field in node.fields
        )

    def names(self, node: Type) -> Iterator[str]:
        """Yield names for `node`, the best first; none if its content makes no name."""
        tag = literal_tag(node)
        if tag:
            yield tag
        held = joined(node)
        if held:
            yield held
        fields = list(_fields(node))
        telling = sorted(fields, key=lambda f: (self._holders[f.name], not f.required, f.name))
        for count in (2, 3, 4):
            if len(fields) > count:
                kept = set(map(id, telling[:count]))
                yield type_name(*(field.name for field in fields if id(field) in kept))
        for field in telling[:3]:
            about = _named(field.type)
            if about:
                yield type_name(about, field.name)


def literal_tag(node: Type) -> str:
    """Return the name that a literal in `node` gives it, or nothing.

    >>> from tsbind.emit.dts import read_type
    >>> literal_tag(read_type('{object:"bank_account",id:string}'))
    'BankAccount'
    """
    for field in _fields(node):
        match field:
            case Field(name, Enum((str(value),))) if name in _TAGS:
                return type_name(value)
            case _:
                pass
    return ""


def joined(node: Type) -> str:
    """Return a name made of all that `node` holds, if that is little; else nothing.

    >>> from tsbind.emit.dts import read_type
    >>> joined(read_type("{owner:string,repo:string}")), joined(read_type('"read"|"write"'))
    ('OwnerRepo', 'ReadWrite')
    """
    match node:
        case Record(fields, None) if len(fields) <= SMALL:
            words = [field.name for field in fields]
        case Record(fields, rest) if len(fields) <= SMALL and isinstance(rest, Unknown):
            words = [*(field.name for field in fields), "More"]
        case Enum(values) if len(values) <= SMALL:
            words = [value for value in values if isinstance(value, str)]
        case Intersection((Ref(base), Record(fields, None))) | Intersection(
            (Record(fields, None), Ref(base))
        ) if len(fields) <= SMALL:
            words = [base, *(field.name for field in fields)]
        case Intersection(parts) if all(isinstance(part, Ref) for part in parts):
            words = [part.name for part in parts if isinstance(part, Ref)]
        case Union(options):
            return _of_options(options)
        case _:
            return ""
    name = type_name(*words)
    return name if words and len(split(name)) <= WORDS else ""


def _of_options(options: Iterable[Type]) -> str:
    """Name a choice: after what its names have in common, or after its only object."""
    names = [name for name in map(_named, options) if name]
    common = common_words([split(name) for name in names])
    if common:
        return "".join(common)
    records = [option for option in options if isinstance(option, Record)]
    return joined(records[0]) if len(records) == 1 and len(names) < 2 else ""


def _named(node: Type) -> str:
    match node:
        case Ref(name) | Apply(name):
            return name
        case Array(item):
            return _named(item)
        case _:
            return literal_tag(node)


def _fields(node: Type) -> Iterator[Field]:
    match node:
        case Record(fields):
            yield from fields
        case Intersection(parts):
            for part in parts:
                if isinstance(part, Record):
                    yield from part.fields
        case _:
            pass
