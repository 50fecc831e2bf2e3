"""Run a coroutine from code that is not asynchronous, inside an event loop or not.

Each call borrows a thread with an event loop of its own, so that it also works where a loop is
running already (a notebook), and so that Ctrl-C is answered at once whatever the loop is doing.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")
_IDLE_KEPT = 8  # threads that wait for the next call; more than that end with theirs


class _Worker:
    """A daemon thread that runs an event loop for ever."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self._serve, name="tsbind-run", daemon=True).start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.close()

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)


_idle: list[_Worker] = []
os.register_at_fork(after_in_child=_idle.clear)  # threads do not survive a fork


def wait_for(make: Callable[[], Coroutine[Any, Any, _T]], *, interrupt: Callable[[], None]) -> _T:
    """Return what the coroutine returns.

    Ctrl-C cancels it and is raised here; `interrupt` must then make the coroutine's loop free.
    """
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
