"""Whole replies: the status and the headers beside the body, for programs that ask for them."""

from __future__ import annotations

from pathlib import Path

import pytest

import tsbind
from tests.tsc import complaints
from tsbind.bundle import Json
from tsbind.errors import ProgramError, SuspendedError
from tsbind.runtime import (
    LATER,
    Answer,
    Credentials,
    FakeTransport,
    Host,
    MockHost,
    Policy,
    Request,
    Response,
    resume_sync,
    run_sync,
)
from tsbind.runtime.journal import Journal

DOCUMENT = b"""
openapi: 3.1.0
info: {title: Rooms, version: '1'}
servers: [{url: 'https://api.example'}]
security: [{token: []}]
paths:
  /rooms:
    get:
      operationId: rooms.list
      parameters: [{name: topic, in: query, schema: {type: string}}]
      responses:
        '200':
          description: all
          headers:
            X-Total-Count: {content: {application/json: {schema: {type: integer, minimum: 3}}}}
            X-Echo: {schema: {type: string}}
            Set-Cookie: {schema: {type: string}}
          content: {application/json: {schema: {type: array, items: {type: string}}}}
    post:
      operationId: rooms.create
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [name], properties: {name: {type: string}}}
      responses:
        '201': {description: made, content: {application/json: {schema: {type: string}}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
"""
COMPILED = tsbind.compile(DOCUMENT)
BUNDLE = COMPILED.bundle
WHOLE = "return await api.$response(api.rooms.list, { topic: 'tea' })"
MAKE = "return await api.$response(api.rooms.create, { name: 'a' })"
KEY = b"k" * 32


def answer(request: Request) -> Response:
    _, sent = request.on_the_wire()
    headers = (
        ("content-type", "application/json"),
        ("x-total-count", "12"),
        ("x-echo", dict(sent)["Authorization"]),
        ("link", "</rooms?page=2>; rel=next"),
        ("link", "</rooms?page=9>; rel=last"),
        ("x-ratelimit-remaining", "59"),
        ("set-cookie", "session=1"),
        ("x-powered-by", "tea"),
    )
    if request.method == "POST":
        return Response(201, headers, b'"made"')
    return Response(200, headers, b'["kitchen"]')


def host(policy: Policy | None = None) -> Host:
    credentials = Credentials({"token": "s3cret-s3cret"})
    made = Host(BUNDLE, transport=FakeTransport(answer), credentials=credentials)
    made.policy = policy or made.policy
    return made


def test_a_program_gets_the_headers_that_it_may_see() -> None:
    result = run_sync(WHOLE, BUNDLE, host=host())
    assert result.value == {
        "status": 200,
        "headers": {
            "x-total-count": "12",
            "x-echo": "Bearer [redacted]",
            "link": "</rooms?page=2>; rel=next, </rooms?page=9>; rel=last",
            "x-ratelimit-remaining": "59",
        },
        "body": ["kitchen"],
    }
    (event,) = result.trace.events
    assert (event.op, event.method) == ("rooms.list", "GET")


def test_each_api_has_its_own() -> None:
    program = "return (await Promise.all([a, b].map((x) => x.$response(x.rooms.list)))).length"
    result = run_sync(program, {"a": BUNDLE, "b": BUNDLE}, host={"a": host(), "b": host()})
    assert result.value == 2
    assert [event.op for event in result.trace.events] == ["a.rooms.list", "b.rooms.list"]


def test_the_policy_is_the_operation_s() -> None:
    program = f"try {{ {MAKE} }} catch (error) {{ return error.name }}"
    assert run_sync(program, BUNDLE, host=host(Policy.parse(["allow read"]))).value == "PolicyError"


@pytest.mark.parametrize(
    ("program", "want"),
    [
        ("api.$response(api.rooms.list())", "takes an operation, not what a call of it gives"),
        ("api.$response(api.rooms)", "api.$response takes an operation, as in"),
        ("api.$response('rooms.list')", "api.$response takes an operation, as in"),
        ("api.$response(api.rooms.create, {})", 'the field "name" is missing'),
        ("api.$response(api.rooms.list, 5)", "Expected `object`, got `int`"),
    ],
)
def test_what_is_asked_wrongly_is_told(program: str, want: str) -> None:
    with pytest.raises(ProgramError) as caught:
        run_sync(f"return await {program}", BUNDLE, host=host())
    assert want in str(caught.value)


def test_one_that_nobody_awaits_is_made_and_reported() -> None:
    result = run_sync(
        "api.$response(api.rooms.create, { name: 'a' }); return 1", BUNDLE, host=host()
    )
    assert result.value == 1
    assert [event.status for event in result.trace.events] == [201]
    assert result.logs == (("warn", "nobody awaited rooms.create"),)


def test_a_journal_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    before = run_sync(WHOLE, BUNDLE, host=host(), journal=Journal(path)).value
    again = run_sync(WHOLE, BUNDLE, host=MockHost(BUNDLE), journal=Journal(path, replay=True))
    assert again.value == before


def test_it_goes_on_after_an_approval() -> None:
    ask = host(Policy.parse(["ask write"]))
    with pytest.raises(SuspendedError) as caught:
        run_sync(MAKE, BUNDLE, host=ask, approve=lambda _: LATER, snapshot_key=KEY)
    result = resume_sync(
        caught.value.snapshot, BUNDLE, host=ask, approve=lambda _: Answer(True), snapshot_key=KEY
    )
    value: Json = result.value
    assert (value["status"], value["body"]) == (201, "made")


def test_a_made_up_reply_has_what_the_document_promises() -> None:
    want = {"status": 200, "headers": {"x-echo": "text", "x-total-count": "3"}, "body": ["text"]}
    assert run_sync(WHOLE, BUNDLE, host=MockHost(BUNDLE)).value == want
    made = run_sync(MAKE, BUNDLE, host=MockHost(BUNDLE)).value
    assert made == {"status": 201, "headers": {}, "body": "text"}


def test_without_promised_headers_there_is_none() -> None:
    bare = tsbind.compile(DOCUMENT, tsbind.Options(select="write"))
    assert "$response" not in bare.declarations
    with pytest.raises(ProgramError, match="is not an operation"):
        run_sync(MAKE, bare.bundle, host=MockHost(bare.bundle))


def test_its_types_are_those_of_the_operation(tmp_path: Path) -> None:
    (tmp_path / "api.ts").write_text(COMPILED.declarations, "utf-8")
    lines = [
        'import { api } from "./api"',
        "const { status, headers, body } = await api.$response(api.rooms.list, { topic: 'x' })",
        "body[0].length + status + headers['x-total-count'].length",
        "(await api.$response(api.rooms.list)).body.length",
        "api.$response(api.rooms.list, { topik: 'x' })",
        "(await api.$response(api.rooms.create, { name: 'x' })).body.push",
        "export {}",
    ]
    (tmp_path / "program.ts").write_text(";\n".join(lines), "utf-8")
    assert [each.line for each in complaints(tmp_path) if each.file == "program.ts"] == [5, 6]
