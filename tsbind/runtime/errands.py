"""What a run waits for: calls that are being answered, timers, and a step in another thread.

Apart from the step loop because it needs asyncio, whose import takes a third of what a program that
makes no calls does altogether.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import msgspec

from tsbind.runtime.fork import after_fork
from tsbind.runtime.messages import CallReply, Step

_NICE = 5  # a third of the weight of the other threads
THREADS = 256  # steps that are under way at once; each that is not over keeps its thread


class Errands:
    """The errands of one run, all in one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks: dict[int, asyncio.Task[None]] = {}  # by call
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._busy: asyncio.Future[Step] | None = None
        self._replies: list[tuple[float, CallReply]] = []  # that have arrived, with their rank
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.stopped = False

    def run(self, call: int, answer: Callable[[], Awaitable[CallReply]]) -> None:
        """Let `answer` give the reply to a call; what it raises, `take` raises."""

        async def run() -> None:
            try:
                self.put(await answer())
            except Exception as error:
                self._error = self._error or error
                self._wake()

        task = self._tasks[call] = self._loop.create_task(run())
        task.add_done_callback(lambda _: self._tasks.pop(call))

    def set_timer(self, call: int, seconds: float) -> None:
        """Let the reply to a call be null, after a while."""

        def fire() -> None:
            due = self._timers.pop(call).when()
            self.put(CallReply(call, ok=msgspec.Raw(b"null")), rank=due)

        self._timers[call] = self._loop.call_later(seconds, fire)

    async def in_thread(self, run: Callable[[], Step]) -> Step:
        """Return what `run` returns in another thread."""
        self._busy = self._loop.run_in_executor(_threads(), run)
        return await asyncio.shield(self._busy)

    async def others(self) -> None:
        """Let the event loop do what else there is to do."""
        await asyncio.sleep(0)

    def put(self, reply: CallReply, *, rank: float = 0.0) -> None:
        """Note a reply; of those that are taken together, one of a lower rank comes first."""
        self._replies.append((rank, reply))
        self._wake()

    async def take(self) -> tuple[CallReply, ...]:
        """Wait for at least one reply and return all that are there; none once stopped.

        Calls come first, by id; then timers, as they were due: on a busy machine several are late.
        """
        while not self._replies and self._error is None and not self.stopped:
            self._waiter = self._loop.create_future()
            await self._waiter
        return () if self.stopped else self._left()

    def stop(self) -> None:
        """Hand nothing over any more."""
        self.stopped = True
        self._wake()

    async def halted(self, sent: Collection[int]) -> tuple[dict[int, float], tuple[CallReply, ...]]:
        """Wait for the calls that were `sent`, drop the others.

        Returns the seconds that each timer has left, and the replies that nobody took.
        """
        now = self._loop.time()
        timers = {call: max(timer.when() - now, 0.0) for call, timer in self._timers.items()}
        for timer in self._timers.values():
            timer.cancel()
        for call, task in self._tasks.items():
            if call not in sent:
                task.cancel()
        await self._all_done()
        return timers, self._left()

    async def give_up(self, *, interrupt: Callable[[], None], close: Callable[[], None]) -> None:
        """Stop what is under way, and `close` the guest when it is not running any more."""
        for timer in self._timers.values():
            timer.cancel()
        for task in self._tasks.values():
            task.cancel()
        if self._busy is None or self._busy.done():
            close()
        else:
            # The thread that runs the guest must be out of it before its memory is freed.
            interrupt()
            self._busy.add_done_callback(lambda step: _close_after(step, close))
        await self._all_done()

    async def _all_done(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    def _left(self) -> tuple[CallReply, ...]:
        if self._error is not None:
            raise self._error
        replies, self._replies = self._replies, []
        return tuple(reply for _, reply in sorted(replies, key=lambda each: (each[0], each[1].id)))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _close_after(step: asyncio.Future[Step], close: Callable[[], None]) -> None:
    if not step.cancelled():
        step.exception()  # seen: nobody waits for it any more
    close()


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads for steps; most of them wait for their turn (turns.py) when there are many."""
    return ThreadPoolExecutor(THREADS, "tsbind-guest", initializer=_stand_back)


def _stand_back() -> None:
    """Let the system run this process's other threads first: what comes here computes for long.

    Only Linux can tell threads apart; and threads that it puts last could starve, as nobody but
    root may undo it, while they hold what others need.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):  # where a sandbox forbids it, nobody stands back
            nice = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, nice + _NICE)


after_fork(_threads.cache_clear)
