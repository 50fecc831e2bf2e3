"""What a document tells beside what programs can ask for: counted, so that nothing goes unsaid.

Webhooks and callbacks are requests that the API makes to others, and links say which values lead
from one operation to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tsbind.lower.operation import Found
from tsbind.lower.references import References
from tsbind.lower.report import At, Node, Report
from tsbind.spec.shapes import METHODS


class _Aside(NamedTuple):
    """Something that stands beside an operation."""

    name: str
    at: At


def tell_asides(
    root: Mapping[str, Node],
    found: Iterable[Found],
    references: References,
    report: Report,
) -> None:
    """Report each kind of aside once for the document, where the first one stands."""
    operations = list(found)
    called = [aside for each in operations for aside in _members(each.node, each.at, "callbacks")]
    responses = [pair for each in operations for pair in _responses(each, references)]
    linked = [aside for node, at in responses for aside in _members(node, at, "links")]
    for code, asides, what in (
        ("webhooks", list(_webhooks(root)), "requests that the API makes and programs cannot"),
        ("callbacks", called, "requests that the API makes and programs cannot"),
        ("links", linked, "what may be called next; the values for it are in the replies"),
    ):
        if asides:
            report.add(code, asides[0].at, f"{_counted(asides, code)}: {what}", severity="info")


def _counted(asides: list[_Aside], noun: str) -> str:
    return f"{len(asides):,} {noun if len(asides) > 1 else noun[:-1]}"


def _webhooks(root: Mapping[str, Node]) -> Iterator[_Aside]:
    for key in ("webhooks", "x-webhooks"):
        table = root.get(key)
        for name, item in table.items() if isinstance(table, dict) else ():
            methods = [each for each in METHODS if isinstance(item, dict) and each in item]
            yield from (_Aside(name, (f"/{key}", name)) for _ in methods or [""])


def _members(node: Node, at: At, key: str) -> Iterator[_Aside]:
    table = node.get(key) if isinstance(node, dict) else None
    for name in table if isinstance(table, dict) else ():
        if not name.startswith("x-"):
            yield _Aside(name, ((at, key), name))


def _responses(found: Found, references: References) -> Iterator[tuple[Node, At]]:
    table = found.node.get("responses")
    for status, response in table.items() if isinstance(table, dict) else ():
        if not status.startswith("x-"):
            resolved = references.node(response, ((found.at, "responses"), status))
            if resolved is not None:
                yield resolved
