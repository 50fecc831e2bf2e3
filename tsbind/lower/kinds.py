"""Which JSON types a schema is about, also where it does not say."""

from __future__ import annotations

from tsbind.ir.types import BOOLEAN, NULL, NUMBER, TEXT, Number, Type
from tsbind.lower.report import Node

COMPOSED = ("allOf", "oneOf", "anyOf")
_OBJECT = frozenset(
    [
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "propertyNames",
        "minProperties",
        "maxProperties",
        "unevaluatedProperties",
        "dependentRequired",
    ]
)
_ARRAY = frozenset(["items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"])
_STRING = frozenset(["pattern", "minLength", "maxLength", "contentEncoding", "contentMediaType"])
_NUMBER = frozenset(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"])
# Formats that a schema may have instead of a type; any other one may be of anything.
_KIND_OF_FORMAT = {
    **dict.fromkeys(
        (
            "date",
            "date-time",
            "time",
            "duration",
            "email",
            "idn-email",
            "hostname",
            "idn-hostname",
            "ipv4",
            "ipv6",
            "uri",
            "url",
            "uri-reference",
            "iri",
            "iri-reference",
            "uuid",
            "uri-template",
            "json-pointer",
            "relative-json-pointer",
            "regex",
            "byte",
            "binary",
            "base64url",
            "password",
            "string",
        ),
        "string",
    ),
    **dict.fromkeys(("int32", "int64"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
}

SCALARS: dict[str, Type] = {
    "number": NUMBER,
    "integer": Number(whole=True),
    "boolean": BOOLEAN,
    "null": NULL,
    "string": TEXT,
}


def implied(schema: dict[str, Node]) -> tuple[str, ...]:
    """The type that a schema without `type` is plainly about."""
    keys = schema.keys()
    if not keys.isdisjoint(_OBJECT):
        return ("object",)
    if not keys.isdisjoint(_ARRAY):
        return ("array",)
    if not keys.isdisjoint(_NUMBER):
        return ("number",)
    if not keys.isdisjoint(_STRING):
        return ("string",)
    format_ = schema.get("format")
    if isinstance(format_, str) and not keys & {"$ref", *COMPOSED}:
        return (_KIND_OF_FORMAT[format_],) if format_ in _KIND_OF_FORMAT else ()
    return ()


def is_scalar(schema: Node) -> bool:
    """Whether a schema is one plain scalar, which needs no name of its own."""
    if not isinstance(schema, dict) or schema.get("type") not in (
        "string",
        "number",
        "integer",
        "boolean",
    ):
        return False
    return schema.keys().isdisjoint(("$ref", "enum", "const", *COMPOSED))
