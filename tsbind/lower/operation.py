"""Operation Objects → `Operation`, still without names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tsbind.bundle import Call
from tsbind.errors import SpecError
from tsbind.ir.api import Operation
from tsbind.lower.arguments import Input, arguments_object
from tsbind.lower.parameter import (
    Declared,
    Template,
    arguments,
    declared,
    in_template,
    settable,
    template,
)
from tsbind.lower.references import shown
from tsbind.lower.reply import Output, output
from tsbind.lower.report import At, Node, Report
from tsbind.lower.secret import Guards, without_secrets
from tsbind.lower.security import requirements
from tsbind.lower.server import servers
from tsbind.lower.streaming import overloaded, streaming
from tsbind.lower.table import Types
from tsbind.lower.validation import Validation
from tsbind.lower.words import LONGEST
from tsbind.spec.document import Document

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace", "query")


Item = tuple[dict[str, Node], At]


class Found(NamedTuple):
    """An operation where it stands in the document."""

    method: str  # upper case
    path: str  # as documented
    node: dict[str, Node]
    at: At
    items: tuple[Item, ...]  # the Path Item Objects around it, what one refers to before it

    @property
    def label(self) -> str:
        """What the operation is called before it has a name."""
        return f"{self.method} {self.path}"


def operations(document: Document, types: Types, report: Report) -> list[Found]:
    """Find all operations, in an order that does not depend on the document's."""
    found: list[Found] = []
    for path, entry, at in _paths(document):
        if len(path) > LONGEST:
            report.add(
                "path-long",
                at,
                f"the path has {len(path):,} characters, more than {LONGEST:,}",
                fix="shorten it; no server takes such an address",
                severity="error",
                operation=f"* {path[:60]} …",
            )
            continue
        items = _items(entry, at, types)
        if items is None:
            why, fix = _why_lost(document, entry)
            report.add(
                "path-lost",
                at,
                f'the operations of path "{path}" are not known: {why}',
                fix=fix,
                severity="error",
                operation=f"* {path}",
            )
            items = _own(entry, at)
        found.extend(_of_items(path, items, report))
    return found


def _items(entry: Node, at: At, types: Types) -> tuple[Item, ...] | None:
    """A path item after those that it refers to; None where one of them is not there."""
    items = _own(entry, at)
    node, seen = entry, [entry]
    while isinstance(node, dict) and "$ref" in node:
        target = types.references.target(node["$ref"], at)
        if target is None or any(target.node is each for each in seen):
            return None
        node, at = target
        seen.append(node)
        items = (*_own(node, at), *items)
    return items if isinstance(node, dict) else None


def _own(entry: Node, at: At) -> tuple[Item, ...]:
    return ((entry, at),) if isinstance(entry, dict) else ()


def _why_lost(document: Document, entry: Node) -> tuple[str, str]:
    """Say what is wrong with a path item that cannot be used, and what helps."""
    try:
        node, ref = document.follow(entry)
    except SpecError as error:
        return error.what, error.fix
    return f"{shown(node)} is no path item", f'correct "{ref}"' if ref else "write an object here"


def _paths(document: Document) -> Iterator[tuple[str, Node, At]]:
    for key in ("paths", "x-ms-paths"):
        table = document.root.get(key)
        for path, entry in sorted(table.items()) if isinstance(table, dict) else ():
            if not path.startswith("x-"):
                yield path, entry, (f"/{key}", path)


def _of_items(path: str, items: tuple[Item, ...], report: Report) -> Iterator[Found]:
    entries: dict[str, tuple[Node, At]] = {}
    for item, at in items:
        entries |= {
            method.upper(): (item[method], (at, method)) for method in METHODS if method in item
        }
        further = item.get("additionalOperations")
        if isinstance(further, dict):
            place: At = (at, "additionalOperations")
            entries |= {name: (node, (place, name)) for name, node in sorted(further.items())}
    for method, (node, where) in entries.items():
        if not isinstance(node, dict):
            report.add(
                "operation",
                where,
                f"operation must be an object, not {shown(node)}",
                severity="error",
                operation=f"{method} {path}",
            )
            continue
        if not (method.isascii() and method.isalpha() and len(method) <= LONGEST):
            report.add(
                "method",
                where,
                f"{shown(method)} is no HTTP method",
                severity="error",
                operation=f"{method} {path}",
            )
            continue
        operation_id = node.get("operationId")
        if isinstance(operation_id, str) and len(operation_id) > LONGEST:
            report.add(
                "operation-id",
                where,
                f"operationId has {len(operation_id):,} characters, more than {LONGEST:,}",
                fix="shorten it; until then the operation is named after its path",
            )
        yield Found(method, path, node, where, items)


def replied(found: Found, types: Types, validation: Validation, report: Report) -> Output:
    """Lower what the operation returns; all operations' replies come before any request."""
    bodied = found.method != "HEAD"
    return output(found.node, found.at, types, validation, report, bodied=bodied)


def lower_operation(
    found: Found,
    name: tuple[str, ...],
    returns: Output,
    guards: Guards,
    types: Types,
    validation: Validation,
    report: Report,
) -> Operation | None:
    """Lower the rest of an operation and put it together; None when it cannot be called."""
    node = found.node
    path = template(found.path)
    security = guards.common
    if "security" in node:
        security = requirements(node, found.at, guards.schemes, report)
    parameters = declared((*found.items, (node, found.at)), types.references, report)
    open_, security = without_secrets(parameters, security, guards)
    given = settable(open_, found.label, report)
    if given is None:
        return None
    takes = _input(found, path, given, types, validation, report)
    levels = ((node, found.at), *reversed(found.items))
    tags = tuple(tag for tag in _list(node.get("tags")) if isinstance(tag, str))
    summary = _text(node.get("summary"))
    deprecated = node.get("deprecated") is True
    call = Call(
        op=".".join(name),
        method=found.method,
        path=path.path,
        parameters=takes.parameters,
        bodies=takes.bodies,
        replies=returns.replies,
        security=security,
        servers=next(filter(None, (servers(*each, report) for each in levels)), ()),
        args=takes.schema,
        headers=returns.headers,
        deprecated=deprecated,
        tags=tags,
        summary=summary,
    )
    made = Operation(
        name,
        takes.type,
        returns.type,
        call,
        takes.optional,
        summary,
        _text(node.get("description")),
        tags,
        deprecated,
    )
    if returns.streamed is None:
        return made
    asked = streaming(node, found.at, takes, types.references)
    return made if asked is None else overloaded(made, asked, returns.streamed)


def _input(
    found: Found,
    path: Template,
    given: list[Declared],
    types: Types,
    validation: Validation,
    report: Report,
) -> Input:
    agreed = in_template(given, path, found.at, report)
    named = arguments(agreed, path, types.references, report)
    return arguments_object(found.node, found.at, named, types, validation, report)


def _list(value: Node) -> list[Node]:
    return value if isinstance(value, list) else []


def _text(value: Node) -> str:
    return value.strip() if isinstance(value, str) else ""
