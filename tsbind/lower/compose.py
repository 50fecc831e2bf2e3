"""All of several types at once, as simply as possible.

`allOf`, and keywords beside a composition, say that one value meets several schemas.  Inline
records become one record, `string` with an enum becomes the enum; what cannot be joined without
knowing a named type stays an `Intersection`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from tsbind.ir.types import (
    NEVER,
    NULL,
    UNKNOWN,
    Anything,
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
    Tuple,
    Type,
    Union,
    Unknown,
    union,
)
from tsbind.ir.walk import intersection
from tsbind.lower.literal import ACCEPTS, exact

MANY = 32  # parts of an intersection; of more, not every two are compared

Look = Callable[[str], Type]  # the named type behind a Ref


def intersect(parts: Iterable[Type]) -> Type:
    """The type of values that are all of `parts`; what cannot be joined keeps its order."""
    flat = _flatten(parts)
    joined: list[Type] = []
    looked: list[int] = []  # indices of those that others may be joined with
    many = len(flat) > MANY
    for part in _in_pairs(_in_pairs(flat, _is_plain), _is_list) if many else flat:
        if many and isinstance(part, Union):
            joined.append(part)  # looking through all its options, for each other, takes too long
        else:
            _add(joined, looked, part)
    if any(isinstance(part, Never) for part in joined):
        return NEVER
    if any(_kinds(part) is None for part in joined):
        # A named type is nearly always an object; "any object" adds nothing to it.
        joined = [part for part in joined if not isinstance(part, Anything)]
    return intersection(tuple(joined)) if joined else UNKNOWN


def _flatten(parts: Iterable[Type]) -> list[Type]:
    flat: list[Type] = []
    for part in parts:
        if not isinstance(part, Unknown):
            flat.extend(part.parts if isinstance(part, Intersection) else (part,))
    return list(dict.fromkeys(flat))


def _add(joined: list[Type], looked: list[int], part: Type) -> None:
    """Join `part` with the first of `joined` that it can be joined with, or append it."""
    if _kinds(part) is not None:  # names, and what holds them, cannot be joined
        for index in looked:
            both = join(joined[index], part)
            if both is not None:
                joined[index] = both
                return
        if len(looked) < MANY:
            looked.append(len(joined))
    joined.append(part)


def _in_pairs(parts: list[Type], alike: Callable[[Type], bool]) -> list[Type]:
    """Join those among very many parts that are alike in pairs: one by one they are copied often.

    What they are joined to stands where the first of them stood.
    """
    joined = [part for part in parts if alike(part)]
    while len(joined) > 1:
        joined = [intersect(joined[at : at + 2]) for at in range(0, len(joined), 2)]
    first = next((at for at, part in enumerate(parts) if alike(part)), 0)
    others = [part for part in parts if not alike(part)]
    return [*others[:first], *joined, *others[first:]]


def _is_plain(part: Type) -> bool:
    return isinstance(part, Record) and (part.rest is None or part.rest == UNKNOWN)


def _is_list(part: Type) -> bool:
    return isinstance(part, Array)


def join(left: Type, right: Type) -> Type | None:
    """Both types as one node, or None when only an Intersection can say it."""
    if left == right:
        return left
    if isinstance(left, Union) or isinstance(right, Union):
        return _join_union(left, right)
    kinds, others = _kinds(left), _kinds(right)
    if kinds is None or others is None:
        return None
    if not kinds & others:
        return NEVER
    match left, right:
        case (Enum(values), _):
            return _narrow(values, right)
        case (_, Enum(values)):
            return _narrow(values, left)
        case (Number(), Number()):
            return Number(whole=True)  # they differ, so one of them is
        case (Record(), Record()):
            return _join_records(left, right)
        case (Anything(), other) | (other, Anything()):
            return other
        case (Array(item), Array(other)):
            return Array(intersect((item, other)))
        case (Tuple(), Array(Unknown())):
            return left
        case (Array(Unknown()), Tuple()):
            return right
    return None


def _join_union(left: Type, right: Type) -> Type | None:
    """Keep the options that the other side can be too.

    None when that leaves several that only an Intersection can join, such as two records.
    """
    lefts, rights = _options(left), _options(right)
    kinds, others = _kinds(left), _kinds(right)
    if kinds is None or others is None:
        return None
    kept = [each for each in lefts if (_kinds(each) or kinds) & others]
    kept_others = [each for each in rights if (_kinds(each) or others) & kinds]
    if {*kept} <= {*kept_others}:
        return union(kept)
    if {*kept_others} <= {*kept}:
        return union(kept_others)
    null = NULL in kept and NULL in kept_others
    some = [each for each in kept if each != NULL]
    others_ = [each for each in kept_others if each != NULL]
    if len(some) > 1 and len(others_) > 1:
        return None
    single, several = (some, others_) if len(some) == 1 else (others_, some)
    if len(several) > 1 and all(_kinds(each) == _OBJECT for each in several):
        joined: Type = intersection((single[0], union(several)))
    else:
        joined = union(intersect((single[0], each)) for each in several)
    return union((joined, NULL)) if null else joined


def _options(node: Type) -> tuple[Type, ...]:
    return node.options if isinstance(node, Union) else (node,)


def _join_records(left: Record, right: Record) -> Record | None:
    """One record with the fields of both; None when typed further members forbid it."""
    if any(rest is not None and rest != UNKNOWN for rest in (left.rest, right.rest)):
        return None
    fields = {field.name: field for field in left.fields}
    for field in right.fields:
        known = fields.get(field.name)
        fields[field.name] = field if known is None else _join_fields(known, field)
    rest = left.rest if left.rest is not None else right.rest
    return Record(tuple(fields.values()), rest, left.closed and right.closed)


def _join_fields(left: Field, right: Field) -> Field:
    return Field(
        left.name,
        left.type if left.type == right.type else intersect((left.type, right.type)),
        left.required or right.required,
        left.note or right.note,
        left.doc or right.doc,
        left.deprecated or right.deprecated,
        left.example or right.example,
        left.reading or right.reading,
    )


def _narrow(values: tuple[Scalar, ...], other: Type) -> Type:
    if isinstance(other, Enum):
        allowed = {exact(value) for value in other.values}
        kept = tuple(value for value in values if exact(value) in allowed)
    else:
        kinds = _kinds(other) or frozenset()
        kept = tuple(value for value in values if any(ACCEPTS[kind](value) for kind in kinds))
    return Enum(kept) if kept else NEVER


_OBJECT = frozenset({"object"})
_KINDS: dict[type, frozenset[str]] = {
    Null: frozenset({"null"}),
    Boolean: frozenset({"boolean"}),
    Text: frozenset({"string"}),
    Bytes: frozenset({"string"}),
    Number: frozenset({"number"}),
    Anything: frozenset({"object"}),
    Record: frozenset({"object"}),
    Array: frozenset({"array"}),
    Tuple: frozenset({"array"}),
    Never: frozenset(),
}


def _kinds(node: Type) -> frozenset[str] | None:
    """Which JSON types the values have; None when that depends on a named type."""
    if isinstance(node, Enum):
        return frozenset(_kind(value) for value in node.values)
    if isinstance(node, Union):
        found = [_kinds(option) for option in node.options]
        if any(kinds is None for kinds in found):
            return None
        return frozenset().union(*(kinds or frozenset() for kinds in found))
    return _KINDS.get(type(node))


def _kind(value: Scalar) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"


def field_of(node: Type, name: str, look: Look, seen: set[str] | None = None) -> Field | None:
    """Find a field of a record, or of a part of an intersection; unions have none of their own."""
    seen = set() if seen is None else seen
    match node:
        case Record(fields):
            return next((field for field in fields if field.name == name), None)
        case Intersection(parts):
            found = (field_of(part, name, look, seen) for part in parts)
            return next((field for field in found if field is not None), None)
        case Ref(target) if target not in seen:
            seen.add(target)
            return field_of(look(target), name, look, seen)
    return None


def with_field(node: Type, field: Field) -> Type:
    """Replace a record's field of that name, or add it; in an intersection, in the first record."""
    match node:
        case Record(fields):
            if any(each.name == field.name for each in fields):
                changed = tuple(field if each.name == field.name else each for each in fields)
                return replace(node, fields=changed)
            return replace(node, fields=(field, *fields))
        case Intersection(parts):
            own = [part for part in parts if isinstance(part, Record)]
            holds = [part for part in own if any(each.name == field.name for each in part.fields)]
            chosen = next(iter(holds or own), None)
            if chosen is not None:
                return Intersection(
                    tuple(with_field(part, field) if part is chosen else part for part in parts)
                )
            return Intersection((*parts, Record((field,))))
    return intersection((node, Record((field,))))
