"""A run that is given up, whatever it is doing, ends at once and leaves nothing behind."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from tests.runtime.cancelling import (
    BUNDLE,
    PROGRAMS,
    Server,
    in_the_middle,
    left,
    options,
)
from tsbind.errors import CheckerError
from tsbind.runtime import Host, Question, run
from tsbind.runtime.engine import Engine
from tsbind.runtime.turns import staying
from tsbind.runtime.typecheck import find_checker

SOON = 0.1  # seconds
TIMES = 3  # of which the best counts: the machine has other work


def has_checker() -> bool:
    try:
        find_checker()
    except CheckerError:
        return False
    return True


def skip_without_checker(name: str) -> None:
    if name == "the check of types" and not has_checker():
        pytest.skip("no type checker here: pip install tsbind[check]")


@pytest.mark.parametrize("name", PROGRAMS)
def test_cancelling_frees_everything(name: str) -> None:
    skip_without_checker(name)
    assert min(asyncio.run(_cancelled(name)) for _ in range(TIMES)) < SOON


async def _cancelled(name: str) -> float:
    """Cancel a run in the middle; return the seconds until nothing of it was left."""
    server = Server()
    asked: list[Question] = []
    async with server.listening() as url:
        await run("return 1", BUNDLE, host=Host(BUNDLE, url))
        given = options(name, url, asked)
        running = asyncio.create_task(run(PROGRAMS[name], BUNDLE, **given))
        for ready in in_the_middle(name, server, asked):
            if ready:
                break
            assert not running.done(), running.exception()
            await asyncio.sleep(0.01)
        began = time.perf_counter()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        host = given["host"]
        assert isinstance(host, Host)
        await host.close()
        while Engine.default().turns.running or staying or server.open:
            assert time.perf_counter() - began < 5, left()
            await asyncio.sleep(0.005)
        taken = time.perf_counter() - began
        assert left() == {"cores": 0, "guests": 0, "isolates": 0}
        assert [task for task in asyncio.all_tasks() if "/tsbind/runtime/" in repr(task)] == []
    return taken


@pytest.mark.parametrize("name", PROGRAMS)
def test_ctrl_c_frees_everything(name: str) -> None:
    skip_without_checker(name)
    taken = _interrupted(name)
    for _ in range(TIMES - 1):
        taken = taken if taken < SOON else min(taken, _interrupted(name))
    assert taken < SOON


def _interrupted(name: str) -> float:
    """Interrupt a run in the middle; return the seconds until KeyboardInterrupt was raised."""
    command = [sys.executable, "-m", "tests.runtime.cancelling", name]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        began = time.time()
        child.send_signal(signal.SIGINT)
        line = child.stdout.readline()
        told = msgspec.json.decode(line, type=dict[str, float])
        assert child.wait(timeout=20) == 0
    assert (told["cores"], told["guests"], told["isolates"], told["requests"]) == (0, 0, 0, 0)
    return told["ended"] - began
