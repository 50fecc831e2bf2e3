"""Spells Types as Python annotations, with the definitions that they need.

Python has no anonymous TypedDict, so every Record becomes a class: a named type under its own
name, an inline one under the name of the place where it first stands.  Three things that a Type
says are beyond a TypedDict of Python 3.11: that further members are refused, the type of further
members beside known fields, and intersections of other things than objects.  They are widened;
what is validated is the JSON Schema anyway.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from typing import Final, assert_never

import msgspec

from tsbind.emit.objects import Objects, Shape, alternatives, circular
from tsbind.emit.python_layout import Annotation, Either, Name, Subscript, flat, words
from tsbind.emit.python_statements import (
    NOTE,
    TYPE_PROSE,
    Definition,
    alias_definition,
    class_definition,
    described,
    functional_definition,
    has_plain_names,
)
from tsbind.emit.python_text import literal, pascal
from tsbind.emit.text import plain
from tsbind.ir.api import NamedType
from tsbind.ir.numbering import numbered
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

DEEPEST: Final = 40  # an annotation nested deeper is of no use to anybody
MOST: Final = 16  # alternatives that an intersection of unions may be multiplied out to
LONGEST: Final = 60  # characters in a class name that is put together from its place

JSON, NONE, INT, FLOAT = Name("Json"), Name("None"), Name("int"), Name("float")
ANY_OBJECT: Final = Subscript("dict", (Name("str"), JSON))
_ATOMS: Final[Mapping[type, Annotation]] = {
    Unknown: JSON,
    Never: Name("Never"),
    Null: NONE,
    Boolean: Name("bool"),
    Text: Name("str"),
    Number: FLOAT,
    Bytes: Name("bytes"),
    Anything: ANY_OBJECT,
}
_NEED_NO_PLACE: Final = (*_ATOMS, Enum, Ref)

# Names that printed modules import, and builtins, which no class of theirs may hide.
RESERVED: Final = frozenset(dir(builtins)) | {
    "ClassVar",
    "Host",
    "Json",
    "Literal",
    "Mapping",
    "Never",
    "NotRequired",
    "TypeAlias",
    "TypedDict",
    "annotations",
}


class Definitions:
    """Collects the definitions that annotations need, in an order in which Python can run them.

    `used` are the words in them, so that a module imports what it uses and nothing else.
    """

    def __init__(self, types: Mapping[str, NamedType], reserved: Iterable[str]) -> None:
        self._types = types
        self._taken = {*RESERVED, *reserved}
        self._names = {name: self._claim(pascal(name)) for name in types}
        self._circular = circular(types)
        self._objects = Objects(types)
        self._inline: dict[bytes, Name] = {}
        self._begun: set[str] = set()
        self.listed: list[Definition] = []
        self.used: set[str] = set()

    def _claim(self, wanted: str) -> str:
        """Return `wanted`, or one of wanted2, wanted3… that nothing else is called."""
        name = numbered(wanted, self._taken) if wanted in self._taken else wanted
        self._taken.add(name)
        return name

    def define_all(self) -> None:
        """Define every named type; those that others inherit from come first."""
        for name in self._types:
            self._define(name)

    def top(self, node: Type, place: str, doc: str = "") -> Annotation:
        """Spell a type that gets a class of its own even when another type looks the same."""
        whole = self._objects.shape(node)
        if isinstance(node, Ref) or whole is None:
            return self.annotation(node, place)
        name = self._claim(place)
        self._object(name, node, whole, doc)
        return Name(name)

    def alias(self, wanted: str, annotation: Annotation) -> Name:
        """Give an annotation a name."""
        name = self._claim(wanted)
        self._alias(name, annotation, "")
        return Name(name)

    def annotation(self, node: Type, place: str, depth: int = 0) -> Annotation:
        """Spell a type; `place` names the classes that have to be made for it."""
        if depth > DEEPEST:
            return JSON
        match node:
            case Number(whole=True):
                return INT
            case Unknown() | Never() | Null() | Boolean() | Text() | Number() | Bytes():
                return _ATOMS[type(node)]
            case Anything():
                return ANY_OBJECT
            case Enum(values):
                return _either(_enumerated(values))
            case Array(item):
                return Subscript("list", (self.annotation(item, place + "Item", depth + 1),))
            case Tuple(items, _, rest):
                members = items if rest is None else (*items, rest)
                whole = self._any_of(members, place + "Item", depth + 1) if members else JSON
                return Subscript("list", (whole,))
            case Record():
                return self._record(node, place, depth)
            case Union(options):
                return self._any_of(options, place, depth)
            case Intersection():
                return self._intersection(node, place, depth)
            case Ref(name):
                return JSON if name in self._circular else Name(self._names[name])
            case Trim() | Apply() | Variable():
                raise TypeError(f"{type(node).__name__} is made by passes that stubs come before")
            case _:
                assert_never(node)

    def _any_of(self, members: tuple[Type, ...], place: str, depth: int) -> Annotation:
        several = sum(not isinstance(member, _NEED_NO_PLACE) for member in members) > 1
        options = (
            self.annotation(member, f"{place}Option{count}" if several else place, depth + 1)
            for count, member in enumerate(members, 1)
        )
        return _either(options)

    def _record(self, record: Record, place: str, depth: int) -> Annotation:
        if not record.fields and record.rest is not None:
            value = self.annotation(record.rest, place + "Value", depth + 1)
            return Subscript("dict", (Name("str"), value))
        # Encoded, because values that Python calls equal (1 and True) make different types.
        key = msgspec.msgpack.encode(record)
        name = self._inline.get(key)
        if name is None:
            name = self._inline[key] = Name(self._claim(place[:LONGEST]))
            self._class(name.text, (), record.fields, self._further("", record.rest, place), depth)
        return name

    def _intersection(self, node: Intersection, place: str, depth: int) -> Annotation:
        whole = self._objects.shape(node)
        if whole is not None:
            return self._record(Record(tuple(whole.fields.values()), whole.rest), place, depth)
        options = alternatives(node.parts, self._types, MOST)
        if options is not None:
            return self._any_of(options, place, depth)
        solid = [part for part in node.parts if not isinstance(part, (Unknown, Anything))]
        return self.annotation(solid[0] if solid else node.parts[0], place, depth + 1)

    def _define(self, name: str) -> None:
        if name in self._begun:
            return
        self._begun.add(name)
        named, spelled = self._types[name], self._names[name]
        doc = described(named.doc, named.note, limit=TYPE_PROSE)
        whole = None if isinstance(named.type, Ref) else self._objects.shape(Ref(name))
        if whole is not None:
            self._object(spelled, named.type, whole, doc)
            return
        annotation = JSON if name in self._circular else self.annotation(named.type, spelled)
        self._alias(spelled, annotation, doc)

    def _alias(self, name: str, annotation: Annotation, doc: str) -> None:
        self.used.update(("TypeAlias", *words(annotation)))
        self.listed.append(alias_definition(name, annotation, doc))

    def _object(self, name: str, node: Type, whole: Shape, doc: str) -> None:
        """Define an object type: by inheritance where that says exactly the same."""
        doc = self._further(doc, whole.rest, name)
        fields = tuple(whole.fields.values())
        bases = self._bases(node, len(fields)) if has_plain_names(fields) else ()
        if bases:
            parts = node.parts if isinstance(node, Intersection) else ()
            fields = tuple(f for part in parts if isinstance(part, Record) for f in part.fields)
        for base in bases:
            self._define(base)
        self._class(name, tuple(self._names[base] for base in bases), fields, doc, 0)

    def _bases(self, node: Type, count: int) -> tuple[str, ...]:
        """The named parts of an intersection, if no two parts share a field."""
        if not isinstance(node, Intersection):
            return ()
        shapes = [self._objects.shape(part) for part in node.parts]
        behind = [self._objects.class_behind(p.name) for p in node.parts if isinstance(p, Ref)]
        bases = tuple(name for name in behind if name is not None)
        records = sum(isinstance(part, Record) for part in node.parts)
        total = sum(len(part.fields) for part in shapes if part is not None)
        exact = total == count and len(bases) + records == len(node.parts)
        return bases if exact and len(set(bases)) == len(bases) else ()

    def _class(
        self, name: str, bases: tuple[str, ...], fields: tuple[Field, ...], doc: str, depth: int
    ) -> None:
        spelled = [(field, self._field(field, name, depth + 1)) for field in fields]
        for _, annotation in spelled:
            self.used.update(words(annotation))
        if not bases:
            self.used.add("TypedDict")
        if bases or has_plain_names(fields):
            definition = class_definition(name, bases or ("TypedDict",), spelled, doc)
        else:
            definition = functional_definition(name, spelled, doc)
        self.listed.append(definition)

    def _field(self, field: Field, owner: str, depth: int) -> Annotation:
        plain_type = isinstance(field.type, _NEED_NO_PLACE)
        place = owner if plain_type else owner + pascal(field.name)
        annotation = self.annotation(field.type, place, depth)
        return annotation if field.required else Subscript("NotRequired", (annotation,))

    def _further(self, doc: str, rest: Type | None, place: str) -> str:
        """Say in words what a TypedDict cannot: the type of members beside the known ones."""
        if rest is None:
            return doc
        told = plain(flat(self.annotation(rest, place + "Value", 1)), NOTE)
        return f"{doc} Further members: {told}.".lstrip()


def _enumerated(values: tuple[Scalar, ...]) -> list[Annotation]:
    """Spell an enum as alternatives; `Literal` holds no floats and, by convention, no None."""
    exact = [v for v in values if v is not None and not isinstance(v, float)]
    spelled = (Name(literal(v) if isinstance(v, str) else repr(v)) for v in exact)
    options: list[Annotation] = [Subscript("Literal", tuple(spelled))] if exact else []
    if any(isinstance(value, float) for value in values):
        options.append(FLOAT)
    return [*options, NONE] if None in values else options


def _either(options: Iterable[Annotation]) -> Annotation:
    """Join alternatives: flat, no two alike, literals in one, None last."""
    literals: dict[Annotation, None] = {}
    others: dict[Annotation, None] = {}
    for option in options:
        for part in option.options if isinstance(option, Either) else (option,):
            if isinstance(part, Subscript) and part.head == "Literal":
                literals.update(dict.fromkeys(part.arguments))
            else:
                others[part] = None
    if JSON in others:
        return JSON
    if FLOAT in others:  # an int is a float to every type checker
        others.pop(INT, None)
    kept = tuple(value for value in literals if not _covered(value, others))
    nothing = others.pop(NONE, 0) is None
    joined: list[Annotation] = [*([Subscript("Literal", kept)] if kept else []), *others]
    if nothing:
        joined.append(NONE)
    return joined[0] if len(joined) == 1 else Either(tuple(joined))


def _covered(value: Annotation, others: Mapping[Annotation, None]) -> bool:
    """Whether a literal says nothing beside `str`, `bool` or `int` in the same union."""
    text = flat(value)
    if text in ("True", "False"):
        return _ATOMS[Boolean] in others
    return (_ATOMS[Text] if text[0] in "\"'" else INT) in others
