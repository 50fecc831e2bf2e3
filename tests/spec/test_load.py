"""What `load` takes, what it refuses and how it says so, and where things are."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbind.errors import Location, SpecError
from tsbind.spec import LoadLimits, load
from tsbind.spec.source import line_column

MINIMAL = '{"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}}'


def refusal(source: bytes | Path | str, **options: object) -> str:
    with pytest.raises(SpecError) as caught:
        load(source, **options)  # type: ignore[arg-type]
    assert caught.value.fix
    return str(caught.value).split("\n")[0]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('{"swagger": "2.0"}', "2.0"),
        ("swagger: 2.0", "2.0"),
        ("swagger: '2.0'", "2.0"),
        ("openapi: 3.1", "3.1"),
        ("openapi: 3.0.0-rc1", "3.0.0-rc1"),
        ('{"openapi": "3.2.0"}', "3.2.0"),
        ('\ufeff{"openapi": "3.1.1"}', "3.1.1"),
        ("{openapi: 3.0.4}", "3.0.4"),
        ("# {\nopenapi: 3.0.4", "3.0.4"),
    ],
)
def test_versions_and_formats_are_told_by_content(text: str, version: str) -> None:
    document = load(text.encode())
    assert document.version == version
    assert document.size == len(text.encode())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "<bytes>:1:1: is empty [empty]"),
        (" \n\t\n", "<bytes>:1:1: is empty [empty]"),
        ("# nothing", "<bytes>:1:1: is empty, not an OpenAPI document [openapi]"),
        ("null", "<bytes>:1:1: is empty, not an OpenAPI document [openapi]"),
        ("[]", "<bytes>:1:1: is a list, not an OpenAPI document [openapi]"),
        ("hello", "<bytes>:1:1: is a piece of text, not an OpenAPI document [openapi]"),
        ("{}", "<bytes>:1:1: is no OpenAPI document; it has no keys [openapi]"),
        ("a: 1\nb: 2", '<bytes>:1:1: is no OpenAPI document; it has "a", "b" [openapi]'),
        (
            '{"openapi": "4.0.0"}',
            '<bytes>:1:2: openapi version "4.0.0" is not supported [openapi-version]',
        ),
        (
            "info: x\nswagger: '1.2'",
            '<bytes>:2:1: swagger version "1.2" is not supported [openapi-version]',
        ),
        (
            "openapi: [3]",
            '<bytes>:1:1: openapi version "[3]" is not supported [openapi-version]',
        ),
        (
            "asyncapi: 3.0.0",
            "<bytes>:1:1: looks like an AsyncAPI document, not an OpenAPI document [openapi]",
        ),
        (
            '{"title": "t", "declarations": "", "calls": {}}',
            "<bytes>:1:1: looks like a Bundle of tsbind's, not an OpenAPI document [openapi]",
        ),
        (
            '{"info": {"_postman_id": "1", "name": "n"}, "item": []}',
            "<bytes>:1:1: looks like a Postman collection, not an OpenAPI document [openapi]",
        ),
        (
            '{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}',
            "<bytes>:1:1: looks like a JSON Schema, not an OpenAPI document [openapi]",
        ),
        (
            "<!DOCTYPE html><html></html>",
            "<bytes>:1:1: looks like a web page, not an OpenAPI document [openapi]",
        ),
        (
            "<?xml version='1.0'?><wsdl/>",
            "<bytes>:1:1: looks like XML, not an OpenAPI document [openapi]",
        ),
        ("\x1f\x8b\x08", "<bytes>: is a gzip archive, not a text [binary]"),
        ("%PDF-1.7", "<bytes>: is a PDF, not a text [binary]"),
        ("\0\1\2\3" * 100, "<bytes>: is binary data, not a text [binary]"),
        (
            MINIMAL[:-20],
            "<bytes>:1:53: the text ends too early: EOF while parsing an object [truncated]",
        ),
    ],
)
def test_what_is_no_openapi_document_is_named(text: str, message: str) -> None:
    data = text.encode("latin-1") if text.startswith("\x1f") else text.encode()
    assert refusal(data) == message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.json") == f"{tmp_path}/no.json: there is no such file [not-found]"
    assert refusal(tmp_path) == f"{tmp_path}: is a folder [not-a-file]"
    assert refusal("a\0b").endswith(": cannot be read: embedded null byte [unreadable]")


def test_a_document_that_is_too_large(tmp_path: Path) -> None:
    file = tmp_path / "api.json"
    file.write_text(MINIMAL)
    limits = LoadLimits(bytes=10)
    assert refusal(file, limits=limits) == f"{file}: is larger than 10 bytes [too-large]"
    assert refusal(MINIMAL.encode(), limits=limits, name="n").startswith("n: is larger than 10")
    assert "[too-large]" in refusal(Path("/dev/zero"))


def test_standard_input() -> None:
    program = "from tsbind.spec import load; d = load('-'); print(d.name, d.version, d.size)"
    done = subprocess.run(
        [sys.executable, "-c", program], input=MINIMAL.encode(), capture_output=True, check=True
    )
    assert done.stdout.decode().split() == ["<stdin>", "3.0.3", str(len(MINIMAL))]


def test_equal_bytes_have_equal_digests() -> None:
    one, two = load(MINIMAL.encode()), load(MINIMAL.encode(), name="other")
    assert one.digest == two.digest
    assert one.digest != load(MINIMAL.encode() + b" ").digest


SWAGGER = """\
swagger: "2.0"
info: {title: t, version: "1"}
definitions:
  A:
    x-nullable: true
    allOf:
      - {$ref: "#/definitions/B"}
    properties:
      p: {type: string}
