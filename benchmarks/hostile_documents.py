"""Documents made to cost as much as they can, each about as large as the default limits let it be.

What each is made of is said by its name in MADE; `ordinary` makes what people write.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

JSON = "application/json"


def document(paths: Mapping[str, Any], schemas: Mapping[str, Any]) -> bytes:
    """An OpenAPI document around these."""
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": paths,
            "components": {"schemas": schemas},
        },
        separators=(",", ":"),
    ).encode()


def taking(schema: Any) -> dict[str, Any]:  # noqa: ANN401  a schema is any JSON value
    """Paths with one operation that sends and receives this."""
    content = {"content": {JSON: {"schema": schema}}}
    responses = {"200": {"description": "", **content}}
    return {"/a": {"post": {"requestBody": content, "responses": responses}}}


def ref(name: str) -> dict[str, str]:
    """A reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def _doubling(keyword: str) -> bytes:
    schemas: dict[str, Any] = {"S60": {"type": "string"}}
    for index in range(60):
        both = [ref(f"S{index + 1}")] * 2
        schemas[f"S{index}"] = (
            {"properties": {"a": both[0], "b": both[0]}}
            if keyword == "properties"
            else {keyword: both}
        )
    return document(taking(ref("S0")), schemas)


def _chain(length: int, keyword: str) -> bytes:
    schemas: dict[str, Any] = {f"S{length}": {"type": "object"}}
    for index in range(length):
        own = {"properties": {f"p{index}": {"type": "string"}}}
        inner = ref(f"S{index + 1}")
        schemas[f"S{index}"] = {keyword: [inner, own]} if keyword != "$ref" else inner
    return document(taking(ref("S0")), schemas)


def _ring(length: int) -> bytes:
    return document(
        taking(ref("S0")),
        {
            f"S{i}": {"allOf": [ref(f"S{(i + 1) % length}"), {"properties": {f"p{i}": {}}}]}
            for i in range(length)
        },
    )


def _tower(levels: int, own: int) -> dict[str, Any]:
    return {
        f"S{i}": {"allOf": [ref(f"S{i + 1}"), {"properties": _texts(own, f"p{i}_")}]}
        for i in range(levels)
    }


def _texts(count: int, prefix: str = "f") -> dict[str, Any]:
    return {f"{prefix}{index}": {"type": "string"} for index in range(count)}


def _deep(levels: int) -> bytes:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"items": schema}
    return document(taking(schema), {})


def _heirs(count: int, own: Callable[[int], Any]) -> bytes:
    """Many schemas that each inherit one very wide schema."""
    members = {f"S{index}": {"allOf": [ref("B"), own(index)]} for index in range(count)}
    every = {"properties": {name: ref(name) for name in members}}
    return document(taking(every), {"B": {"properties": _texts(80_000)}, **members})


def _sharing(count: int, item: Mapping[str, Any], **components: Any) -> bytes:  # noqa: ANN401
    """Many paths that refer to one path item."""
    paths = {f"/a{index}": {"$ref": "#/components/pathItems/P"} for index in range(count)}
    info = {"title": "t", "version": "1"}
    tables = {"pathItems": {"P": item}, **components}
    whole = {"openapi": "3.1.0", "info": info, "paths": paths, "components": tables}
    return json.dumps(whole, separators=(",", ":")).encode()


def _wide(each: Callable[[int], Any], count: int) -> bytes:
    members = {f"S{index}": each(index) for index in range(count)}
    every = {"properties": {name: ref(name) for name in members}}
    return document(taking(every), members)


