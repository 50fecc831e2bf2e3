"""The table of named types: one entry for each referenced schema and way of seeing it."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from tsbind.ir.api import NamedType
from tsbind.ir.types import (
    UNKNOWN,
    Enum,
    Field,
    Intersection,
    Null,
    Record,
    Ref,
    Scalar,
    Text,
    Type,
    Union,
    Unknown,
    union,
)
from tsbind.ir.walk import intersection
from tsbind.lower.branches import Branches
from tsbind.lower.compose import field_of, with_field
from tsbind.lower.cycles import without_cycles
from tsbind.lower.declared import declared
from tsbind.lower.depth import MAX_NAMES, shallow
from tsbind.lower.direction import Directions, Effects, Mode
from tsbind.lower.discriminator import Discriminators, Variants
from tsbind.lower.fields import Shape
from tsbind.lower.kinds import is_scalar
from tsbind.lower.literal import exact
from tsbind.lower.note import doc, note
from tsbind.lower.references import References, Target
from tsbind.lower.report import At, Node, Report
from tsbind.lower.schema import SchemaLowering, without_alternatives
from tsbind.lower.typenames import TypeNames
from tsbind.spec.document import Document

_COMPONENT = "/components/schemas/"
# What a type is called that is seen otherwise than a reply sees it.
_SUFFIXES: dict[Mode, tuple[str, ...]] = {
    "reply": ("Output", "Reply"),
    "request": ("Input", "Request"),
    "form": ("Form", "Upload"),
}


class _Key(NamedTuple):
    pointer: str
    effects: Effects
    own: bool  # a discriminated parent without its variants, as its children inherit it


class Types:
    """Lowers schemas and names what they refer to.

    Lower the replies first, then requests, then forms: a schema that is only ever sent keeps its
    plain name that way, and one that is seen in both directions is named after the reply.
    """

    def __init__(self, document: Document, report: Report) -> None:
        self.references = References(document, report)
        self.directions = Directions(self.references, report)
        self._branches = Branches(self.references, report)
        self._report = report
        self._discriminators = Discriminators(document, self.references, report)
        self._names = TypeNames(self._discriminators.components())
        self._plain: dict[str, str] = {}
        self._keys: dict[_Key, str] = {}
        self._modes: dict[str, tuple[_Key, Node, Mode]] = {}
        self._queue: list[str] = []
        self._types: dict[str, NamedType] = {}
        self._tags: dict[str, dict[str, dict[str, None]]] = {}
        self._current = ""
        self._marked: dict[tuple[int, At], Node] = {}  # by id() and place, as below
        # By id() and place; holding the schema keeps its id valid.
        self._lowered: dict[tuple[int, At, Mode], tuple[Node, Type]] = {}
        self.shapes: dict[str, Shape] = {}  # of the named types that are records, once asked for
        self.wide = False  # some integers may lie beyond 2^53

    def lower(self, schema: Node, at: At, mode: Mode) -> Type:
        """Return the type of an inline schema, lowering whatever it refers to.

        What operations share, such as parameters, is lowered once.
        """
        key = id(schema), at, mode
        found = self._lowered.get(key)
        if found is None:
            type_ = self._lowering(mode).type(schema, at)
            self._drain()
            found = self._lowered[key] = schema, type_
        return found[1]

    def note(self, schema: Node, at: At) -> str:
        """Return the note of a value with this schema."""
        return self._lowering("request").note(schema, at)

    def look(self, name: str) -> Type:
        """Return the type behind a Ref."""
        return self._types[name].type

    def finish(self) -> dict[str, NamedType]:
        """Return all named types in name order, variants marked and loops of bare names cut."""
        self._drain()
        for name in list(self._modes):
            self._inherit_unmarked(name)
        for name, (key, node, mode) in self._modes.items():
            for property_, values in self._tags.get(key.pointer, {}).items():
                if not key.own and not self._is_hidden(property_, key, node, mode):
                    self._mark(name, property_, tuple(values))
        ordered = {name: self._types[name] for name in sorted(self._types)}
        types, cut = shallow(without_cycles(ordered))
        for name in cut:
            self._report.add(
                "composition-depth",
                self._modes[name][0].pointer,
                f"schema is composed of named schemas more than {MAX_NAMES} levels deep",
                fix="compose it of fewer schemas; what lies deeper is taken for anything",
            )
        return types

    # What SchemaLowering asks.

    def named(self, target: Target, mode: Mode, *, inherited: bool) -> Type:
        """Return what stands for a reference: its name, or the scalar that it is."""
        node, pointer = target
        if is_scalar(node):
            # One word says it; a name would only hide it.
            return self._lowering(mode).type(node, pointer)
        own = inherited and self.offers(node, pointer, self._current)
        if own:
            self.mark_variants(node, pointer)
        return Ref(self.name_of(pointer, node, mode, own))

    def mark_variants(self, schema: dict[str, Node], at: At) -> None:
        """Remember the values that mark each variant of a discriminated schema."""
        if (id(schema), at) in self._marked:  # each heir comes by
            return
        self._marked[id(schema), at] = schema
        variants = self._discriminators.inline(schema, at)
        if variants is not None:
            for pointer, values in variants.values.items():
                if not values:
                    continue
                tags = self._tags.setdefault(pointer, {})
                tags.setdefault(variants.property, {}).update(dict.fromkeys(values))

    def note_wide(self) -> None:
        """Remember that some integers may lie beyond 2^53."""
        self.wide = True

    # Names.

    def name_of(self, pointer: str, node: Node, mode: Mode, own: bool = False) -> str:
        """Return the name of the schema at `pointer` as `mode` sees it, lowering it if need be."""
        key = _Key(pointer, self.directions.effects(pointer, node, mode), own)
        name = self._keys.get(key)
        if name is None:
            name = self._keys[key] = self._new_name(key, mode)
            self._modes[name] = (key, node, mode)
            self._queue.append(name)
        return name

    def _new_name(self, key: _Key, mode: Mode) -> str:
        plain = self._plain_name(key.pointer)
        if key.own:
            base = plain + "Base"
            return self._names.fresh(base, *[base + suffix for suffix in _SUFFIXES[mode]])
        if plain not in self._modes:
            return plain
        return self._names.fresh(*[plain + suffix for suffix in _SUFFIXES[mode]])

    def _plain_name(self, pointer: str) -> str:
        if pointer not in self._plain:
            tail = pointer.removeprefix(_COMPONENT)
            component = tail.replace("~1", "/").replace("~0", "~") if tail != pointer else ""
            known = self._names.components.get(component)
            self._plain[pointer] = known or self._names.for_pointer(pointer)
        return self._plain[pointer]

    # Lowering.

    def _lowering(self, mode: Mode) -> SchemaLowering:
        return SchemaLowering(
            mode, self.references, self.directions, self._branches, self._report, self
        )

    def _drain(self) -> None:
        while self._queue:
            name = self._queue.pop()
            key, node, mode = self._modes[name]
            self._current = key.pointer
            type_ = self._lower_named(key, node, mode)
            self._current = ""
            self._types[name] = NamedType(type_, note(node), doc(node, name))

    def _lower_named(self, key: _Key, node: Node, mode: Mode) -> Type:
        lowering = self._lowering(mode)
        if not isinstance(node, dict):
            return lowering.type(node, key.pointer)
        if key.own:
            return lowering.type(without_alternatives(node), key.pointer)
        if "discriminator" in node and "oneOf" not in node and "anyOf" not in node:
            variants = self._discriminators.variants(node, key.pointer)
            if variants is not None:
                self.mark_variants(node, key.pointer)
                return self._any_of(variants, key.pointer, mode)
        return lowering.type(node, key.pointer)

    def _any_of(self, variants: Variants, parent: str, mode: Mode) -> Type:
        """A parent whose variants inherit from it can be any of them."""
        return union(
            Ref(self.name_of(pointer, node, mode, pointer == parent))
            for node, pointer in variants.targets
        )

    def offers(self, parent: Node, pointer: str, heir: str) -> bool:
        """Whether the schema at pointer `heir` is one of the alternatives that `parent` offers."""
        if not isinstance(parent, dict):
            return False
        variants = self._discriminators.variants(parent, pointer)
        if variants is not None:
            return heir in variants.values
        members = [
            member
            for key in ("oneOf", "anyOf")
            for member in (parent[key] if isinstance(parent.get(key), list) else ())
            if isinstance(member, dict) and "$ref" in member
        ]
        targets = (self.references.target(member["$ref"], pointer) for member in members)
        return any(target is not None and target.pointer == heir for target in targets)

    # Marking variants.

    def _inherit_unmarked(self, name: str) -> None:
        """A variant that inherits from another one must not inherit its mark."""
        pending = [name]
        while pending:
            current = pending.pop()
            key, _, mode = self._modes[current]
            named = self._types[current]
            if key.pointer not in self._tags or not isinstance(named.type, (Intersection, Ref)):
                continue
            parts = named.type.parts if isinstance(named.type, Intersection) else (named.type,)
            changed = tuple(self._unmarked(part, key, mode) for part in parts)
            if changed != parts:
                self._drain()
                self._types[current] = replace(named, type=intersection(changed))
                pending.extend(part.name for part in changed if isinstance(part, Ref))

    def _unmarked(self, part: Type, heir: _Key, mode: Mode) -> Type:
        if not isinstance(part, Ref):
            return part
        key, node, _ = self._modes[part.name]
        shared = self._tags.get(key.pointer, {}).keys() & self._tags[heir.pointer].keys()
        if key.own or not shared:
            return part
        return Ref(self.name_of(key.pointer, node, mode, own=True))

    def _is_hidden(self, property_: str, key: _Key, node: Node, mode: Mode) -> bool:
        found = declared(property_, node, key.pointer, None, self.references)
        return found is not None and self.directions.hidden(*found, mode)

    def _mark(self, name: str, property_: str, values: tuple[str, ...]) -> None:
        named = self._types[name]
        known = field_of(named.type, property_, self.look)
        if known is None:
            if not self._is_record(named.type):
                return
            known = Field(property_, UNKNOWN, required=True)
        kept = self._narrowed(known.type, values)
        if kept is not None:
            marked = replace(known, type=Enum(kept))
            self._types[name] = replace(named, type=with_field(named.type, marked))

    def _narrowed(self, type_: Type, values: tuple[str, ...]) -> tuple[Scalar, ...] | None:
        """What a discriminator's property can be in one variant; None to leave it as it is."""
        match self._behind(type_):
            case Unknown() | Text():
                return values
            case Enum(listed):
                wanted = {exact(value) for value in values}
                kept = tuple(value for value in listed if exact(value) in wanted)
                return kept if kept and len(kept) < len(listed) else None
            case Union(options) if all(
                isinstance(self._behind(option), (Text, Null, Enum)) for option in options
            ):
                return values
        return None

    def _is_record(self, node: Type) -> bool:
        return isinstance(self._behind(node), (Record, Intersection))

    def _behind(self, node: Type) -> Type:
        """What a name stands for, through other names; the name itself where they lead round."""
        seen: set[str] = set()
        while isinstance(node, Ref) and node.name not in seen:
            seen.add(node.name)
            node = self.look(node.name)
        return node
