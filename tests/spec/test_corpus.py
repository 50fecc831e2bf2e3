"""Every public document at hand: read without surprises, nothing lost on the way."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tsbind.errors import SpecError
from tsbind.spec import Document, load
from tsbind.spec.shapes import LIST, MAP, METHODS, SHAPES

# Broken on purpose or by accident, each seen to be so: the start of the message.
BROKEN = {"nasty/dmcg/subclass_enum.json": "30:5: is not valid JSON: trailing comma"}
# Parts of documents: the corpus has them because a document refers to them.
PART = "?"


def index(corpus: Path) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((corpus / "openapi/index.json").read_bytes())
    return listed


def operations(document: Document) -> int:
    count = 0
    for path, item in document.root.get("paths", {}).items():
        if path.startswith("/"):
            if item.get("$ref") in document.failed:
                continue
            item = document.follow(item)[0]
            count += sum(method in item for method in METHODS)
            count += len(item.get("additionalOperations", {}))
    return count


def faults(document: Document) -> list[str]:
    """Return where the tree is not what `Document` promises."""
    found: list[str] = []
    seen: set[int] = set()
    pending: list[tuple[str, Any, str]] = [("document", document.root, "")]
    while pending:
        kind, node, at = pending.pop()
        if isinstance(node, bool) and kind == "schema":
            continue
        if not isinstance(node, dict):
            found.append(f"{at} is no object")
            continue
        if id(node) in seen:
            continue
        seen.add(id(node))
        ref = node.get("$ref")
        if isinstance(ref, str) and ref not in document.failed:
            # What leads to nothing does so in the source too; `resolve` says it to whoever asks.
            with suppress(SpecError):
                pending.append((kind, document.resolve(ref), ref))
        if kind == "schema" and {"nullable", "example"} & node.keys():
            found.append(f"{at} has words of old")
        for key, (container, child) in SHAPES[kind].items():
            value = node.get(key, {} if container != LIST else [])
            if key in node and container == MAP and isinstance(value, dict):
                value = {
                    k: v for k, v in value.items() if not k.startswith("x-") or kind == "schema"
                }
                pending += [(child, item, f"{at}/{key}/{name}") for name, item in value.items()]
            elif key in node and container == LIST and isinstance(value, list):
                pending += [(child, item, f"{at}/{key}") for item in value]
            elif key in node:
                pending.append((child, value, f"{at}/{key}"))
    return found


def test_every_document_of_the_corpus(corpus: Path) -> None:
    entries = index(corpus)
    assert len(entries) >= 500
    wrong: dict[str, object] = {}
    for entry in entries:
        file = entry["file"]
        started = time.process_time()
        try:
            document = load(corpus / "openapi" / file)
        except SpecError as error:
            broken = file in BROKEN and f"{file}:{BROKEN[file]}" in str(error)
            part = entry.get("version", PART) in (PART, None) and error.code == "openapi"
            if not broken and not part:
                wrong[file] = str(error)
            continue
        if document.version != entry["version"]:
            wrong[file] = document.version
        elif document.size < entry["bytes"] - 3:  # a byte order mark is no part of the text
            wrong[file] = document.size
        elif faults(document):
            wrong[file] = faults(document)[:3]
        elif "operations" in entry and _lost(document, entry["operations"]):
            wrong[file] = (operations(document), entry["operations"])
        elif not all(problem.where.line for problem in document.diagnostics):
            wrong[file] = "a diagnostic without a place"
        elif time.process_time() - started > 5:
            wrong[file] = "slow"
    assert not wrong


def _lost(document: Document, listed: int) -> bool:
    """Whether operations are missing without a word."""
    return operations(document) < listed and not document.diagnostics and not document.failed


@pytest.mark.parametrize(
    "folder",
    [
        "openapi3-examples",
        "oai-schema-tests",
        "openapi-spec-validator",
        "swagger-parser-specs",
        "JSON-Schema-Test-Suite/tests/draft4",
        "JSON-Schema-Test-Suite/tests/draft2020-12",
    ],
)
def test_hostile_documents_are_read_or_refused(corpus: Path, folder: str) -> None:
    files = [
        file
        for file in sorted((corpus / "hostile" / folder).rglob("*"))
        if file.suffix in (".json", ".yaml", ".yml")
    ]
    assert files
    slow = []
    for file in files:
        started = time.process_time()
        try:
            document = load(file)
            assert not faults(document), file
            assert all(problem.where.line for problem in document.diagnostics), file
        except SpecError as error:
            slow += [] if error.where.startswith(str(file)) and error.fix else [f"{file}: {error}"]
        if time.process_time() - started > 5:
            slow.append(str(file))
    assert not slow


def test_every_schema_of_the_test_suite_keeps_its_meaning(corpus: Path) -> None:
    """Draft 4 and 2020-12 schemas judge alike before and after the upgrade to 2020-12."""
    import jsonschema_rs

    disagreements, judged = [], 0
    for draft, version in (("draft4", "3.0.3"), ("draft2020-12", "3.1.0")):
        for file in sorted(
            (corpus / f"hostile/JSON-Schema-Test-Suite/tests/{draft}").glob("*.json")
        ):
            if file.stem in _NOT_OPENAPI:
                continue
            for group in json.loads(file.read_bytes()):
                schema = group["schema"]
                if group["description"] == "empty enum":
                    continue  # documents have them, and do not mean that nothing is valid
                if "$ref" in json.dumps(schema) or "$id" in json.dumps(schema):
                    continue  # relative to the schema's own root, which is not the document's
                text = json.dumps({"openapi": version, "components": {"schemas": {"A": schema}}})
                document = load(text.encode())
                if any(each.code == "bad-items" for each in document.diagnostics):
                    continue  # OpenAPI 3.0 forbids a list of `items`; documents mean alternatives
                upgraded = document.root["components"]["schemas"]["A"]
                validator = jsonschema_rs.Draft202012Validator(upgraded, offline=True)
                for case in group["tests"]:
                    judged += 1
                    if validator.is_valid(case["data"]) != case["valid"]:
                        name = f"{draft}/{file.stem}: {group['description']}"
                        disagreements.append(f"{name}: {case['description']}")
    assert judged > 1000
    assert not disagreements


# Keywords of draft 4 that OpenAPI 3.0 lacks or gives another meaning, and test-suite specifics.
_NOT_OPENAPI = {"format", "refRemote", "definitions", "vocabulary", "dynamicRef", "anchor"}
