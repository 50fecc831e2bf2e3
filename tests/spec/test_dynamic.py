"""`$dynamicRef`: the copies that it makes; tests/cases/constructs has what they mean."""

from __future__ import annotations

import json
from typing import Any

from tsbind.bundle import Json
from tsbind.lower import lower
from tsbind.spec import Document, load

LIST: dict[str, Any] = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": {"$dynamicRef": "#item"}}},
    "$defs": {"item": {"$dynamicAnchor": "item"}},
}


def names(of: Json, **beside: Json) -> dict[str, Json]:
    """A list of what the schema says."""
    item = {"$dynamicAnchor": "item", "allOf": [of]}
    return {"$ref": "#/components/schemas/List", "$defs": {"item": item}, **beside}


def document(**schemas: Json) -> Document:
    every = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in schemas]}
    content = {"application/json": {"schema": every}}
    operation = {"responses": {"200": {"description": "", "content": content}}}
    whole = {
        "openapi": "3.1.0",
        "info": {"title": "dynamic", "version": "1"},
        "paths": {"/x": {"get": operation}},
        "components": {"schemas": schemas},
    }
    return load(json.dumps(whole, indent=0).encode(), name="api.json")


def schemas(loaded: Document) -> dict[str, Any]:
    found: dict[str, Any] = loaded.root["components"]["schemas"]
    return found


def item(schema: dict[str, Any]) -> Json:
    return schema["properties"]["items"]["items"]


def test_a_name_for_the_general_schema_becomes_the_particular_one() -> None:
    found = schemas(document(List=LIST, Names=names({"type": "string"}, title="Names")))
    assert found["Names"]["title"] == "Names"
    assert found["Names"]["type"] == "object"
    assert item(found["Names"]) == {"$ref": "#/components/schemas/Names/$defs/item"}
    assert item(found["List"]) == {"$ref": "#/components/schemas/List/$defs/item"}


def test_a_schema_that_says_more_keeps_a_copy_among_its_definitions() -> None:
    found = schemas(document(List=LIST, Names=names({"type": "string"}, required=["items"])))
    assert found["Names"]["$ref"] == "#/components/schemas/Names/$defs/List"
    copy = found["Names"]["$defs"]["List"]
    assert item(copy) == {"$ref": "#/components/schemas/Names/$defs/item"}


def test_what_is_wrong_in_a_copy_is_told_where_it_was_written() -> None:
    wrong = {**LIST, "properties": {**LIST["properties"], "bad": {"type": "array", "items": 7}}}
    loaded = document(List=wrong, Names=names({"type": "string"}))
    told = {str(each.where) for each in (*loaded.diagnostics, *lower(loaded)[1])}
    assert len(told) == 1


def test_more_copies_than_any_document_has_are_reported_and_not_made() -> None:
    wide = {f"p{number}": {"$dynamicRef": "#item"} for number in range(1_000)}
    many = {f"N{number}": names({"const": number}) for number in range(250)}
    loaded = document(List={**LIST, "properties": wide}, **many)
    assert [each.code for each in loaded.diagnostics] == ["dynamic-refs"]
    assert schemas(loaded)["N7"]["$ref"] == "#/components/schemas/List"
