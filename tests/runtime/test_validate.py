"""Arguments, replies and results against the schemas of the Bundle."""

from __future__ import annotations

import time

import pytest

from tsbind.bundle import Bundle, Call, Json, Reply
from tsbind.errors import BundleError, ResultError
from tsbind.runtime.failures import ArgumentError, ReplyError
from tsbind.runtime.validate import ResultSchema, Strictness, Validators, with_definitions
from tsbind.runtime.values import File

ARGS = {
    "type": "object",
    "properties": {
        "limit": {"type": "integer", "minimum": 1, "maximum": 100},
        "state": {"enum": ["open", "closed"]},
        "since": {"type": "string", "format": "date-time"},
        "file": {"type": "string", "format": "binary"},
        "owner": {"$ref": "#/$defs/Owner"},
        "target": {
            "anyOf": [
                {"type": "object", "properties": {"kind": {"const": "a"}, "x": {"type": "integer"}},
                 "required": ["kind", "x"]},
                {"type": "object", "properties": {"kind": {"const": "b"}, "y": {"type": "string"}},
                 "required": ["kind", "y"]},
            ]
        },
    },
    "required": ["limit"],
    "additionalProperties": False,
}  # fmt: skip
SCHEMAS = {
    "Owner": {
        "type": "object",
        "properties": {"login": {"type": "string"}, "next": {"$ref": "#/$defs/Owner"}},
        "required": ["login"],
        "additionalProperties": False,
    },
    "Flat": {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
    "Unused": {"type": "string"},
}
FLAT = {
    "allOf": [{"$ref": "#/$defs/Flat"}, {"properties": {"id": {"type": "integer"}}}],
    "unevaluatedProperties": False,
}


def validators(args: Json = ARGS, replies: Strictness = "warn") -> tuple[Validators, Call]:
    call = Call("issues.list", "GET", "/", args=args)
    return Validators(Bundle("T", "1", "", {"issues.list": call}, SCHEMAS), replies), call


@pytest.mark.parametrize(
    ("args", "want"),
    [
        ({"limit": "5"}, 'args.limit: must be an integer, not "5"'),
        ({"limit": 0}, "args.limit: must be at least 1, not 0"),
        ({"limit": 101}, "args.limit: must be at most 100, not 101"),
        ({}, 'args: the field "limit" is missing'),
        ({"limit": 1, "stat": "open"}, 'args.stat: no such field (did you mean "state"?)'),
        (
            {"limit": 1, "zzz": 1},
            "args.zzz: no such field (there are: limit, state, since, file, owner, target)",
        ),
        ({"limit": 1, "state": "opn"}, 'args.state: must be "open" or "closed", not "opn"'),
        ({"limit": 1, "since": "now"}, 'args.since: must be a date-time, not "now"'),
        (
            {"limit": 1, "owner": {"login": "a", "next": {"login": 1}}},
            "args.owner.next.login: must be a string, not 1",
        ),
        (
            {"limit": 1, "owner": {"login": "a", "logn": 1}},
            'args.owner.logn: no such field (did you mean "login"?)',
        ),
        (
            {"limit": 1, "target": {"kind": "b", "y": 1}},
            "args.target.y: must be a string, not 1",
        ),
        ({"limit": None}, "args.limit: must be an integer, not null"),
        ({"file": b"\xff", "limit": 0}, "args.limit: must be at least 1, not 0"),
        ({"limit": 0, "file": File(b"\xff", "a")}, "args.limit: must be at least 1, not 0"),
    ],
)
def test_a_wrong_argument_is_named_with_what_was_expected(args: Json, want: str) -> None:
    checker, call = validators()
    with pytest.raises(ArgumentError) as caught:
        checker.check_arguments(call, args)
    assert caught.value.text == f"issues.list: {want}"


@pytest.mark.parametrize(
    "args",
    [
        {"limit": 5},
        {"limit": 5, "owner": {"login": "a", "next": {"login": "b"}}},
        {"limit": 5, "file": b"\x00\xff"},
        {"limit": 5, "file": File(b"x", "a.png")},
        {"limit": 5, "target": {"kind": "a", "x": 1}},
    ],
)
def test_good_arguments_pass(args: Json) -> None:
    checker, call = validators()
    checker.check_arguments(call, args)


def test_a_flattened_body_refuses_unknown_names_and_says_only_those() -> None:
    checker, call = validators(FLAT)
    checker.check_arguments(call, {"title": "x", "id": 1})
    with pytest.raises(ArgumentError) as caught:
        checker.check_arguments(call, {"title": "x", "titel": "y", "id": 1})
    assert caught.value.text == ('issues.list: args.titel: no such field (did you mean "title"?)')


def test_many_faults_are_counted_and_long_values_cut() -> None:
    checker, call = validators({"type": "object", "additionalProperties": {"type": "integer"}})
    with pytest.raises(ArgumentError) as caught:
        checker.check_arguments(call, {f"k{i}": "x" * 1000 for i in range(50)})
    assert caught.value.text.endswith("; and 45 more")
    assert len(caught.value.text) < 1_000


REPLY = Reply("200", "application/json", {"type": "array", "items": {"$ref": "#/$defs/Owner"}})


def test_a_reply_that_does_not_fit_is_told_or_refused() -> None:
    bad = [{"login": "a"}, {"login": 1}]
    told, call = validators()
    assert told.check_reply(call, REPLY, bad) == ("reply[1].login: must be a string, not 1",)
    strict, _ = validators(replies="strict")
    with pytest.raises(ReplyError, match=r"issues.list: reply\[1\]\.login"):
        strict.check_reply(call, REPLY, bad)
    off, _ = validators(replies="off")
    assert off.check_reply(call, REPLY, bad) == ()


def test_the_items_of_a_stream_are_checked() -> None:
    checker, call = validators()
    stream = Reply("200", "application/jsonl", item={"type": "integer"})
    assert checker.check_reply(call, stream, [1, "x"]) == ('reply[1]: must be an integer, not "x"',)


def test_a_result_is_checked_strictly() -> None:
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
    ResultSchema(schema).check({"n": 1})
    with pytest.raises(ResultError, match='result: the field "n" is missing') as caught:
        ResultSchema(schema).check({})
    assert caught.value.exit_code == 14


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "file:///etc/passwd"},
        {"$ref": "http://127.0.0.1:9/x"},
        {"$ref": "#/$defs/Absent"},
        {"type": "no-such-type"},
        {"pattern": "["},
    ],
)
def test_a_schema_that_cannot_be_used_is_an_error_and_fetches_nothing(schema: Json) -> None:
    with pytest.raises(BundleError, match="is no usable JSON Schema"):
        ResultSchema(schema).check({})


def test_only_the_definitions_that_are_reached_are_compiled() -> None:
    whole = with_definitions({"$ref": "#/$defs/Owner"}, SCHEMAS)
    assert list(whole["$defs"]) == ["Owner"]
    assert with_definitions({"type": "string"}, SCHEMAS) == {"type": "string"}
    assert with_definitions(True, SCHEMAS) is True


@pytest.mark.parametrize("pattern", ["^(a+)+$", r"^(?=a)(a+)+$", r"^(a|a)*\1$", "^(a|aa)+$"])
def test_no_pattern_stalls_the_host(pattern: str) -> None:
    began = time.perf_counter()
    with pytest.raises(ResultError):
        ResultSchema({"type": "string", "pattern": pattern}).check("a" * 40_000 + "!")
    assert time.perf_counter() - began < 2.0


def test_a_deep_value_is_checked_or_refused_without_a_crash() -> None:
    value: Json = 1
    for _ in range(900):
        value = {"login": "x", "next": value}
    checker, call = validators({"$ref": "#/$defs/Owner"})
    with pytest.raises(ArgumentError, match="must be an object, not 1"):
        checker.check_arguments(call, value)
