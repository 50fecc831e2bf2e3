"""Does a document keep to its standard?  Two depths of the same question.

The fast check holds the source, as written, against the meta-schema of its version (and, from 3.1
on, of its Schema Objects): 30 ms for GitHub's 13 MB.  The full one is openapi-spec-validator's: it
also looks at references, defaults and path templates, and takes half a minute for the same.
Both read the meta-schemas that openapi-spec-validator ships, and neither opens a socket.
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

MAX_FINDINGS = 1000  # a document with more is of another kind than it says
_LONGEST = 300  # characters of one message: it may quote the document

_META = {"2.0": "v2.0", "3.0": "v3.0", "3.1": "v3.1", "3.2": "v3.2"}
_DIALECTS = {
    "3.1": "https://spec.openapis.org/oas/3.1/dialect/base",
    "3.2": "https://spec.openapis.org/oas/3.2/dialect/2025-09-17",
}
_FIX = "see the OpenAPI Specification for what may stand there"


def check(document: Document, *, full: bool = False) -> tuple[Diagnostic, ...]:
    """Return what in the root document of `document` breaks the standard, in source order.

    External files are not looked at by the fast check, since only their use says what they are.
    At most MAX_FINDINGS are returned.
    """
    source = document.sources[""]
    _, tree, _ = parse(source.data, source.name, nodes=2**62)
    version = document.version[:3]
    findings: dict[tuple[str, str], None] = {}
    for error in islice(_validator(version).iter_errors(tree), MAX_FINDINGS):
        findings.setdefault(_deepest(error))
    if full:
        from tsbind.spec.check_full import full_findings

        for finding in islice(full_findings(tree, version), MAX_FINDINGS):
            findings.setdefault(finding)
    diagnostics = [
        Diagnostic(
            code="standard",
            where=source.locate(pointers.split(at)),
            what=f"{at or 'the document'}: {what[:_LONGEST]}",
            fix=_FIX,
            severity="warning",
        )
        for at, what in findings
    ]
    return tuple(sorted(diagnostics, key=lambda one: (one.where, one.what))[:MAX_FINDINGS])


@cache
def _validator(version: str) -> Any:  # noqa: ANN401 - jsonschema-rs names no common type
    """Compile the meta-schema of a version; 3 ms, once a process."""
    meta = _read("openapi_spec_validator", f"resources/schemas/{_META[version]}/schema.json")
    dialect = _DIALECTS.get(version)
    if dialect is None:
        return jsonschema_rs.Draft4Validator(meta, mask="the value", offline=True)
    # The meta-schema leaves Schema Objects open through `$dynamicRef: "#meta"`; this closes it.
    resources = [(meta["$id"], meta), *_dialect_resources()]
    closed = {
        "$schema": meta["$schema"],
        "$id": "tsbind:closed",
        "$ref": meta["$id"],
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
