"""Values made up from schemas."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator
from msgspec.structs import replace

from tests.runtime.test_run import BUNDLE
from tsbind.bundle import Bundle, Call, Json, Reply
from tsbind.runtime import MockHost, Policy, run_sync
from tsbind.runtime.mock import made_up, written
from tsbind.runtime.pattern import text_for
from tsbind.runtime.reply import value_of
from tsbind.runtime.sample import DEPTH, Unsatisfiable, sample
from tsbind.runtime.validate import with_definitions

SCHEMAS = {
    "Node": {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer"}, "next": {"$ref": "#/$defs/Node"}},
    },
    "Endless": {
        "type": "object",
        "required": ["next"],
        "properties": {"next": {"$ref": "#/$defs/Endless"}},
    },
}


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"const": 5},
        {"enum": [None, "a"]},
        {"type": ["null", "string"], "minLength": 10, "maxLength": 12},
        {"type": "string", "maxLength": 2},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "uuid"},
        {"type": "string", "pattern": "^[A-Z]{3}-\\d+$", "minLength": 8},
        {"type": "integer", "minimum": 5, "maximum": 9},
        {"type": "integer", "exclusiveMinimum": 5},
        {"type": "integer", "maximum": -3},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "number", "multipleOf": 0.5, "minimum": 3.2},
        {"type": "integer", "multipleOf": 7, "minimum": 10},
        {"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "prefixItems": [{"type": "string"}, {"const": 1}], "items": False},
        {"$ref": "#/$defs/Node"},
        {"allOf": [{"$ref": "#/$defs/Node"}, {"required": ["x"]}], "properties": {"x": True}},
        {"anyOf": [{"type": "null"}, {"type": "boolean"}]},
        {"oneOf": [False, {"type": "string"}], "type": "string"},
        {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
        {"allOf": [{"type": ["string", "number"]}, {"type": ["integer", "string"]}]},
        {"allOf": [{"minimum": 3}, {"minimum": 7}, {"type": "integer", "maximum": 7}]},
        {"allOf": [{"properties": {"a": {"minimum": 3}}}, {"properties": {"a": {"type": "integer"}},
         "required": ["a"]}]},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("optional", [False, True])
def test_a_value_fits_its_schema_and_is_always_the_same(schema: Json, optional: bool) -> None:
    value = sample(schema, SCHEMAS, optional=optional)
    validator = Draft202012Validator(with_definitions(schema, SCHEMAS), validate_formats=True)
    assert validator.is_valid(value), value
    assert sample(schema, SCHEMAS, optional=optional) == value


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"enum": []},
        {"type": "integer", "minimum": 5, "maximum": 4},
        {"$ref": "#/$defs/Endless"},
        {"allOf": [{"type": "string"}, {"type": "array"}]},
        {"type": "string", "pattern": "(?=x)y"},
        {"type": "string", "pattern": "["},
    ],
    ids=str,
)
def test_what_allows_no_value_is_told(schema: Json) -> None:
    with pytest.raises(Unsatisfiable):
        sample(schema, SCHEMAS)


@pytest.mark.parametrize(
    "pattern",
    ["abc", "^a+$", "[^a]", "[^a-z\\d]", "(a|b)c", "^\\w{3,5}\\s\\S\\W$", "x*", "a?b",
     "^[0-9a-f]{40}$",     "^(?:0|[1-9]\\d*)$", "é", "[\\d_]+", "^.{2}$", "^https?://", "[^\\w]"],
)  # fmt: skip
def test_a_text_matches_its_pattern(pattern: str) -> None:
    assert re.search(pattern, text_for(pattern))


def test_a_large_demand_is_not_met_with_a_large_value() -> None:
    assert len(sample({"type": "array", "minItems": 10**9}, {})) == 1000


def test_a_program_runs_against_an_api_that_is_not_there() -> None:
    program = "return [await api.rooms.list({}), await api.rooms.create({ name: 'x' })]"
    result = run_sync(program, BUNDLE, host=MockHost(BUNDLE))
    room = {"id": 1, "name": "text"}
    assert result.value == [[room], room]
    assert [(event.method, event.url) for event in result.trace.events] == [
        ("GET", "/rooms"),
        ("POST", "/rooms"),
    ]


def test_a_dry_run_shows_the_calls_and_sends_nothing() -> None:
    policy = Policy.parse(["allow read", "ask write"])
    program = "await api.rooms.create({ name: 'x' }); return 1"
    result = run_sync(program, BUNDLE, policy=policy, dry_run=True)
    (event,) = result.trace.events
    assert (event.verdict, event.method, event.notes) == (
        "ask: allowed",
        "POST",
        ["made up: nothing was sent"],
    )


@pytest.mark.parametrize(
    ("reply", "want"),
    [
        (Reply("204"), None),
        (Reply("200", "text/plain"), "text"),
        (Reply("200", "image/png"), {"$bytes": "Ynl0ZXM="}),
        (Reply("200", "application/jsonl", item={"const": 7}), [7]),
        (Reply("default", "application/json", {"const": "d"}), "d"),
    ],
)
def test_each_kind_of_reply_is_made_up(reply: Reply, want: Json) -> None:
    bundle = Bundle("T", "1", "", {"x": Call("x", "GET", "/x", replies=(reply,))}, {})
    assert run_sync("return await api.x({})", bundle, host=MockHost(bundle)).value == want


SSE = "text/event-stream"


@pytest.mark.parametrize(
    "reply",
    [
        Reply("201", headers=("location",)),
        Reply("200", "application/x-ndjson", item={"const": {"a": 1}}),
        Reply("200", SSE, item={"const": {"event": "x", "data": "two\nlines"}}),
        Reply("200", SSE, item={"const": {"data": {"a": [1]}}}, event="read fields"),
        Reply("200", SSE, item={"const": "two\nlines"}, event="text"),
        Reply("200", SSE, item={"const": {"a": 1}}, event="json"),
    ],
    ids=str,
)
def test_what_is_written_is_read_as_it_was_made_up(reply: Reply) -> None:
    call = Call("x", "GET", "/x", replies=(reply,))
    bundle = Bundle("T", "1", "", {"x": call}, {})
    sent = written(call, bundle)
    lower = tuple((name.lower(), text) for name, text in sent.headers)
    assert value_of(replace(sent, headers=lower), reply) == made_up(call, bundle)


def test_values_are_made_for_every_operation_of_real_documents(corpus: Path) -> None:
    from tsbind.pipeline import compile

    failed = made = 0
    for name in ("notion.json", "box.json", "slack-swagger2.json"):
        bundle = compile(str(corpus / "openapi" / name)).bundle
        host = MockHost(bundle)
        for call in bundle.calls.values():
            args = sample(call.args, bundle.schemas, optional=True)
            try:
                host.check_arguments(call, args)
                host.request(call, args)
                made += 1
            except Exception:
                failed += 1
    assert made > 480
    assert failed <= made / 100


def test_alternatives_are_told_apart_however_deep_they_lie() -> None:
    kinds = [{"properties": {"kind": {"enum": [name]}, "x": {}}} for name in ("a", "b")]
    schema: Json = {"oneOf": kinds}
    for _ in range(DEPTH + 2):
        schema = {"required": ["in"], "properties": {"in": schema}}
    made = sample(schema, {}, optional=True)
    for _ in range(DEPTH + 2):
        made = made["in"]
    assert made == {"kind": "a"}
