"""A result's TypeScript type as a JSON Schema: what it accepts and what it refuses."""

from __future__ import annotations

import jsonschema_rs
import pytest

from tsbind.bundle import Json
from tsbind.emit.result_type import result_schema
from tsbind.errors import SpecError

API = """\
type Room={id:string,name:string,topic?:string|null,parent?:Room}
type Page<T>={items:T[],next?:string}
type Keyed={key:string}&Room
export declare const api:{rooms:{list():Promise<Room[]>}}
"""

CASES: dict[str, tuple[str, list[Json], list[Json]]] = {
    "number": ("number", [1, 1.5], ["1", None, True]),
    "array": ("string[]", [[], ["a"]], ["a", [1], {}]),
    "object": (
        "{id:number,title?:string}",
        [{"id": 1}, {"id": 1, "title": "a"}],
        [{}, {"id": "1"}, {"id": 1, "title": None}, {"id": 1, "more": 2}, []],
    ),
    "objects": ("{id:number,title:string}[]", [[], [{"id": 1, "title": "a"}]], [[{"id": 1}]]),
    "nested": ("{a:{b:boolean|null}}", [{"a": {"b": None}}], [{"a": {"b": 1}}, {"a": {"c": True}}]),
    "literals": ('"a"|"b"|3|null', ["a", 3, None], ["c", 4, False]),
    "index": ("{[k:string]:number}", [{}, {"a": 1}], [{"a": "b"}]),
    "members and index": ("{a:string,[k:string]:unknown}", [{"a": "x", "b": 1}], [{"b": 1}]),
    "tuple": ("[string,number?]", [["a"], ["a", 1]], [[], ["a", "b"], ["a", 1, 2]]),
    "tuple with a rest": ("[string,...number[]]", [["a"], ["a", 1, 2]], [[1], ["a", "b"]]),
    "union of objects": ("{a:1}|{b:2}", [{"a": 1}, {"b": 2}], [{"a": 1, "b": 2}, {}]),
    "intersection": (
        "{a:number}&{b:string}",
        [{"a": 1, "b": "x"}],
        [{"a": 1}, {"a": 1, "b": "x", "c": 1}],
    ),
    "anything": ("unknown", [None, {"a": [1]}], []),
    "a declared type": (
        "Room[]",
        [[{"id": "1", "name": "a", "added by the API": 1}]],
        [[{"id": "1"}], [{"id": "1", "name": "a", "parent": {"id": 1}}]],
    ),
    "a declared type inside": (
        "{first:Room|null}",
        [{"first": None}, {"first": {"id": "1", "name": "a"}}],
        [{"first": 1}, {"first": None, "second": None}],
    ),
    "a generic type": ("Page<Room>", [{"items": []}], [{"items": [{}]}, {}]),
    "a declared intersection": (
        "Keyed",
        [{"key": "k", "id": "1", "name": "a"}],
        [{"id": "1", "name": "a"}],
    ),
    "picked": ('Pick<Room,"id">', [{"id": "1"}], [{"id": "1", "name": "a"}, {}]),
    "without": ('Omit<Room,"parent"|"topic">', [{"id": "1", "name": "a"}], [{"id": "1"}]),
    "partial": ("Partial<Room>", [{}, {"name": "a"}], [{"name": 1}]),
}


@pytest.mark.parametrize(("text", "good", "bad"), CASES.values(), ids=CASES.keys())
def test_a_schema_accepts_what_the_type_does(text: str, good: list[Json], bad: list[Json]) -> None:
    schema = result_schema(text, API)
    jsonschema_rs.meta.validate(schema)
    validator = jsonschema_rs.Draft202012Validator(schema)
    assert [value for value in good if not validator.is_valid(value)] == []
    assert [value for value in bad if validator.is_valid(value)] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{id:number", "cannot be read"),
        ("number|", "cannot be read"),
        ("Rooms[]", 'there is no type "Rooms"'),
        ("Page<Room,Room>", '"Page" takes 1 type arguments'),
        ("{a:Bytes}", "holds no Bytes"),
        ('Pick<Page<Room>,"items">', "Pick needs an object type"),
        ("[" * 500, "cannot be read"),
    ],
)
def test_a_type_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        result_schema(text, API)


def test_a_generic_type_that_never_ends_is_refused() -> None:
    endless = "type Deep<T>={a:Deep<T[]>}\nexport declare const api:{}\n"
    with pytest.raises(SpecError, match="never ends"):
        result_schema("Deep<string>", endless)
