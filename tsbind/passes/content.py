"""Names types by what they hold, so that a name stays true wherever the type is used.

A short object is called after its fields (`OwnerRepo`), a longer one after those that few others
have; a set of literals after its values (`ReadWrite`); an object that a literal tells from others
after that literal (`List` for `{object:"list",...}`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
BRIEF: Final = 3  # words that a name has where there is a choice
_FORMAL: Final = frozenset({"At", "Id", "Ids"})  # ends of names of fields that say little
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
        fields = list(_fields(node))
        telling = sorted(fields, key=lambda f: (self._holders[f.name], not f.required, f.name))
        yield from brief_first([joined(node), *telling_names(fields, telling)])
        for field in telling[:3]:
            about = _named(field.type)
            if about:
                yield type_name(about, field.name)
        for field in telling:
            match field.type:
                case Enum((str(value),)):
                    yield type_name(value, field.name)


def telling_names(fields: Sequence[Field], telling: Sequence[Field]) -> Iterator[str]:
    """Yield names for an object with `fields`, each of some of its most `telling` ones."""
    for count in (1, 2, 3, 4):
        if len(fields) > count:
            kept = {field.name for field in telling[:count]}
            name = of_fields([field.name for field in fields if field.name in kept])
            words = split(name)
            # An object is not called like the one field that says whose it is.
            if len(words) > 1 and (count > 1 or words[-1] not in _FORMAL):
                yield name


def brief_first(names: Iterable[str]) -> list[str]:
    """Put names of few words before others; what is no name is left out."""
    return sorted(filter(None, names), key=lambda name: len(split(name)) > BRIEF)


def of_fields(names: Sequence[str]) -> str:
    """Return the name of an object with fields of such `names`, which says no word needlessly.

    >>> of_fields(["guild_id"]), of_fields(["guild_id", "guild_event_id", "page", "per_page"])
    ('GuildId', 'GuildEventPerPage')
    """
    every = [split(type_name(name)) for name in names]
    if len(every) > 1:
        every = [
            words[:-1] if words[-1] in _FORMAL and len(words) > 1 else words for words in every
        ]
    kept = [words for words in every if not any(set(words) < set(other) for other in every)]
    return type_name(*(word for words in dict.fromkeys(kept) for word in words))


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
            words = [of_fields([field.name for field in fields])]
        case Record(fields, rest) if len(fields) <= SMALL and isinstance(rest, Unknown):
            words = [of_fields([field.name for field in fields]), "More"]
        case Enum(values) if len(values) <= SMALL:
            words = [_quiet(value) for value in values if isinstance(value, str)]
            return _short(words, BRIEF)
        case Intersection((Ref(base), Record(fields, None))) | Intersection(
            (Record(fields, None), Ref(base))
        ) if len(fields) <= SMALL:
            words = [base, of_fields([field.name for field in fields])]
        case Intersection(parts) if all(isinstance(part, Ref) for part in parts):
            words = [part.name for part in parts if isinstance(part, Ref)]
        case Union(options):
            return _of_options(options)
        case _:
            return ""
    return _short(words, WORDS)


def _short(words: Sequence[str], most: int) -> str:
    name = type_name(*words)
    return name if any(words) and len(split(name)) <= most else ""


def _quiet(value: str) -> str:
    """Return a value without its capitals, if it is all capitals and no abbreviation."""
    return value.lower() if value.isupper() and len(value) > 4 else value


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
