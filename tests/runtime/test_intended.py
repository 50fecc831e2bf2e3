"""Arguments are held to what a schema means where its letter would admit nothing."""

from __future__ import annotations

import jsonschema_rs
import pytest

from tsbind.bundle import Json
from tsbind.runtime.intended import intended

BASE = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}
CHILD = {"allOf": [{"$ref": "#/$defs/Base"}, {"properties": {"b": {"type": "integer"}}}]}
LIST = {"properties": {"next": {"$ref": "#/$defs/List"}, "oneOf": {"type": "string"}}}
NAMED = {"allOf": [{"required": ["a"]}]}
DEFS = {
    "Base": BASE,
    "Named": NAMED,
    "Child": CHILD,
    "List": {"allOf": [{"$ref": "#/$defs/Base"}, LIST]},
}

# schema, values that are taken, values that are refused
TABLE: dict[str, tuple[Json, list[Json], list[Json]]] = {
    "alternatives that overlap": (
        {"oneOf": [{"type": "object", "required": ["a"]}, {"type": "object"}]},
        [{}, {"a": 1}],
        [1],
    ),
    "alternatives that exclude each other": (
        {"oneOf": [{"$ref": "#/$defs/Named"}, {"type": "object", "required": ["b"]}]},
        [{"a": 1}, {"b": 1}],
        [{"a": 1, "b": 1}, {}],
    ),
    "alternatives beside others": (
        {"oneOf": [{"type": "string"}, {"const": 1}], "anyOf": [{"type": "string"}, {"const": 2}]},
        ["x"],
        [1, 2],
    ),
    "what must not be one of two": (
        {"not": {"oneOf": [{"type": "integer"}, {"minimum": 5}]}},
        [7],
        [1, 5.5],
    ),
    "a part that closes itself": (
        {"$ref": "#/$defs/Child"},
        [{"a": 1, "b": 2}, {}],
        [{"a": "1"}, {"b": "2"}, {"c": 3}],
    ),
    "a whole that is closed and names nothing": (
        {"allOf": [CHILD], "additionalProperties": False},
        [{"a": 1, "b": 2}],
        [{"c": 3}],
    ),
    "a part that names itself": (
        {"$ref": "#/$defs/List"},
        [{"a": 1, "next": {"a": 2, "next": {}}, "oneOf": "a field of this name"}],
        [{"next": {"c": 1}}, {"oneOf": 1}],
    ),
    "nothing to forgive": (
        {"allOf": [BASE, {"required": ["a"]}]},
        [{"a": 1}],
        [{}, {"a": 1, "b": 1}],
    ),
    "what is inside of a list": (
        {"items": {"$ref": "#/$defs/Child"}, "type": "array"},
        [[{"a": 1, "b": 2}]],
        [[{"c": 3}]],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_what_arguments_may_be(name: str) -> None:
    schema, taken, refused = TABLE[name]
    whole = intended({**schema, "$defs": DEFS})
    validator = jsonschema_rs.Draft202012Validator(whole, offline=True)
    assert [value for value in taken if not validator.is_valid(value)] == []
    assert [value for value in refused if validator.is_valid(value)] == []


def test_a_composition_of_many_parts_is_written_out_once_each() -> None:
    """Thirty layers of two that each name both of the next would be a billion parts."""
    layers: dict[str, Json] = {
        f"{side}{n}": {"allOf": [{"$ref": f"#/$defs/L{n + 1}"}, {"$ref": f"#/$defs/R{n + 1}"}]}
        for n in range(30)
        for side in "LR"
    }
    whole = {**layers, "L30": BASE, "R30": {"properties": {"b": {"type": "integer"}}}}
    made = intended({"$ref": "#/$defs/L0", "$defs": whole})
    validator = jsonschema_rs.Draft202012Validator(made, offline=True)
    assert validator.is_valid({"a": 1, "b": 2})
    assert not validator.is_valid({"c": 1})
