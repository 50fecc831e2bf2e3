"""Integers of 64 bits and amounts of money: declared, sent, received and returned as they are."""

from __future__ import annotations

import pytest

import tsbind
from tsbind.runtime.http import FakeTransport, Request, Response
from tsbind.runtime.policy import ALLOW_ALL

BIG = 2**63 - 1
DOCUMENT = b"""
openapi: 3.0.0
info: {title: Ledger, version: "1"}
servers: [{url: https://ledger.example}]
paths:
  /entries/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer, format: int64}}]
    get:
      operationId: entries.get
      responses: {'200': {description: ok, content: {application/json: {schema: &entry
        {$ref: '#/components/schemas/Entry'}}}}}
    put:
      operationId: entries.put
      parameters: [{name: after, in: query, schema: {type: integer, format: int64}}]
      requestBody: {required: true, content: {application/json: {schema: *entry}}}
      responses: {'204': {description: kept}}
components:
  schemas:
    Entry:
      type: object
      required: [amount]
      properties:
        next: {type: integer, format: int64}
        amount: {type: string, format: decimal}
"""
ENTRY = b'{"next":9223372036854775807,"amount":"12345678901234567890.10"}'


@pytest.fixture(scope="module")
def compiled() -> tsbind.Compiled:
    return tsbind.compile(DOCUMENT)


def test_the_declarations_say_so_once(compiled: tsbind.Compiled) -> None:
    assert compiled.declarations.count("// integers beyond 2^53 are bigint\n") == 1
    narrow = DOCUMENT.replace(b"format: int64", b"format: int64, maximum: 1000")
    for document in (narrow, DOCUMENT.replace(b"int64", b"int32")):
        assert "bigint" not in tsbind.compile(document).declarations


@pytest.mark.parametrize(
    ("program", "value"),
    [
        ("return e", {"next": BIG, "amount": "12345678901234567890.10"}),
        ("return [typeof e.next, `${e.next}`, e.next === 9223372036854775807n]",
         ["bigint", str(BIG), True]),
        ("return JSON.parse(JSON.stringify(e)).amount", "12345678901234567890.10"),
        ("return e.next - 7n", BIG - 7),
        ("return (await api.entries.get({id: 5})).next", BIG),
    ],
)  # fmt: skip
def test_values_stay_exact(compiled: tsbind.Compiled, program: str, value: object) -> None:
    """Received, read, passed on as argument in path, query and body, and returned."""
    transport = FakeTransport(
        lambda request: (
            Response(200, (("content-type", "application/json"),), ENTRY)
            if request.method == "GET"
            else Response(204)
        )
    )
    result = tsbind.run_sync(
        "const e = await api.entries.get({id: 1});"
        f"await api.entries.put({{id: e.next, after: e.next, ...e}}); {program}",
        compiled.bundle,
        host=tsbind.Host(compiled.bundle, policy=ALLOW_ALL, transport=transport),
    )
    put: Request = transport.sent[1]
    assert put.url == f"https://ledger.example/entries/{BIG}?after={BIG}"
    assert put.body == ENTRY
    assert result.value == value
    assert not [note for event in result.trace.events for note in event.notes]


def test_mixing_with_numbers_fails_loudly(compiled: tsbind.Compiled) -> None:
    transport = FakeTransport(
        lambda request: Response(200, (("content-type", "application/json"),), ENTRY)
    )
    with pytest.raises(tsbind.ProgramError, match="BigInt"):
        tsbind.run_sync(
            "return (await api.entries.get({id: 1})).next + 1",
            compiled.bundle,
            host=tsbind.Host(compiled.bundle, transport=transport),
        )
