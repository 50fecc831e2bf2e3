"""The step loop: let the guest run, perform what it asks for all at once, resume it with answers.

The guest is sans-IO: each step returns the calls that it now waits for.  Each becomes a task; when
the first answers arrive, the guest is resumed with whichever are there.  Steps run on threads, so
that one program that computes cannot hold up the others' network, and share the cores (turns.py); a
caller whose event loop does nothing else runs them in place, which saves the hand-over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Protocol

import msgspec

from tsbind.errors import GuestError, ProgramError
from tsbind.runtime.dispatch import Dispatcher
from tsbind.runtime.journal import Tape
from tsbind.runtime.limits import Usage
from tsbind.runtime.logs import Logs
from tsbind.runtime.memory import Rest
from tsbind.runtime.messages import CallReply, CallRequest, Resume, Start, Step
from tsbind.runtime.recorded import RecordedReply
from tsbind.runtime.trace import Event

TIMER = "$timer"  # the call that a timer of the program is
THREADS = 256  # steps that are under way at once; each that is not over keeps its thread


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
        ends: Callable[[], float],
        in_place: bool,
        tape: Tape,
    ) -> None:
        self._make_guest = make_guest
        self._guest: Guest | None = None
        self._dispatcher = dispatcher
        self._usage = usage
        self._logs = logs
        self._now = now
        self._ends = ends  # when the run must be over, in seconds of `time.monotonic`
        self._in_place = in_place
        self._tape = tape
        self._open: dict[int, CallRequest] = {}  # asked for, by nobody answered yet
        self._inbox = _Inbox()
        self._tasks: dict[int, asyncio.Task[None]] = {}  # by call
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._busy: asyncio.Future[Step] | None = None

    async def to_the_end(self, start: Start) -> Step:
        """Return the last step: the program is done, or has failed.

        Raises LimitError, GuestError, ProgramError when the program waits for nothing, Suspended.
        """
        try:
            step = await self._step(partial(self._begin, start))
            step = await self._caught_up(step)
            return await self._on_from(step)
        finally:
            await self._give_up()

    async def revived(self, open: Open) -> Step:
        """Return the last step of a run that was suspended; raises what `to_the_end` does."""
        try:
            self._guest = self._make_guest()
            self._open = {request.id: request for request in open.calls}
            answered = {reply.id for reply in open.replies}
            for request in open.calls:
                if request.id in open.timers:
                    self._set_timer(request, open.timers[request.id])
                elif request.id not in answered:
                    self._answer(request, self._dispatcher.announced(request))
            for reply in open.replies:
                self._inbox.put(reply.as_sent())
            return await self._on_from(await self._next())
        finally:
            await self._give_up()

    def suspend(self) -> None:
        """Let the run end, soon, with Suspended; from the event loop's own thread."""
        self._inbox.stop()

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
        replies = await self._inbox.take()
        if self._inbox.stopped:
            raise await self._suspended()
        resume = Resume(now=self._now(), replies=replies)
        self._tape.told(resume)
        step = await self._told(resume)
        for request in step.calls:
            self._ask(request)
        return step

    async def _suspended(self) -> Suspended:
        """Wait for the calls that have been sent; the others are made when the run goes on."""
        now = asyncio.get_running_loop().time()
        timers = {id: max(timer.when() - now, 0.0) for id, timer in self._timers.items()}
        for timer in self._timers.values():
            timer.cancel()
        for id, task in self._tasks.items():
            if id not in self._dispatcher.started:
                task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values())
        replies = tuple(map(RecordedReply.of, self._inbox.left()))
        if self._guest is None:
            raise RuntimeError("a guest is suspended that was never started")
        rest, pages = self._guest.save()
        return Suspended(Open(tuple(self._open.values()), timers, replies), rest, pages)

    async def _caught_up(self, step: Step) -> Step:
        """Go through the answers that are recorded already, then ask for what is still open."""
        self._note(step)
        while step.state == "waiting" and (resume := self._tape.recorded()) is not None:
            step = await self._told(resume)
        still = list(self._open.values()) if step.state == "waiting" else ()
        for request in still:
            self._tape.check_repeatable(request)
            self._ask(request)
        return step

    async def _told(self, resume: Resume) -> Step:
        for reply in resume.replies:
            self._open.pop(reply.id, None)
        step = await self._step(partial(self._go_on, resume))
        self._note(step)
        return step

    def _note(self, step: Step) -> None:
        self._tape.asked(step.calls)
        self._open.update((request.id, request) for request in step.calls)

    def _begin(self, start: Start) -> Step:
        guest = self._guest = self._make_guest()
        guest.expire(self._ends())
        self._usage.isolate = guest.cpu
        return guest.start(start)

    def _go_on(self, resume: Resume) -> Step:
        if self._guest is None:
            raise RuntimeError("a guest is resumed that was never started")
        self._guest.expire(self._ends())
        return self._guest.resume(resume)

    def interrupt(self) -> None:
        """From any thread: stop the guest if it is running."""
        if self._guest is not None:
            self._guest.interrupt(GuestError("the run was given up", code="cancelled"))

    def _close(self) -> None:
        if self._guest is not None:
            self._guest.close()

    async def _step(self, run: Callable[[], Step]) -> Step:
        try:
            if self._in_place:
                step = run()
            else:
                self._busy = asyncio.get_running_loop().run_in_executor(_pool(), run)
                step = await asyncio.shield(self._busy)
        finally:
            self._count()
        self._usage.steps += 1
        self._logs.add(step.logs)
        return step

    def _count(self) -> None:
        if self._guest is not None:
            self._usage.cpu, self._usage.memory = self._guest.cpu, self._guest.memory
            self._logs.dropped_before = self._guest.logs_dropped

    def _ask(self, request: CallRequest) -> None:
        if request.op == TIMER:
            self._set_timer(request, _milliseconds(request) / 1000)
            return
        self._answer(request, self._dispatcher.announce(request, self._usage.steps))

    def _answer(self, request: CallRequest, event: Event) -> None:
        async def answer() -> None:
            try:
                self._inbox.put(await self._dispatcher.answer(request, event, self._tape.sending))
            except Exception as error:
                self._inbox.fail(error)

        task = asyncio.get_running_loop().create_task(answer())
        self._tasks[request.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(request.id))

    def _set_timer(self, request: CallRequest, seconds: float) -> None:
        reply = CallReply(request.id, ok=msgspec.Raw(b"null"))

        def fire() -> None:
            del self._timers[request.id]
            self._inbox.put(reply)

        self._timers[request.id] = asyncio.get_running_loop().call_later(seconds, fire)

    async def _give_up(self) -> None:
        """Stop what is still under way, and free the guest when it is not running any more."""
        for timer in self._timers.values():
            timer.cancel()
        for task in self._tasks.values():
            task.cancel()
        busy = self._busy
        if busy is not None and not busy.done():
            # The thread that runs the guest must be out of it before its memory is freed.
            self.interrupt()
            busy.add_done_callback(self._close_after)
        else:
            self._close()
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    def _close_after(self, step: asyncio.Future[Step]) -> None:
        if not step.cancelled():
            step.exception()  # seen: nobody waits for it any more
        self._close()


