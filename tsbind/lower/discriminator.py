"""Discriminators: which schemas are the variants of one, and what value marks each.

Two forms are in use.  A schema lists its variants in `oneOf` or `anyOf` beside `discriminator`;
or a parent has only the `discriminator`, and every schema whose `allOf` names the parent is a
variant.  `mapping` gives the values; a variant that it leaves out is marked by its own name
(OpenAPI 3.2 §4.25), or by its `x-ms-discriminator-value`: AutoRest's extension, from the time
before there was `mapping`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tsbind.lower.references import References, Target
from tsbind.lower.report import At, Node, Report
from tsbind.spec.document import Document

_COMPONENTS = "/components/schemas/"
# Of all discriminated parents together; heirs of heirs count for each parent above them.
MAX_HEIRS = 20_000


class Variants(NamedTuple):
    """The property that tells variants apart, and each variant's values by its pointer."""

    property: str
    values: Mapping[str, tuple[str, ...]]
    targets: tuple[Target, ...]


class Discriminators:
    """Answers which variants a schema has."""

    def __init__(self, document: Document, references: References, report: Report) -> None:
        self._document = document
        self._references = references
        self._report = report
        self._children: dict[str, list[str]] | None = None
        self._found: dict[str, Variants | None] = {}
        self._known_heirs: dict[str, list[Target]] = {}
        self._heir_room = MAX_HEIRS

    def variants(self, schema: dict[str, Node], pointer: str) -> Variants | None:
        """Return the variants of the named schema at `pointer`; None when it has none."""
        if pointer not in self._found:
            self._found[pointer] = self._read(schema, pointer)
        return self._found[pointer]

    def inline(self, schema: dict[str, Node], at: At) -> Variants | None:
        """Return the variants that an unnamed schema lists."""
        return self._read(schema, at)

    def _read(self, schema: dict[str, Node], at: At) -> Variants | None:
        discriminator = schema.get("discriminator")
        if not isinstance(discriminator, dict):
            return None
        name = discriminator.get("propertyName")
        if not isinstance(name, str):
            self._report.add(
                "discriminator",
                (at, "discriminator"),
                'discriminator has no "propertyName"',
                fix="name the property that tells the variants apart",
            )
            return None
        targets = self._listed(schema, at)
        if not targets and isinstance(at, str) and not ("oneOf" in schema or "anyOf" in schema):
            targets = self._heirs_within(at)
        if not targets:
            return None
        mapped = self._mapping(discriminator.get("mapping"), ((at, "discriminator"), "mapping"))
        for pointer in self._mapping({"": discriminator.get("defaultMapping")}, at):
            mapped[pointer] = []  # whatever marks no other variant
        values = {
            target.pointer: tuple(mapped.get(target.pointer, (_own_mark(target),)))
            for target in targets
        }
        return Variants(name, values, tuple(targets))

    def _listed(self, schema: dict[str, Node], at: At) -> list[Target]:
        found: dict[str, Target] = {}
        for key in ("oneOf", "anyOf"):
            members = schema.get(key)
            for index, member in enumerate(members if isinstance(members, list) else ()):
                if isinstance(member, dict) and "$ref" in member:
                    target = self._references.target(member["$ref"], ((at, key), str(index)))
                    if target is not None:
                        found[target.pointer] = target
        return list(found.values())

    def _mapping(self, mapping: Node, place: At) -> dict[str, list[str]]:
        values: dict[str, list[str]] = {}
        for value, ref in mapping.items() if isinstance(mapping, dict) else ():
            if not isinstance(ref, str):
                continue
            bare = _COMPONENTS + ref.replace("~", "~0").replace("/", "~1")
            known = ref in self.components()
            target = self._references.target("#" + bare if known else ref, (place, value))
            if target is not None:
                values.setdefault(target.pointer, []).append(value)
        return values

    def _heirs_within(self, pointer: str) -> list[Target]:
        """The heirs of one schema; none when there are more than all parents may have."""
        if pointer not in self._known_heirs:
            heirs = self._heirs(pointer)
            if len(heirs) > self._heir_room:
                self._report.add(
                    "discriminator",
                    (pointer, "discriminator"),
                    f"discriminated schemas have more than {MAX_HEIRS:,} heirs together",
                    fix="discriminate fewer schemas; this one is taken for an object without heirs",
                )
                heirs = []
            self._heir_room -= len(heirs)
            self._known_heirs[pointer] = heirs
        return self._known_heirs[pointer]

    def _heirs(self, pointer: str) -> list[Target]:
        """Every component whose `allOf` names the schema at `pointer`, directly or not.

        It stops at the first one too many.
        """
        children = self._inheritance()
        found: dict[str, Target] = {}
        pending = list(reversed(children.get(pointer, [])))
        while pending and len(found) <= self._heir_room:
            child = pending.pop()
            if child in found or child == pointer:
                continue
            target = self._references.target("#" + child, pointer)
            if target is not None:
                found[child] = target
                pending.extend(reversed(children.get(child, [])))
        return list(found.values())

    def _inheritance(self) -> dict[str, list[str]]:
        """Parent → children, both by pointer, over all components in the order of their names."""
        if self._children is None:
            self._children = {}
            for name, schema in sorted(self.components().items()):
                child = _COMPONENTS + name.replace("~", "~0").replace("/", "~1")
                for parent in self._parents(schema, child):
                    self._children.setdefault(parent, []).append(child)
        return self._children

    def _parents(self, schema: Node, at: At) -> list[str]:
        members = schema.get("allOf") if isinstance(schema, dict) else None
        parents: list[str] = []
        for index, member in enumerate(members if isinstance(members, list) else ()):
            if isinstance(member, dict) and "$ref" in member:
                target = self._references.target(member["$ref"], ((at, "allOf"), str(index)))
                if target is not None:
                    parents.append(target.pointer)
        return parents

    def components(self) -> dict[str, Node]:
        """Return `components.schemas`; empty when it is not what it must be."""
        components = self._document.root.get("components")
        schemas = components.get("schemas") if isinstance(components, dict) else None
        return schemas if isinstance(schemas, dict) else {}


def _own_mark(target: Target) -> str:
    node, pointer = target
    written = node.get("x-ms-discriminator-value") if isinstance(node, dict) else None
    if isinstance(written, str):
        return written
    return pointer.rsplit("/", 1)[-1].replace("~1", "/").replace("~0", "~")
