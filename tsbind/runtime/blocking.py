"""Run a coroutine from code that is not asynchronous, inside an event loop or not.

Where no event loop is running, the coroutine runs in the calling thread, and gets a new loop when
it asks for one with `await event_loop()`: a program that makes no calls waits for nothing, and
importing asyncio would be a third of its time.  Where a loop is running (a notebook), the coroutine
gets one in another thread, since one thread cannot nest them.  Ctrl-C ends it in both cases,
whatever it is doing.
"""

from __future__ import annotations

import contextlib
import contextvars
import signal
import sys
import threading
import types
from collections.abc import Callable, Coroutine, Generator, Iterator
from typing import Any, TypeVar

from tsbind.runtime.fork import after_fork

_T = TypeVar("_T")
_IDLE_KEPT = 8  # threads that wait for the next call; more than that end with theirs


class _Worker:
    """A daemon thread that runs an event loop for ever."""

    def __init__(self) -> None:
        import asyncio

        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self._serve, name="tsbind-run", daemon=True).start()

    def _serve(self) -> None:
        import asyncio

        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.close()

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)


_idle: list[_Worker] = []
after_fork(_idle.clear)


def wait_for(make: Callable[[], Coroutine[Any, Any, _T]], *, interrupt: Callable[[], None]) -> _T:
    """Return what the coroutine returns.

    Ctrl-C cancels it and is raised here; `interrupt` must then make the coroutine's loop free.
    """
    if not loop_is_running():
        return _here(make(), interrupt)
    return _elsewhere(make, interrupt)


@types.coroutine
def event_loop() -> Generator[None, None, None]:
    """Return when an event loop runs: at once, or when `wait_for` has started one."""
    if not loop_is_running():
        yield


async def in_thread(function: Callable[[], _T]) -> _T:
    """Return what `function` returns in another thread; cancelling does not stop it."""
    import asyncio

    return await asyncio.to_thread(function)


def loop_is_running() -> bool:
    """Whether an event loop runs in this thread; does not import asyncio to find out."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _here(coroutine: Coroutine[Any, Any, _T], interrupt: Callable[[], None]) -> _T:
    cancels: list[Callable[[], object]] = [interrupt]
    with _sigint_calls(cancels) as interrupted:
        try:
            result = _driven(coroutine, cancels, interrupted)
        except BaseException:
            if interrupted:
                raise KeyboardInterrupt from None
            raise
    if interrupted:
        raise KeyboardInterrupt
    return result


def _driven(
    coroutine: Coroutine[Any, Any, _T], cancels: list[Callable[[], object]], interrupted: list[int]
) -> _T:
    context = (
        contextvars.copy_context()
    )  # one for both halves: what the first sets, the second ends
    try:
        context.run(coroutine.send, None)
    except StopIteration as done:
        result: _T = done.value
        return result
    import asyncio  # the coroutine has asked for a loop

    loop = asyncio.new_event_loop()
    try:
        task = loop.create_task(coroutine, context=context)
        cancels.append(lambda: loop.call_soon_threadsafe(task.cancel))
        if interrupted:
            task.cancel()
        return loop.run_until_complete(task)
    finally:
        del cancels[1:]
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@contextlib.contextmanager
def _sigint_calls(cancels: list[Callable[[], object]]) -> Iterator[list[int]]:
    """Let Ctrl-C call what is in `cancels`; gives a list that is empty until then.

    Python's own handler raises wherever it happens to run: in a callback of the guest's engine,
    from which no exception comes out.  A handler of the application is left in place.
    """
    seen: list[int] = []

    def cancel(number: int, _frame: object) -> None:
        seen.append(number)
        for each in cancels:
            each()

    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield seen
        return
    signal.signal(signal.SIGINT, cancel)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _elsewhere(make: Callable[[], Coroutine[Any, Any, _T]], interrupt: Callable[[], None]) -> _T:
    import asyncio

    try:
        worker = _idle.pop()  # atomic, unlike looking first
    except IndexError:
        worker = _Worker()
    try:
        future = asyncio.run_coroutine_threadsafe(make(), worker.loop)
        try:
            result = future.result()
        except BaseException:
            future.cancel()
            interrupt()
            raise
    except BaseException as error:
        # The coroutine's own error leaves the worker free; an interrupt may leave it busy.
        (_give_back if isinstance(error, Exception) else _Worker.end)(worker)
        raise
    _give_back(worker)
    return result


def _give_back(worker: _Worker) -> None:
    if len(_idle) < _IDLE_KEPT:
        _idle.append(worker)
    else:
        worker.end()
