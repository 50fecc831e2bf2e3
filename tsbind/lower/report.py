"""Collects what is wrong with parts of a document, and remembers where.

Positions cost something to find, so a place is kept as a cheap chain of keys and turned into a
JSON pointer, and then into file, line and column, only at the end and once for each place.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

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


MOST = 10_000  # problems that are kept, not counting those that cost an operation


class _Found(NamedTuple):
    code: str
    what: str
    fix: str
    severity: Severity
    operation: str


class Report:
    """The problems found so far, each once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._found: dict[At, dict[tuple[str, str], _Found]] = {}
        self._kept = 0

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
        if self._kept >= MOST and not operation:
            self._kept += 1
            return
        here = self._found.setdefault(at, {})
        if (code, what) not in here:
            here[code, what] = _Found(code, what, fix, severity, operation)
            self._kept += not operation

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return the problems in the order of the document."""
        # Two chains may spell one pointer, and what fills the document's limits is not kept twice.
        found: dict[tuple[int, str, str], Diagnostic] = {}
        for at, here in self._found.items():
            where = pointer(at)
            place = self._document.locate(where)
            for each in here.values():
                key = hash(where), each.code, each.what
                made = Diagnostic(
                    each.code, place, each.what, each.fix, each.severity, each.operation
                )
                found.setdefault(key, made)
        if self._kept > MOST:
            what = f"more than {MOST:,} parts have problems; the rest is not listed"
            fix = "correct those above first"
            found[0, "more", what] = Diagnostic("more", self._document.locate(""), what, fix)
        return tuple(sorted(found.values(), key=lambda each: (each.where, each.code)))
