"""The step loop: let the guest run, perform what it asks for all at once, resume it with answers.

The guest is sans-IO: each step returns the calls that it now waits for.  Each becomes a task; when
the first answers arrive, the guest is resumed with whichever are there.  Steps run on a pool of as
many threads as there are cores, so that one program that computes cannot hold up the others'
network; a caller whose event loop does nothing else runs them in place, which saves the hand-over.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Protocol

import msgspec

from tsbind.errors import GuestError, LimitError, ProgramError
from tsbind.runtime.dispatch import Dispatcher
from tsbind.runtime.journal import Tape
from tsbind.runtime.limits import Usage
from tsbind.runtime.messages import CallReply, CallRequest, Resume, Start, Step

TIMER = "$timer"  # the call that a timer of the program is
LogLine = tuple[str, str]  # level and text


class Guest(Protocol):
    """One isolate with a program in it."""

    cpu: float  # seconds in the guest so far
    memory: int  # bytes, the most so far
    logs_dropped: int  # bytes of console output that the guest itself dropped

    def start(self, start: Start, /) -> Step:
        """Run the program until it waits or ends."""
        ...

    def resume(self, resume: Resume, /) -> Step:
        """Go on with some answers until it waits or ends."""
        ...

    def interrupt(self, reason: BaseException, /) -> None:
        """From any thread: make the step that is running raise `reason`."""
        ...

    def close(self) -> None:
        """Free everything; the guest is not used again."""
        ...


class Deadline:
    """The end of a run's wall-clock time, which stands still while a person decides."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timeout = asyncio.timeout(None)
        self._left = seconds
        self._pauses = 0
        self._loop = asyncio.get_running_loop()
        self.began = self._loop.time()

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        self._timeout.reschedule(self._loop.time() + self._left)

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        try:
            await self._timeout.__aexit__(kind, error, trace)  # type: ignore[arg-type]
        except TimeoutError:
            if not self._timeout.expired():
                raise
            raise LimitError(
                "wall", used=self.elapsed(), allowed=self._seconds, unit="seconds"
            ) from None

    def elapsed(self) -> float:
        """Seconds since the run began, pauses included."""
        return self._loop.time() - self.began

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the clock inside; pauses may overlap."""
        if self._pauses == 0:
            self._left = (self._timeout.when() or 0.0) - self._loop.time()
            self._timeout.reschedule(None)
        self._pauses += 1
        try:
            yield
        finally:
            self._pauses -= 1
            if self._pauses == 0 and not self._timeout.expired():
                self._timeout.reschedule(self._loop.time() + max(self._left, 0.0))


class Logs:
    """The console output of a run, up to a limit; what follows is dropped and counted."""

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._lines: list[LogLine] = []
        self.bytes = 0
        self.dropped_before = 0  # by the guest, which has the same limit
        self._dropped = 0

    def add(self, lines: tuple[LogLine, ...]) -> None:
        """Keep the lines for which there is room."""
        for level, text in lines:
            size = len(text.encode("utf-8", "replace"))
            if self.bytes + size > self._allowed:
                self._dropped += size
            else:
                self.bytes += size
                self._lines.append((level, text))

    def lines(self, hide: Callable[[str], str]) -> tuple[LogLine, ...]:
        """Return what was kept, passed through `hide`, and a line about what was not."""
        kept = [(level, hide(text)) for level, text in self._lines]
        dropped = self._dropped + self.dropped_before
        if dropped:
            kept.append(("warn", f"{dropped} bytes of console output were dropped"))
        return tuple(kept)


class Drive:
    """Drives one guest to its end."""

    def __init__(
        self,
        make_guest: Callable[[], Guest],
        dispatcher: Dispatcher,
        *,
        usage: Usage,
        logs: Logs,
        now: Callable[[], float],
        in_place: bool,
        tape: Tape,
    ) -> None:
        self._make_guest = make_guest
        self._guest: Guest | None = None
        self._dispatcher = dispatcher
        self._usage = usage
        self._logs = logs
        self._now = now
        self._in_place = in_place
        self._tape = tape
        self._open: dict[int, CallRequest] = {}  # asked for, by nobody answered yet
        self._inbox = _Inbox()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: set[asyncio.TimerHandle] = set()
        self._busy: asyncio.Future[Step] | None = None

    async def to_the_end(self, start: Start) -> Step:
        """Return the last step: the program is done, or has failed.

        Raises LimitError, GuestError, or ProgramError when the program waits for nothing.
        """
        try:
            step = await self._step(partial(self._begin, start))
            step = await self._caught_up(step)
            while step.state == "waiting":
                if not self._open:
                    raise ProgramError(
                        "the program waits for a promise that nothing will settle",
                        fix="resolve every promise that is awaited",
                        code="program-deadlock",
                    )
                resume = Resume(now=self._now(), replies=await self._inbox.take())
                self._tape.told(resume)
                step = await self._told(resume)
                for request in step.calls:
                    self._ask(request)
            self._tape.ended(step)
            return step
        finally:
            await self._give_up()

    async def _caught_up(self, step: Step) -> Step:
        """Go through the answers that are recorded already, then ask for what is still open."""
        self._note(step)
        while step.state == "waiting" and (resume := self._tape.recorded()) is not None:
            step = await self._told(resume)
        for request in list(self._open.values()):
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
        self._usage.isolate = guest.cpu
        return guest.start(start)

    def _go_on(self, resume: Resume) -> Step:
        if self._guest is None:
            raise RuntimeError("a guest is resumed that was never started")
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
            self._set_timer(request)
            return
        event = self._dispatcher.announce(request, self._usage.steps)

        async def answer() -> None:
            try:
                self._inbox.put(await self._dispatcher.answer(request, event, self._tape.sending))
            except Exception as error:
                self._inbox.fail(error)

        task = asyncio.get_running_loop().create_task(answer())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _set_timer(self, request: CallRequest) -> None:
        seconds = _milliseconds(request) / 1000
        reply = CallReply(request.id, ok=msgspec.Raw(b"null"))

        def fire() -> None:
            self._timers.discard(handle)
            self._inbox.put(reply)

        handle = asyncio.get_running_loop().call_later(seconds, fire)
        self._timers.add(handle)

    async def _give_up(self) -> None:
        """Stop what is still under way, and free the guest when it is not running any more."""
        for timer in self._timers:
            timer.cancel()
        for task in self._tasks:
            task.cancel()
        busy = self._busy
        if busy is not None and not busy.done():
            # The thread that runs the guest must be out of it before its memory is freed.
            self.interrupt()
            busy.add_done_callback(self._close_after)
        else:
            self._close()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

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

    def put(self, reply: CallReply) -> None:
        self._replies.append(reply)
        self._wake()

    def fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._wake()

    async def take(self) -> tuple[CallReply, ...]:
        """Wait for at least one answer and return all that are there, by id."""
        while not self._replies and self._error is None:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self._error is not None:
            raise self._error
        replies, self._replies = self._replies, []
        return tuple(sorted(replies, key=lambda reply: reply.id))

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
    """As many guests run at once as there are cores; the others wait their turn."""
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="tsbind-guest")
