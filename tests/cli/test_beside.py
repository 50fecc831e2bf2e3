"""What works beside the compiler: other processes for large documents, nothing for small ones."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tsbind.cli.beside import LARGE, beside

forking = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="no forking there")


def test_small_documents_start_nothing() -> None:
    with beside(LARGE - 1) as other:
        assert other("a", os.getpid)() == os.getpid()
        with pytest.raises(ValueError, match="invalid literal"):
            other("a", partial(int, "x"))


@forking
def test_each_name_is_a_process_that_does_one_thing_after_another() -> None:
    known = {"parent": os.getpid()}
    with beside(LARGE) as other:
        first = other("a", lambda: (os.getpid(), known))  # what it inherits need not be pickled
        second = other("a", os.getpid)
        third = other("b", os.getpid)
        process, inherited = first()
        assert inherited == known
        assert second() == process
        assert len({process, third(), os.getpid()}) == 3
        assert first() == (process, known)


@forking
def test_large_outcomes_and_large_tasks_do_not_wait_for_each_other() -> None:
    large = "x" * 2_000_000
    with beside(LARGE) as other:
        outcomes = [other("a", partial(str.upper, large)) for _ in range(3)]
        assert {outcome() for outcome in outcomes} == {large.upper()}


@forking
def test_errors_are_raised_where_they_are_waited_for() -> None:
    with beside(LARGE) as other:
        failed = other("a", partial(int, "x"))
        after = other("a", partial(int, "1"))
        with pytest.raises(ValueError, match="invalid literal"):
            failed()
        assert after() == 1


@forking
def test_what_a_killed_process_did_not_do_is_done_here() -> None:
    with beside(LARGE) as other:
        process = other("a", os.getpid)()
        waiting = other("a", partial(_unless, os.getpid(), time.sleep, 60))
        os.kill(process, signal.SIGKILL)
        assert waiting() == "done here"
        assert other("a", os.getpid)() == os.getpid()


def _unless(process: int, function: Callable[[int], object], argument: int) -> str:
    """Call the function in any other process than `process`."""
    if os.getpid() != process:
        function(argument)
    return "done here"


@forking
def test_nobody_waits_for_what_is_not_asked_for_and_no_process_is_left() -> None:
    start = time.monotonic()
    with beside(LARGE) as other:
        process = other("a", os.getpid)()
        other("a", partial(time.sleep, 60))
    assert time.monotonic() - start < 50
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@forking
def test_other_processes_do_not_outlive_one_that_is_killed(tmp_path: Path) -> None:
    program = """
import os, sys
from tsbind.cli.beside import LARGE, beside
with beside(LARGE) as other:
    print(*(other(name, os.getpid)() for name in "ab"), flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        others = [int(each) for each in process.stdout.readline().split()]
        process.kill()
    end = time.monotonic() + 50
    while any(_runs(each) for each in others):
        assert time.monotonic() < end
        time.sleep(0.01)


def _runs(process: int) -> bool:
    """Whether a process is there; one that nobody waits for, in a container, has no more memory."""
    try:
        return "VmRSS" in Path(f"/proc/{process}/status").read_text("ascii", "replace")
    except OSError:
        return False


@forking
def test_with_other_threads_nothing_is_forked() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        with beside(LARGE) as other:
            assert other("a", os.getpid)() == os.getpid()
    finally:
        done.set()
        thread.join()


@forking
def test_the_thread_that_shows_progress_is_no_hindrance() -> None:
    program = """
import os
from tsbind.cli.beside import LARGE, beside
from tsbind.cli.screen import working
with working("compiling"), beside(LARGE) as other:
    print(other("a", os.getpid)() != os.getpid())
"""
    terminal, its_end = pty.openpty()
    try:
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            stdout=subprocess.PIPE,
            stderr=its_end,
            timeout=50,
            check=True,
        )
    finally:
        os.close(its_end)
        os.close(terminal)
    assert ran.stdout == b"True\n"
