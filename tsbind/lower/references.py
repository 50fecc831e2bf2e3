"""Follows `$ref`, once per target."""

from __future__ import annotations

import json
from typing import NamedTuple

from tsbind.errors import SpecError
from tsbind.lower.report import At, Node, Report
from tsbind.spec.document import Document

_MAX_CHAIN = 64  # references to references before we call it a loop

# Beside `$ref` these say nothing about the value, so the reference alone decides.
ANNOTATIONS = frozenset(
    [
        "$ref",
        "$comment",
        "$id",
        "$anchor",
        "$dynamicAnchor",
        "$schema",
        "$defs",
        "title",
        "description",
        "summary",
        "default",
        "example",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "xml",
        "externalDocs",
        "discriminator",
    ]
)


class Target(NamedTuple):
    """What a reference names, after references to references were followed."""

    node: Node
    pointer: str


def is_alias(schema: dict[str, Node]) -> bool:
    """Whether a Schema Object is a reference and nothing more."""
    return "$ref" in schema and all(key in ANNOTATIONS or key.startswith("x-") for key in schema)


class References:
    """Resolves the references of one document; a broken one is reported where it stands."""

    def __init__(self, document: Document, report: Report) -> None:
        self._document = document
        self._report = report
        self._targets: dict[str, Target | None] = {}

    def target(self, ref: Node, at: At) -> Target | None:
        """Return what `ref` names, or None (reported) when it names nothing.

        A target that is itself only a reference is followed to its own target.
        """
        if not isinstance(ref, str):
            self._report.add("ref-shape", at, f'"$ref" must be a string, not {shown(ref)}')
            return None
        if ref not in self._targets:
            self._targets[ref] = self._follow(ref, at)
        return self._targets[ref]

    def glimpse(self, ref: Node) -> Target | None:
        """Return what `ref` names, or None; whoever uses it will report what is wrong."""
        if not isinstance(ref, str):
            return None
        target = self._targets.get(ref) or self._follow(ref, None)
        if target is not None:
            self._targets[ref] = target
        return target

    def node(self, node: Node, at: At) -> tuple[Node, At] | None:
        """Return `node`, or what its `$ref` names; None (reported) when that is no object."""
        if isinstance(node, dict) and "$ref" in node:
            target = self.target(node["$ref"], at)
            if target is None:
                return None
            if isinstance(target.node, dict):
                return _with_siblings(node, target.node), target.pointer
            node, at = target
        if not isinstance(node, dict):
            self._report.add("shape", at, f"must be an object, not {shown(node)}")
            return None
        return node, at

    def _follow(self, ref: str, at: At | None) -> Target | None:
        """Follow a reference to its end; without a place nothing is reported."""
        seen: set[str] = set()
        while True:
            target = self._step(ref, at)
            if target is None:
                return None
            node = target.node
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
                return target
            if not is_alias(node):
                return target
            if ref in seen or len(seen) > _MAX_CHAIN:
                if at is None:
                    return None
                self._report.add(
                    "ref-cycle",
                    at,
                    f'reference "{ref}" leads back to itself',
                    fix="point one of the references at a schema",
                    severity="error",
                )
                return None
            seen.add(ref)
            ref = node["$ref"]

    def _step(self, ref: str, at: At | None) -> Target | None:
        try:
            return Target(self._document.resolve(ref), ref.removeprefix("#"))
        except SpecError as error:
            if at is not None:
                self._report.add("ref-missing", at, error.what, fix=error.fix, severity="error")
            return None


def _with_siblings(node: dict[str, Node], target: dict[str, Node]) -> dict[str, Node]:
    """Let `summary` and `description` beside a Reference Object win (OpenAPI 3.1 §4.8.23)."""
    own = {key: node[key] for key in ("summary", "description") if isinstance(node.get(key), str)}
    return {**target, **own} if own else target


def shown(value: Node) -> str:
    """Spell a wrong value for a message, shortened."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 42 else text[:41] + "…"