paths:
  /a:
    parameters:
      - name: inherited
        in: body
        schema:
          type: object
          properties:
            x: {type: integer}
    post:
      parameters:
        - name: q
          in: query
          type: string
      responses:
        "200":
          description: d
          schema:
            type: string
    put:
      parameters:
        - {name: f, in: formData, type: string}
        - {name: r, in: query, type: string}
      responses: {}
"""


@pytest.mark.parametrize(
    ("pointer", "line", "column"),
    [
        ("", 1, 1),
        ("/components/schemas/A", 4, 3),
        ("/components/schemas/A/anyOf/0/properties/p/type", 9, 11),
        ("/paths/~1a/post/requestBody", 13, 9),
        ("/paths/~1a/post/requestBody/content/application~1json/schema/properties/x", 18, 13),
        ("/paths/~1a/post/parameters/0/schema/type", 23, 11),
        ("/paths/~1a/post/responses/200/content/application~1json/schema/type", 28, 13),
        (
            "/paths/~1a/put/requestBody/content/application~1x-www-form-urlencoded"
            "/schema/properties/f/type",
            31,
            35,
        ),
        ("/paths/~1a/put/parameters/0", 32, 11),
        ("/paths/~1a/put/nothing/here", 29, 5),
        ("/nowhere", 1, 1),
    ],
)
def test_places_lead_back_to_the_source(pointer: str, line: int, column: int) -> None:
    document = load(SWAGGER.encode(), name="api.yaml")
    assert document.locate(pointer) == Location("api.yaml", line, column)


def test_places_are_the_same_in_json() -> None:
    value = {"swagger": "2.0", "definitions": {"A": {"x-nullable": True, "$ref": "#/x"}}, "x": {}}
    document = load(json.dumps(value, indent=2).encode(), name="api.json")
    assert document.locate("/components/schemas/A/anyOf/0/$ref") == Location("api.json", 6, 7)


def test_following_references() -> None:
    value = {
        "openapi": "3.1.0",
        "components": {
            "schemas": {
                "A": {"$ref": "#/components/schemas/B"},
                "B": {"type": "string"},
                "C": {"$ref": "#/components/schemas/D"},
                "D": {"$ref": "#/components/schemas/C"},
                "E": {"$ref": "#/components/schemas/Nobody"},
                "F": {"$ref": "other.yaml"},
            }
        },
    }
    document = load(json.dumps(value).encode())
    schemas = document.root["components"]["schemas"]
    assert document.follow(schemas["A"]) == (schemas["B"], "#/components/schemas/B")
    assert document.follow(schemas["B"]) == (schemas["B"], "")
    for name, why in [
        ("C", "leads in a circle [bad-ref]"),
        ("E", 'leads to nothing: there is no "Nobody" [bad-ref]'),
        ("F", "leads nowhere: the document was not read from a file, so it has no files beside"),
    ]:
        with pytest.raises(SpecError) as caught:
            document.follow(schemas[name])
        assert why in str(caught.value)


@pytest.mark.parametrize("shape", ["chain", "self", "long"])
def test_references_never_hang(shape: str) -> None:
    count = 2_000
    shapes: dict[str, dict[str, dict[str, str]]] = {
        "chain": {
            f"S{i}": {"$ref": f"#/components/schemas/S{(i + 1) % count}"} for i in range(count)
        },
        "self": {"S": {"$ref": "#/components/schemas/S/properties/a/b/c"}},
        "long": {"S": {"$ref": "#" + "/a" * 100_000}},
    }
    schemas = shapes[shape]
    value = {"openapi": "3.0.0", "paths": {}, "components": {"schemas": schemas}}
    started = time.process_time()
    document = load(json.dumps(value).encode())
    with pytest.raises(SpecError, match="bad-ref"):
        document.follow(next(iter(document.root["components"]["schemas"].values())))
    assert time.process_time() - started < 2


KEYS = tuple(
    """
    paths /a get parameters responses 200 content schema schemas components properties items
    allOf anyOf type enum required nullable $ref $id $anchor $dynamicRef discriminator mapping
    in body formData name definitions consumes produces host schemes exclusiveMinimum minimum
    example examples callbacks x additionalOperations default headers requestBody $dynamicAnchor
    """.split()  # noqa: SIM905 - read by people
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "#/a", "object"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=30,
)


@given(JSON, st.sampled_from(["2.0", "3.0.0", "3.1.0", "3.2.0"]))
def test_any_tree_becomes_a_document(tree: object, version: str) -> None:
    fields = tree if isinstance(tree, dict) else {"paths": {"/a": tree}}
    key = "swagger" if version == "2.0" else "openapi"
    document = load(json.dumps({**fields, key: version}).encode())
    assert document.version == version
    assert all(problem.where.line for problem in document.diagnostics)


def test_there_is_an_end_to_problems() -> None:
    schemas = {f"S{i}": i for i in range(20_000)}
    value = {"openapi": "3.0.0", "paths": {}, "components": {"schemas": schemas}}
    started = time.process_time()
    problems = load(json.dumps(value).encode()).diagnostics
    assert len(problems) == 10_001
    assert problems[0].what == "more than 10,000 parts have problems; the rest is not listed"
    assert time.process_time() - started < 3


@given(st.text(max_size=50), st.integers(0, 60))
def test_columns_count_characters(text: str, index: int) -> None:
    index = min(index, len(text))
    text = "é" * 5_000 + text.encode("utf-8", "replace").decode()
    offset = len(text[: 5_000 + index].encode())
    before = text[: 5_000 + index]
    expected = before.count("\n") + 1, len(before) - before.rfind("\n")
    assert line_column(text.encode(), offset) == expected


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ("{components: {schemas: {}}}", "components"),
        ("{get: {responses: {}}, parameters: []}", "a path item"),
        ("{operationId: x, responses: {}}", "an operation"),
        ("{/a: {get: {}}, '/b/{id}': {$ref: x.yaml}}", "paths"),
        ("{Pet: {type: object}, Name: {enum: [a]}}", "schemas"),
    ],
)
def test_a_part_is_known_and_who_refers_to_it(part: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    file = tmp_path / "parts/a b.yaml"
    file.write_text(part)
    (tmp_path / "other.yaml").write_text("openapi: 3.1.0\nx: a b.yaml")
    (tmp_path / "parts/unversioned.json").write_text('{"$ref": "a b.yaml"}')
    with pytest.raises(SpecError) as caught:
        load(file, name="a b.yaml")
    assert caught.value.what == f"holds {kind}, a part of an OpenAPI document"
    assert caught.value.fix == "give the document that refers to it"
    (tmp_path / "whole.yaml").write_text("openapi: 3.1.0\nx: {$ref: parts/a%20b.yaml}")
    with pytest.raises(SpecError) as caught:
        load(file, name="a b.yaml")
    assert caught.value.fix.startswith('give "')
    assert 'whole.yaml", which refers to it' in caught.value.fix


@pytest.mark.parametrize("source", [5, True, None, {"openapi": "3.1.0"}])
def test_a_document_is_bytes_or_a_path(source: object) -> None:
    with pytest.raises(TypeError, match="bytes, or as the path"):
        load(source)  # type: ignore[arg-type]
