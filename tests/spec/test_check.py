"""Conformance: what the fast and the full check find, and where."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tsbind.errors import SpecError
from tsbind.spec import load
from tsbind.spec.check import MAX_FINDINGS, check
from tsbind.spec.check_full import full_findings

GOOD = {
    "2.0": {"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": {}},
    "3.0": {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}},
    "3.1": {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}},
    "3.2": {"openapi": "3.2.0", "info": {"title": "t", "version": "1"}, "paths": {}},
}


def found(text: str, *, full: bool = False) -> list[str]:
    document = load(text.encode(), name="a.yaml")
    return [str(finding).split("\n")[0] for finding in check(document, full=full)]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("version", GOOD)
def test_a_good_document_has_no_findings(version: str, full: bool) -> None:
    assert found(json.dumps(GOOD[version]), full=full) == []


OPERATION = """\
openapi: {version}
info: {{title: t, version: "1"}}
paths:
  /a:
    get:
      {line}
"""


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
@pytest.mark.parametrize(
    ("line", "finding"),
    [
        (
            'responses: {"200": {}}',
            'a.yaml:6:19: /paths/~1a/get/responses/200: "description" is a required property',
        ),
        (
            "responses: {default: {description: 3}}",
            "a.yaml:6:29: /paths/~1a/get/responses/default/description: the value is not of type "
            '"string"',
        ),
        (
            "{responses: {default: {description: d}}, parameters: [{name: q, in: nowhere}]}",
            "a.yaml:6:71: /paths/~1a/get/parameters/0/in: ",
        ),
        (
            "{responses: {default: {description: d, content: {a/b: {schema: {type: strng}}}}}}",
            "a.yaml:6:71: /paths/~1a/get/responses/default/content/a~1b/schema/type: ",
        ),
    ],
)
def test_faults_are_found_where_they_are(version: str, line: str, finding: str) -> None:
    if version == "3.2.0" and '"200": {}' in line:
        pytest.skip("3.2 wants no description")
    findings = found(OPERATION.format(version=version, line=line))
    assert any(one.startswith(finding) for one in findings), findings


def test_the_full_check_finds_more_and_opens_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"type": "string"}')
    line = (
        "{operationId: o, parameters: [{name: id, in: path, required: true, schema: {default: 1, "
        f'type: string}}}}, {{$ref: "{secret.as_uri()}"}}], '
        "responses: {default: {description: d}}}"
    )
    text = OPERATION.format(version="3.0.3", line=line)
    assert found(text) == []
    full = found(text, full=True)
    assert full
    assert all("secret" not in one or "standard" in one for one in full)
    assert all(len(one) < 500 for one in full)


def test_the_full_check_says_where_and_goes_on_after_what_breaks_it() -> None:
    text = OPERATION.format(
        version="3.0.3",
        line="{operationId: o, responses: {default: {description: d}}, parameters: ["
        "{name: n, in: query, schema: {type: integer, default: x}}, "
        "{$ref: '#/components/parameters/None'}]}",
    )
    text += "  /b/{id}:\n    get: {operationId: o, responses: {default: {description: d}}}\n"
    assert found(text, full=True) == [
        "a.yaml:6:122: /paths/~1a/get/parameters/0/schema/default: 'x' is not of type 'integer'"
        " [standard]",
        "a.yaml:6:136: /paths/~1a/get/parameters/1: cannot be checked in full: a reference leads"
        " nowhere [standard]",
        "a.yaml:8:5: /paths/~1b~1{id}/get: Operation ID 'o' for 'get' in '/b/{id}' is not unique"
        " [standard]",
        "a.yaml:8:5: /paths/~1b~1{id}/get: Path parameter 'id' for 'get' operation in '/b/{id}'"
        " was not resolved [standard]",
    ]


def test_the_full_check_repeats_nothing() -> None:
    text = OPERATION.format(version="3.0.3", line="{responses: {default: {}}}")
    assert found(text, full=True) == found(text)
    assert len(found(text)) == 1


def test_the_full_check_ends_where_schemas_recur() -> None:
    twice = [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/A"}]
    schemas = {"A": {"allOf": twice, "required": ["x"]}}
    document = load(json.dumps({**GOOD["3.0"], "components": {"schemas": schemas}}).encode())
    assert len(check(document, full=True)) == 1
    assert [what for _, what in full_findings(document.root, "3.0", (), seconds=0)] == [
        "the full check takes longer than 0 s; the rest is not looked at"
    ]


@pytest.mark.parametrize("version", ["2.0", "3.0", "3.1", "3.2"])
def test_what_lies_in_other_files_is_checked_as_what_it_is_used_for(
    version: str, tmp_path: Path
) -> None:
    value = {"type": "string"} if version == "2.0" else {"schema": {"type": "string"}}
    shared = {
        "params": [{"name": "q", "in": "nowhere", **value}],
        "reply": {"description": 3},
        "A": {"type": "object", "required": "x"},
    }
    (tmp_path / "shared.json").write_text(json.dumps(shared))
    schema = {"$ref": "shared.json#/A"}
    body = {"schema": schema} if version == "2.0" else {"content": {"a/json": {"schema": schema}}}
    get = {
        "parameters": [{"$ref": "shared.json#/params/0"}],
        "responses": {
            "200": {"description": "a", **body},
            "404": {"$ref": "shared.json#/reply"},
        },
    }
    (tmp_path / "root.json").write_text(
        json.dumps({**GOOD[version], "paths": {"/a": {"get": get}}})
    )
    findings = check(load(tmp_path / "root.json", name="root.json"))
    assert {each.where.file for each in findings} == {"shared.json"}
    assert sorted({each.what.partition(":")[0].split("/")[1] for each in findings}) == [
        "A",
        "params",
        "reply",
    ]


def test_findings_are_bounded() -> None:
    paths = {f"/{i}": {"get": {"responses": {"200": 1}}} for i in range(5_000)}
    document = load(json.dumps({**GOOD["3.0"], "paths": paths}).encode())
    assert 0 < len(check(document)) <= MAX_FINDINGS


def test_the_fast_check_does_not_import_the_slow_one() -> None:
    program = (
        "import sys; from tsbind.spec import load; from tsbind.spec.check import check\n"
        "check(load(sys.stdin.buffer.read()))\n"
        "print([m for m in sys.modules if m.startswith(('openapi_', 'jsonschema.', 'pydantic'))])"
    )
    for document in GOOD.values():
        done = subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps(document).encode(),
            capture_output=True,
            check=True,
        )
        assert done.stdout.decode().strip() == "[]"


# Tests that came after the meta-schemas which the package ships.
_NEWER_TESTS = {
    "path_item_servers_parameters.yaml",
    "example-examples.yaml",
    "link-object-no-body.yaml",
    "header-object-name.yaml",
    "parameter-object-header-name.yaml",
}


def test_against_the_tests_of_the_standard(corpus: Path) -> None:
    """The meta-schemas' own tests: what must pass does, what must fail is found."""
    wrong, seen = [], 0
    for version in ("3.1", "3.2"):
        for outcome in ("pass", "fail"):
            folder = corpus / f"hostile/oai-schema-tests/v{version}-dev"
            for file in sorted(folder.rglob(f"{outcome}/*.yaml")):
                seen += 1
                try:
                    findings = check(load(file))
                except SpecError:
                    findings = (None,)  # type: ignore[assignment]
                if bool(findings) != (outcome == "fail") and file.name not in _NEWER_TESTS:
                    wrong.append(f"{file.name}: {findings}")
    assert not wrong
    assert seen > 60


