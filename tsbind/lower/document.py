"""`Document` → `Api`: the order of the work.

Replies are lowered before requests, and requests before multipart forms within each operation,
so that a type seen differently in both directions is named after what comes back (table.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from tsbind.errors import Diagnostic
from tsbind.ir.api import Api, Operation
from tsbind.ir.unify import unify
from tsbind.lower.asides import tell_asides
from tsbind.lower.extent import bounded
from tsbind.lower.naming import name_operations, namespaces
from tsbind.lower.operation import lower_operation, operations, replied
from tsbind.lower.paging import Pages
from tsbind.lower.reply import Output
from tsbind.lower.report import Node, Report
from tsbind.lower.secret import Guards, check_used, secret_schemes
from tsbind.lower.security import requirements, schemes
from tsbind.lower.server import servers
from tsbind.lower.table import Types
from tsbind.lower.tags import read_tags
from tsbind.lower.validation import Validation
from tsbind.spec.document import Document


def lower(document: Document, secrets: Iterable[str] = ()) -> tuple[Api, tuple[Diagnostic, ...]]:
    """Make the IR of a document, and list what of it could not be used.

    A part that cannot be compiled is left out with a Diagnostic; nothing is raised for it.  The
    result does not depend on the order in which the document lists paths and schemas.  `secrets`
    are parameters that operators give as credentials (`query.api_key`); raises SelectionError for
    one that no operation has.
    """
    report = Report(document)
    types = Types(document, report)
    validation = Validation(types, report)
    listed = operations(document, types, report)
    found = bounded(listed, document.root, types.references, report)
    named = [(each.method, each.path, each.node) for each in found]
    names = name_operations(named, read_tags(document.root))
    chosen = secret_schemes(secrets)
    known = schemes(document, types.references, report) | chosen
    guards = Guards(known, requirements(document.root, "", known, report), chosen)
    replies = [replied(each, types, validation, report) for each in found]
    made = [
        lower_operation(each, name, output, guards, types, validation, report)
        for each, name, output in zip(found, names, replies, strict=True)
    ]
    check_used(chosen, filter(None, made))
    schemas = validation.finish()
    pages = Pages(schemas)
    lowered = [
        _in_pages(each, output, pages)
        for each, output in zip(made, replies, strict=True)
        if each is not None
    ]
    root = document.root
    tell_asides(root, found, types.references, report)
    info = _object(root.get("info"))
    api = Api(
        title=_text(info.get("title")),
        version=_text(info.get("version")),
        operations=tuple(sorted(lowered, key=lambda each: each.name[:-1])),
        types=types.finish(),
        schemas=schemas,
        schemes=known,
        servers=servers(root, "", report),
        doc=_text(info.get("description")),
        namespaces=namespaces(root, names, [each.node for each in found]),
        wide=types.wide,
    )
    return unify(api), report.diagnostics()


def _in_pages(operation: Operation, output: Output, pages: Pages) -> Operation:
    found = pages.of(operation.call, link="link" in output.headers)
    return (
        operation
        if found is None
        else replace(operation, call=replace(operation.call, paging=found))
    )


def _object(value: Node) -> dict[str, Node]:
    return value if isinstance(value, dict) else {}


def _text(value: Node) -> str:
    return value.strip() if isinstance(value, str) else ""
