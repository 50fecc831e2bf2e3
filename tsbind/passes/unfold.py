"""Writes out what names stand for: types as the nodes of one graph.

A node is what meets the eye: an object, a list, a set of alternatives.  Aliases, generics, `&` and
`Omit` are gone; what lies below is reached by edges, so recursive types give a finite graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import assert_never

import msgspec

from tsbind.ir.api import NamedType
from tsbind.ir.types import (
    ANYTHING,
    NEVER,
    UNKNOWN,
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
    union,
)
from tsbind.ir.walk import rewrite
from tsbind.passes.says import (
    common,
    has_fields,
    is_no_object,
    is_plain,
    known_fields,
    says,
    scalars,
    spelt_out,
)
from tsbind.passes.shapes import Shapes

ANY_OF, ALL_OF = "any of", "all of"

Label = tuple[str, bool]  # a step down, and whether what it leads to must be there


class Node(msgspec.Struct):
    """One type, written out as far as the next field or element."""

    kind: str
    edges: tuple[tuple[Label, int], ...] = ()
    options: frozenset[int] = frozenset()  # what has no order and no label: alternatives, parts


def classes(nodes: Sequence[Node]) -> list[int]:
    """Return a class for each node; nodes in one class cannot be told apart, however far down.

    A node is the set of its alternatives, so that one alternative met twice counts once; and what
    is all of several equal parts is any one of them.
    """
    found = [0] * len(nodes)
    # Each round tells apart what differs one step further down; a class that splits stays split.
    for _ in range(len(nodes) + 1):
        alone = _numbered([_without_alternatives(node, found) for node in nodes])
        finer = _numbered(
            [
                frozenset([alone[inner] for inner in _alternatives(index, nodes, found)])
                for index in range(len(nodes))
            ]
        )
        if finer == found:
            break
        found = finer
    return found


def _alternatives(index: int, nodes: Sequence[Node], found: Sequence[int]) -> Iterator[int]:
    """Yield the nodes that `nodes[index]` is any one of, itself if it has no alternatives."""
    node = nodes[index]
    alike = node.kind == ALL_OF and len({found[part] for part in node.options}) == 1
    if alike or node.kind == ANY_OF:
        for option in node.options:
            yield from _alternatives(option, nodes, found)
    else:
        yield index


def _without_alternatives(node: Node, found: Sequence[int]) -> object:
    parts = frozenset([found[inner] for inner in node.options])
    return node.kind, tuple([(label, found[inner]) for label, inner in node.edges]), parts


def _numbered(keys: Sequence[object]) -> list[int]:
    numbers: dict[object, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


class Unfolding:
    """Adds the types of one description to a list of nodes."""

    def __init__(self, types: Mapping[str, NamedType], nodes: list[Node]) -> None:
        self._types = types
        self._nodes = nodes
        self._shapes = Shapes()
        self._places: dict[int, int] = {}
        self._pending: list[tuple[int, Type]] = []
        self._circles: set[object] = set()  # names being written out that were met again inside
        self._nothing = self._new()
        nodes[self._nothing].kind = "nothing"

    def node(self, type_: Type | None) -> int:
        """Return the index of the node for `type_`, which `finish` completes."""
        if type_ is None:
            return self._nothing
        number = self._shapes.number(type_)
        place = self._places.get(number)
        if place is None:
            place = self._places[number] = self._new()
            self._pending.append((place, type_))
        return place

    def finish(self) -> None:
        """Complete every node, and all that lie below."""
        while self._pending:
            place, type_ = self._pending.pop()
            self._describe(self._nodes[place], self.head(type_))

    def _new(self) -> int:
        self._nodes.append(Node(""))
        return len(self._nodes) - 1

    def head(self, type_: Type) -> Type:
        """Write out `type_` down to the next field or element.

        A name that stands for nothing but itself accepts what its other alternatives accept, and
        anything if it has none.
        """
        found = self._head(type_, frozenset())
        return UNKNOWN if found is None else found

    def _head(
        self, type_: Type, entered: frozenset[object], *, into: bool = True, merge: bool = True
    ) -> Type | None:
        # `into` False: do not look at what the members of an object are; `merge` False: leave
        # the parts of an intersection side by side, since all that meet must be merged at once.
        match type_:
            case Ref(name) if name in self._types:
                return self._entered(name, self._types[name].type, entered, into, merge)
            case Apply(name) if name in self._types:
                key = self._shapes.number(type_)
                return self._entered(key, self._applied(type_), entered, into, merge)
            case Trim(base):
                inner = self._head(base, entered, into=into)
                return None if inner is None else self._plain(_trimmed(type_, inner), into)
            case Union(options):
                heads = [self._head(option, entered, into=into) for option in options]
                known = [head for head in heads if head is not None]
                return union(known) if known else None
            case Intersection(parts):
                heads = [self._head(part, entered, into=into, merge=False) for part in parts]
                flat = _flat([head for head in heads if head is not None])
                if merge or not flat:
                    return self._together(flat, into)
                return Intersection(flat)
            case Record():
                return self._plain(type_, into)
            case _:
                return type_

    def _entered(
        self, key: object, body: Type, entered: frozenset[object], into: bool, merge: bool
    ) -> Type | None:
        if key in entered:
            self._circles.add(key)
            return None
        outer, self._circles = self._circles, set()
        found = self._head(body, entered | {key}, into=into, merge=merge)
        self._circles.discard(key)
        if found is None and not self._circles:
            found = UNKNOWN
        self._circles |= outer
        return found

    def _applied(self, node: Apply) -> Type:
        generic = self._types[node.name]
        given = dict(zip(generic.parameters, node.arguments, strict=False))

        def change(inner: Type) -> Type:
            return given.get(inner.name, inner) if isinstance(inner, Variable) else inner

        return rewrite(generic.type, change)

    def _plain(self, type_: Type, into: bool) -> Type:
        """Return the one spelling of objects that can be spelt in several ways."""
        if not isinstance(type_, Record) or not into:
            return type_
        rest = None if type_.rest is None else self._head(type_.rest, frozenset(), into=False)
        if type_.fields:
            if rest is None or rest == UNKNOWN:
                return type_
            # The declared fields are members, too, so the type of members covers them.
            members = [type_.rest or UNKNOWN, *(field.type for field in type_.fields)]
            covering = None if rest == NEVER else union(members)
            return msgspec.structs.replace(type_, rest=covering)
        if rest == NEVER or (rest is None and type_.closed):
            return Record((), closed=True)
        return ANYTHING if rest is None or rest == UNKNOWN else type_

    def _together(self, flat: Sequence[Type], into: bool) -> Type | None:
        """Return what is all of `flat`, which are written out, with its objects made one."""
        if NEVER in flat:
            return NEVER
        if any(map(has_fields, flat)):
            flat = self._objects(flat)
        said = [part for part in flat if part != UNKNOWN]
        known = [each for part in said if (each := scalars(part, self._types)) is not None]
        if len(known) == len(said) > 1:
            return spelt_out(reduce(common, known))
        distinct = {self._shapes.number(part): part for part in flat}
        unions = [part for part in distinct.values() if isinstance(part, Union)]
        records = [
            left
            for part in distinct.values()
            if isinstance(part, Record)
            for left in self._unsaid(part, unions)
        ]
        merged = self._plain(_merged(records), into) if records else ANYTHING
        others: dict[int, Type] = {
            number: part
            for number, part in distinct.items()
            if not isinstance(part, (Record, Unknown))
        }
        anything = others.pop(self._shapes.number(ANYTHING), None)
        # Neither "any object" nor the empty object says anything beside an object with members;
        # the empty one says nothing beside whatever else, either.
        if records and (merged != Record((), closed=True) or not others):
            others[self._shapes.number(merged)] = merged
        elif anything is not None:
            others[self._shapes.number(ANYTHING)] = ANYTHING
        if not others:
            return UNKNOWN if flat else None
        kept = tuple(others.values())
        return kept[0] if len(kept) == 1 else Intersection(kept)

    def _unsaid(self, record: Record, unions: Sequence[Union]) -> tuple[Record, ...]:
        """Return `record` without the fields that all alternatives of a union have anyway."""
        if not unions or not is_plain(record):
            return (record,)
        told = list(map(known_fields, unions))
        fields = tuple(
            field
            for field in record.fields
            if not any(says(known, field, self._types) for known in told)
        )
        return (msgspec.structs.replace(record, fields=fields),) if fields else ()

    def _objects(self, flat: Sequence[Type]) -> Sequence[Type]:
        """Beside an object with fields, leave out what is no object, and that it is one."""
        kept: list[Type] = []
        for part in flat:
            if isinstance(part, Union):
                objects = [o for o in part.options if not is_no_object(o, self._types)]
                part = union(objects) if objects else part
            kept.append(part)
        return _flat([part for part in kept if part != ANYTHING])

    def _describe(self, node: Node, head: Type) -> None:
        match head:
            case Unknown() | Never() | Null() | Boolean() | Text() | Number() | Bytes():
                node.kind = _WORDS[type(head)]
            case Anything():
                node.kind = "any object"
            case Enum(values):
                node.kind = " or ".join(sorted(map(_spelt, values)))
            case Array(item):
                node.kind = "a list"
                node.edges = ((("[]", True), self.node(item)),)
            case Tuple(items, required, rest):
                node.kind = "a tuple"
                edges = [((str(i), i < required), self.node(t)) for i, t in enumerate(items)]
                if rest is not None:
                    edges.append((("...", False), self.node(rest)))
                node.edges = tuple(edges)
            case Record():
                self._describe_record(node, head)
            case Union(inner) | Intersection(inner):
                node.kind = ANY_OF if isinstance(head, Union) else ALL_OF
                node.options = frozenset(map(self.node, inner))
            case Ref(name) | Apply(name) | Variable(name):
                node.kind = f'a type "{name}" that is not defined'
            case Trim(base, how, names):
                node.kind = f"{how} {sorted(names)}"
                node.edges = ((("", True), self.node(base)),)
            case _:
                assert_never(head)

    def _describe_record(self, node: Node, record: Record) -> None:
        node.kind = "an object" if record.fields or record.rest is not None else "an empty object"
        fields = sorted(record.fields, key=lambda field: field.name)
        edges = [((field.name, field.required), self.node(field.type)) for field in fields]
        if record.rest is not None:
            covered = union([record.rest, *(self.head(field.type) for field in fields)])
            edges.append((("[*]", False), self.node(covered)))
        node.edges = tuple(edges)


_WORDS = {
    Unknown: "anything",
    Never: "nothing that can be",
    Null: "null",
    Boolean: "a boolean",
    Text: "a string",
    Number: "a number",
    Bytes: "bytes",
}


def _spelt(value: Scalar) -> str:
    if isinstance(value, float) and value.is_integer():
        return repr(int(value))
    return repr(value)


def _is_empty(node: Type) -> bool:
    if not isinstance(node, Record) or node.fields:
        return False
    return node.rest == NEVER or (node.rest is None and node.closed)


def _trimmed(trim: Trim, base: Type) -> Type:
    if not isinstance(base, Record):
        return Trim(base, trim.how, trim.names)
    fields: list[Field] = []
    for field in base.fields:
        match trim.how:
            case "Omit" if field.name in trim.names:
                continue
            case "Pick" if field.name not in trim.names:
                continue
            case "Partial" | "Required":
                fields.append(msgspec.structs.replace(field, required=trim.how == "Required"))
            case _:
                fields.append(field)
    return Record(tuple(fields), base.rest)


def _flat(parts: Sequence[Type]) -> tuple[Type, ...]:
    """Return `parts` with the parts of intersections in place of those."""
    flat: list[Type] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Intersection) else (part,))
    return tuple(flat)


def _merged(records: Sequence[Record]) -> Type:
    if len(records) == 1:
        return records[0]
    fields: dict[str, Field] = {}
    rests: list[Type] = []
    for record in records:
        if record.rest is not None:
            rests.append(record.rest)
        for field in record.fields:
            known = fields.get(field.name)
            if known is None:
                fields[field.name] = field
                continue
            both = Shapes()
            same = both.number(known.type) == both.number(field.type)
            type_ = known.type if same else Intersection((known.type, field.type))
            required = known.required or field.required
            fields[field.name] = Field(field.name, type_, required)
    rest = None if not rests else rests[0] if len(rests) == 1 else Intersection(tuple(rests))
    return Record(tuple(fields.values()), rest, all(record.closed for record in records))
