"""The public JSON-Schema-Test-Suite, through the validators that a run uses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tsbind.bundle import Json
from tsbind.errors import BundleError, ResultError
from tsbind.pipeline import compile
from tsbind.runtime.failures import ReplyError
from tsbind.runtime.validate import ResultSchema, Validators

REMOTE = "http://localhost:1234/"  # where the suite keeps the schemas that others refer to

APART = {
    "format.json": "says that formats are not checked by default; here they are, on purpose",
    "vocabulary.json": "its metaschema takes validation itself out of the vocabulary",
}


def test_every_required_case_of_2020_12_is_decided_right(corpus: Path) -> None:
    folder = next((corpus / "hostile").glob("**/tests/draft2020-12"))
    remotes = remote_schemas(folder.parent.parent / "remotes")
    wrong, decided = [], 0
    for file in sorted(folder.glob("*.json")):
        if file.name in APART:
            continue
        for group in json.loads(file.read_bytes()):
            schema = bundled(group["schema"], remotes)
            for case in group["tests"]:
                try:
                    ResultSchema(schema).check(case["data"])
                    valid = True
                except ResultError:
                    valid = False
                decided += 1
                if valid != case["valid"]:
                    wrong.append((file.name, group["description"], case["description"]))
    assert wrong == []
    assert decided > 1_150


def remote_schemas(folder: Path) -> dict[str, Json]:
    """The schemas that the suite expects to find elsewhere, under the address of each."""
    found: dict[str, Json] = {}
    for path in sorted(folder.rglob("draft2020-12/**/*.json")):
        url, schema = REMOTE + path.relative_to(folder).as_posix(), json.loads(path.read_bytes())
        known = schema.get("$id", url) == url  # else it goes by two names
        found[url] = {**schema, "$id": url} if known else {"$id": url, "allOf": [schema]}
    return found


def bundled(schema: Json, remotes: dict[str, Json]) -> Json:
    """Put what a schema refers to into it (2020-12 §9.3), since nothing is ever fetched."""
    if REMOTE not in json.dumps(schema):
        return schema
    return {**schema, "$defs": {**remotes, **schema.get("$defs", {})}}


@pytest.mark.parametrize("schema", [{"$ref": "http://localhost:1234/x"}, {"$ref": "other.json"}])
def test_no_schema_is_fetched(schema: dict[str, str]) -> None:
    with pytest.raises(BundleError):
        ResultSchema(schema).check(1)


INSIDE = "#/paths/~1x/get/responses/200/content/application~1json/schema"


def test_every_case_of_draft_4_is_decided_right_or_reported(corpus: Path) -> None:
    """The schemas of OpenAPI 3.0 are of this draft; here they go through the whole compiler."""
    folder = next((corpus / "hostile").glob("**/tests/draft4"))
    wrong, decided, reported = [], 0, 0
    for file in sorted(folder.glob("*.json")):
        for group in json.loads(file.read_bytes()):
            compiled = compile(_document(group["schema"]))
            call = compiled.bundle.calls["x"]
            validators = Validators(compiled.bundle, "strict")
            # A schema by `id`, one that lies elsewhere, or a list of `items`, which 3.0 forbids.
            told = {each.code for each in compiled.diagnostics}
            unclear = not told.isdisjoint(("ref-missing", "bad-items"))
            for case in group["tests"]:
                decided += 1
                try:
                    validators.check_reply(call, call.replies[0], case["data"])
                    valid = True
                except ReplyError:
                    valid = False
                if valid != case["valid"] and unclear:
                    reported += 1
                elif valid != case["valid"]:
                    wrong.append((file.name, group["description"], case["description"]))
    assert wrong == []
    assert decided > 600
    assert reported < 40


def _document(schema: Json) -> bytes:
    """An OpenAPI document with one operation, which replies what the schema says."""
    content = {"application/json": {"schema": _moved(schema)}}
    operation = {"operationId": "x", "responses": {"200": {"description": "", "content": content}}}
    info = {"title": "t", "version": "1"}
    paths = {"/x": {"get": operation}}
    return json.dumps({"openapi": "3.0.4", "info": info, "paths": paths}).encode()


def _moved(node: Json) -> Json:
    """The schema with its references as they are inside of `_document`."""
    if isinstance(node, list):
        return [_moved(each) for each in node]
    if not isinstance(node, dict):
        return node
    moved = {key: value if key == "enum" else _moved(value) for key, value in node.items()}
    target = moved.get("$ref")
    if isinstance(target, str) and target.startswith("#"):
        moved["$ref"] = INSIDE + target[1:]
    return moved
