"""What a description asks of the compiler is bounded before any of it is compiled."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tsbind.errors import SpecError
from tsbind.spec import LoadLimits, load
from tsbind.spec.upgrade_swagger import MOST_TYPES
from tsbind.spec.weight import CHARACTERS, NAMED, OPERATION, weight


def given(schema: dict[str, Any], **others: Any) -> bytes:  # noqa: ANN401
    info = {"title": "t", "version": "1"}
    schemas = {"components": {"schemas": {"S": schema}}}
    return json.dumps({"openapi": "3.1.0", "info": info, "paths": {}, **schemas, **others}).encode()


@pytest.mark.parametrize(
    ("part", "weighs"),
    [
        ({}, 1),
        ({"enum": ["a", "b", "c", "d"]}, 1 + 4 // 2),
        ({"description": "x" * 3 * CHARACTERS}, 1 + 3),
        ({"properties": {"x" * CHARACTERS: {}}}, 1 + 1),  # the property is a part of its own
        ({"discriminator": {"mapping": {"a": "x" * CHARACTERS}}}, 1 + 2 // 2 + 1),
        ({"get": {}}, 1 + OPERATION),
        ({"example": {"a": ["x" * 1000] * 10}, "x-a": ["x"] * 1000, "default": [1] * 10}, 1),
    ],
)
def test_each_kind_of_part(part: dict[str, Any], weighs: int) -> None:
    assert weight([part], 0) == weighs
    assert weight([part], 3) == weighs + 3 * NAMED


def test_a_document_that_describes_too_much_is_refused() -> None:
    limits = LoadLimits(parts=200)
    fields = {f"f{index}": {"type": "string"} for index in range(300)}
    with pytest.raises(SpecError) as caught:
        load(given({"properties": fields}), limits=limits)
    assert str(caught.value) == (
        "<bytes>: describes 335 parts, counting what they list and say; 200 are compiled"
        " [too-large]\nfix: split the document, or raise the limit: --max-values N,"
        " LoadLimits(parts=N)"
    )
    held = load(given({"properties": fields}), limits=LoadLimits(parts=400)).root
    assert len(held["components"]["schemas"]["S"]["properties"]) == 300


def test_data_may_be_long() -> None:
    limits = LoadLimits(parts=50)
    held = load(given({"examples": [{"a": "x" * 100}] * 10_000}), limits=limits).root
    assert len(held["components"]["schemas"]["S"]["examples"]) == 10_000


def test_what_yaml_aliases_repeat_counts_each_time() -> None:
    shared = "a: &a {type: object, properties: {b: {type: string}, c: {type: string}}}"
    uses = "".join(f"        f{index}: *a\n" for index in range(100))
    text = (
        "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {}\n"
        f"components:\n  schemas:\n    S:\n      properties:\n        {shared}\n{uses}"
    )
    load(text.encode(), limits=LoadLimits(parts=1_000))
    with pytest.raises(SpecError, match="describes"):
        load(text.encode(), limits=LoadLimits(parts=500))


def test_a_larger_document_may_ask_for_more_of_all() -> None:
    usual, larger = LoadLimits(), LoadLimits.for_values(1_000_000)
    assert larger.nodes == 1_000_000
    assert (larger.bytes, larger.parts) == (usual.bytes * 2, usual.parts * 2)
    fewer = LoadLimits.for_values(1_000)
    assert (fewer.nodes, fewer.bytes, fewer.parts) == (1_000, usual.bytes, usual.parts)


def test_media_types_of_swagger_do_not_multiply() -> None:
    types = [f"application/x{index}+json" for index in range(MOST_TYPES // 2 + 1)]
    body = {"name": "b", "in": "body", "schema": {"type": "object"}}
    post = {"post": {"parameters": [body], "responses": {}}}
    document = {
        "swagger": "2.0",
        "info": {"title": "t", "version": "1"},
        "consumes": types,
        "paths": {"/a": post, "/b": post},
    }
    loaded = load(json.dumps(document).encode(), limits=LoadLimits(parts=10 * MOST_TYPES))
    bodies = [item["post"]["requestBody"]["content"] for item in loaded.root["paths"].values()]
    assert sorted(map(len, bodies)) == [1, len(types)]
    assert [each.code for each in loaded.diagnostics] == ["media-types"]
