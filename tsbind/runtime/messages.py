"""What crosses between host and guest.

    Start, Resume   host → guest: isolate.py writes them as the bytes that guest/main.c describes
    Step            guest → host: read from the outbox, which is UTF-8 JSON

Every byte from the guest is hostile: strict JSON, exact keys, capped lengths.  `args`, `value` and
`ok` stay raw JSON here; whoever needs them parses them.

Integers beyond 2^53 are BigInts in the program and plain JSON integers here, both ways.  A
Uint8Array is `{"$bytes": "<base64>"}`, both ways (values.py).  Timers are calls of the operation
`$timer` with `{"ms": …}`; a reply to one that was cleared is ignored.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Start(msgspec.Struct, frozen=True):
    """Begin a run: the program as JavaScript, and what it may know of the world.

    `source` is a strict script that may `await` at its top level (JS_EVAL_FLAG_ASYNC and
    JS_EVAL_FLAG_STRICT of QuickJS).  The run's value is the script's completion value.  When that
    is a function, the function is called, with the API object as its only argument if it has a
    parameter and there is one root, and what it returns is the value.  Promises are awaited in
    both places.
    """

    source: str
    table: str  # the operations' dotted names, sorted, each between two line feeds
    now: float  # milliseconds since the epoch: what Date.now() says until the next step
    seed: int  # of Math.random and crypto.randomUUID, 0 ≤ seed < 2**53
    # Global names under which operations are reached.  With one, the table's names follow it
    # ("issues.list" is api.issues.list); with several, each name begins with its root.
    roots: tuple[str, ...] = ("api",)


class CallFailure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a call gave no reply, as the program sees it: no paths, no header values, no secrets."""

    name: str  # the class of the JavaScript error: "ApiError", "ArgumentError", "PolicyError", …
    message: str
    status: int = 0
    code: str = ""
    body: msgspec.Raw | None = None


class CallRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The guest asks for a call.  `op` is not yet known to exist, `args` not yet valid."""

    id: int
    op: str
    args: msgspec.Raw


class CallReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to one call: the JSON of the reply, or why there is none."""

    id: int
    ok: msgspec.Raw | None = None
    error: CallFailure | None = None


class Resume(msgspec.Struct, frozen=True):
    """Go on with whichever replies are there."""

    now: float
    replies: tuple[CallReply, ...]


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a JavaScript stack, in the positions of the JavaScript that ran."""

    function: str
    line: int
    column: int


class Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the program ended when it did not return."""

    name: str
    message: str
    stack: tuple[Frame, ...] = ()
    call: int = 0  # id of the call whose failure this is, if it is one
    floating: bool = False  # nobody awaited the promise that failed
    cause: str = ""  # name and message of its `cause`, if that is an error


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the guest says each time control comes back to the host."""

    calls: tuple[CallRequest, ...]
    logs: tuple[tuple[Literal["log", "info", "warn", "error", "debug"], str], ...]
    state: Literal["waiting", "done", "failed"]
    value: msgspec.Raw | None = None  # state "done": absent means `undefined`
    error: Failure | None = None  # state "failed"
    floating: tuple[int, ...] = ()  # state "done": calls that nobody waited for
