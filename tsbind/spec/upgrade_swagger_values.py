"""Swagger 2.0 parameters, headers and bodies: their type words become a schema and a style."""

from __future__ import annotations

from dataclasses import dataclass

from tsbind.bundle import Json

Object = dict[str, Json]

# The words of 2.0 that say what a value is, and stand in the parameter itself.
_TYPE_WORDS = (
    "type",
    "format",
    "items",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "enum",
    "multipleOf",
    "x-nullable",
    "x-enum-varnames",
    "x-enumNames",
)
# `tsv` has no counterpart in 3.x; its style is no word of the standard, so that whoever lowers the
# parameter refuses it and says so, which is better than sending commas.
_QUERY_STYLES = {
    "csv": ("form", False),
    "multi": ("form", True),
    "ssv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
    "tsv": ("tabDelimited", False),
}
_OTHER_STYLES = {**_QUERY_STYLES, "csv": ("simple", False), "multi": ("multi", False)}
_MULTIPART, _URLENCODED = "multipart/form-data", "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Given:
    """A body or form parameter, and the pointer where it is declared."""

    node: Object
    at: str


def fix_value(node: Object, place: Json) -> bool:
    """Move a parameter's or header's type words into a schema; False when it has one already."""
    if "schema" in node or "content" in node:
        return False
    node["schema"] = _take_schema(node)
    style, explode = _style(node, node["schema"], place)
    if style:
        node["style"], node["explode"] = style, explode
    return True


def _take_schema(node: Object) -> Object:
    return {word: node.pop(word) for word in _TYPE_WORDS if word in node}


def _style(node: Object, schema: Object, place: Json) -> tuple[str, bool]:
    """Return how a list is written; `csv` when nothing is said, unlike in 3.x."""
    written = node.pop("collectionFormat", None)
    if schema.get("type") != "array":
        return "", False
    styles = _QUERY_STYLES if place in ("query", "formData") else _OTHER_STYLES
    return styles.get(written if isinstance(written, str) else "csv", styles["csv"])


def body_of_one(body: Given, consumes: list[str]) -> Object:
    """Build the request body for an `in: body` parameter."""
    made: Object = {
        key: value
        for key, value in body.node.items()
        if key in ("description", "required") or key.startswith("x-")
    }
    schema = body.node.get("schema", {})
    made["content"] = {media: {"schema": schema} for media in consumes}
    return made


def body_of_fields(fields: list[Given], consumes: list[str]) -> Object:
    """Build the request body for `in: formData` parameters: an object with a property for each."""
    properties: Object = {}
    encoding: Object = {}
    required: list[Json] = []
    for field in fields:
        node = dict(field.node)
        name = node.get("name")
        if not isinstance(name, str):
            continue
        schema = _take_schema(node)
        style, explode = _style(node, schema, "formData")
        if style:
            encoding[name] = {"style": style, "explode": explode}
        if isinstance(node.get("description"), str):
            schema["description"] = node["description"]
        if node.get("required") is True:
            required.append(name)
        properties[name] = schema
    files = any(schema.get("type") == "file" for schema in properties.values())
    schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    media: Object = {"schema": schema}
    if encoding:
        media["encoding"] = encoding
    types = _form_types(consumes, files=files)
    return {"content": {one: dict(media) for one in types}, "required": bool(required)}


def _form_types(consumes: list[str], *, files: bool) -> list[str]:
    if files:
        return [_MULTIPART]
    return [one for one in consumes if one in (_MULTIPART, _URLENCODED)] or [_URLENCODED]
