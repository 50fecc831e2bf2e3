"""Runs in other processes: what goes in and comes out crosses over, and every limit holds."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tsbind.bundle import Bundle
from tsbind.errors import LimitError
from tsbind.runtime import Limits, Result, run_sync

EMPTY = Bundle(title="", version="", declarations="", calls={}, schemas={})

FORKED = """
import asyncio, multiprocessing, sys
from tsbind.bundle import Bundle
from tsbind.errors import LimitError
from tsbind.runtime import Limits, run, run_sync

EMPTY = Bundle(title="", version="", declarations="", calls={}, schemas={})

def child():
    assert run_sync("return 2", EMPTY).value == 2
    assert asyncio.run(run("return 3", EMPTY)).value == 3
    try:
        run_sync("for (;;);", EMPTY, limits=Limits(cpu=0.1))
    except LimitError as error:
        sys.exit(7 if error.limit == "cpu" else 1)

asyncio.run(run("return 1", EMPTY))  # which leaves threads behind
process = multiprocessing.get_context("fork").Process(target=child)
process.start()
process.join(30)
sys.exit(process.exitcode or 1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")
def test_limits_hold_in_a_fork_of_a_process_that_has_run_programs() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 7, done.stderr


def test_results_and_errors_cross_from_a_pool_of_processes() -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        result: Result = pool.submit(run_sync, "console.log(1); return [1, 2]", EMPTY).result()
        assert result.value == [1, 2]
        assert result.logs == (("log", "1"),)
        spinning = pool.submit(run_sync, "for (;;);", EMPTY, limits=Limits(cpu=0.1))
        with pytest.raises(LimitError, match="CPU") as caught:
            spinning.result()
        assert caught.value.limit == "cpu"
        assert caught.value.usage.cpu >= 0.1
