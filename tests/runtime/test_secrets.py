"""Parameters that are credentials: no arguments of programs, and sent by the host."""

from __future__ import annotations

from pathlib import Path

import pytest

import tsbind
from tsbind.config import read
from tsbind.errors import CredentialError, ProgramError, SelectionError
from tsbind.project import compile_api
from tsbind.runtime import Credentials, FakeTransport, Host, MockHost, Request, Response, run_sync
from tsbind.runtime.received import Received, arguments

DOCUMENT = b"""
openapi: 3.1.0
info: {title: Keys, version: '1'}
servers: [{url: 'https://api.example'}]
paths:
  /rooms:
    parameters: [{name: api_key, in: query, required: true, schema: {type: string}}]
    get:
      operationId: rooms.list
      parameters: [{name: topic, in: query, schema: {type: string}}]
      responses: {'200': {description: all, content: {application/json: {schema: {type: string}}}}}
  /doors:
    get:
      operationId: doors.list
      parameters: [{name: api_key, in: query, schema: {type: string}}]
      responses: {'200': {description: all, content: {application/json: {schema: {type: string}}}}}
  /walls:
    get:
      operationId: walls.list
      security: [{token: []}]
      parameters: [{name: x-token, in: header, required: true, schema: {type: string}}]
      responses: {'200': {description: all, content: {application/json: {schema: {type: string}}}}}
components:
  securitySchemes: {token: {type: apiKey, in: header, name: X-Token}}
"""
BUNDLE = tsbind.compile(DOCUMENT, tsbind.Options(secrets=("query.api_key",))).bundle
KEY = "k3y-k3y-k3y"


def answer(request: Request) -> Response:
    url, headers = request.on_the_wire()
    return Response.json(f"{url} {dict(headers).get('X-Token', '')}")


def host(**credentials: str) -> Host:
    given = {name.replace("_", ".", 1): value for name, value in credentials.items()}
    return Host(BUNDLE, transport=FakeTransport(answer), credentials=Credentials(given))


def test_programs_neither_see_nor_give_them() -> None:
    assert "api_key" not in BUNDLE.declarations
    assert "token" not in BUNDLE.declarations.lower()
    with pytest.raises(ProgramError, match=r"args\.api_key: no such field"):
        run_sync("return await api.rooms.list({ api_key: 'mine' })", BUNDLE, host=MockHost(BUNDLE))


def test_the_host_sends_them_and_hides_them() -> None:
    program = "return await api.rooms.list({ topic: 'tea' })"
    told = run_sync(program, BUNDLE, host=host(query_api_key=KEY)).value
    assert told == "https://api.example/rooms?topic=tea&api_key=[redacted] "
    with pytest.raises(CredentialError, match=r'needs the credential "query\.api_key"'):
        run_sync(program, BUNDLE, host=host())


def test_one_that_is_optional_may_be_left_out() -> None:
    program = "return await api.doors.list()"
    assert run_sync(program, BUNDLE, host=host()).value == "https://api.example/doors "
    told = run_sync(program, BUNDLE, host=host(query_api_key=KEY)).value
    assert told == "https://api.example/doors?api_key=[redacted] "


def test_the_key_of_a_scheme_is_no_argument_even_if_it_is_listed_as_one() -> None:
    told = run_sync("return await api.walls.list()", BUNDLE, host=host(token=KEY)).value
    assert told == "https://api.example/walls [redacted]"


def test_a_server_from_the_document_lets_them_pass() -> None:
    received = Received("/rooms", f"topic=tea&api_key={KEY}")
    call = BUNDLE.calls["rooms.list"]
    assert arguments(call, received, BUNDLE.schemas, ["api_key"]) == {"topic": "tea"}


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("query.apikey", 'no operation has the parameter "query.apikey" [secret]'),
        ("api_key", 'secret: "api_key" names no parameter [secret]'),
        ("path.id", 'secret: "path.id" names no parameter [secret]'),
    ],
)
def test_what_is_no_parameter_is_said(secret: str, said: str) -> None:
    with pytest.raises(SelectionError) as caught:
        tsbind.compile(DOCUMENT, tsbind.Options(secrets=(secret,)))
    assert said in str(caught.value)


def test_a_project_says_them_in_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "keys.yaml").write_bytes(DOCUMENT)
    text = '[apis.keys]\ndocument = "keys.yaml"\nsecrets = ["query.api_key"]\n'
    (tmp_path / "tsbind.toml").write_text(text, "utf-8")
    compiled = compile_api(read(tmp_path / "tsbind.toml"), "keys")
    assert compiled.bundle.fingerprint == BUNDLE.fingerprint
