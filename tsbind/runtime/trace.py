"""What a run did, call by call: for people, for machines, and for whoever pays for tokens."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import msgspec

from tsbind.bundle import Json

_WIDTH = 32  # characters of the timeline's bars
_NAMED = 3  # calls that are named as waited for


class Event(msgspec.Struct, omit_defaults=True):
    """One call.  Times are seconds since the run began; no secrets, and nothing that was sent."""

    id: int  # what a host calls by itself counts down from -1
    op: str
    step: int = 0  # the guest's step that asked for it
    asked: float = 0.0  # when the program asked
    began: float = 0.0  # when its turn came
    ended: float = 0.0
    verdict: str = ""  # "allow", "deny", "ask: allowed", "ask: denied"
    reason: str = ""
    method: str = ""
    url: str = ""  # without credentials; "" when nothing was sent
    status: int = 0
    attempts: int = 0
    request_bytes: int = 0
    reply_bytes: int = 0
    value_bytes: int = 0  # of JSON handed to the program
    value_tokens: int = 0  # of the same, where the run was given something that counts them
    body: str = ""  # what would be sent, of a dry run alone
    headers: dict[str, str] = msgspec.field(default_factory=dict)  # that programs may see
    error: str = ""  # "ApiError: …" as the program saw it
    warnings: list[str] = msgspec.field(default_factory=list)  # what is wrong with the reply
    notes: list[str] = msgspec.field(default_factory=list)  # what else is worth knowing
    parent: int | None = None  # the call in whose answer a host made this one

    @property
    def seconds(self) -> float:
        """How long the call took, from its turn to its answer."""
        return max(self.ended - self.began, 0.0)


class Trace(msgspec.Struct):
    """The calls of one run, in the order in which the program asked for them."""

    events: list[Event] = msgspec.field(default_factory=list)

    @property
    def value_bytes(self) -> int:
        """Bytes of replies that stayed in the program instead of a model's context."""
        return sum(event.value_bytes for event in self.events)

    @property
    def value_tokens(self) -> int:
        """Tokens of the same; 0 where the run was not given `count_tokens`."""
        return sum(event.value_tokens for event in self.events)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was wrong with replies, each thing once: `rooms.list: reply.id: must be …`."""
        counted = Counter(
            f"{event.op}: {warning}" for event in self.events for warning in event.warnings
        )
        return tuple(
            f"{warning} ({times} calls)" if times > 1 else warning
            for warning, times in counted.items()
        )

    def open(self, now: float) -> str:
        """Name the calls that have no answer yet, and since when: `rooms.list (58.2 s)`."""
        waiting = [event for event in self.events if not event.ended]
        named = [f"{event.op} ({now - event.asked:.1f} s)" for event in waiting[:_NAMED]]
        if len(waiting) > _NAMED:
            named.append(f"{len(waiting) - _NAMED} more")
        return " and ".join(filter(None, (", ".join(named[:-1]), *named[-1:])))

    def json(self) -> Json:
        """Return the trace as JSON values."""
        return msgspec.to_builtins(self)

    def timeline(self) -> str:
        """Return the trace as a table with one line per call and a bar for its time."""
        return "\n".join(map(_visible, (*_timeline(self.events), *self._kept_out())))

    def _kept_out(self) -> Iterator[str]:
        if self.value_tokens:
            yield (
                f"{self.value_bytes:,} B of replies, {self.value_tokens:,} tokens, "
                "stayed out of the model's context"
            )

    def __len__(self) -> int:
        return len(self.events)


def _visible(line: str) -> str:
    """Replace what a terminal would obey (controls, direction marks) by what can be seen."""
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)


def _timeline(events: list[Event]) -> Iterator[str]:
    if not events:
        yield "no calls"
        return
    whole = max(event.ended for event in events) or 1e-9
    names = [event.op if event.parent is None else f"  {event.op}" for event in events]
    wide = max(map(len, names))
    for name, event in zip(names, events, strict=True):
        bar = _bar(event, whole)
        line = (
            f"{event.asked * 1000:8.1f} ms  {name:<{wide}}  {bar}  "
            f"{event.seconds * 1000:7.1f} ms  {_outcome(event)}"
        )
        yield line.rstrip()
        said = (*event.warnings, *event.notes)
        yield from (f"{'':11}  {'':<{wide}}  {line}" for line in said)


def _bar(event: Event, whole: float) -> str:
    start = min(int(event.began / whole * _WIDTH), _WIDTH - 1)
    length = max(round(event.seconds / whole * _WIDTH), 1)
    return f"{'·' * start}{'█' * min(length, _WIDTH - start)}".ljust(_WIDTH, "·")


def _outcome(event: Event) -> str:
    parts = []
    if event.status:
        parts.append(str(event.status))
    if event.value_bytes:
        parts.append(f"{event.value_bytes} B")
    if event.attempts > 1:
        parts.append(f"{event.attempts} attempts")
    if event.verdict not in ("", "allow"):
        parts.append(event.verdict)
    if event.error:
        parts.append(event.error)
    return ", ".join(parts)


class _Recording(NamedTuple):
    event: Event
    op: str  # as its host knows it; the event's own may name the API too
    trace: Trace
    clock: Callable[[], float]


_CURRENT: ContextVar[_Recording | None] = ContextVar("tsbind_recording", default=None)


@contextmanager
def recording(
    event: Event,
    trace: Trace | None = None,
    clock: Callable[[], float] = time.monotonic,
    *,
    op: str | None = None,
) -> Iterator[Event]:
    """Let what happens inside, on this task, be written into `event`, one of `trace`.

    `op` is the operation's name at its host, where the event has another.
    """
    into = Trace() if trace is None else trace
    token = _CURRENT.set(_Recording(event, event.op if op is None else op, into, clock))
    try:
        yield event
    finally:
        _CURRENT.reset(token)


@contextmanager
def sending(op: str) -> Iterator[Event | None]:
    """Give the event of a request for `op`; None when nothing is recorded on this task.

    The first request for the operation that the program called is that call's own.  Any other, as
    an operation overridden in Python makes them, is an event of its own beneath it.
    """
    outer = _CURRENT.get()
    if outer is None or (outer.op == op and not outer.event.method):
        yield outer.event if outer is not None else None
        return
    _, _, trace, clock = outer
    number = sum(each.parent is not None for each in trace.events)
    now = clock()
    parent = outer.event
    event = Event(-1 - number, op, parent.step, asked=now, began=now, parent=parent.id)
    trace.events.append(event)
    try:
        with recording(event, trace, clock):
            yield event
    finally:
        event.ended = clock()


def current() -> Event | None:
    """Return the event that is being recorded on this task, if any."""
    found = _CURRENT.get()
    return found.event if found is not None else None


OnEvent = Callable[[Event], None]
