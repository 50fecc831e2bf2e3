"""Requests and replies see a schema differently, and this says which schemas are affected.

A `readOnly` property is absent from requests and a `writeOnly` one from replies; a binary string
is bytes in a multipart body and text everywhere else.  A named schema that such a difference
can reach needs one type for each way in which it is seen; all others are shared.
"""

from __future__ import annotations

import re
from typing import Literal

from tsbind.lower.keywords import subschemas
from tsbind.lower.references import References
from tsbind.lower.report import At, Node, Report

Mode = Literal["reply", "request", "form"]  # form: a request written as multipart
Trait = Literal["readOnly", "writeOnly", "binary"]

# In each mode, the traits that change what is seen.
_SEEN: dict[Mode, frozenset[Trait]] = {
    "reply": frozenset({"writeOnly"}),
    "request": frozenset({"readOnly"}),
    "form": frozenset({"readOnly", "binary"}),
}
# A reply is what a schema describes; a request that differs from it in anything has a name of its
# own, and so has a form.
Effects = frozenset[Trait]
# Media types whose content is text, so that a string holds it without any encoding.
_TEXTUAL = re.compile(r"\s*(?:text/|[\w.-]+/(?:[\w.-]+\+)?(?:json|xml|yaml)\s*(?:;|$))", re.I)
_HIDDEN_BY: dict[Mode, Trait] = {"reply": "writeOnly", "request": "readOnly", "form": "readOnly"}


def is_binary(schema: dict[str, Node]) -> bool:
    """Whether a string schema stands for bytes rather than text.

    >>> [is_binary({"contentMediaType": media}) for media in ("image/png", "application/json")]
    [True, False]
    """
    if schema.get("format") == "binary" or schema.get("contentEncoding") == "binary":
        return True
    media = schema.get("contentMediaType")
    return isinstance(media, str) and "contentEncoding" not in schema and not _TEXTUAL.match(media)


class Directions:
    """Answers what each mode hides or changes, scanning every referenced schema once."""

    def __init__(self, references: References, report: Report) -> None:
        self._references = references
        self._report = report
        self._traits: dict[str, set[Trait]] = {}

    def effects(self, pointer: str, node: Node, mode: Mode) -> Effects:
        """What `mode` changes in the schema at `pointer` or in anything that it mentions."""
        if pointer not in self._traits:
            self._scan(pointer, node)
        traits = self._traits[pointer]
        return frozenset(traits & _SEEN[mode]) if traits else frozenset()

    def hidden(self, schema: Node, at: At, mode: Mode) -> bool:
        """Whether a property with this schema is absent in `mode`."""
        if not isinstance(schema, dict):
            return False
        flag = _HIDDEN_BY[mode]
        if flag in schema:
            return schema[flag] is True
        if "$ref" not in schema:
            return False
        target = self._references.target(schema["$ref"], at)
        return (
            target is not None and isinstance(target.node, dict) and target.node.get(flag) is True
        )

    def _scan(self, start: str, node: Node) -> None:
        """Find the traits of everything reachable from `start` that is not yet known."""
        direct: dict[str, set[Trait]] = {}
        mentioned_by: dict[str, set[str]] = {}
        pending = [(start, node)]
        while pending:
            pointer, schema = pending.pop()
            if pointer in direct:
                continue
            direct[pointer], mentions = self._read(schema)
            for other, inner in mentions:
                if other in self._traits:
                    direct[pointer] |= self._traits[other]
                else:
                    mentioned_by.setdefault(other, set()).add(pointer)
                    pending.append((other, inner))
        changed = [pointer for pointer, traits in direct.items() if traits]
        while changed:
            pointer = changed.pop()
            for user in mentioned_by.get(pointer, ()):
                if not direct[user] >= direct[pointer]:
                    direct[user] |= direct[pointer]
                    changed.append(user)
        self._traits.update(direct)

    def _read(self, node: Node) -> tuple[set[Trait], list[tuple[str, Node]]]:
        traits: set[Trait] = set()
        mentions: list[tuple[str, Node]] = []
        pending = [node]
        while pending:
            schema = pending.pop()
            if not isinstance(schema, dict):
                continue
            if schema.get("readOnly") is True:
                traits.add("readOnly")
            if schema.get("writeOnly") is True:
                traits.add("writeOnly")
            if is_binary(schema):
                traits.add("binary")
            if "$ref" in schema:
                target = self._references.glimpse(schema["$ref"])
                if target is not None:
                    mentions.append((target.pointer, target.node))
            pending.extend(subschemas(schema))
        return traits, mentions
