"""Programs that look operations up before they call them."""

from __future__ import annotations

import msgspec
import pytest

from tsbind.bundle import Bundle, Call
from tsbind.errors import ProgramError
from tsbind.runtime import Policy, run_sync
from tsbind.search import Entry, Piece, build

LIST = "rooms.list():Promise<Room[]>"
ROOM = "type Room={id:string}"
INDEX = build(
    [Entry("rooms.list", "GET", "/rooms", "List rooms"), Entry("me", "GET", "/me")],
    {"rooms.list": Piece(LIST, 10), "me": Piece("me():Promise<void>", 8)},
    {"Room": Piece(ROOM, 9)},
)
BUNDLE = Bundle(
    title="Chat",
    version="1",
    declarations="",
    calls={"rooms.list": Call("rooms.list", "GET", "/rooms"), "me": Call("me", "GET", "/me")},
    schemas={},
    index=msgspec.Raw(msgspec.json.encode(INDEX)),
)


@pytest.mark.parametrize(
    ("program", "want"),
    [
        ('api.$search("show me the rooms")', f"{LIST}\n{ROOM}"),
        ('api.$search({ words: "rooms", limit: 1 })', f"{LIST}\n{ROOM}"),
        (
            'api.$search({ words: "rooms", tokens: 112 })',
            f"{LIST}\n// 1 left out, see $describe: Room",
        ),
        ('api.$search("teapots")', "// nothing found; try other words"),
        ('api.$describe("rooms.list")', f"{LIST}\n{ROOM}"),
        ('api.$describe({ name: "rooms" })', f"{LIST}\n{ROOM}"),
        ('api.$describe("Room")', ROOM),
    ],
)
def test_a_program_looks_operations_up(program: str, want: str) -> None:
    # Nothing is sent, so a policy that denies every call does not matter.
    assert run_sync(f"return await {program}", BUNDLE, policy=Policy()).value == want


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ('api.$describe("rooms.lst")', 'no operation, namespace or type "rooms.lst". Did you mean'),
        ("api.$search({})", "missing required field `words`"),
        ("api.$search({ words: 1 })", "Expected `str`, got `int`"),
        ('api.$search({ words: "a", depth: 1 })', "unknown field `depth`"),
        ("api.$search()", "missing required field `words`"),
        ("api.$search([])", "Expected `object`, got `array`"),
        ('api.$search({ words: "a", limit: -1 })', "Expected `int` >= 1"),
    ],
)
def test_a_wrong_question_is_the_programs_fault(program: str, message: str) -> None:
    with pytest.raises(ProgramError) as caught:
        run_sync(f"return await {program}", BUNDLE)
    assert message in str(caught.value)


def test_a_bundle_without_an_index_does_not_offer_it() -> None:
    plain = msgspec.structs.replace(BUNDLE, index=msgspec.Raw(b"null"))
    with pytest.raises(ProgramError, match=r"\$search is not an operation"):
        run_sync('return await api.$search("rooms")', plain)


def test_two_apis_are_searched_apart() -> None:
    program = 'return [await chat.$search("rooms"), await other.$search("rooms")]'
    other = msgspec.structs.replace(BUNDLE, title="Other")
    assert run_sync(program, {"chat": BUNDLE, "other": other}).value == [f"{LIST}\n{ROOM}"] * 2
