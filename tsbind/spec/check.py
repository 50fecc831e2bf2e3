"""Does a document keep to its standard?  Two depths of the same question.

The fast check holds the source, as written, against the meta-schema of its version (and, from 3.1
on, of its Schema Objects): 30 ms for GitHub's 13 MB.  The full one is openapi-spec-validator's: it
also looks at references, defaults and path templates, and takes half a minute for the same.
Both read the meta-schemas that openapi-spec-validator ships, and neither opens a socket.  The fast
check also holds each object that a reference reaches in another file against its part of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs

from tsbind.bundle import Json
from tsbind.errors import Diagnostic
from tsbind.spec import pointer as pointers
from tsbind.spec.document import Document
from tsbind.spec.parse import parse
from tsbind.spec.source import Source

MAX_FINDINGS = 1000  # a document with more is of another kind than it says
_LONGEST = 300  # characters of one message: it may quote the document

_META = {"2.0": "v2.0", "3.0": "v3.0", "3.1": "v3.1", "3.2": "v3.2"}
_DIALECTS = {
    "3.1": "https://spec.openapis.org/oas/3.1/dialect/base",
    "3.2": "https://spec.openapis.org/oas/3.2/dialect/2025-09-17",
}
# Where a meta-schema says what an object of one of our kinds (`shapes`) must be.
_NEWER = {
    "schema": "schema",
    "parameter": "parameter-or-reference",
    "header": "header-or-reference",
    "response": "response-or-reference",
    "body": "request-body-or-reference",
    "link": "link-or-reference",
    "callback": "callbacks-or-reference",
    "example": "example-or-reference",
    "security_scheme": "security-scheme-or-reference",
    "path_item": "path-item",
    "operation": "operation",
    "media": "media-type",
}
_PARTS = {
    "2.0": {
        "schema": "schema",
        "parameter": "parameter",
        "header": "header",
        "response": "response",
        "path_item": "pathItem",
        "operation": "operation",
    },
    "3.0": {
        "schema": "Schema",
        "parameter": "Parameter",
        "header": "Header",
        "response": "Response",
        "body": "RequestBody",
        "link": "Link",
        "callback": "Callback",
        "example": "Example",
        "security_scheme": "SecurityScheme",
        "path_item": "PathItem",
        "operation": "Operation",
        "media": "MediaType",
    },
    "3.1": _NEWER,
    "3.2": _NEWER,
}
_FIX = "see the OpenAPI Specification for what may stand there"


def check(document: Document, *, full: bool = False) -> tuple[Diagnostic, ...]:
    """Return what in a document and its external files breaks the standard, in source order.

    `full` adds what openapi-spec-validator finds in the root document.  At most MAX_FINDINGS are
    returned.
    """
    version = document.version[:3]
    root = _tree(document.sources[""])
    findings: dict[tuple[str, str, str], None] = {}  # mount, pointer in that text, message
    for error in islice(_validator(version).iter_errors(root), MAX_FINDINGS):
        findings.setdefault(("", *_deepest(error)))
    for mount, at, error in islice(_outside(document, version), MAX_FINDINGS):
        below, what = _deepest(error)
        findings.setdefault((mount, at + below, what))
    if full:
        from tsbind.spec.check_full import full_findings

        known = [at for mount, at, _ in findings if not mount]
        for at, what in islice(full_findings(root, version, known), MAX_FINDINGS):
            findings.setdefault(("", at, what))
    diagnostics = [
        Diagnostic(
            code="standard",
            where=document.sources[mount].locate(pointers.split(at)),
            what=f"{at or 'the document'}: {what[:_LONGEST]}",
            fix=_FIX,
            severity="warning",
        )
        for mount, at, what in findings
    ]
    return tuple(sorted(diagnostics, key=lambda one: (one.where, one.what))[:MAX_FINDINGS])


def _tree(source: Source) -> Json:
    return parse(source.data, source.name, nodes=2**62)[1]


def _outside(document: Document, version: str) -> Iterator[tuple[str, str, Any]]:
    """Yield mount, pointer and error for each object that a reference reaches in another file."""
    trees: dict[str, Json] = {}
    for pointer, kind in document.outside.items():
        mount = "/".join(pointer.split("/")[:3])
        part = _PARTS[version].get(kind, "")
        if not part or mount not in document.sources:
            continue
        if mount not in trees:
            trees[mount] = _tree(document.sources[mount])
        at = pointer[len(mount) :]
        try:
            node = pointers.find(trees[mount], at)
        except KeyError:
            continue  # reported as a reference to nothing
        for error in _validator(version, part).iter_errors(node):
            yield mount, at, error


@cache
def _validator(version: str, part: str = "") -> Any:  # noqa: ANN401 - jsonschema-rs names no type
    """Compile the meta-schema of a version, or the `part` of it; 3 ms, once a process."""
    meta = _read("openapi_spec_validator", f"resources/schemas/{_META[version]}/schema.json")
    dialect = _DIALECTS.get(version)
    if dialect is None:
        if part:
            meta = {"$ref": f"#/definitions/{part}", "definitions": meta["definitions"]}
        return jsonschema_rs.Draft4Validator(meta, mask="the value", offline=True)
    # The meta-schema leaves Schema Objects open through `$dynamicRef: "#meta"`; this closes it.
    resources = [(meta["$id"], meta), *_dialect_resources()]
    whole = dialect if part == "schema" else f"{meta['$id']}#/$defs/{part}" if part else meta["$id"]
    closed = {
        "$schema": meta["$schema"],
        "$id": "tsbind:closed",
        "$ref": whole,
        "$defs": {"schema": {"$dynamicAnchor": "meta", "$ref": dialect}},
    }
    registry = jsonschema_rs.Registry(resources)
    return jsonschema_rs.Draft202012Validator(
        closed, registry=registry, mask="the value", offline=True
    )


def _dialect_resources() -> Iterator[tuple[str, Json]]:
    for path in sorted(_folder("openapi_schema_validator", "schemas").rglob("*")):
        if path.is_file():
            schema = json.loads(path.read_bytes())
            yield schema["$id"], schema


def _read(package: str, path: str) -> Any:  # noqa: ANN401 - a JSON value
    return json.loads(_folder(package, path).read_bytes())


def _folder(package: str, path: str) -> Path:
    """Find a file of a package without importing it, which takes half a second."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{package} is a dependency of tsbind and not installed")
    return Path(spec.submodule_search_locations[0]) / path


def _deepest(error: Any) -> tuple[str, str]:  # noqa: ANN401 - an error of jsonschema-rs
    """Return pointer and message of what is really wrong.

    When none of several alternatives fits, the one that got furthest was meant; an alternative
    that only asks for `$ref` was not.
    """
    branches = getattr(error.kind, "context", None) or []
    best = None
    for branch in branches:
        if any("$ref" in str(getattr(fault.kind, "property", "")) for fault in branch):
            continue
        for fault in branch:
            found = _deepest(fault)
            if best is None or found[0].count("/") > best[0].count("/"):
                best = found
    if best is not None:
        return best
    return pointers.join(str(token) for token in error.instance_path), error.message