class _Inbox:
    """Answers on their way to the guest."""

    def __init__(self) -> None:
        self._replies: list[CallReply] = []
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.stopped = False

    def stop(self) -> None:
        """Hand nothing over any more."""
        self.stopped = True
        self._wake()

    def left(self) -> tuple[CallReply, ...]:
        """Return what nobody took; raises what an answer failed with."""
        if self._error is not None:
            raise self._error
        return tuple(sorted(self._replies, key=lambda reply: reply.id))

    def put(self, reply: CallReply) -> None:
        self._replies.append(reply)
        self._wake()

    def fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._wake()

    async def take(self) -> tuple[CallReply, ...]:
        """Wait for at least one answer and return all that are there, by id; none once stopped."""
        while not self._replies and self._error is None and not self.stopped:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self.stopped:
            return ()
        replies, self._replies = self.left(), []
        return replies

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _Delay(msgspec.Struct):
    ms: float = 0.0


def _milliseconds(request: CallRequest) -> float:
    try:
        asked = msgspec.json.decode(request.args, type=_Delay).ms
    except msgspec.DecodeError:
        return 0.0
    return min(max(asked, 0.0), 86_400_000.0)


@cache
def _pool() -> ThreadPoolExecutor:
    """Threads for steps; most of them wait for their turn (turns.py) when there are many."""
    return ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="tsbind-guest")
