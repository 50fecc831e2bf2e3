"""What a document tells beside what programs can ask for: counted, so that nothing goes unsaid.

Webhooks and callbacks are requests that the API makes to others, links say which values lead from
one operation to another, and headers come beside the body of a reply.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tsbind.bundle import Reply
from tsbind.lower.headers import is_wanted
from tsbind.lower.operation import Found
from tsbind.lower.references import References
from tsbind.lower.report import At, Node, Report
from tsbind.spec.shapes import METHODS

_SHOWN = 5  # names of headers in a message


class _Aside(NamedTuple):
    """Something that stands beside an operation."""

    name: str
    at: At


def tell_asides(
    root: Mapping[str, Node],
    found: Iterable[tuple[Found, tuple[Reply, ...]]],
    references: References,
    report: Report,
) -> None:
    """Report each kind of aside once for the document, where the first one stands."""
    operations = list(found)
    nodes = [each for each, _ in operations]
    called = [aside for each in nodes for aside in _members(each.node, each.at, "callbacks")]
    responses = [
        (status, response, at, replies)
        for each, replies in operations
        for status, response, at in _responses(each, references)
    ]
    linked = [aside for _, node, at, _ in responses for aside in _members(node, at, "links")]
    silent = [
        aside
        for status, node, at, replies in responses
        if status[:1] in ("2", "d")
        for aside in _members(node, at, "headers")
        if is_wanted(aside.name) and not _given(aside.name, status, replies)
    ]
    for code, asides, what in (
        ("webhooks", list(_webhooks(root)), "requests that the API makes and programs cannot"),
        ("callbacks", called, "requests that the API makes and programs cannot"),
        ("links", linked, "what may be called next; the values for it are in the replies"),
    ):
        if asides:
            report.add(code, asides[0].at, f"{_counted(asides, code)}: {what}", severity="info")
    if silent:
        names = list(dict.fromkeys(aside.name for aside in silent))
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        report.add(
            "reply-headers",
            silent[0].at,
            "programs get the body of a reply without its headers "
            f"{', '.join(names[:_SHOWN])}{more}",
            severity="info",
        )


def _given(name: str, status: str, replies: tuple[Reply, ...]) -> bool:
    return any(name in reply.headers for reply in replies if reply.status.upper() == status.upper())


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
        if not name.startswith("x-") or key == "headers":
            yield _Aside(name, ((at, key), name))


def _responses(found: Found, references: References) -> Iterator[tuple[str, Node, At]]:
    table = found.node.get("responses")
    for status, response in table.items() if isinstance(table, dict) else ():
        if not status.startswith("x-"):
            resolved = references.node(response, ((found.at, "responses"), status))
            if resolved is not None:
                yield status, *resolved