MADE: Mapping[str, Callable[[], bytes]] = {
    "doubling through allOf": lambda: _doubling("allOf"),
    "doubling through anyOf": lambda: _doubling("anyOf"),
    "doubling through oneOf": lambda: _doubling("oneOf"),
    "doubling through properties": lambda: _doubling("properties"),
    "3,000 allOf in a chain": lambda: _chain(3_000, "allOf"),
    "3,000 anyOf in a chain": lambda: _chain(3_000, "anyOf"),
    "20,000 references in a chain": lambda: _chain(20_000, "$ref"),
    "a ring of 2,000 allOf": lambda: _ring(2_000),
    "180 levels of lists": lambda: _deep(90),
    "100,000 levels of lists": lambda: document(taking({}), {}).replace(
        b'"schemas":{}', b'"schemas":{"A":' + b'{"items":' * 100_000 + b"{}" + b"}" * 100_001
    ),
    "an enum of 100,000": lambda: document(
        taking({"enum": [f"value {index}" for index in range(100_000)]}), {}
    ),
    "an object of 60,000 fields, both ways": lambda: document(
        taking({"properties": _texts(60_000)}), {}
    ),
    "a named object of 120,000 fields": lambda: document(
        taking(ref("S")), {"S": {"properties": _texts(120_000)}}
    ),
    "a union of 15,000 named objects": lambda: document(
        taking({"oneOf": [ref(f"S{index}") for index in range(15_000)]}),
        {f"S{i}": {"properties": {f"p{i}": {"type": "string"}}} for i in range(15_000)},
    ),
    "15,000 variants without a mapping": lambda: document(
        taking(
            {
                "oneOf": [ref(f"S{index}") for index in range(15_000)],
                "discriminator": {"propertyName": "k"},
            }
        ),
        {f"S{i}": {"properties": {"k": {"type": "string"}}} for i in range(15_000)},
    ),
    "allOf of 20,000 lists": lambda: document(
        taking({"allOf": [{"items": {"properties": _texts(1, f"f{i}_")}} for i in range(20_000)]}),
        {},
    ),
    "allOf of 2,500 anyOf": lambda: document(
        taking(
            {
                "allOf": [
                    {"anyOf": [{"properties": {f"a{i}_{j}": {}}} for j in range(10)]}
                    for i in range(2_500)
                ]
            }
        ),
        {},
    ),
    "3,000 heirs of 80,000 fields": lambda: _heirs(
        3_000, lambda index: {"properties": _texts(1, f"x{index}_")}
    ),
    "3,000 heirs that change one of 80,000 fields": lambda: _heirs(
        3_000, lambda index: {"properties": {"f1": {"enum": [f"x{index}"]}}}
    ),
    "10,000 paths of 10,000 shared parameters": lambda: _sharing(
        10_000,
        {
            "parameters": [
                {"name": f"q{index}", "in": "query", "schema": {}} for index in range(10_000)
            ],
            "get": {"responses": {}},
        },
    ),
    "10,000 replies of 10,000 shared media types": lambda: _sharing(
        10_000,
        {"get": {"responses": {"200": {"$ref": "#/components/responses/R"}}}},
        responses={
            "R": {
                "description": "",
                "content": {f"application/x{i}+json": {"schema": {}} for i in range(10_000)},
            }
        },
    ),
    "50,000 files that are not there": lambda: document(
        taking({"properties": {f"f{i}": {"$ref": f"o{i}.json"} for i in range(50_000)}}), {}
    ),
    "names of 5 MB in all": lambda: document(
        taking({"properties": {"aB" * 100 + str(i): {} for i in range(12_000)}}), {}
    ),
    "a name of 12 MB": lambda: document(
        {"/a": {"get": {"operationId": "aB" * 6_000_000, "responses": {}}}}, {}
    ),
    "a summary of 12 MB": lambda: document(
        {"/a": {"get": {"summary": "ab " * 4_000_000, "responses": {}}}}, {}
    ),
    "an example of 24 MB": lambda: document(taking({"example": "ab " * 8_000_000}), {}),
    "20,000 references": lambda: _wide(lambda index: ref(f"S{index + 1}"), 20_000),
    "as many references as may be": lambda: document(
        taking({}), {f"S{index}": {"$ref": "#/components/schemas/S0"} for index in range(42_000)}
    ),
    "as many schemas of no known type as may be": lambda: document(
        taking({}), {f"S{index}": {"type": "strng"} for index in range(42_000)}
    ),
    "as many schemas that are none as may be": lambda: document(
        taking({}), {f"S{index}": index for index in range(70_000)}
    ),
    "a path of 50,000 variables": lambda: document(
        {"/" + "/".join(f"{{p{index}}}" for index in range(50_000)): {"get": {"responses": {}}}}, {}
    ),
    "38,000 operations of one name": lambda: document(
        {
            f"/a/{index}": {"get": {"operationId": "same", "responses": {}}}
            for index in range(38_000)
        },
        {},
    ),
    "10,000 heirs of one discriminator": lambda: document(
        taking(ref("S0")),
        {"S0": {"properties": {"k": {"type": "string"}}, "discriminator": {"propertyName": "k"}}}
        | {f"S{index}": {"allOf": [ref("S0")]} for index in range(1, 10_001)},
    ),
    "a pattern of 6 MB": lambda: document(
        taking({"type": "string", "pattern": "a?" * 3_000_000}), {}
    ),
    "allOf 45 deep over 50,000 fields": lambda: document(
        taking(ref("S0")), {**_tower(45, 100), "S45": {"properties": _texts(50_000)}}
    ),
    "8,000 operations that send 8,000 fields": lambda: document(
        {f"/a{index}": taking(ref("W"))["/a"] for index in range(8_000)},
        {"W": {"properties": _texts(8_000)}},
    ),
    "30,000 discriminators, one inside the other": lambda: document(
        taking(ref("S0")),
        {
            f"S{index}": {
                "allOf": [ref(f"S{index // 2}")],
                "discriminator": {"propertyName": "k"},
                "properties": {"k": {"type": "string"}},
            }
            for index in range(30_000)
        },
    ),
    "more values than may be": lambda: document(taking({"enum": list(range(4_000_000))}), {}),
    "a text of 30 MB": lambda: document(taking({"description": "x" * 15_000_000}), {}),
}


def ordinary(operations: int) -> bytes:
    """A document such as people write, with this many operations."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for index in range((operations + 1) // 2):
        name = f"Thing{index}"
        schemas[name] = {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "string"},
                "state": {"type": "string", "enum": ["open", "closed", f"state {index}"]},
                "next": ref(f"Thing{index // 2}"),
                f"size{index % 50}": {"type": "integer"},
            },
        }
        content = {"content": {JSON: {"schema": ref(name)}}}
        paths[f"/things{index % 100}/{index}/{{id}}"] = {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "get": {"responses": {"200": {"description": "", **content}}},
            "put": {"requestBody": content, "responses": {"200": {"description": "", **content}}},
        }
    return document(paths, schemas)