# Called good by their collectors, but empty files, parts of documents, or not up to the standard.
_NOT_SO_GOOD = {
    "server_enum_unknown.yaml",
    "server_enum_empty.yaml",
    "example1_from_._Different_requestbody.md.yaml",
    "example1_from_._Different_servers.md.yaml",
    "test.yaml",
    "ok.yaml",
    "test-oas3.yaml",
    "swagger.json",
    "fart.openapi.yaml",
    "test-openapi.json",
    "test.json",
}


@pytest.mark.parametrize("folder", ["pass", "fail"])
def test_against_openapi3_examples(corpus: Path, folder: str) -> None:
    """Of hand-made documents the fast check passes every good one and finds most bad ones."""
    refused: set[str] = set()
    passed: set[str] = set()
    for version in ("3.0", "3.1"):
        for file in (corpus / f"hostile/openapi3-examples/{version}/{folder}").rglob("*"):
            if file.suffix in (".json", ".yaml"):
                try:
                    fine = not check(load(file))
                except SpecError:
                    fine = False
                (passed if fine else refused).add(file.name)
    if folder == "pass":
        assert refused <= _NOT_SO_GOOD
        assert len(passed) > 60
    else:
        assert len(refused) > len(passed)


def test_the_fast_check_is_fast(corpus: Path) -> None:
    document = load(corpus / "openapi/github.json")
    started = time.process_time()
    assert check(document) == ()
    assert time.process_time() - started < 2
