"""How long a run may take, waiting included."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Iterator

from tsbind.errors import LimitError


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
        self._timeout = asyncio.timeout(None)
        self._left = seconds if left is None else left
        self._pauses = 0
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time() - elapsed

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
                "wall",
                used=self.elapsed(),
                allowed=self._seconds,
                unit="seconds",
                during=self._waiting(),
            ) from None

    def elapsed(self) -> float:
        """Seconds since the run began, pauses included."""
        return self._loop.time() - self._began

    def left(self) -> float:
        """Seconds that may still pass."""
        when = self._timeout.when()
        return self._left if self._pauses or when is None else when - self._loop.time()

    def ends(self) -> float:
        """When the time is over, in seconds of `time.monotonic`; infinity while it stands still."""
        when = self._timeout.when()
        return time.monotonic() + when - self._loop.time() if when is not None else math.inf

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
