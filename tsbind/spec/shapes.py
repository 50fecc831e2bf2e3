"""Which field of which OpenAPI object holds what: OpenAPI 3.2 §4 as a table.

Each kind of object maps its fields to `(container, kind)`: ONE object, a MAP from names to
objects, or a LIST of objects.  Fields that hold no objects, or whose content is free (examples,
defaults, enums, extensions), are absent, so a walk along this table never takes data for a
description.
"""

from __future__ import annotations

from typing import Final

ONE: Final = "one"
MAP: Final = "map"
LIST: Final = "list"

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")

Shape = dict[str, tuple[str, str]]

SCHEMA: Final[Shape] = {
    **dict.fromkeys(
        (
            "items",
            "contains",
            "additionalProperties",
            "propertyNames",
            "unevaluatedItems",
            "unevaluatedProperties",
            "not",
            "if",
            "then",
            "else",
            "contentSchema",
        ),
        (ONE, "schema"),
    ),
    **dict.fromkeys(
        ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"),
        (MAP, "schema"),
    ),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), (LIST, "schema")),
}

_PARAMETER: Final[Shape] = {
    "schema": (ONE, "schema"),
    "content": (MAP, "media"),
    "examples": (MAP, "example"),
}

SHAPES: Final[dict[str, Shape]] = {
    "document": {
        "paths": (MAP, "path_item"),
        "x-ms-paths": (MAP, "path_item"),  # Azure's, for paths that differ in their query alone
        "webhooks": (MAP, "path_item"),
        "components": (ONE, "components"),
    },
    "components": {
        "schemas": (MAP, "schema"),
        "responses": (MAP, "response"),
        "parameters": (MAP, "parameter"),
        "examples": (MAP, "example"),
        "requestBodies": (MAP, "body"),
        "headers": (MAP, "header"),
        "securitySchemes": (MAP, "security_scheme"),
        "links": (MAP, "link"),
        "callbacks": (MAP, "callback"),
        "pathItems": (MAP, "path_item"),
        "mediaTypes": (MAP, "media"),
    },
    "path_item": {
        **dict.fromkeys(METHODS, (ONE, "operation")),
        "parameters": (LIST, "parameter"),
        "additionalOperations": (MAP, "operation"),
    },
    "operation": {
        "parameters": (LIST, "parameter"),
        "requestBody": (ONE, "body"),
        "responses": (MAP, "response"),
        "callbacks": (MAP, "callback"),
    },
    "parameter": _PARAMETER,
    "header": _PARAMETER,
    "body": {"content": (MAP, "media")},
    "response": {
        "headers": (MAP, "header"),
        "content": (MAP, "media"),
        "links": (MAP, "link"),
    },
    "media": {
        "schema": (ONE, "schema"),
        "itemSchema": (ONE, "schema"),
        "encoding": (MAP, "encoding"),
        "prefixEncoding": (LIST, "encoding"),
        "itemEncoding": (ONE, "encoding"),
        "examples": (MAP, "example"),
    },
    "encoding": {
        "headers": (MAP, "header"),
        "encoding": (MAP, "encoding"),
        "prefixEncoding": (LIST, "encoding"),
        "itemEncoding": (ONE, "encoding"),
    },
    "callback": {},  # every field is an expression with a path item; see `upgrade`
    "schema": SCHEMA,
    # Leaves: they may be references, and hold nothing that we read.
    "example": {},
    "link": {},
    "security_scheme": {},
}

# Maps whose `x-` keys are extensions and not names that the author chose.
PATTERNED: Final = frozenset({"path_item", "response", "callback"})
