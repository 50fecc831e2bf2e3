"""What a guest says after each step, read as bytes of an enemy."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from tsbind.errors import GuestError
from tsbind.runtime.messages import CallRequest, Failure

MAX_FLOATING: Final = 100_000

Level = Literal["log", "info", "warn", "error", "debug"]


class Outbox(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the guest says, as main.c writes it."""

    calls: tuple[CallRequest, ...]
    logs: tuple[tuple[Level, str], ...]
    state: Literal["waiting", "done", "failed"]
    value: msgspec.Raw = msgspec.Raw()
    error: Failure | None = None
    limit: Literal["memory", "result_bytes", "request_bytes"] | None = None
    floating: tuple[int, ...] = ()
    dropped: int = 0


_decode = msgspec.json.Decoder(Outbox).decode


def read_outbox(data: bytes, last_id: int) -> Outbox:
    """Return what `data` says, with calls after `last_id`; with a `limit` nothing else is checked.

    Raises GuestError for what main.c never writes.
    """
    try:
        str(data, "utf-8")  # raw parts of it are not looked at by msgspec
        said = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise GuestError(f"the guest broke the protocol: {error}") from None
    if said.limit is None:
        _check_calls(said.calls, last_id)
        _check_state(said)
    return said


def _check_calls(calls: tuple[CallRequest, ...], last_id: int) -> None:
    for call in calls:
        if call.id <= last_id:
            raise GuestError(f"the guest broke the protocol: call {call.id} comes too late")
        last_id = call.id
    if last_id >= 1 << 32:
        raise GuestError(f"the guest broke the protocol: call {last_id} is too large")


def _check_state(said: Outbox) -> None:
    match said.state:
        case "failed":
            good = said.error is not None and not said.calls
        case "done":
            good = said.error is None and not said.calls
        case _:
            good = said.error is None and not len(bytes(said.value))
    if not good:
        raise GuestError("the guest broke the protocol: its state and what it says disagree")
    if said.dropped < 0 or len(said.floating) > MAX_FLOATING:
        raise GuestError("the guest broke the protocol: impossible counts")
