"""Another process for work that need not wait, where one is worth starting."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

LARGE = 1 << 20  # bytes of a document from which a second process saves time

_P = ParamSpec("_P")
_T = TypeVar("_T")


@contextmanager
def beside(size: int) -> Iterator[Executor]:
    """Yield what works beside the compiler of a document of `size` bytes.

    It is a forked process, started by the first thing that it is given; where there is no forking,
    or not safely, a thread; and for small documents nothing but this very process.  Nobody waits
    for what it still does when the block ends.
    """
    if size < LARGE:
        yield _Here()
        return
    import multiprocessing

    pool = _process() if _may_fork() else ThreadPoolExecutor(1)
    try:
        yield pool
    finally:
        for process in multiprocessing.active_children():
            process.terminate()
        pool.shutdown(cancel_futures=True)


class _Here(Executor):
    """Does at once what it is given."""

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        future: Future[_T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _may_fork() -> bool:
    import multiprocessing

    # On macOS the system's own libraries may have threads; another thread here may hold a lock.
    return (
        "fork" in multiprocessing.get_all_start_methods()
        and sys.platform != "darwin"
        and threading.active_count() == 1
    )


def _process() -> Executor:
    import multiprocessing
    from concurrent.futures.process import ProcessPoolExecutor

    fork = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(1, fork, initializer=_leave_interrupts)


def _leave_interrupts() -> None:
    """Let only the process that was started by a person answer to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
