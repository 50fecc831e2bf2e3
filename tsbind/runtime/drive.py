"""The step loop: let the guest run, perform what it asks for all at once, resume it with answers.

The guest is sans-IO: each step returns the calls that it now waits for.  Each becomes a task; when
the first answers arrive, the guest is resumed with whichever are there.  A step begins in the
thread of the event loop, where most end within a millisecond.  One that computes goes on in another
thread, so that it cannot hold up the others' network, and these threads share the cores (turns.py).
A caller whose event loop does nothing else runs all of it in place.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

import msgspec

from tsbind.errors import GuestError, ProgramError
from tsbind.runtime.deadline import Deadline
from tsbind.runtime.dispatch import Dispatcher
from tsbind.runtime.journal import Tape
from tsbind.runtime.limits import Usage
from tsbind.runtime.logs import Logs
from tsbind.runtime.memory import Rest
from tsbind.runtime.messages import CallRequest, Resume, Start, Step
from tsbind.runtime.recorded import RecordedReply
from tsbind.runtime.trace import Event

if TYPE_CHECKING:
    from tsbind.runtime.errands import Errands

TIMER = "$timer"  # the call that a timer of the program is


class Guest(Protocol):
    """One isolate with a program in it."""

    memory: int  # bytes, the most so far
    logs_dropped: int  # bytes of console output that the guest itself dropped

    @property
    def cpu(self) -> float:
        """Seconds in the guest so far."""
        ...

    def start(self, start: Start, /) -> Step:
        """Run the program until it waits or ends."""
        ...

    def resume(self, resume: Resume, /) -> Step:
        """Go on with some answers until it waits or ends."""
        ...

    def begin(self, message: Start | Resume, /) -> Step | None:
        """Run the first moment of either; None when `finish` is to go on."""
        ...

    def finish(self) -> Step:
        """Run what was begun until the program waits or ends, in any thread."""
        ...

    def interrupt(self, reason: BaseException, /) -> None:
        """From any thread: make the step that is running raise `reason`."""
        ...

    def expire(self, at: float, /) -> None:
        """Let steps raise LimitError("wall") from then on, in seconds of `time.monotonic`."""
        ...

    def save(self) -> tuple[Rest, bytes]:
        """Return what the guest is between two steps."""
        ...

    def close(self) -> None:
        """Free everything; the guest is not used again."""
        ...


class Open(msgspec.Struct, frozen=True):
    """What a run waits for that was suspended."""

    calls: tuple[CallRequest, ...]  # to be made; timers are among them
    timers: dict[int, float]  # seconds left, by call
    replies: tuple[RecordedReply, ...]  # that the guest has not been given


class Suspended(Exception):
    """The run can go on elsewhere, from this."""

    def __init__(self, open: Open, rest: Rest, pages: bytes) -> None:
        self.open, self.rest, self.pages = open, rest, pages


class Drive:
    """Drives one guest to its end, or to where it is suspended."""

    def __init__(
        self,
        make_guest: Callable[[], Guest],
        dispatcher: Dispatcher,
        *,
        usage: Usage,
        logs: Logs,
        now: Callable[[], float],
        deadline: Deadline,
        in_place: bool,
        tape: Tape,
    ) -> None:
        self._make_guest = make_guest
        self._guest: Guest | None = None
        self._dispatcher = dispatcher
        self._usage = usage
        self._logs = logs
        self._now = now
        self._deadline = deadline
        self._in_place = in_place
        self._tape = tape
        self._open: dict[int, CallRequest] = {}  # asked for, by nobody answered yet
        self._errands: Errands | None = None  # None: the run has not waited yet

    async def to_the_end(self, start: Start) -> Step:
        """Return the last step: the program is done, or has failed.

        Raises LimitError, GuestError, ProgramError when the program waits for nothing, Suspended.
        """
        try:
            step = await self._caught_up(await self._first_step(start))
            return await self._on_from(step)
        finally:
            await self._give_up()

    async def revived(self, open: Open) -> Step:
        """Return the last step of a run that was suspended; raises what `to_the_end` does."""
        try:
            self._guest = self._make_guest()
            self._open = {request.id: request for request in open.calls}
            errands = await self._waiting()
            answered = {reply.id for reply in open.replies}
            for request in open.calls:
                if request.id in open.timers:
                    errands.set_timer(request.id, open.timers[request.id])
                elif request.id not in answered:
                    self._answer(errands, request, self._dispatcher.announced(request))
            for reply in open.replies:
                errands.put(reply.as_sent())
            return await self._on_from(await self._next())
        finally:
            await self._give_up()

    def suspend(self) -> None:
        """Let the run end, soon, with Suspended; from the event loop's own thread."""
        if self._errands is not None:
            self._errands.stop()

    async def _waiting(self) -> Errands:
        if self._errands is None:
            await self._deadline.watch()
            from tsbind.runtime.errands import Errands

            self._errands = Errands()
        return self._errands

    async def _on_from(self, step: Step) -> Step:
        while step.state == "waiting":
            step = await self._next()
        self._tape.ended(step)
        return step

    async def _next(self) -> Step:
        if not self._open:
            raise ProgramError(
                "the program waits for a promise that nothing will settle",
                fix="resolve every promise that is awaited",
                code="program-deadlock",
            )
        errands = await self._waiting()
        replies = await errands.take()
        if errands.stopped:
            raise await self._suspended(errands)
        resume = Resume(now=self._now(), replies=replies)
        self._tape.told(resume)
        step = await self._told(resume)
        for request in step.calls:
            self._ask(errands, request)
        return step

    async def _suspended(self, errands: Errands) -> Suspended:
        """Wait for the calls that have been sent; the others are made when the run goes on."""
        timers, replies = await errands.halted(self._dispatcher.started)
        recorded = tuple(map(RecordedReply.of, replies))
        if self._guest is None:
            raise RuntimeError("a guest is suspended that was never started")
        rest, pages = self._guest.save()
        return Suspended(Open(tuple(self._open.values()), timers, recorded), rest, pages)

    async def _caught_up(self, step: Step) -> Step:
        """Go through the answers that are recorded already, then ask for what is still open."""
        self._note(step)
        while step.state == "waiting" and (resume := self._tape.recorded()) is not None:
            if not self._in_place:
                await (await self._waiting()).others()
            step = await self._told(resume)
        still = list(self._open.values()) if step.state == "waiting" else ()
        for request in still:
            self._tape.check_repeatable(request)
            self._ask(await self._waiting(), request)
        return step

    async def _told(self, resume: Resume) -> Step:
        for reply in resume.replies:
            self._open.pop(reply.id, None)
        if self._guest is None:
            raise RuntimeError("a guest is resumed that was never started")
        step = await self._step(self._guest, resume)
        self._note(step)
        return step

    def _note(self, step: Step) -> None:
        self._tape.asked(step.calls)
        self._open.update((request.id, request) for request in step.calls)

    async def _first_step(self, start: Start) -> Step:
        if not self._in_place:
            await self._waiting()  # for who gives up
        guest = self._guest = self._make_guest()
        self._usage.isolate = guest.cpu
        return await self._step(guest, start)

    def interrupt(self) -> None:
        """From any thread: stop the guest if it is running."""
        if self._guest is not None:
            self._guest.interrupt(GuestError("the run was given up", code="cancelled"))

    def _close(self) -> None:
        if self._guest is not None:
            self._guest.close()

    async def _step(self, guest: Guest, message: Start | Resume) -> Step:
        guest.expire(self._deadline.ends())
        try:
            step = self._whole(guest, message) if self._in_place else guest.begin(message)
            if step is None:
                step = await (await self._waiting()).in_thread(guest.finish)
        finally:
            self._count()
        self._usage.steps += 1
        self._logs.add(step.logs)
        return step

    def _whole(self, guest: Guest, message: Start | Resume) -> Step:
        return guest.start(message) if isinstance(message, Start) else guest.resume(message)

    def _count(self) -> None:
        if self._guest is not None:
            self._usage.cpu, self._usage.memory = self._guest.cpu, self._guest.memory
            self._logs.dropped_before = self._guest.logs_dropped

    def _ask(self, errands: Errands, request: CallRequest) -> None:
        if request.op == TIMER:
            errands.set_timer(request.id, _milliseconds(request) / 1000)
            return
        self._answer(errands, request, self._dispatcher.announce(request, self._usage.steps))

    def _answer(self, errands: Errands, request: CallRequest, event: Event) -> None:
        answer = partial(self._dispatcher.answer, request, event, self._tape.sending)
        errands.run(request.id, answer)

    async def _give_up(self) -> None:
        """Stop what is still under way, and free the guest when it is not running any more."""
        if self._errands is None:
            self._close()
        else:
            await self._errands.give_up(interrupt=self.interrupt, close=self._close)


class _Delay(msgspec.Struct):
    ms: float = 0.0


def _milliseconds(request: CallRequest) -> float:
    try:
        asked = msgspec.json.decode(request.args, type=_Delay).ms
    except msgspec.DecodeError:
        return 0.0
    return min(max(asked, 0.0), 86_400_000.0)
