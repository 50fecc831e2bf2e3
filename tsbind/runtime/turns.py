"""Shares the cores among the guests that want to run, so that none holds up the others.

As many guests run at once as there are cores.  The rest wait, those first that have used the least
CPU, and a guest that has run for a while makes way for one that has used less: a program of a
millisecond is not held up by programs that compute for seconds, however many they are.  Waiting
counts too, a second as `_PATIENCE` seconds of CPU, so that nobody waits for ever.

A guest that makes way stays in its thread, which sleeps until its next turn.

Nobody asks for a core before it has run for a moment: most steps are over by then, and they may run
in the thread of an event loop, which must not wait.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import queue
import threading
import time
from collections.abc import Callable
from itertools import count
from types import TracebackType
from typing import Final

_PATIENCE: Final = 0.05
_LONGEST_WAIT: Final = threading.TIMEOUT_MAX
_serial = count(1)
staying: dict[int, Turn] = {}  # those in guest code or on their way into it, by key

_Gate = queue.SimpleQueue[bool]  # may be used in a signal's handler, unlike a lock


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Turns:
    """The cores, and who waits for one.

    `started` is told when a guest comes, `nudge` makes all that run look at their limits.
    """

    def __init__(
        self, cores: int, *, started: Callable[[], None], nudge: Callable[[], None]
    ) -> None:
        self.running = 0
        self.started = started
        self._cores = cores
        self._nudge = nudge
        self._lock = threading.Lock()
        self._waiting: list[tuple[float, int, Turn, _Gate]] = []  # a heap

    def take(self, turn: Turn) -> None:
        """Wait until `turn` has a core, or is stopped: it then has none."""
        with self._lock:
            if self.running < self._cores:
                self.running += 1
                turn.has_core = True
                return
            gate = self._enqueue(turn, turn.rank())
        self._nudge()
        self._wait(turn, gate)

    def give(self, turn: Turn) -> None:
        """Hand the core of `turn`, if it has one, to whoever is next."""
        if turn.has_core:
            with self._lock:
                turn.has_core = False
                self._hand_over()

    def make_way(self, turn: Turn) -> None:
        """Let whoever has used less than `turn` run first."""
        rank = turn.rank()
        with self._lock:
            if not self._waiting or self._waiting[0][0] >= rank:
                return
            gate = self._enqueue(turn, rank)
            turn.has_core = False
            self._hand_over()
        self._wait(turn, gate)

    def _enqueue(self, turn: Turn, rank: float) -> _Gate:
        gate = turn.gate = _Gate()
        heapq.heappush(self._waiting, (rank, next(_serial), turn, gate))
        return gate

    def _hand_over(self) -> None:
        while self._waiting:
            _, _, turn, gate = heapq.heappop(self._waiting)
            if turn.gate is gate:  # it still waits
                turn.gate, turn.has_core = None, True
                gate.put(True)
                return
        self.running -= 1

    def _wait(self, turn: Turn, gate: _Gate) -> None:
        try:
            if turn.interrupted is None:
                left = max(0.0, min(turn.until - time.monotonic(), _LONGEST_WAIT))
                with contextlib.suppress(queue.Empty):  # whoever looks at the limits next says so
                    gate.get(timeout=left)
        finally:
            if not turn.has_core:
                with self._lock:
                    turn.gate = None  # unless it was given a core at this moment


class Turn:
    """The stays of one guest in guest code, each a `with` block: its CPU time, and what ends it.

    Used by one thread at a time, but for `interrupt`.
    """

    __slots__ = (
        "_began",
        "_turns",
        "allowed",
        "cpu",
        "gate",
        "has_core",
        "interrupted",
        "key",
        "until",
    )

    def __init__(self, turns: Turns, allowed: float) -> None:
        self._turns = turns
        self.key = next(_serial)
        self.cpu = 0.0  # seconds, of the stays that have ended
        self.allowed = allowed  # seconds of CPU
        self.until = float("inf")  # of `time.monotonic`
        self.interrupted: BaseException | None = None
        self.has_core = False
        self.gate: _Gate | None = None  # where it waits
        self._began: float | None = None  # of this thread's time, while it stays

    def __enter__(self) -> bool:
        """Stay, without a core until `may_go_on`; false when it is over already."""
        self._began = time.thread_time()
        staying[self.key] = self
        self._turns.started()
        return not self._is_over(self.cpu)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._turns.give(self)
        del staying[self.key]
        self.cpu += self.stayed()
        self._began = None

    def stayed(self) -> float:
        """Return the seconds of CPU of this stay so far, in the thread of the guest."""
        return 0.0 if self._began is None else time.thread_time() - self._began

    def used(self) -> float:
        """Return the seconds of CPU of all stays, in the thread of the guest."""
        return self.cpu + self.stayed()

    def rank(self) -> float:
        """Return what waiters are sorted by, the least first."""
        return self.used() + time.monotonic() * _PATIENCE

    def may_go_on(self) -> bool:
        """Say, in the thread of the guest, whether it may run on; it may have to wait first."""
        if not self.is_over():
            if self.has_core:
                self._turns.make_way(self)
            else:
                self._turns.take(self)
        return self.has_core and not self.is_over()

    def interrupt(self, reason: BaseException) -> None:
        """From any thread, and from a signal's handler: stop the guest, or its waiting."""
        self.interrupted = reason
        gate = self.gate
        if gate is not None:
            gate.put(False)

    def is_over(self) -> bool:
        """Say, in the thread of the guest, whether it may run no longer."""
        return self._is_over(self.used())

    def _is_over(self, used: float) -> bool:
        return (
            self.interrupted is not None or used >= self.allowed or time.monotonic() >= self.until
        )
