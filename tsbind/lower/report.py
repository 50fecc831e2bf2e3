"""Collects what is wrong with parts of a document, and remembers where.

Positions cost something to find, so a place is kept as a cheap chain of keys and turned into a
JSON pointer, and then into file, line and column, only for the problems that are reported.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

from tsbind.errors import Diagnostic, Location, Severity

Node: TypeAlias = Any  # a JSON value of the document

# A place in the document: a whole JSON pointer ("" is the root), or a key below another place.
At: TypeAlias = "str | tuple[At, str]"


class Document(Protocol):
    """What lowering needs of a read document: one tree in the OpenAPI 3.2 shape."""

    @property
    def root(self) -> dict[str, Any]:
        """The normalised document; every `$ref` in it starts with "#"."""
        ...

    def resolve(self, ref: str) -> Node:
        """Return the node that `ref` names; raises SpecError when there is none."""
        ...

    def locate(self, pointer: str) -> Location:
        """Return where the node at a JSON pointer was written."""
        ...


def pointer(at: At) -> str:
    """Spell a place as a JSON pointer (RFC 6901)."""
    keys: list[str] = []
    while isinstance(at, tuple):
        at, key = at
        keys.append("/" + key.replace("~", "~0").replace("/", "~1"))
    return at + "".join(reversed(keys))


class Report:
    """The problems found so far, each once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._found: dict[tuple[str, str, str], Diagnostic] = {}

    def add(
        self,
        code: str,
        at: At,
        what: str,
        *,
        fix: str = "",
        severity: Severity = "warning",
        operation: str = "",
    ) -> None:
        """Record a problem at a place; the same problem at the same place counts once."""
        where = pointer(at)
        key = (code, where, what)
        if key not in self._found:
            place = self._document.locate(where)
            self._found[key] = Diagnostic(code, place, what, fix, severity, operation)

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return the problems in the order of the document."""
        return tuple(sorted(self._found.values(), key=lambda each: (each.where, each.code)))
