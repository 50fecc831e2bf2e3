"""The order in which answers are handed over does not depend on how busy the machine is."""

from __future__ import annotations

import asyncio
import time

import msgspec

from tsbind.runtime.errands import Errands
from tsbind.runtime.messages import CallReply


def test_timers_that_are_late_come_as_they_were_due_and_after_calls() -> None:
    async def main() -> list[int]:
        errands = Errands()
        for call, seconds in enumerate((0.03, 0.01, 0.02)):
            errands.set_timer(call, seconds)
        time.sleep(0.05)  # the loop has no turn until all are over
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for call in (9, 8):
            errands.put(CallReply(call, ok=msgspec.Raw(b"1")))
        return [reply.id for reply in await errands.take()]

    assert asyncio.run(main()) == [8, 9, 1, 2, 0]
