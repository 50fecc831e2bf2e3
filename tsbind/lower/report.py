"""Collects what is wrong with parts of a document, and remembers where.

Positions cost something to find, so a place is kept as a cheap chain of keys and turned into a
JSON pointer, and then into file, line and column, only for the problems that are reported.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from tsbind.errors import Diagnostic, Severity
from tsbind.spec.document import Document

Node: TypeAlias = Any  # a JSON value of the document

# A place in the document: a whole JSON pointer ("" is the root), or a key below another place.
At: TypeAlias = "str | tuple[At, str]"


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
