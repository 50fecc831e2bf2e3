"""Replies that are a stream where an argument asks for one, as of OpenAI and Anthropic."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp import web

import tsbind
from tests.runtime.loopback import serving
from tests.tsc import complaints
from tsbind.bundle import Json
from tsbind.runtime import Host, MockHost, run, run_sync

DOCUMENT = b"""
openapi: 3.1.0
info: {title: Models, version: '1'}
paths:
  /completions:
    post:
      operationId: completions.create
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Ask'}}}
      responses:
        '200':
          description: one object, or its pieces
          content:
            application/json: {schema: {$ref: '#/components/schemas/Completion'}}
            text/event-stream: {schema: {$ref: '#/components/schemas/Chunk'}}
  /messages:
    post:
      operationId: messages.create
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Ask'}}}
      responses:
        '200':
          description: one message, or what happened to it
          content:
            application/json: {schema: {$ref: '#/components/schemas/Completion'}}
            text/event-stream: {schema: {$ref: '#/components/schemas/MessageEvent'}}
components:
  schemas:
    Ask:
      type: object
      required: [model]
      properties:
        model: {type: string}
        stream: {anyOf: [{type: boolean}, {type: 'null'}], default: false}
    Completion: {type: object, required: [id, text], properties: {id: {type: string}, text: {type: string}}}
    Chunk: {type: object, required: [delta], properties: {delta: {type: string}}}
    MessageEvent:
      oneOf: [{$ref: '#/components/schemas/Delta'}, {$ref: '#/components/schemas/Stop'}]
      discriminator:
        propertyName: type
        mapping: {delta: '#/components/schemas/Delta', stop: '#/components/schemas/Stop'}
    Delta: {type: object, required: [type, text], properties: {type: {const: delta}, text: {type: string}}}
    Stop: {type: object, required: [type], properties: {type: {const: stop}}}
"""  # noqa: E501
COMPILED = tsbind.compile(DOCUMENT)
BUNDLE = COMPILED.bundle
WHOLE = {"id": "c1", "text": "Good evening"}
STREAMS = {
    "/completions": b'data: {"delta":"Good "}\n\n: still here\n\ndata: {"delta":"evening"}\n\n'
    b"data: [DONE]\n\n",
    "/messages": b'event: delta\ndata: {"type":"delta","text":"Good "}\n\n'
    b'event: delta\r\ndata: {"type":"delta","text":"evening"}\r\n\r\n'
    b'event: stop\ndata: {"type":"stop"}\n\n',
}
PROGRAM = """
const whole = await api.completions.create({ model: "m" });
const chunks = await api.completions.create({ model: "m", stream: true });
const events = await api.messages.create({ model: "m", stream: true });
const said = events.flatMap((event) => event.type === "delta" ? [event.text] : []);
return [whole.text, chunks.map((chunk) => chunk.delta).join(""), said.join("")];
"""


async def answer(request: web.BaseRequest) -> web.StreamResponse:
    asked = json.loads(await request.read())
    assert request.headers["Accept"] == "application/json, text/event-stream"
    if not asked.get("stream"):
        return web.json_response(WHOLE)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    body = STREAMS[request.rel_url.path]
    for at in range(0, len(body), 7):
        await response.write(body[at : at + 7])
    return response


def test_either_reply_is_what_its_types_say() -> None:
    async def told() -> Json:
        async with serving(answer) as url, Host(BUNDLE, url, replies="strict") as host:
            return (await run(PROGRAM, BUNDLE, host=host)).value

    assert asyncio.run(told()) == ["Good evening"] * 3


@pytest.mark.parametrize(
    ("args", "want"),
    [
        ({"model": "m"}, {"id": "text", "text": "text"}),
        ({"model": "m", "stream": None}, {"id": "text", "text": "text"}),
        ({"model": "m", "stream": True}, [{"delta": "text"}]),
    ],
)
def test_a_made_up_reply_is_of_the_kind_that_was_asked_for(args: Json, want: Json) -> None:
    program = f"return await api.completions.create({json.dumps(args)})"
    assert run_sync(program, BUNDLE, host=MockHost(BUNDLE)).value == want


@pytest.mark.parametrize("more", [0, 20])
def test_the_type_of_a_reply_follows_the_argument(tmp_path: Path, more: int) -> None:
    """As well where so many methods stand beside it that promises are said once for all."""
    document = json.loads(json.dumps(tsbind.load(DOCUMENT).root))
    for number in range(more):
        document["paths"][f"/n{number}"] = {"get": {"responses": {"204": {"description": ""}}}}
    compiled = tsbind.compile(json.dumps(document).encode())
    assert ("Async<" in compiled.declarations) is bool(more)
    (tmp_path / "api.ts").write_text(compiled.declarations, "utf-8")
    lines = [
        'import { api } from "./api"',
        *PROGRAM.replace("return ", "export const told = ").strip().splitlines(),
        "whole.delta",
        "chunks.id",
        'api.completions.create({ model: "m", stream: 1 })',
        "api.completions.create({ stream: true })",
    ]
    (tmp_path / "program.ts").write_text(";\n".join(lines), "utf-8")
    wrong = {each.line for each in complaints(tmp_path) if each.file == "program.ts"}
    assert wrong == {7, 8, 9, 10}
