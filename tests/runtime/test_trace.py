"""What a run did, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tsbind.bundle import Bundle, Call, Json
from tsbind.runtime import run_sync
from tsbind.runtime.mock import MockHost
from tsbind.runtime.trace import Event, Trace, current, recording

TRACE = Trace(
    [
        Event(1, "rooms.list", 1, 0.0, 0.0, 0.05, "allow", status=200, value_bytes=512),
        Event(2, "rooms.create", 2, 0.05, 0.05, 0.1, "ask: allowed", status=201, attempts=2,
              warnings=['reply.id: must be an integer, not "x"']),
        Event(3, "rooms.get", 2, 0.05, 0.075, 0.1, error="ApiError: status 404: gone", status=404),
    ]
)  # fmt: skip


def test_a_timeline_has_a_line_for_each_call() -> None:
    assert TRACE.timeline() == (
        "     0.0 ms  rooms.list    ████████████████················     50.0 ms  200, 512 B\n"
        "    50.0 ms  rooms.create  ················████████████████     50.0 ms  201, 2 attempts, "
        "ask: allowed\n"
        '                           reply.id: must be an integer, not "x"\n'
        "    50.0 ms  rooms.get     ·······················████████·     25.0 ms  404, "
        "ApiError: status 404: gone"
    )
    assert Trace().timeline() == "no calls"


def test_a_trace_is_json_and_counts_what_stayed_out_of_the_context() -> None:
    assert TRACE.value_bytes == 512
    assert TRACE.value_tokens == 0
    counted = Trace([Event(1, "x", value_bytes=9, value_tokens=2), Event(2, "x", value_tokens=3)])
    assert counted.timeline().splitlines()[-1] == (
        "9 B of replies, 5 tokens, stayed out of the model's context"
    )
    assert len(TRACE) == 3
    assert TRACE.json()["events"][0] == {
        "id": 1,
        "op": "rooms.list",
        "step": 1,
        "asked": 0.0,
        "began": 0.0,
        "ended": 0.05,
        "verdict": "allow",
        "status": 200,
        "value_bytes": 512,
    }


def test_an_event_is_current_inside_its_recording_only() -> None:
    event = Event(1, "x")
    assert current() is None
    with recording(event):
        assert current() is event
    assert current() is None


def test_what_an_overridden_operation_sends_beside_its_own_request_is_beneath_the_call() -> None:
    class Thorough(MockHost):
        OPERATIONS: ClassVar[Mapping[str, str]] = {"rooms.get": "rooms_get"}

        async def rooms_get(self, args: Mapping[str, Json]) -> Json:
            await super().send("rooms.list")
            await super().send("rooms.get", args)
            return await super().send("rooms.get", args)

    calls = {op: Call(op, "GET", "/rooms") for op in ("rooms.get", "rooms.list")}
    bundle = Bundle("Chat", "1", "", calls, {})
    told = run_sync("await api.rooms.get()", bundle, host=Thorough(bundle)).trace
    assert told is not None
    assert [(each.op, each.id, each.parent, each.method) for each in told.events] == [
        ("rooms.get", 1, None, "GET"),
        ("rooms.list", -1, 1, "GET"),
        ("rooms.get", -2, 1, "GET"),
    ]
    assert all(each.ended >= each.began >= each.asked > 0 for each in told.events)
    assert "  rooms.list" in told.timeline().splitlines()[2]
    assert current() is None


def test_control_characters_never_reach_a_terminal() -> None:
    event = Event(
        1, "x\x1b[2J", ended=1.0, error="ApiError: \x1b[31m\r\nred\u202e", notes=["\x07b"]
    )
    text = Trace([event]).timeline()
    assert not {c for c in text if (ord(c) < 32 and c != "\n") or c in "\x7f\u202e\x9b"}
    assert len(text.splitlines()) == 2
