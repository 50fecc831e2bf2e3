"""Small documents that describe very large APIs are compiled as far as there is room."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tsbind.lower import lower
from tsbind.lower.extent import MOST
from tsbind.lower.words import LONGEST
from tsbind.spec import load

SHARED = 1_000  # parameters, media types or alternatives that every operation has by reference


def parameters() -> dict[str, Any]:
    listed = [{"name": f"q{index}", "in": "query", "schema": {}} for index in range(SHARED)]
    return {"components": {"pathItems": {"P": {"parameters": listed, "get": {"responses": {}}}}}}


def replies() -> dict[str, Any]:
    content: dict[str, Any] = {
        f"application/x{index}+json": {"schema": {}} for index in range(SHARED)
    }
    item = {"get": {"responses": {"200": {"$ref": "#/components/responses/R"}}}}
    return {
        "components": {
            "pathItems": {"P": item},
            "responses": {"R": {"description": "", "content": content}},
        }
    }


def security() -> dict[str, Any]:
    scheme = {"type": "apiKey", "in": "header", "name": "x"}
    return {
        "security": [{"k": [f"s{index}"]} for index in range(SHARED // 3)],
        "components": {
            "pathItems": {"P": {"get": {"responses": {}}}},
            "securitySchemes": {"k": scheme},
        },
    }


@pytest.mark.parametrize("shared", [parameters, replies, security])
def test_what_goes_beyond_is_left_out_and_said(shared: Any) -> None:  # noqa: ANN401
    count = MOST // SHARED + 20
    paths = {f"/p{index:04}": {"$ref": "#/components/pathItems/P"} for index in range(count)}
    info = {"title": "t", "version": "1"}
    document = load(
        json.dumps({"openapi": "3.1.0", "info": info, "paths": paths, **shared()}).encode()
    )
    api, diagnostics = lower(document)
    lost = [each for each in diagnostics if each.code == "operation-extent"]
    assert len(api.operations) + len(lost) == count
    assert 0.95 * MOST // SHARED < len(api.operations) < count
    assert lost[-1].operation == f"GET /p{count - 1:04}"
    assert lost[-1].where.line == 1


def test_names_that_are_none_are_not_taken_for_names() -> None:
    long = "aB" * LONGEST
    paths = {
        f"/{long}": {"get": {"responses": {}}},
        "/rooms": {"get": {"operationId": long, "tags": [long], "responses": {}}},
    }
    info = {"title": "t", "version": "1"}
    document = load(json.dumps({"openapi": "3.1.0", "info": info, "paths": paths}).encode())
    api, diagnostics = lower(document)
    assert [each.call.op for each in api.operations] == ["rooms.list"]
    assert [(each.code, len(each.operation) < 100) for each in diagnostics] == [
        ("path-long", True),
        ("operation-id", True),
    ]
