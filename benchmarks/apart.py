"""Runs a function in a process of its own, with a deadline, and says what it took.

A hostile document must not take the benchmark with it: neither by a crash, nor by never ending,
nor by eating all memory.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, NamedTuple


class Outcome(NamedTuple):
    """What came of one call."""

    value: Any  # what it returned; None unless `failure` is empty
    failure: str  # "", "hang", "crash", or the traceback of what it raised
    seconds: float  # CPU time of the call: others may use the machine at the same time
    memory_mb: float  # peak of the process, with what was loaded before the call
    grown_mb: float = 0.0  # of that, what the call added


def apart(function: Callable[..., Any], *arguments: object, deadline: float) -> Outcome:
    """Call `function` in a forked process; `deadline` is in seconds on the clock.

    What the caller has imported is there already, so the figures are of the call alone.
    """
    fork = multiprocessing.get_context("fork")
    mine, theirs = fork.Pipe(duplex=False)
    start = time.perf_counter()
    process = fork.Process(target=_answer, args=(theirs, function, arguments))
    process.start()
    theirs.close()
    try:
        if not mine.poll(deadline):
            return Outcome(None, "hang", time.perf_counter() - start, 0.0)
        try:
            answer: Outcome = mine.recv()
        except EOFError:
            return Outcome(None, "crash", time.perf_counter() - start, 0.0)
        return answer
    finally:
        process.kill()
        process.join()
        mine.close()


def _answer(pipe: Connection, function: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    start, before = time.process_time(), _peak_mb()
    value, failure = None, ""
    try:
        value = function(*arguments)
    except BaseException:
        failure = traceback.format_exc()
    seconds = time.process_time() - start
    peak = _peak_mb()
    pipe.send(Outcome(value, failure, seconds, peak, peak - before))
    pipe.close()
    os._exit(0)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
