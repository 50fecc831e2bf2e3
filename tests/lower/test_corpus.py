"""Every document of the corpus: a valid Api, and nothing lost without a Diagnostic."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tsbind.errors import SpecError
from tsbind.ir.api import Api
from tsbind.ir.check import check
from tsbind.ir.dump import dump
from tsbind.lower import lower
from tsbind.lower.operation import METHODS
from tsbind.spec import Document, load

LARGE = 400_000  # bytes; larger documents are checked in benchmarks


def documents(corpus: Path) -> list[tuple[str, Document]]:
    folder = corpus / "openapi"
    found = []
    for entry in json.loads((folder / "index.json").read_text("utf-8")):
        if entry["bytes"] <= LARGE:
            try:
                found.append((entry["file"], load(folder / entry["file"])))
            except SpecError:
                continue  # tests/spec says which, and why
    assert len(found) > 400
    return found


def test_nothing_is_lost(corpus: Path) -> None:
    wrong = []
    for file, document in documents(corpus):
        api, diagnostics = lower(document)
        check(api)
        lost = sum(1 for each in diagnostics if each.operation)
        if len(api.operations) + lost != _operations(document):
            wrong.append((file, "operations"))
        wrong += [(file, problem) for problem in _parameters(api)]
        wrong += [(file, problem) for problem in _schemas(api)]
        if not all(each.where.line for each in diagnostics):
            wrong.append((file, "a diagnostic without a line"))
    assert not wrong


def _operations(document: Document) -> int:
    count = 0
    for path, item in document.root.get("paths", {}).items():
        if path.startswith("x-"):
            continue
        try:
            node, _ = document.follow(item)
        except SpecError:
            count += 1  # reported once for the whole path
            continue
        count += sum(method in node for method in METHODS)
        count += len(node.get("additionalOperations", ()))
    return count


def _parameters(api: Api) -> list[str]:
    """Each variable of a path is a parameter, and each required parameter a required field."""
    wrong = []
    for operation in api.operations:
        call = operation.call
        variables = {*re.findall(r"\{([^{}]*)\}", call.path)}
        if {each.name for each in call.parameters if each.place == "path"} != variables:
            wrong.append(f"{operation.id}: path parameters")
        for way in call.args.get("anyOf", [call.args]):
            required = {each.arg for each in call.parameters if each.required}
            if not required <= {*way.get("required", ())}:
                wrong.append(f"{operation.id}: required parameters")
    return wrong


def _schemas(api: Api) -> list[str]:
    """The validator of the runtime takes every schema."""
    wrong = []
    whole: dict[str, Any] = {"$defs": dict(api.schemas)}
    whole["allOf"] = [operation.call.args for operation in api.operations] or [True]
    whole["anyOf"] = [
        schema
        for operation in api.operations
        for reply in operation.call.replies
        for schema in (reply.schema, reply.item)
        if schema is not None
    ] or [True]
    try:
        jsonschema_rs.Draft202012Validator(whole, offline=True)
    except ValueError as error:
        wrong.append(str(error)[:200])
    return wrong


@pytest.mark.parametrize("file", ["notion.json", "petstore3-full.yaml", "fastapi-quirks.json"])
def test_the_order_of_a_document_does_not_matter(corpus: Path, file: str) -> None:
    document = load(corpus / "openapi" / file)
    root = document.root
    turned = {
        **root,
        "paths": dict(reversed(root["paths"].items())),
        "components": {
            kind: dict(reversed(table.items())) for kind, table in root["components"].items()
        },
    }
    again = load(json.dumps({**turned, "openapi": "3.1.0"}).encode(), name="turned.json")
    straight = load(json.dumps({**root, "openapi": "3.1.0"}).encode(), name="straight.json")
    assert dump(lower(again)[0]) == dump(lower(straight)[0])


@pytest.mark.parametrize("file", ["notion.json", "petstore3-full.yaml"])
def test_names_stay_when_something_is_added(corpus: Path, file: str) -> None:
    document = load(corpus / "openapi" / file)
    before = {each.id: each.call for each in lower(document)[0].operations}
    added = {"get": {"operationId": "addedThing", "tags": ["added"], "responses": {}}}
    root = {**document.root, "paths": {"/added": added, **document.root["paths"]}}
    longer = load(json.dumps({**root, "openapi": "3.1.0"}).encode(), name="longer.json")
    after = {each.id: each.call for each in lower(longer)[0].operations}
    assert after.keys() - before.keys() == {"added.thing"}
    assert {name: call.path for name, call in before.items()} == {
        name: after[name].path for name in before
    }
