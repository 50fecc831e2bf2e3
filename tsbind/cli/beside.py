"""Other processes for work that need not be done in this one, where they are worth starting."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from tsbind.cli.screen import alone, asking

if TYPE_CHECKING:
    from tsbind.pipeline import Beside

LARGE = 1 << 20  # bytes of a document from which a second process saves time

_T = TypeVar("_T")


@contextmanager
def beside(size: int) -> Iterator[Beside]:
    """Yield what works beside the compiler of a document of `size` bytes.

    It forks this process for every name that it is given: the new one knows all that this one knew
    by then, and what it is to do next is sent to it.  Work on small documents stays in this
    process, and so does all work where there is no forking, or not safely.  What is still being
    done when the block ends is ended.
    """
    from tsbind.pipeline import here

    # On macOS the system's own libraries may have threads.
    if size < LARGE or not hasattr(os, "fork") or sys.platform == "darwin":
        yield here
        return
    processes: dict[str, _Process] = {}

    def beside_this(name: str, work: Callable[[], _T]) -> Callable[[], _T]:
        if name in processes:
            return processes[name].go_on(work)
        if not alone():
            return here(name, work)
        try:
            processes[name] = process = _Process(work)
        except OSError:  # there may be no more processes, or files
            return here(name, work)
        return process.outcome(work)

    try:
        yield beside_this
    finally:
        for process in processes.values():
            process.end()


class _Process:
    """A fork of this process that does one thing after another.

    It answers once per thing, if it can; what it did not answer, for whatever reason, is done here,
    so that errors are raised where they are expected.
    """

    def __init__(self, first: Callable[[], object]) -> None:
        with ExitStack() as opened:
            its_tasks, tasks = _pipe(opened)
            answers, its_answers = _pipe(opened)
            self._pid = _fork()
            if not self._pid:
                # The other ends are closed first: an end of file must come when this process ends.
                os.close(tasks)
                os.close(answers)
                _serve(first, its_tasks, its_answers)
            opened.pop_all()
        os.close(its_tasks)
        os.close(its_answers)
        self._tasks, self._answers = os.fdopen(tasks, "wb"), os.fdopen(answers, "rb")
        self._awaited: list[Any] | None = None  # where the next answer belongs

    def go_on(self, work: Callable[[], _T]) -> Callable[[], _T]:
        """Have it do something that can be pickled; call the result for the outcome."""
        self._take()  # what it writes must not fill the pipe while this process writes
        with contextlib.suppress(OSError):  # it has ended: there will be no answer
            pickle.dump(work, self._tasks)
            self._tasks.flush()
        return self.outcome(work)

    def outcome(self, work: Callable[[], _T]) -> Callable[[], _T]:
        """Return what to call for the outcome of the work that was last given to it."""
        answer: list[_T] = []
        self._awaited = answer

        def wait() -> _T:
            if self._awaited is answer:
                self._take()
            if not answer:
                answer.append(work())
            return answer[0]

        return wait

    def _take(self) -> None:
        if self._awaited is not None:
            with contextlib.suppress(EOFError, pickle.UnpicklingError):  # it ended before or amid
                self._awaited.append(pickle.load(self._answers))
            self._awaited = None

    def end(self) -> None:
        """End it, whatever it does."""
        with contextlib.suppress(OSError):  # what it did not read cannot be written any more
            self._tasks.close()
        self._answers.close()
        with contextlib.suppress(ChildProcessError):  # somebody else has waited for it
            if os.waitpid(self._pid, os.WNOHANG) == (0, 0):
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)


def _pipe(opened: ExitStack) -> tuple[int, int]:
    reader, writer = os.pipe()
    opened.callback(os.close, reader)
    opened.callback(os.close, writer)
    return reader, writer


def _fork() -> int:
    """Fork; Ctrl-C is never for the new process, only for the one that a person started."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with asking(), warnings.catch_warnings():
            # Python 3.12 warns of any other thread.  The one that there may be draws, and waits.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
    except BaseException:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def _serve(work: Callable[[], object], tasks: int, answers: int) -> NoReturn:
    """Do one thing after another; whatever goes wrong leaves the rest without an answer."""
    try:
        with open(tasks, "rb") as incoming, open(answers, "wb") as outgoing:
            while True:
                pickle.dump(work(), outgoing)
                outgoing.flush()
                work = pickle.load(incoming)
    finally:
        os._exit(0)  # without what the process that was forked would do at its end
