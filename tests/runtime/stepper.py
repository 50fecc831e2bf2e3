"""Runs that are suspended after any number of steps, in this process or in another.

As a program it is that other process: a line of JSON in (`Order`), a line of JSON out (`Told`).
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from tests.runtime.test_snapshot import BUNDLE, KEY, Doubler
from tsbind.bundle import Json
from tsbind.errors import SnapshotError, SuspendedError
from tsbind.runtime import Limits, Result, Run, start
from tsbind.runtime.options import Options

LIMITS = Limits(concurrency=2)  # so that some calls wait for others


class Order(msgspec.Struct, frozen=True):
    """Begin `program`, or go on with `snapshot`; stop after `steps`, if the run is not over."""

    steps: int
    program: str = ""
    snapshot: bytes = b""


class Told(msgspec.Struct, frozen=True):
    """How far it came: the calls that were made, and a snapshot or the value and the logs."""

    asked: list[int]
    snapshot: bytes = b""
    value: Json = None
    logs: tuple[tuple[str, str], ...] = ()


def obey(order: Order) -> Told:
    """Carry out an order here."""
    host = Doubler(wait=0.001)
    try:
        result = asyncio.run(_stopped(order, host))
    except SuspendedError as stop:
        return Told(host.asked, snapshot=stop.snapshot)
    return Told(host.asked, value=result.value, logs=result.logs)


async def _stopped(order: Order, host: Doubler) -> Result:
    steps, stopping = 0, None

    def now() -> float:
        """Is asked before each step; the run stands still after that step."""
        nonlocal steps, stopping
        steps += 1
        if steps == order.steps:
            stopping = asyncio.get_running_loop().create_task(_stop(run))
        return 1_700_000_000.0

    options = Options(host=host, snapshot_key=KEY, seed=7, now=now, limits=LIMITS)
    run = (
        Run("", BUNDLE, options, in_place=False, snapshot=order.snapshot)
        if order.snapshot
        else start(order.program, BUNDLE, **options)
    )
    try:
        return await run.result()
    finally:
        if stopping is not None:
            await stopping


async def _stop(run: Run) -> None:
    with contextlib.suppress(SnapshotError):  # it was the last step
        await run.suspend()


@contextlib.contextmanager
def other_process() -> Iterator[Callable[[Order], Told]]:
    """Give what carries out orders in one other process."""
    command = [sys.executable, "-m", "tests.runtime.stepper"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        orders, answers = process.stdin, process.stdout

        def send(order: Order) -> Told:
            orders.write(msgspec.json.encode(order) + b"\n")
            orders.flush()
            return msgspec.json.decode(answers.readline(), type=Told)

        yield send
        orders.close()


if __name__ == "__main__":
    for line in sys.stdin:
        told = obey(msgspec.json.decode(line, type=Order))
        print(msgspec.json.encode(told).decode(), flush=True)
