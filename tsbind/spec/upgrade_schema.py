"""Schema Objects of every version, and of drafts 4 to 2019-09, as JSON Schema 2020-12.

A fix changes its schema in place, so that every reference to it sees the result.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final, Protocol

from tsbind.bundle import Json

Schema = dict[str, Json]


class Context(Protocol):
    """What a fix may ask and tell."""

    version: tuple[int, int]
    null: Schema  # the schema of null

    def report(self, code: str, at: str, what: str, fix: str = "") -> None:
        """Note a problem at the pointer `at`."""
        ...

    def wrap(self, at: str) -> None:
        """Note that the schema at the pointer `at` became the first option of an `anyOf`."""
        ...


TYPES: Final = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})

# Names that people write for types which JSON Schema spells otherwise.
_OTHER_TYPES: Final = {
    **dict.fromkeys(("int", "long", "int32", "int64", "short", "byte"), "integer"),
    **dict.fromkeys(("float", "double", "decimal", "numeric"), "number"),
    **dict.fromkeys(("bool",), "boolean"),
    **dict.fromkeys(("str", "text", "date", "datetime", "date-time", "uuid", "char"), "string"),
    **dict.fromkeys(("list",), "array"),
    **dict.fromkeys(("dict", "map", "hash"), "object"),
}

_NUMBER: Final = (int, float)
# Keywords whose value must have one of these types (bool is never taken for a number).
CHECKED: Final[dict[str, tuple[type, ...]]] = {
    **dict.fromkeys(
        (
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "minProperties",
            "maxProperties",
            "minContains",
            "maxContains",
        ),
        _NUMBER,
    ),
    **dict.fromkeys(
        ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"), _NUMBER
    ),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly", "nullable"), (bool,)),
    **dict.fromkeys(
        ("pattern", "format", "description", "title", "$comment", "contentEncoding"), (str,)
    ),
    "dependentRequired": (dict,),
    "xml": (dict,),
}
TYPE_NAMES: Final = {  # what a value should have been, in words
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a string",
    dict: "an object",
}
# What may stand beside `$ref` before 3.1.  Readers must ignore all of it, but authors mean these.
_BESIDE_REF: Final = frozenset(
    {"$ref", "description", "title", "nullable", "deprecated", "default", "readOnly", "writeOnly"}
    | {"summary", "example", "examples"}
)
_APPLICATORS: Final = ("$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "not", "if", "const")
_NAMES: Final = ("$defs", "definitions", "$id", "$anchor", "$dynamicAnchor")
_ANNOTATIONS: Final = frozenset(
    {"description", "title", "summary", "deprecated", "default", "readOnly", "writeOnly"}
    | {"examples", "externalDocs", "xml"}
)


def shown(value: Json) -> str:
    """Spell a value of the document for a message."""
    if value is None or value == "":
        return "empty"
    if isinstance(value, dict):
        return "an object"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else "a list" if isinstance(value, list) else f"{text[:56]} …"


def fix_schema(node: Schema, at: str, context: Context) -> None:
    """Change `node` into a schema of 2020-12 that means the same; its children come later."""
    if context.version < (3, 1) and type(node.get("$ref")) is str and len(node) > 1:
        _drop_siblings(node)
    for key, fix in _FIXES:
        if key in node:
            fix(node, at, context)


def _drop_siblings(node: Schema) -> None:
    for key in [key for key in node if key not in _BESIDE_REF and not key.startswith("x-")]:
        del node[key]


def _type(node: Schema, at: str, context: Context) -> None:
    written = node["type"]
    if type(written) is str and written in TYPES:
        return
    if written == "file" and context.version < (3, 0):
        node["type"], node["format"] = "string", "binary"
        return
    if isinstance(written, list) and written:
        known = [_type_name(item) for item in written]
        if all(known):
            node["type"] = list(dict.fromkeys(known)) if len(known) > 1 else known[0]
            if known == written:
                return
        else:
            del node["type"]
    elif written is None:
        # `type: null` in YAML: the author wrote the name of a type.
        node["type"] = "null"
    else:
        known_name = _type_name(written)
        if known_name:
            node["type"] = known_name
        else:
            del node["type"]
    read = f'is read as "{node["type"]}"' if "type" in node else "is ignored"
    context.report(
        "bad-type",
        f"{at}/type",
        f"{'type is empty' if written is None else f'{shown(written)} is no type'} and {read}",
        f"use one of {', '.join(sorted(TYPES))}",
    )


def _type_name(written: Json) -> str:
    if written is None:
        return "null"
    if not isinstance(written, str):
        return ""
    if written in TYPES:
        return written
    lower = written.strip().lower()
    return lower if lower in TYPES else _OTHER_TYPES.get(lower, "")


def _enum(node: Schema, at: str, context: Context) -> None:
    if not isinstance(node["enum"], list) or not node["enum"]:
        del node["enum"]
        context.report(
            "bad-enum",
            f"{at}/enum",
            "enum lists no values and is ignored",
            "list at least one value, or remove it",
        )


def _required(node: Schema, at: str, context: Context) -> None:
    written = node["required"]
    if isinstance(written, list):
        names = [name for name in written if isinstance(name, str)]
        if len(names) == len(written):
            return
        node["required"] = names
    else:
        del node["required"]
    context.report(
        "bad-required",
        f"{at}/required",
        "required is no list of property names; what is not a name is ignored",
        'write "required": ["name", …] in the schema that has the properties',
    )


def _bound(key: str, exclusive: str) -> Callable[[Schema, str, Context], None]:
    """A fix for draft 4: `exclusiveMinimum: true` makes `minimum` itself the exclusive bound."""

    def fix(node: Schema, at: str, context: Context) -> None:
        flag = node[exclusive]
        if type(flag) is not bool:
            return
        del node[exclusive]
        if flag and key in node:
            node[exclusive] = node.pop(key)

    return fix


def _items(node: Schema, at: str, context: Context) -> None:
    """A list of `items`: a tuple in drafts 4 to 2019-09, which OpenAPI took over only with 3.1.

    Before that the standard has no meaning for it ("MUST be an object and not an array"), and
    documents mean alternatives: their own examples are objects where nothing says `type: array`,
    and lists in any order where something does.  Only what bounds a list makes it a tuple.
    """
    listed = node["items"]
    if not isinstance(listed, list):
        node.pop("additionalItems", None)
        return
    if context.version >= (3, 1) or not _TUPLE_SIGNS.isdisjoint(node):
        node["prefixItems"] = node.pop("items")
        if "additionalItems" in node:
            node["items"] = node.pop("additionalItems")
        return
    context.report(
        "bad-items",
        f"{at}/items",
        "items is a list; it is read as the alternatives that there are",
        'write "items": {"anyOf": […]} for a list, and "anyOf" for what is none',
    )
    if node.get("type") == "array" or "uniqueItems" in node:
        node["items"] = listed[0] if len(listed) == 1 else {"anyOf": listed}
    else:
        del node["items"]
        _all_of(node, {"anyOf": listed})


_TUPLE_SIGNS: Final = frozenset({"additionalItems", "minItems", "maxItems"})


def _all_of(node: Schema, also: Schema) -> None:
    """Demand of the values of a schema what another one demands."""
    if also.keys().isdisjoint(node):
        node.update(also)
    else:
        others = node.get("allOf")
        node["allOf"] = [*(others if isinstance(others, list) else []), also]


def _dependencies(node: Schema, at: str, context: Context) -> None:
    """Draft 4 to 7: names, or a schema, that the presence of a property demands."""
    written = node.pop("dependencies")
    for name, value in written.items() if isinstance(written, dict) else ():
        keyword = "dependentRequired" if isinstance(value, list) else "dependentSchemas"
        node.setdefault(keyword, {}).setdefault(name, value)


def _example(node: Schema, at: str, context: Context) -> None:
    value = node.pop("example")
    node.setdefault("examples", [value])


def _examples(node: Schema, at: str, context: Context) -> None:
    written = node["examples"]
    if isinstance(written, dict):
        node["examples"] = list(written.values())
    elif not isinstance(written, list):
        node["examples"] = [written]


def _discriminator(node: Schema, at: str, context: Context) -> None:
    written = node["discriminator"]
    if isinstance(written, str):  # 2.0
        node["discriminator"] = written = {"propertyName": written}
    if not isinstance(written, dict) or not isinstance(written.get("propertyName"), str):
        del node["discriminator"]
        context.report(
            "bad-discriminator",
            f"{at}/discriminator",
            "discriminator names no property and is ignored",
            "give it a propertyName",
        )
    elif not isinstance(written.get("mapping", {}), dict):
        node["discriminator"] = {k: v for k, v in written.items() if k != "mapping"}


def _x_nullable(node: Schema, at: str, context: Context) -> None:
    """The extension with which 2.0 documents say `nullable`."""
    node.setdefault("nullable", node["x-nullable"] is True)


def _nullable(node: Schema, at: str, context: Context) -> None:
    """3.0 says that null is a value too, and so mean most who left the word in 3.1."""
    if node.pop("nullable") is not True:
        return
    if context.version >= (3, 1):
        context.report(
            "nullable",
            f"{at}/nullable",
            f"nullable means nothing in OpenAPI {context.version[0]}.{context.version[1]}; "
            "it is read as in 3.0: null is allowed",
            'write "type": [..., "null"]',
        )
    if any(key in node for key in _APPLICATORS):
        _wrap_nullable(node, at, context)
        return
    kind = node.get("type") or _implied_type(node)
    if kind:
        kinds = kind if isinstance(kind, list) else [kind]
        node["type"] = [*kinds, "null"] if "null" not in kinds else kinds
    enum = node.get("enum")
    if isinstance(enum, list) and None not in enum:
        node["enum"] = [*enum, None]


def _implied_type(node: Schema) -> str:
    """What the keywords of an untyped schema are about; "" when any value will do."""
    if "properties" in node or "additionalProperties" in node or "required" in node:
        return "object"
    return "array" if "items" in node or "prefixItems" in node else ""


def _wrap_nullable(node: Schema, at: str, context: Context) -> None:
    """Say "this or null" around a schema that refers or combines; annotations stay outside."""
    options = node.get("anyOf")
    if isinstance(options, list) and all(
        key in _ANNOTATIONS or key in (*_NAMES, "anyOf", "discriminator") or key.startswith("x-")
        for key in node
    ):
        if {"type": "null"} not in options:
            node["anyOf"] = [*options, context.null]
        return
    inner = {k: v for k, v in node.items() if k not in _ANNOTATIONS and not k.startswith("x-")}
    kind = inner.get("type")
    if isinstance(kind, list) and "null" in kind:
        inner["type"] = [one for one in kind if one != "null"]
    for key in inner:
        del node[key]
    # Definitions inside must not move: references lead to them.
    for key in _NAMES:
        if key in inner:
            node[key] = inner.pop(key)
    node["anyOf"] = [inner, context.null]
    context.wrap(at)


_FIXES: Final[tuple[tuple[str, Callable[[Schema, str, Context], None]], ...]] = (
    ("type", _type),
    ("enum", _enum),
    ("required", _required),
    ("exclusiveMinimum", _bound("minimum", "exclusiveMinimum")),
    ("exclusiveMaximum", _bound("maximum", "exclusiveMaximum")),
    ("items", _items),
    ("dependencies", _dependencies),
    ("example", _example),
    ("examples", _examples),
    ("discriminator", _discriminator),
    ("x-nullable", _x_nullable),
    ("nullable", _nullable),  # last: it may wrap everything above
)
