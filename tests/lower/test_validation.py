"""The run-time schemas of arguments and replies, judged by the validator that the runtime uses."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from tsbind.bundle import Json
from tsbind.errors import Diagnostic
from tsbind.ir.api import Api
from tsbind.lower import lower
from tsbind.lower.validation import MAX_COPIED, MAX_PATTERNS
from tsbind.spec import load


def api_of(paths: Json, schemas: Json | None = None) -> Api:
    return lowered(paths, schemas)[0]


def lowered(paths: Json, schemas: Json | None = None) -> tuple[Api, tuple[Diagnostic, ...]]:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas or {}},
    }
    return lower(load(json.dumps(document).encode(), name="api.json"))


def accepts(api: Api, schema: Json, value: Json) -> bool:
    whole = {"allOf": [schema], "$defs": dict(api.schemas)}
    return jsonschema_rs.Draft202012Validator(whole, offline=True).is_valid(value)


def post(schema: Json, schemas: Json | None = None, *, parameter: str = "id") -> Api:
    """One operation with a required JSON body and a path parameter."""
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    where = {"name": parameter, "in": "path", "required": True, "schema": {"type": "string"}}
    return api_of(
        {f"/x/{{{parameter}}}": {"post": {"parameters": [where], "requestBody": body}}}, schemas
    )


A = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
B = {"type": "object", "properties": {"b": {"type": "integer"}}}
REF = {"$ref": "#/components/schemas/A"}

# schema of the body, arguments that are right, arguments that are wrong
FLAT: list[tuple[Json, list[Json], list[Json]]] = [
    (A, [{"id": "1", "a": 1}], [{"a": 1}, {"id": "1"}, {"id": "1", "a": "1"}]),
    (A, [], [{"id": "1", "a": 1, "z": 1}]),
    (REF, [{"id": "1", "a": 1}], [{"id": "1"}, {"id": "1", "a": 1, "z": 1}]),
    ({**A, "additionalProperties": False}, [{"id": "1", "a": 1}], [{"id": "1", "a": 1, "z": 1}]),
    ({**A, "additionalProperties": True}, [{"id": "1", "a": 1, "z": 1}], [{"id": 1, "a": 1}]),
    ({"allOf": [REF, B]}, [{"id": "1", "a": 1, "b": 2}], [{"id": "1", "b": 2}]),
    ({"allOf": [REF, B]}, [], [{"id": "1", "a": 1, "z": 1}]),
    ({"oneOf": [A, B]}, [{"id": "1", "b": 1}], [{"id": "1", "b": "1"}, {"id": "1", "z": 1}]),
    (
        {**B, "anyOf": [{"required": ["b"]}, {"required": ["ghost"]}]},
        [{"id": "1", "b": 1}, {"id": "1", "ghost": 1}],
        [{"id": "1"}, {"id": "1", "z": 1}],
    ),
    ({**B, "required": ["ghost"]}, [{"id": "1", "ghost": 1}], [{"id": "1", "b": 1}]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "right", "wrong"), FLAT)
def test_a_body_beside_parameters(schema: Json, right: list[Json], wrong: list[Json]) -> None:
    api = post(schema, {"A": A})
    call = api.operations[0].call
    assert call.bodies[0].arg == ""
    assert [value for value in right if not accepts(api, call.args, value)] == []
    assert [value for value in wrong if accepts(api, call.args, value)] == []


# Bodies that would object to a parameter beside their fields, or have no fields of their own.
APART: list[Json] = [
    {"allOf": [{**A, "additionalProperties": False}]},
    {"allOf": [A], "unevaluatedProperties": False},
    {**A, "maxProperties": 1},
    {**A, "propertyNames": {"maxLength": 1}},
    {"type": "object", "additionalProperties": {"type": "integer"}},
    {"type": "array"},
    {"type": "object", "properties": {"id": {"type": "integer"}}},
]


@pytest.mark.parametrize("schema", APART)
def test_a_body_apart_from_parameters(schema: Json) -> None:
    api = post(schema)
    call = api.operations[0].call
    assert call.bodies[0].arg == "body"
    body: Json = [] if schema.get("type") == "array" else {"a": 1}
    if "id" in schema.get("properties", ()):
        body = {"id": 1}
    assert accepts(api, call.args, {"id": "1", "body": body})
    assert not accepts(api, call.args, {"id": "1", "body": body, "z": 1})
    assert not accepts(api, call.args, {"id": "1"})


def test_a_closed_body_alone_stays_flat() -> None:
    body = {
        "content": {"application/json": {"schema": {"allOf": [A], "unevaluatedProperties": False}}}
    }
    api = api_of({"/x": {"post": {"requestBody": {**body, "required": True}}}})
    call = api.operations[0].call
    assert call.bodies[0].arg == ""
    assert accepts(api, call.args, {"a": 1})
    assert not accepts(api, call.args, {"a": 1, "z": 1})


USER = {
    "type": "object",
    "required": ["id", "name", "secret"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string"},
        "secret": {"type": "string", "writeOnly": True},
        "friend": {"$ref": "#/components/schemas/User"},
    },
}


def test_directions() -> None:
    content = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}}
    operation = {
        "requestBody": {"required": True, **content},
        "responses": {"200": {"description": "ok", **content}},
    }
    api = api_of({"/users": {"post": operation}}, {"User": USER})
    call = api.operations[0].call
    sent = {"name": "n", "secret": "s", "friend": {"name": "n", "secret": "s"}}
    got = {"id": 1, "name": "n", "friend": {"id": 2, "name": "n"}}
    assert accepts(api, call.args, sent)
    assert not accepts(api, call.args, {**sent, "id": 1})
    assert not accepts(api, call.args, {"name": "n"})
    assert accepts(api, call.replies[0].schema, got)
    assert not accepts(api, call.replies[0].schema, sent)


def test_required_elsewhere_follows_the_direction() -> None:
    schema = {"allOf": [{"$ref": "#/components/schemas/User"}, {"required": ["id", "friend"]}]}
    api = post(schema, {"User": USER}, parameter="key")
    args = api.operations[0].call.args
    friend = {"name": "n", "secret": "s"}
    assert accepts(api, args, {"key": "k", "name": "n", "secret": "s", "friend": friend})
    assert not accepts(api, args, {"key": "k", "name": "n", "secret": "s"})


def test_several_bodies_choose_by_their_fields() -> None:
    form = {
        "allOf": [
            REF,
            {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}},
        ]
    }
    content = {"application/json": {"schema": REF}, "multipart/form-data": {"schema": form}}
    api = api_of(
        {"/x": {"post": {"requestBody": {"required": True, "content": content}}}}, {"A": A}
    )
    call = api.operations[0].call
    plain, upload = call.bodies
    assert (plain.media, upload.media) == ("application/json", "multipart/form-data")
    assert accepts(api, plain.schema, {"a": 1})
    assert not accepts(api, plain.schema, {"a": 1, "file": {"bytes": "…"}})
    assert accepts(api, upload.schema, {"a": 1, "file": {"bytes": "…"}})
    assert accepts(api, call.args, {"a": 1, "file": {"bytes": "…"}})
    assert not accepts(api, call.args, {"a": 1, "z": 1})


def test_parents_that_list_their_heirs() -> None:
    """Each heir inherits what the parent has, not the list that the parent offers."""
    schemas = {
        "Item": {
            "type": "object",
            "required": ["t"],
            "properties": {"t": {"type": "string"}},
            "oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}],
            "discriminator": {"propertyName": "t"},
        },
        "A": {"allOf": [{"$ref": "#/components/schemas/Item"}, {"required": ["a"]}]},
        "B": {"allOf": [{"$ref": "#/components/schemas/Item"}, {"required": ["b"]}]},
    }
    api = post({"$ref": "#/components/schemas/Item"}, schemas)
    args = api.operations[0].call.args
    assert accepts(api, args, {"id": "1", "t": "A", "a": 1})
    assert accepts(api, args, {"id": "1", "t": "B", "b": 1})
    assert not accepts(api, args, {"id": "1", "t": "A"})
    assert not accepts(api, args, {"id": "1", "t": "A", "a": 1, "b": 1})


def test_only_what_decides_validity_is_kept() -> None:
    schema = {
        "type": "object",
        "title": "T",
        "description": "d",
        "x-internal": {"secret": 1},
        "properties": {
            "e": {"type": "string", "enum": ["a", "a", "b"], "example": "a", "default": "b"},
            "b": {"type": "string", "pattern": "(", "minLength": "many"},
            "d": {"type": "number", "multipleOf": 0, "maximum": 5},
        },
        "required": ["e", "e"],
    }
    api = post(schema)
    assert api.operations[0].call.args == {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "e": {"type": "string", "enum": ["a", "b"]},
            "b": {"type": "string"},
            "d": {"type": "number", "maximum": 5},
        },
        "required": ["id", "e"],
        "additionalProperties": False,
    }


def test_patterns_are_compiled_up_to_a_total_length() -> None:
    first = [chr(ord("a") + index) * (MAX_PATTERNS // 20 - 1) for index in range(20)]
    patterns = [*first, "z" * 21, "z" * 20, first[0]]
    schema = {"prefixItems": [{"type": "string", "pattern": each} for each in patterns]}
    api = post(schema)
    kept = api.operations[0].call.args["properties"]["body"]["prefixItems"]
    assert [each.get("pattern") for each in kept] == [*first, None, "z" * 20, first[0]]


def test_bodies_are_listed_beside_parameters_up_to_a_total_of_fields() -> None:
    wide = {"type": "object", "properties": {f"f{index}": {} for index in range(10_000)}}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Wide"}}}
    count = MAX_COPIED // 10_000 + 1
    posts = {
        f"/x{index:03}": {"post": {"requestBody": {"required": True, "content": content}}}
        for index in range(count)
    }
    posts["/y"] = {"post": {"requestBody": {"content": {"application/json": {"schema": B}}}}}
    api, found = lowered(posts, {"Wide": wide})
    taken = [each.call.bodies[0].arg for each in api.operations]
    assert taken == [""] * (count - 1) + ["body", "body"]
    last = api.operations[-2].call.args
    assert accepts(api, last, {"body": {"f1": 1}})
    assert not accepts(api, last, {"f1": 1})
    told = [each for each in found if each.code == "many-fields"]
    assert [each.where.line for each in told] == [1, 1]
    assert told[0].where.column < told[1].where.column


def test_loops_end() -> None:
    schemas = {
        "A": {"allOf": [{"$ref": "#/components/schemas/B"}, {"required": ["a"]}]},
        "B": {"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "object"}]},
    }
    api = post({"$ref": "#/components/schemas/A"}, schemas)
    call = api.operations[0].call
    assert accepts(
        api, call.args, {"id": "1", "body": {"a": 1}} if call.bodies[0].arg else {"id": "1", "a": 1}
    )
