"""Schema Object → `Type`, for any input whatsoever.

Every `$ref` target becomes a named type, lowered once for each way in which it is seen
(direction.py); everything else is inline.  What TypeScript cannot say (`not`, `if`, bounds) is
left to validation (validation.py).  A keyword that is not what it must be is reported and has no
effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from msgspec.structs import replace

from tsbind.ir.types import (
    ANYTHING,
    BYTES,
    NEVER,
    TEXT,
    UNKNOWN,
    Array,
    Boolean,
    Enum,
    Field,
    Number,
    Record,
    Text,
    Tuple,
    Type,
    Union,
    union,
)
from tsbind.lower.branches import BRANCHING, Branches
from tsbind.lower.compose import intersect
from tsbind.lower.declared import Scope, declared
from tsbind.lower.direction import Directions, Mode, is_binary
from tsbind.lower.excluded import excludes_all, kinds_left, values_left
from tsbind.lower.kinds import COMPOSED, SCALARS, implied, is_scalar
from tsbind.lower.length import length
from tsbind.lower.literal import ACCEPTS, fitting, literals
from tsbind.lower.note import doc, example, names, note, reading
from tsbind.lower.references import References, Target, is_alias, shown
from tsbind.lower.report import At, Node, Report

MAX_DEPTH = 64  # schemas inside schemas without a name between them


class Names(Protocol):
    """What lowering a schema asks of the table of named types."""

    def named(self, target: Target, mode: Mode, *, inherited: bool) -> Type:
        """Return what stands for a reference; `inherited` when an `allOf` names it."""
        ...

    def mark_variants(self, schema: dict[str, Node], at: At) -> None:
        """Remember what the discriminator of `schema` says of its variants."""
        ...

    def note_wide(self) -> None:
        """Remember that some integers may lie beyond 2^53."""
        ...


class SchemaLowering:
    """Lowers the schemas of one mode; `named` says what stands for a reference."""

    def __init__(
        self,
        mode: Mode,
        references: References,
        directions: Directions,
        branches: Branches,
        report: Report,
        names: Names,
    ) -> None:
        self._mode = mode
        self._references = references
        self._directions = directions
        self._branches = branches
        self._report = report
        self._names = names
        self._depth = 0

    def type(self, schema: Node, at: At, scope: Scope | None = None) -> Type:
        """Return the type of the values that `schema` accepts."""
        if not isinstance(schema, dict):
            return self._no_object(schema, at)
        if self._depth >= MAX_DEPTH:
            self._report.add(
                "schema-depth",
                at,
                f"schema is nested more than {MAX_DEPTH} levels deep",
                fix="give the inner schemas names under components.schemas",
            )
            return UNKNOWN
        self._depth += 1
        try:
            return self._conjunction(schema, at, scope)
        finally:
            self._depth -= 1

    def _no_object(self, schema: Node, at: At) -> Type:
        if schema is True:
            return UNKNOWN
        if schema is False:
            return NEVER
        self._report.add(
            "schema-shape",
            at,
            f"schema must be an object or a boolean, not {shown(schema)}",
            fix="write a Schema Object here",
        )
        return UNKNOWN

    def _conjunction(self, schema: dict[str, Node], at: At, scope: Scope | None) -> Type:
        composed = [key for key in COMPOSED if key in schema]
        if not composed and "$ref" not in schema:
            return self._shape(schema, at, scope)
        if composed and "discriminator" in schema:
            self._names.mark_variants(schema, at)
        shape = UNKNOWN if is_alias(schema) else self._shape(schema, at, scope)
        parts: list[Type] = []
        if "$ref" in schema:
            parts.append(self._reference(schema["$ref"], at, scope, shape))
        parts.append(shape)
        for key in composed:
            members = self._members(
                schema, key, at, Scope(schema, at, scope, key == "allOf", shape)
            )
            if members:
                parts.extend(members if key == "allOf" else (union(members),))
        return intersect(parts)

    def _reference(self, ref: Node, at: At, scope: Scope | None, shape: Type) -> Type:
        target = self._references.target(ref, at)
        if target is None:
            return UNKNOWN
        inherited = scope is not None and scope.inherits
        beside = shape if shape != UNKNOWN or scope is None or not inherited else scope.shape
        if isinstance(beside, Enum):
            # `enum: [1]` beside a reference to a longer enum picks from it.
            inline = self.type(target.node, target.pointer)
            if isinstance(inline, (Enum, Text, Number, Boolean, Union)):
                return inline
        return self._names.named(target, self._mode, inherited=inherited)

    def _members(
        self, schema: dict[str, Node], key: str, at: At, scope: Scope | None
    ) -> list[Type]:
        members = schema[key]
        if not isinstance(members, list):
            self._report.add(
                "schema-keyword", (at, key), f'"{key}" must be a list, not {shown(members)}'
            )
            return []
        above: At = (at, key)
        return [
            self.type(member, (above, str(index)), scope) for index, member in enumerate(members)
        ]

    # What `type` and the keywords of one type say.

    def _shape(self, schema: dict[str, Node], at: At, scope: Scope | None) -> Type:
        if excludes_all(schema):
            return NEVER
        kinds = self._kinds(schema, at)
        values = self._values(schema, kinds, at)
        if values is not None:
            return values
        if not kinds:
            kinds = implied(schema)
            if not kinds and self._branches.fields(schema, at, scope):
                kinds = ("object",)
        elif "not" in schema:
            kinds = kinds_left(kinds, schema)
            if not kinds:
                return NEVER
        if len(kinds) == 1:
            return self._of_kind(kinds[0], schema, at, scope)
        return (
            union([self._of_kind(kind, schema, at, scope) for kind in kinds]) if kinds else UNKNOWN
        )

    def _kinds(self, schema: dict[str, Node], at: At) -> tuple[str, ...]:
        """Read `type`, leaving out words that JSON Schema does not know."""
        if "type" not in schema:
            return ()
        listed = schema["type"]
        if isinstance(listed, str) and listed in ACCEPTS:
            return (listed,)
        kinds = listed if isinstance(listed, list) else [listed]
        known = tuple(
            dict.fromkeys(kind for kind in kinds if isinstance(kind, str) and kind in ACCEPTS)
        )
        if len(known) < len(kinds) or not kinds:
            self._report.add(
                "schema-type",
                (at, "type"),
                f'"type" has no such value as {shown(listed)}',
                fix="use string, number, integer, boolean, array, object or null",
            )
            # What is misspelled could have been anything.
            return () if len(known) < len({*map(str, kinds)}) else known
        return known

    def _values(self, schema: dict[str, Node], kinds: tuple[str, ...], at: At) -> Type | None:
        """The literal values that `const` or `enum` allow; None when neither says anything."""
        if "const" in schema:
            return literals([schema["const"]])
        listed = schema.get("enum")
        if listed is None or listed == []:
            return None
        if not isinstance(listed, list):
            self._report.add(
                "schema-keyword", (at, "enum"), f'"enum" must be a list, not {shown(listed)}'
            )
            return None
        kept = fitting(listed, kinds)
        if kept:
            return literals(values_left(kept, schema))
        self._report.add(
            "enum-type",
            (at, "enum"),
            f'no value of "enum" is of type {shown(schema.get("type"))}',
            fix="list values of the declared type, or move the list into `items`",
        )
        return Array(literals(listed)) if kinds == ("array",) else None

    def _of_kind(self, kind: str, schema: dict[str, Node], at: At, scope: Scope | None) -> Type:
        if kind == "object":
            return self._record(schema, at, scope)
        if kind == "array":
            return self._list(schema, at)
        if kind == "string":
            return BYTES if self._mode == "form" and is_binary(schema) else TEXT
        if is_wide(schema):
            self._names.note_wide()
        return SCALARS[kind]

    def _list(self, schema: dict[str, Node], at: At) -> Type:
        items = schema.get("items", True)
        first = schema.get("prefixItems")
        if not isinstance(first, list) or not first:
            return Array(self.type(items, (at, "items")))
        above: At = (at, "prefixItems")
        size = length(schema)
        types = [self.type(each, (above, str(index))) for index, each in enumerate(first)]
        types = types[: size.named]
        if not size.open:
            return Tuple(tuple(types), size.required)
        rest = self.type(items, (at, "items"))
        types += [rest] * size.further
        return Tuple(tuple(types), size.required + size.further, rest)

    def _record(self, schema: dict[str, Node], at: At, scope: Scope | None) -> Type:
        fields = [*self._fields(schema, at, scope), *self._branch_fields(schema, at, scope)]
        rest, closed = self._rest(schema, at)
        listed = self._listed_names(schema, at)
        if listed is not None:
            known = {field.name for field in fields}
            member = UNKNOWN if rest is None else rest
            fields += [Field(name, member) for name in listed if name not in known]
            rest, closed = None, True
        if not fields:
            if rest is None and not closed:
                # All properties hidden in this mode is not the same as none known.
                return Record((), closed=True) if schema.get("properties") else ANYTHING
            if rest == UNKNOWN:
                return ANYTHING
        return Record(tuple(fields), rest, closed)

    def _fields(self, schema: dict[str, Node], at: At, scope: Scope | None) -> Iterator[Field]:
        properties = self._table(schema, "properties", at)
        listed = schema.get("required")
        required = listed if isinstance(listed, list) else []
        if not isinstance(listed, (list, type(None))) and not isinstance(listed, bool):
            self._report.add(
                "schema-keyword",
                (at, "required"),
                f'"required" must be a list, not {shown(listed)}',
            )
        above: At = (at, "properties")
        names = {name for name in required if isinstance(name, str)}
        for name, inner in properties.items():
            place = (above, name)
            if not self._directions.hidden(inner, place, self._mode):
                yield self._field(name, inner, place, name in names)
        for name in dict.fromkeys(required):
            if isinstance(name, str) and name not in properties:
                found = declared(name, schema, at, scope, self._references)
                if found is None:
                    yield self._only_named(schema, name, at)
                elif not self._directions.hidden(*found, self._mode):
                    yield self._field(name, *found, True)

    def _branch_fields(
        self, schema: dict[str, Node], at: At, scope: Scope | None
    ) -> Iterator[Field]:
        for name, places in self._branches.fields(schema, at, scope).items():
            seen = [each for each in places if not self._directions.hidden(*each, self._mode)]
            if seen:
                types = union(self.type(*each) for each in seen)
                yield replace(self._field(name, *seen[0], False), type=types)
            elif not places:
                yield Field(name, UNKNOWN)

    def _field(self, name: str, schema: Node, at: At, required: bool) -> Field:
        type_ = self.type(schema, at)
        if not isinstance(schema, dict):
            return Field(name, type_, required)
        deprecated = schema.get("deprecated") is True
        said = self.note(schema, at), doc(schema, name)
        read = self.note(schema, at, reading)
        return Field(name, type_, required, *said, deprecated, example(schema), read)

    def note(self, schema: Node, at: At, of: Callable[[Node], str] = note) -> str:
        """The note of a value with this schema.

        A reference to a scalar tells its target's, and one to numbers what they are called.
        """
        text = of(schema)
        if not (isinstance(schema, dict) and "$ref" in schema):
            return text
        target = self._references.target(schema["$ref"], at)
        if target is None or not isinstance(target.node, dict):
            return text
        beyond = of(target.node) if is_scalar(target.node) else ", ".join(names(target.node))
        return ", ".join(part for part in (beyond, text) if part)

    def _only_named(self, schema: dict[str, Node], name: str, at: At) -> Field:
        """A property that is required and declared nowhere takes what further members take."""
        rest, _ = self._rest(schema, at)
        return Field(name, UNKNOWN if rest is None else rest, required=True)

    def _rest(self, schema: dict[str, Node], at: At) -> tuple[Type | None, bool]:
        """The type of further members, and whether there may be none."""
        further = schema.get("additionalProperties")
        if further is None and BRANCHING.isdisjoint(schema):
            further = schema.get("unevaluatedProperties")
        patterns = self._table(schema, "patternProperties", at)
        types = [
            self.type(inner, ((at, "patternProperties"), pattern))
            for pattern, inner in patterns.items()
            if inner is not False
        ]
        if isinstance(further, dict):
            types.append(self.type(further, (at, "additionalProperties")))
        elif further is True:
            types.append(UNKNOWN)
        elif further is not None and further is not False:
            self._no_object(further, (at, "additionalProperties"))
        if not types:
            return None, further is False
        return union(types), False

    def _listed_names(self, schema: dict[str, Node], at: At) -> list[str] | None:
        """The only names that `propertyNames` allows, when it lists them."""
        names = schema.get("propertyNames")
        if isinstance(names, dict) and "$ref" in names:
            target = self._references.target(names["$ref"], (at, "propertyNames"))
            names = target.node if target is not None else None
        names = names if isinstance(names, dict) else {}
        listed = [names["const"]] if "const" in names else names.get("enum")
        if not isinstance(listed, list) or not listed:
            return None
        return [name for name in dict.fromkeys(map(str, listed)) if name in listed]

    def _table(self, schema: dict[str, Node], key: str, at: At) -> dict[str, Node]:
        table = schema.get(key)
        if isinstance(table, dict):
            return table
        if table is not None:
            self._report.add(
                "schema-keyword", (at, key), f'"{key}" must be an object, not {shown(table)}'
            )
        return {}


def is_wide(schema: dict[str, Node]) -> bool:
    """Whether a number is a 64-bit integer that is not held to what a double counts exactly."""
    if schema.get("format") not in ("int64", "uint64") or schema.get("type") == "string":
        return False
    most = schema.get("maximum")
    return not isinstance(most, (int, float)) or most > 2**53


def without_alternatives(schema: dict[str, Node]) -> dict[str, Node]:
    """The part of a discriminated parent that its variants share."""
    return {key: value for key, value in schema.items() if key not in ("oneOf", "anyOf")}
