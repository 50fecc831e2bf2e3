"""What a run did, call by call: for people, for machines, and for whoever pays for tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import msgspec

from tsbind.bundle import Json

_WIDTH = 32  # characters of the timeline's bars
_NAMED = 3  # calls that are named as waited for


class Event(msgspec.Struct, omit_defaults=True):
    """One call of a program.  Times are seconds since the run began; no secrets, and no bodies of
    what was sent."""

    id: int
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
    link: str = ""  # where the API says that the next page is
    error: str = ""  # "ApiError: …" as the program saw it
    warnings: list[str] = msgspec.field(default_factory=list)  # what is wrong with the reply
    notes: list[str] = msgspec.field(default_factory=list)  # what else is worth knowing

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
    wide = max(len(event.op) for event in events)
    for event in events:
        bar = _bar(event, whole)
        line = (
            f"{event.asked * 1000:8.1f} ms  {event.op:<{wide}}  {bar}  "
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


_CURRENT: ContextVar[Event | None] = ContextVar("tsbind_event", default=None)


@contextmanager
def recording(event: Event) -> Iterator[Event]:
    """Let what happens inside, on this task, be written into `event`."""
    token = _CURRENT.set(event)
    try:
        yield event
    finally:
        _CURRENT.reset(token)


def current() -> Event | None:
    """Return the event that is being recorded on this task, if any."""
    return _CURRENT.get()


OnEvent = Callable[[Event], None]
