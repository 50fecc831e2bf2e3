"""Whatever stands where a schema, an operation or a name should be: no error, a valid Api."""

from __future__ import annotations

import json

import jsonschema_rs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tsbind.bundle import Json
from tsbind.errors import SpecError
from tsbind.ir.check import check
from tsbind.ir.dump import dump
from tsbind.lower import lower
from tsbind.spec import load

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, width=16)
NAMES = st.sampled_from(
    ["A", "B", "a.b", "a", "id", "kind", "then", "__proto__", "é", "x" * 200, "", "*/", "in", "{p}"]
)
REFS = st.sampled_from(
    ["#/components/schemas/A", "#/components/schemas/B", "#/components/schemas/a.b", "#/nowhere"]
)
KINDS = ["string", "number", "integer", "boolean", "null", "array", "object", "strng"]
TEXTS = st.text(max_size=5) | NAMES
ANYTHING = SCALARS | TEXTS | st.lists(SCALARS | TEXTS, max_size=3)


def _schemas(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    table = st.dictionaries(NAMES, inner, max_size=3)
    listed = st.lists(inner, max_size=3)
    keywords: dict[str, st.SearchStrategy[Json]] = {
        "type": st.sampled_from(KINDS) | st.lists(st.sampled_from(KINDS), max_size=3) | ANYTHING,
        "properties": table | ANYTHING,
        "required": st.lists(NAMES, max_size=3) | ANYTHING,
        "additionalProperties": inner | ANYTHING,
        "patternProperties": table,
        "items": inner | ANYTHING,
        "prefixItems": listed | ANYTHING,
        "minItems": SCALARS,
        "maxItems": SCALARS,
        "enum": st.lists(ANYTHING, max_size=4) | ANYTHING,
        "const": ANYTHING,
        "allOf": listed | ANYTHING,
        "oneOf": listed | ANYTHING,
        "anyOf": listed | ANYTHING,
        "not": inner,
        "if": inner,
        "then": inner,
        "dependentSchemas": table | ANYTHING,
        "unevaluatedItems": inner | ANYTHING,
        "propertyNames": inner | ANYTHING,
        "$defs": table,
        "$id": NAMES | ANYTHING,
        "$dynamicAnchor": st.sampled_from(["i", "j"]) | ANYTHING,
        "$dynamicRef": st.sampled_from(["#i", "#j", "A#i"]) | ANYTHING,
        "format": ANYTHING | st.just("binary"),
        "pattern": TEXTS,
        "minLength": ANYTHING,
        "multipleOf": ANYTHING,
        "nullable": ANYTHING,
        "readOnly": ANYTHING,
        "writeOnly": ANYTHING,
        "default": ANYTHING,
        "description": ANYTHING,
        "$ref": REFS | ANYTHING,
        "discriminator": st.fixed_dictionaries(
            {}, optional={"propertyName": NAMES | ANYTHING, "mapping": st.dictionaries(NAMES, REFS)}
        )
        | ANYTHING,
        "x-enum-varnames": ANYTHING,
    }
    chosen = st.lists(st.sampled_from(sorted(keywords)), max_size=5, unique=True)
    return chosen.flatmap(lambda keys: st.fixed_dictionaries({key: keywords[key] for key in keys}))


SCHEMAS = st.recursive(
    st.booleans() | REFS.map(lambda ref: {"$ref": ref}) | ANYTHING, _schemas, max_leaves=14
)


def _content(schema: Json) -> dict[str, Json]:
    return {media: {"schema": schema} for media in ("application/json", "multipart/form-data")}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(["A", "B", "a.b"]), SCHEMAS), SCHEMAS, SCHEMAS, ANYTHING)
def test_any_schemas(schemas: Json, sent: Json, got: Json, odd: Json) -> None:
    operation = {
        "operationId": odd,
        "tags": odd,
        "parameters": [{"name": "id", "in": "query", "schema": sent}, odd],
        "requestBody": {"required": odd, "content": _content(sent)},
        "responses": {"200": {"content": _content(got)}, "201": odd},
        "security": odd,
        "servers": odd,
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a/{p}": {"post": operation, "get": odd}, "/b": odd},
        "components": {"schemas": schemas, "securitySchemes": {"s": odd}},
    }
    _compile(json.dumps(document).encode())


def _compile(source: bytes) -> None:
    try:
        document = load(source, name="hostile.json")
    except SpecError:
        return
    api, diagnostics = lower(document)
    check(api)
    assert dump(api)
    assert all(each.where.line or each.where.file for each in diagnostics)
    definitions = dict(api.schemas)
    for operation in api.operations:
        call = operation.call
        for schema in (call.args, *(reply.schema for reply in call.replies)):
            jsonschema_rs.Draft202012Validator(
                {"allOf": [schema], "$defs": definitions}, offline=True
            )


def test_deep_nesting_ends() -> None:
    schema: Json = {"type": "string"}
    for _ in range(80):
        schema = {"type": "object", "properties": {"a": schema}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/a": {"get": {"responses": {"200": {"description": "", "content": _content(schema)}}}}
        },
    }
    api, diagnostics = lower(load(json.dumps(document).encode(), name="deep.json"))
    check(api)
    assert {each.code for each in diagnostics} == {"schema-depth"}


def test_doublings_stay_small() -> None:
    """A chain of schemas that each mention the next one twice must not be written out."""
    schemas: dict[str, Json] = {"S40": {"type": "string"}}
    for index in range(40):
        ref = {"$ref": f"#/components/schemas/S{index + 1}"}
        schemas[f"S{index}"] = {
            "allOf": [ref, ref],
            "anyOf": [ref, {"properties": {"a": ref, "b": ref}}],
        }
    first = {"$ref": "#/components/schemas/S0"}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"post": {"requestBody": {"required": True, "content": _content(first)}}}},
        "components": {"schemas": schemas},
    }
    api, _ = lower(load(json.dumps(document).encode(), name="doubling.json"))
    assert len(dump(api)) < 20_000


def test_branches_stay_small() -> None:
    """Each of many schemas may refer to the same large one in a branch."""
    large = {"type": "object", "properties": {f"p{number}": {} for number in range(1_000)}}
    branching = {"if": {"required": ["a"]}, "then": {"$ref": "#/components/schemas/Large"}}
    schemas: dict[str, Json] = {f"S{number}": branching for number in range(1_000)}
    refs = [{"$ref": f"#/components/schemas/{name}"} for name in schemas]
    content = {"application/json": {"schema": {"type": "array", "prefixItems": refs}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": {"description": "", "content": content}}}}},
        "components": {"schemas": {**schemas, "Large": large}},
    }
    api, diagnostics = lower(load(json.dumps(document).encode(), name="hostile.json"))
    assert len(dump(api)) < 3_000_000
    assert {each.code for each in diagnostics} == {"branch-fields"}
