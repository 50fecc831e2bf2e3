"""A document in which any one string, or all of them, can be something hostile.

The names of the places are those of the corpus (`hostile/own/codegen-injection.json`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

Put = Callable[[str], str]

# What each place says when nothing hostile is put there.
HARMLESS: Final[Mapping[str, str]] = {
    "info.title": "Rooms",
    "info.version": "1.0",
    "info.description": "Rooms of a chat.",
    "servers[0].url": "https://rooms.example/v1",
    "servers[0].description": "The one server.",
    "servers[0].variables.<name>": "region",
    "servers[0].variables.<v>.default": "eu",
    "servers[0].variables.<v>.enum[0]": "us",
    "tags[0].name": "rooms",
    "tags[0].description": "About rooms.",
    "paths.<key>": "rooms",
    "operationId": "updateRoom",
    "summary": "Change a room.",
    "operation.description": "Changes what is given.",
    "deprecated reason (x-*)": "Use another.",
    "parameter.name (path)": "room",
    "parameter.name (query)": "notify",
    "parameter.name (header)": "X-Trace",
    "parameter.name (cookie)": "session",
    "parameter.description": "Which room.",
    "parameter.example": "r1",
    "requestBody media type": "application/vnd.rooms+json",
    "requestBody.description": "What to change.",
    "response code": "200",
    "response media type": "application/json",
    "response header name": "X-Rate",
    "response.description": "The room.",
    "schema key": "Room",
    "schema.title": "A room",
    "schema.description": "A room of the chat.",
    "property name": "topic",
    "enum string": "open",
    "enum x-enum-varnames": "Open",
    "enum x-enum-descriptions": "It is open.",
    "const": "room",
    "default (string)": "none",
    "default (array of string)": "one",
    "default (object key)": "key",
    "example": "Talk",
    "pattern": "^[a-z]+$",
    "format": "slug",
    "discriminator.propertyName": "kind",
    "discriminator.mapping key": "cat",
    "discriminator.mapping value": "#/components/schemas/Cat",
    "$ref pointer token": "Linked",
    "externalDocs.url": "https://docs.example/",
    "securityScheme key": "key",
    "securityScheme.name (apiKey header)": "X-Key",
    "oauth2 tokenUrl": "https://auth.example/token",
    "oauth2 scope name": "rooms:write",
    "link name": "next",
    "callback expression": "{$request.body#/url}",
    "webhook key": "changed",
    "x-extension key": "x-more",
}
# Those that go over the wire, or decide what does: they must reach the Bundle as they are.
WIRE: Final = frozenset(
    {
        "servers[0].variables.<name>",
        "servers[0].variables.<v>.default",
        "servers[0].variables.<v>.enum[0]",
        "parameter.name (query)",
        "parameter.name (header)",
        "parameter.name (cookie)",
        "property name",
        "enum string",
        "const",
        "securityScheme key",
        "oauth2 scope name",
    }
)


def hostile(sink: str, payload: str) -> bytes:
    """The document with `payload` in one place."""
    return document(lambda name: payload if name == sink else HARMLESS[name])


def document(put: Put) -> bytes:
    """The document with what `put` says in every place."""
    made = {
        "openapi": "3.1.0",
        "info": {
            "title": put("info.title"),
            "version": put("info.version"),
            "description": put("info.description"),
        },
        "servers": [_server(put)],
        "tags": [{"name": put("tags[0].name"), "description": put("tags[0].description")}],
        "externalDocs": {"url": put("externalDocs.url")},
        put("x-extension key"): put("x-extension key"),
        "paths": {
            f"/{put('paths.<key>')}/{{{put('parameter.name (path)')}}}": {"put": _operation(put)},
            "/linked": {"get": _linked(put)},
        },
        "components": {"schemas": _schemas(put), "securitySchemes": _schemes(put)},
        "webhooks": {put("webhook key"): {"post": {"responses": {"200": {"description": ""}}}}},
    }
    return json.dumps(made).encode()


def _server(put: Put) -> dict[str, Any]:
    return {
        "url": f"{put('servers[0].url')}/{{{put('servers[0].variables.<name>')}}}",
        "description": put("servers[0].description"),
        "variables": {
            put("servers[0].variables.<name>"): {
                "default": put("servers[0].variables.<v>.default"),
                "enum": [put("servers[0].variables.<v>.enum[0]")],
            }
        },
    }


def _operation(put: Put) -> dict[str, Any]:
    parameters = [
        {
            "name": put(f"parameter.name ({place})"),
            "in": place,
            "required": place == "path",
            "description": put("parameter.description"),
            "schema": {"type": "string"},
            "example": put("parameter.example"),
        }
        for place in ("path", "query", "header", "cookie")
    ]
    room = {"$ref": f"#/components/schemas/{_token(put('schema key'))}"}
    return {
        "operationId": put("operationId"),
        "summary": put("summary"),
        "description": put("operation.description"),
        "deprecated": True,
        "x-deprecated-reason": put("deprecated reason (x-*)"),
        "tags": [put("tags[0].name")],
        "parameters": parameters,
        "security": [{put("securityScheme key"): [put("oauth2 scope name")]}],
        "requestBody": {
            "description": put("requestBody.description"),
            "content": {put("requestBody media type"): {"schema": room}},
        },
        "responses": {
            put("response code"): {
                "description": put("response.description"),
                "headers": {put("response header name"): {"schema": {"type": "string"}}},
                "content": {put("response media type"): {"schema": room}},
                "links": {put("link name"): {"operationId": put("operationId")}},
            }
        },
        "callbacks": {
            "on": {
                put("callback expression"): {"post": {"responses": {"200": {"description": ""}}}}
            }
        },
    }


def _linked(put: Put) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{_token(put('$ref pointer token'))}"}
    content = {"application/json": {"schema": schema}}
    return {"responses": {"200": {"description": "", "content": content}}}


def _schemas(put: Put) -> dict[str, Any]:
    kind = put("discriminator.propertyName")
    variant = {"type": "object", "required": [kind], "properties": {kind: {"type": "string"}}}
    room = {
        "type": "object",
        "title": put("schema.title"),
        "description": put("schema.description"),
        "required": [put("property name")],
        "properties": {
            put("property name"): {"type": "string", "example": put("example")},
            "state": {
                "type": "string",
                "enum": [put("enum string"), "closed"],
                "x-enum-varnames": [put("enum x-enum-varnames"), "Closed"],
                "x-enum-descriptions": [put("enum x-enum-descriptions"), "It is closed."],
            },
            "is": {"const": put("const")},
            "slug": {
                "type": "string",
                "default": put("default (string)"),
                "pattern": put("pattern"),
                "format": put("format"),
            },
            "list": {
                "type": "array",
                "items": {"type": "string"},
                "default": [put("default (array of string)")],
            },
            "map": {"type": "object", "default": {put("default (object key)"): 1}},
            "pet": {"$ref": "#/components/schemas/Pet"},
        },
    }
    return {
        "Pet": {
            "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
            "discriminator": {
                "propertyName": kind,
                "mapping": {
                    put("discriminator.mapping key"): put("discriminator.mapping value"),
                    "dog": "#/components/schemas/Dog",
                },
            },
        },
        "Cat": variant,
        "Dog": variant,
        put("$ref pointer token"): {"type": "object", "properties": {"a": {"type": "string"}}},
        put("schema key"): room,
    }


def _schemes(put: Put) -> dict[str, Any]:
    flow = {"tokenUrl": put("oauth2 tokenUrl"), "scopes": {put("oauth2 scope name"): "Write."}}
    return {
        put("securityScheme key"): {
            "type": "apiKey",
            "in": "header",
            "name": put("securityScheme.name (apiKey header)"),
        },
        "oauth": {"type": "oauth2", "flows": {"clientCredentials": flow}},
    }


def _token(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1").replace("%", "%25")
