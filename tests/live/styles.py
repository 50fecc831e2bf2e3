"""A document with every way that OpenAPI has to write a value into a request.

Each operation takes one value, called `v`, and its schema allows only this one: a server that
accepts the request has read what was given, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import msgspec

from tsbind.bundle import Json

EASY = "green"
# Whatever could break out of its place, but for the delimiters of the styles themselves: whether
# those are split off before or after decoding is where servers differ.
HARD = "ä b&c=d?e#f%20+g'\"<h>"

_FORM = "application/x-www-form-urlencoded"
_PARTS = "multipart/form-data"
_JSON = "application/json"
# Place, style, whether it may be exploded, and the kinds of value that the standard gives it.
_EVERY = ("text", "number", "boolean", "list", "map")
_BOTH = (False, True)
_PARAMETERS = (
    ("path", "simple", _BOTH, _EVERY),
    ("path", "label", _BOTH, _EVERY),
    ("path", "matrix", _BOTH, _EVERY),
    ("query", "form", _BOTH, _EVERY),
    ("query", "spaceDelimited", (False,), ("list",)),
    ("query", "pipeDelimited", (False,), ("list",)),
    ("query", "deepObject", (True,), ("map",)),
    ("header", "simple", _BOTH, _EVERY),
    ("cookie", "form", _BOTH, _EVERY),
)
_ENCODINGS = tuple(row[1:] for row in _PARAMETERS if row[0] == "query")


class Case(msgspec.Struct, frozen=True):
    """One operation, and the value that it accepts."""

    name: str
    path: str
    method: str
    operation: Json
    value: Json

    @property
    def body(self) -> bool:
        """Whether the value stands in the body."""
        return "requestBody" in self.operation


def cases(text: str) -> list[Case]:
    """Return a case for everything that OpenAPI can say, with `text` in each value."""
    values: dict[str, Json] = {
        "text": text,
        "number": 12.5,
        "boolean": True,
        "list": ["blue", text, "brown"],
        "map": {"r": 100, "g": 200, "b": text},
    }
    return [*_parameters(values), *_bodies(values)]


def document(cases: list[Case]) -> Json:
    """Return the OpenAPI document of some cases."""
    reply = {"200": {"description": "accepted", "content": {_JSON: {"schema": {}}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Styles", "version": "1"},
        "servers": [{"url": "http://127.0.0.1:9"}],
        "paths": {
            case.path: {
                case.method: {"operationId": case.name, "responses": reply, **case.operation}
            }
            for case in cases
        },
    }


def _parameters(values: dict[str, Json]) -> Iterator[Case]:
    for place, style, explodes, kinds in _PARAMETERS:
        for explode, kind in product(explodes, kinds):
            how = {"schema": _only(values[kind]), "style": style, "explode": explode}
            name = f"{place}_{style}_{'exploded_' if explode else ''}{kind}"
            yield _parameter(name, place, values[kind], how)
    for place in ("path", "query", "header", "cookie"):
        # A quotation mark in JSON is escaped with a separator of paths, which are refused.
        value = {**values["map"], "b": "green"} if place == "path" else values["map"]
        yield _parameter(f"{place}_json", place, value, {"content": {_JSON: {"schema": {}}}})


def _parameter(name: str, place: str, value: Json, how: Json) -> Case:
    path = f"/{name}/{{v}}" if place == "path" else f"/{name}"
    operation = {"parameters": [{"name": "v", "in": place, "required": True, **how}]}
    return Case(name, path, "get", operation, value)


def _bodies(values: dict[str, Json]) -> Iterator[Case]:
    for media, kind in product((_FORM, _PARTS), _EVERY):
        yield _body(f"{media}_{kind}", media, values[kind])
        yield _body(f"{media}_json_{kind}", media, values[kind], {"contentType": _JSON})
    for media, (style, explodes, kinds) in product((_FORM, _PARTS), _ENCODINGS):
        for explode, kind in product(explodes, kinds):
            how = {"style": style, "explode": explode}
            name = f"{media}_{style}_{'exploded_' if explode else ''}{kind}"
            yield _body(name, media, values[kind], how)
    for kind in _EVERY:
        yield _body(f"{_JSON}_{kind}", _JSON, values[kind])


def _body(name: str, media: str, value: Json, encoding: Json = None) -> Case:
    schema = {"type": "object", "properties": {"v": _only(value)}, "required": ["v"]}
    content = {"schema": schema, **({"encoding": {"v": encoding}} if encoding else {})}
    operation = {"requestBody": {"required": True, "content": {media: content}}}
    name = name.replace(media, {_FORM: "form", _PARTS: "parts", _JSON: "json"}[media], 1)
    return Case(f"body_{name}", f"/body_{name}", "post", operation, value)


def _only(value: Json) -> Json:
    """Return a schema that allows one value, in words that tell a reader of text its types."""
    match value:
        case bool():
            return {"type": "boolean", "enum": [value]}
        case float() | int():
            return {"type": "number", "enum": [value]}
        case str():
            return {"type": "string", "enum": [value]}
        case list():
            items = {"type": "string", "enum": value}
            return {"type": "array", "items": items, "minItems": len(value), "uniqueItems": True}
        case _:
            return {
                "type": "object",
                "properties": {key: _only(item) for key, item in value.items()},
                "required": list(value),
                "additionalProperties": False,
            }
