"""How long a run may take, waiting included."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tsbind.errors import LimitError
from tsbind.runtime.blocking import event_loop, loop_is_running

if TYPE_CHECKING:
    import asyncio


class Deadline:
    """The end of a run's wall-clock time, which stands still while a person decides.

    A run that was suspended goes on with the seconds that were `left`, after those `elapsed`.
    `waiting` says, at the end, what the run waits for.
    """

    def __init__(
        self,
        seconds: float,
        *,
        left: float | None = None,
        elapsed: float = 0.0,
        waiting: Callable[[], str] = str,
    ) -> None:
        self._seconds = seconds
        self._waiting = waiting
        self._timeout: asyncio.Timeout | None = None
        self._left = seconds if left is None else left
        self._pauses = 0
        self._began = time.monotonic() - elapsed
        self._ends = math.inf

    async def __aenter__(self) -> None:
        self._ends = time.monotonic() + self._left
        if loop_is_running():
            await self.watch()

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        if self._timeout is None:
            return
        try:
            await self._timeout.__aexit__(kind, error, trace)  # type: ignore[arg-type]
        except TimeoutError:
            if not self._timeout.expired():
                raise
            raise LimitError(
                "wall",
                used=self.elapsed(),
                allowed=self._seconds,
                unit="seconds",
                during=self._waiting(),
            ) from None

    @property
    def watched(self) -> bool:
        """Whether an event loop ends what takes too long."""
        return self._timeout is not None

    async def watch(self) -> None:
        """Let an event loop end, from here on, what takes too long; before the first wait."""
        if self._timeout is None:
            await event_loop()
            import asyncio

            timeout = asyncio.timeout(None)
            await timeout.__aenter__()
            self._timeout = timeout
            self._set(self._ends)

    def _set(self, ends: float) -> None:
        self._ends = ends
        if self._timeout is not None:
            import asyncio

            now = asyncio.get_running_loop().time()
            when = None if ends == math.inf else now + ends - time.monotonic()
            self._timeout.reschedule(when)

    def elapsed(self) -> float:
        """Seconds since the run began, pauses included."""
        return time.monotonic() - self._began

    def left(self) -> float:
        """Seconds that may still pass."""
        return self._left if self._ends == math.inf else self._ends - time.monotonic()

    def ends(self) -> float:
        """When the time is over, in seconds of `time.monotonic`; infinity while it stands still."""
        return self._ends

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the clock inside; pauses may overlap."""
        if self._pauses == 0:
            self._left = self._ends - time.monotonic()
            self._set(math.inf)
        self._pauses += 1
        try:
            yield
        finally:
            self._pauses -= 1
            if self._pauses == 0 and not (self._timeout and self._timeout.expired()):
                self._set(time.monotonic() + max(self._left, 0.0))
