"""Fields that only a branch declares: under `then`, `else`, `if` or `dependentSchemas`.

No type can say when a branch applies, and validation does; but what it declares may be sent and is
replied, so it is shown: as an optional field, of any type that some branch gives it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tsbind.lower.declared import Scope, declared
from tsbind.lower.references import References
from tsbind.lower.report import At, Node, Report

BRANCHING: Final = frozenset(["if", "then", "else", "dependentSchemas"])
_MAX_VISITED: Final = 100  # schemas looked through for the branches of one
MAX_FIELDS: Final = 50_000  # of all branches of a document, however often they are looked at

Place = tuple[Node, At]


class Branches:
    """Finds the fields that the branches of schemas declare."""

    def __init__(self, references: References, report: Report) -> None:
        self._references = references
        self._report = report
        self._room = MAX_FIELDS

    def fields(
        self, schema: dict[str, Node], at: At, scope: Scope | None
    ) -> dict[str, list[Place]]:
        """Return each name that is declared nowhere else, with its schemas.

        A condition only tells what is there: a name that stands under `if` alone has no schema.
        """
        if BRANCHING.isdisjoint(schema) or schema.get("additionalProperties") is False:
            return {}
        if self._room <= 0:
            self._report.add(
                "branch-fields",
                at,
                f"the branches of all schemas declare more than {MAX_FIELDS:,} fields; those that "
                "only this one's branches declare are not shown",
                fix="declare them beside the branches",
            )
            return {}
        found: dict[str, list[Place]] = {}
        for key in ("then", "else"):
            self._collect(schema.get(key), (at, key), found)
        dependent = schema.get("dependentSchemas")
        for name, inner in dependent.items() if isinstance(dependent, dict) else ():
            self._collect(inner, ((at, "dependentSchemas"), name), found)
        asked: dict[str, list[Place]] = {}
        self._collect(schema.get("if"), (at, "if"), asked)
        for name in asked:
            found.setdefault(name, [])
        return {
            name: places
            for name, places in found.items()
            if declared(name, schema, at, scope, self._references) is None
        }

    def _collect(self, schema: Node, at: At, found: dict[str, list[Place]]) -> None:
        seen: set[int] = set()
        pending: list[Place] = [(schema, at)]
        while pending and len(seen) < _MAX_VISITED:
            node, place = pending.pop()
            if not isinstance(node, dict) or id(node) in seen:
                continue
            seen.add(id(node))
            properties = node.get("properties")
            self._room -= len(properties) if isinstance(properties, dict) else 1
            for name, inner in properties.items() if isinstance(properties, dict) else ():
                if inner is not False:
                    found.setdefault(name, []).append((inner, ((place, "properties"), name)))
            pending.extend(self._inside(node, place))

    def _inside(self, node: dict[str, Node], at: At) -> Iterator[Place]:
        """The schemas that apply to the same value, `if` and `not` left out."""
        if "$ref" in node:
            target = self._references.target(node["$ref"], at)
            if target is not None:
                yield target
        for key in ("allOf", "anyOf", "oneOf"):
            members = node.get(key)
            for index, member in enumerate(members if isinstance(members, list) else ()):
                yield member, ((at, key), str(index))
        for key in ("then", "else"):
            if key in node:
                yield node[key], (at, key)
