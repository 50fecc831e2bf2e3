"""What a caller must know of a value and TypeScript cannot say, as a short text.

>>> note({"type": "integer", "minimum": 1, "maximum": 100, "default": 30})
'1..100, default 30'
>>> note({"type": "string", "format": "date-time"}), note({"maxLength": 255})
('date-time', 'max 255 chars')
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tsbind.lower.report import Node
from tsbind.lower.words import camel, words

_LONGEST = 48  # characters of a pattern or default that is worth showing
_json = json.JSONEncoder(ensure_ascii=False).encode

# Formats that say no more than the type does.
_PLAIN_FORMATS = frozenset(
    ["int32", "float", "double", "string", "boolean", "number", "integer", "object", "array"]
)


_NOTED = frozenset(
    [
        "format",
        "contentEncoding",
        "pattern",
        "uniqueItems",
        "items",
        "default",
        "multipleOf",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "x-enum-varnames",
        "x-enumNames",
    ]
)


_BOUNDS = _NOTED - {"format", "contentEncoding", "pattern", "uniqueItems", "items", "default"}


def note(schema: Node) -> str:
    """Describe the constraints of a schema; "" when it has none worth telling."""
    if not isinstance(schema, dict):
        return ""
    if schema.keys().isdisjoint(_NOTED):
        return ""
    return ", ".join(_parts(schema))


def reading(schema: Node) -> str:
    """Return that part of a schema's note without which its values cannot be read.

    >>> reading({"type": "string", "format": "date-time", "maxLength": 30, "default": "now"})
    'date-time'
    """
    if not isinstance(schema, dict) or schema.keys().isdisjoint(_NOTED):
        return ""
    return ", ".join((*_format(schema), *_item(schema.get("items")), *names(schema)))


def doc(schema: Node, name: str) -> str:
    """The description of a schema, else its title when that says more than `name` does."""
    if not isinstance(schema, dict):
        return ""
    text = schema.get("description")
    if isinstance(text, str) and text.strip():
        return text.strip()
    title = schema.get("title")
    if not isinstance(title, str) or title == name or camel(words(title)) == camel(words(name)):
        return ""
    return title.strip()


def example(*nodes: Node) -> str:
    """Return the first short example of a value that one of these gives, as JSON; "" without one.

    Of a Schema or Parameter Object; one that its values or default already tell is none.

    >>> example({"type": "string", "examples": ["acme/site"]}), example({"example": 7})
    ('"acme/site"', '7')
    >>> example({"enum": ["on", "off"], "example": "on"})
    ''
    """
    for node in nodes:
        if isinstance(node, dict) and node.keys().isdisjoint(("enum", "const")):
            for value in _examples(node):
                if isinstance(value, (str, int, float)) and not isinstance(value, bool):
                    text = _json(value)
                    if value not in ("", node.get("default")) and len(text) <= _LONGEST:
                        return text
    return ""


def _examples(node: dict[str, Node]) -> Iterator[Node]:
    yield node.get("example")
    listed = node.get("examples")
    if isinstance(listed, list):
        yield from listed
    elif isinstance(listed, dict):  # Example Objects by name
        yield from (each.get("value") for each in listed.values() if isinstance(each, dict))


def _parts(schema: dict[str, Node]) -> Iterator[str]:
    yield from _format(schema)
    if not schema.keys().isdisjoint(_BOUNDS):
        yield from _bounds(schema)
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and 0 < len(pattern) <= _LONGEST:
        yield f"pattern {pattern}"
    if schema.get("uniqueItems") is True:
        yield "unique"
    yield from _item(schema.get("items"))
    yield from names(schema)
    if "default" in schema:
        text = _plain(schema["default"])
        if text:
            yield f"default {text}"


def _format(schema: dict[str, Node]) -> Iterator[str]:
    format_ = schema.get("format")
    if isinstance(format_, str) and format_ and format_ not in _PLAIN_FORMATS:
        yield format_[:_LONGEST]
    elif "contentEncoding" in schema and isinstance(schema["contentEncoding"], str):
        yield schema["contentEncoding"][:_LONGEST]


def _bounds(schema: dict[str, Node]) -> Iterator[str]:
    yield from _number(schema)
    step = schema.get("multipleOf")
    if _is_number(step):
        yield f"multiple of {_spell(step)}"
    for low, high, unit in (
        ("minLength", "maxLength", "chars"),
        ("minItems", "maxItems", "items"),
        ("minProperties", "maxProperties", "keys"),
    ):
        text = _span(schema.get(low), schema.get(high))
        if text:
            yield f"{text} {unit}"


def _number(schema: dict[str, Node]) -> Iterator[str]:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if _is_number(low) and _is_number(high):
        yield f"{_spell(low)}..{_spell(high)}"
    elif _is_number(low):
        yield f">={_spell(low)}"
    elif _is_number(high):
        yield f"<={_spell(high)}"
    if _is_number(above):
        yield f">{_spell(above)}"
    if _is_number(below):
        yield f"<{_spell(below)}"


def _span(low: Node, high: Node) -> str:
    low = low if _is_number(low) and low > 0 else None
    if not _is_number(high):
        return "" if low is None else f"min {_spell(low)}"
    if low is None:
        return f"max {_spell(high)}"
    return _spell(low) if low == high else f"{_spell(low)}..{_spell(high)}"


def _item(items: Node) -> Iterator[str]:
    if isinstance(items, dict) and isinstance(items.get("format"), str):
        format_ = items["format"]
        if format_ and format_ not in _PLAIN_FORMATS:
            yield f"each {format_[:_LONGEST]}"


def names(schema: dict[str, Node]) -> Iterator[str]:
    """Names that widely used extensions give to bare numbers: `1=low, 2=high`."""
    names = schema.get("x-enum-varnames", schema.get("x-enumNames"))
    values = schema.get("enum")
    if isinstance(names, list) and isinstance(values, list) and len(names) == len(values):
        pairs = [(name, value) for name, value in zip(names, values, strict=True) if name != value]
        if pairs and len(pairs) <= 40 and all(isinstance(name, str) for name, _ in pairs):
            yield ", ".join(f"{_plain(value)}={name[:_LONGEST]}" for name, value in pairs)


def _is_number(value: Node) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _spell(value: Node) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return str(value)


def _plain(value: Node) -> str:
    """Spell a default; "" when it is empty, null or too long to be worth its tokens."""
    if value is None or value == "" or value in ([], {}):
        return ""
    text = value if isinstance(value, str) else _json(value)
    return text if len(text) <= _LONGEST else ""
