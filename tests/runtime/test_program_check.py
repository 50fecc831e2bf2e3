"""With `check`, a program whose types are wrong ends before its first side effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsbind.errors import CheckerError, ProgramError
from tsbind.pipeline import compile
from tsbind.runtime import FakeTransport, Host, Request, Response, run_sync
from tsbind.runtime.typecheck import find_checker

SPEC = Path(__file__).parents[2] / "specs" / "chat.yaml"


def answer(_: Request) -> Response:
    return Response.json([{"id": "r1", "name": "General"}])


@pytest.fixture(scope="module", autouse=True)
def checker() -> None:
    try:
        find_checker()
    except CheckerError as error:
        pytest.skip(str(error))


def test_wrong_types_end_a_program_before_its_first_call() -> None:
    bundle = compile(SPEC).bundle
    transport = FakeTransport(answer)
    host = Host(bundle, "https://chat.example", transport=transport, credentials=None)
    program = "const rooms = await api.rooms.list()\nreturn rooms.map((r) => r.nme)"
    with pytest.raises(ProgramError, match=r"TS2551") as caught:
        run_sync(program, bundle, host=host, check=True)
    assert caught.value.where == "program.ts:2:27"
    assert transport.sent == []


def test_a_note_says_what_was_done_for_the_model() -> None:
    bundle = compile(SPEC).bundle
    result = run_sync("async function main() { return 1 }", bundle, check=True)
    assert result.value == 1
    assert result.logs == (
        ("info", "main was never called, so its result is taken as the program's"),
    )
