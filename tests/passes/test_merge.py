"""Fewer intersections, of the same values: as the validator sees them, and as the reader does."""

from __future__ import annotations

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbind.bundle import Json
from tsbind.emit.result_type import result_schema
from tsbind.emit.sketch import show, sketch, through
from tsbind.ir.api import Api
from tsbind.passes.lossless import differences
from tsbind.passes.merge import merge

SCALARS = ["string", "number", "boolean", "null", "unknown", '"x"', '"x"|"y"', "string|null", "1|2"]
FIELDS = st.builds(
    "{}{}:{}".format,
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["", "?"]),
    st.sampled_from([*SCALARS, "Kind", "Both"]),
)
OBJECTS = st.lists(FIELDS, min_size=1, max_size=3, unique_by=lambda field: field[0]).map(
    lambda fields: "{" + ",".join(fields) + "}"
)
PARTS = OBJECTS | st.sampled_from(["Base", "Dict", "unknown"])
UNIONS = st.lists(PARTS | st.sampled_from(["null", '"x"', "string[]"]), min_size=2, max_size=3).map(
    lambda options: f"({'|'.join(options)})"
)
TYPES = st.lists(PARTS | UNIONS, min_size=2, max_size=4).map("&".join)
VALUES: st.SearchStrategy[Json] = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]), st.sampled_from(["x", "y", "z", 1, 2.5, True, None, []])
)
NAMED = 'type Kind="x"|"y"; type Both={a?:string}; type Base={a?:string,b:number}; '


def written(type_: str) -> Api:
    return sketch(f"{NAMED}get():{type_}")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(type_=TYPES, values=st.lists(VALUES, min_size=8, max_size=8))
def test_what_is_merged_has_the_same_values(type_: str, values: list[Json]) -> None:
    before, after = written(type_), merge(written(type_))
    assert differences(before, after) == ()
    validators = [_validator(api) for api in (before, after)]
    for value in (*values, None, "x", [], 1):
        one, other = (validator.is_valid(value) for validator in validators)
        assert one == other, (value, show(after))


def _validator(api: Api) -> jsonschema_rs.Draft202012Validator:
    *types, method = show(api).splitlines()
    reply = method.removeprefix("get():Promise<").removesuffix(">")
    named = "\n".join([*types, f"type Reply={reply}"])  # objects of named types are open
    return jsonschema_rs.Draft202012Validator(result_schema("Reply", named))


KEPT = [
    "{a:string}&{a:number}",  # nothing can be both: left as it was said
    "{a:string[]}&{a:number[]}",
    "{a:string}&({a?:string}|{b:number})",  # an alternative does not say it
]


@pytest.mark.parametrize("type_", KEPT)
def test_what_cannot_be_said_better_stays(type_: str) -> None:
    api = written(type_)
    assert merge(api) is api


def test_references_stay_and_what_nothing_refers_to_goes() -> None:
    text = 'type Tag={type:"a"|"b"}; type Node={type:"a",next?:Node}; get():Tag&Node'
    assert through(merge, text) == 'type Node={type:"a",next?:Node}\nget():Promise<Node>'
