"""One isolate: a fresh instance of the guest, that runs one program and is thrown away.

The engine inside must be assumed corrupt: every pointer and length that it returns is checked
against its memory, its outbox is decoded as hostile bytes, and nothing of it is used twice.

Time is counted in the guest only, as CPU time of the thread that runs it.  Every few milliseconds
it stands still (fiber.py), for a look at the limits, at `interrupt`, at pending signals, and at who
else wants the core (turns.py).
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Generator
from ctypes import byref, c_uint64
from types import TracebackType
from typing import Final, Self, TypeVar

from tsbind.errors import GuestError, LimitError, LimitName
from tsbind.runtime import engine as engines
from tsbind.runtime import wasm
from tsbind.runtime.engine import LOOK, MOMENT, Engine
from tsbind.runtime.fiber import Fiber, Stopped
from tsbind.runtime.limits import MIB, Limits
from tsbind.runtime.memory import Rest, changes, difference
from tsbind.runtime.messages import Resume, Start, Step
from tsbind.runtime.outbox import read_outbox
from tsbind.runtime.turns import Turn
from tsbind.runtime.wasm import lib
from tsbind.runtime.wire import resume_message, start_message

INBOX_SIZE: Final = 256 * 1024  # bytes; of main.c
_CODE_MEMORY = 64 * 1024  # of an outbox beside what the limits allow: heads, names, a failure
_WASM_PAGE: Final = 1 << 16
_FUNC = wasm.Extern.value.offset  # where the handle lies in a `wasmtime_extern_t`

_T = TypeVar("_T")
_Course = Generator[None, None, int]  # of one step; stands still where the guest does


class Isolate:
    """A fresh guest.  Call `start` once, then `resume` until the state is not "waiting".

    In place of either, `begin` runs a moment of the step, and `finish` the rest, in any thread.

    Any call may raise LimitError (cpu, memory, stack, result_bytes, request_bytes), GuestError, or
    what interrupted it; afterwards only `close` may be called.  An isolate may move between threads
    but is used by one at a time; `Engine.stack` says how much native stack a call may take.
    """

    __slots__ = (
        "_abandoned",
        "_busy",
        "_context",
        "_course",
        "_engine",
        "_functions",
        "_instance",
        "_last_id",
        "_memory",
        "_place",
        "_start_size",
        "_store",
        "_turn",
        "limits",
        "log_bytes",
        "logs_dropped",
        "memory",
        "steps",
    )

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine = engine
        self.limits = limits
        self.memory = 0  # bytes of linear memory, the most so far: it never shrinks
        self.steps = 0
        self.log_bytes = 0
        self.logs_dropped = 0
        self._last_id = 0
        self._start_size = 0
        self._functions: dict[bytes, wasm.Extern] = {}  # those that were called before
        self._busy = threading.Lock()  # held while a thread runs a step
        self._course: _Course | None = None  # of a step that was begun
        self._abandoned = False
        began = time.thread_time()
        self._place = engine.take()
        self._store: int = lib.wasmtime_store_new(self._place.pointer, None, None)
        try:
            self._context: int = lib.wasmtime_store_context(self._store)
            lib.wasmtime_store_limiter(self._store, limits.memory, 20_000, 1, 2, 1)
            self._turn = Turn(engine.turns, limits.cpu)
            self._instance = engines.instantiate(self._context, self._place.module)
            lib.wasmtime_context_epoch_deadline_async_yield_and_update(self._context, LOOK)
            self._memory = engines.export(
                self._context, self._instance, b"memory", wasm.EXTERN_MEMORY
            )
        except BaseException:
            self.close()
            raise
        self._turn.cpu = time.thread_time() - began

    @property
    def cpu(self) -> float:
        """Seconds in the guest so far."""
        return self._turn.cpu

    @property
    def is_open(self) -> bool:
        """Whether it still holds memory."""
        return bool(self._store)

    # ---- What callers do -------------------------------------------------------------------

    def start(self, message: Start) -> Step:
        """Run the program until it waits or ends."""
        return self._run(self._told(message), self._whole)

    def resume(self, message: Resume) -> Step:
        """Hand over replies and run on until the program waits or ends."""
        return self._run(self._told(message), self._whole)

    def begin(self, message: Start | Resume) -> Step | None:
        """Run for a moment without waiting for a core; None when `finish` is to go on."""
        return self._run(self._told(message), self._first)

    def finish(self) -> Step:
        """Run what was begun until the program waits or ends."""
        return self._run(None, self._rest)

    def interrupt(self, reason: BaseException) -> None:
        """From any thread: make the running call raise `reason`, within some milliseconds."""
        self._turn.interrupt(reason)

    def expire(self, at: float) -> None:
        """Let calls raise LimitError("wall") from then on, in seconds of `time.monotonic`."""
        self._turn.until = at

    def close(self) -> None:
        """Free everything: at once, or when a call that is running has been interrupted."""
        self._abandoned = True
        if self._busy.acquire(blocking=False):
            self._free()
            self._busy.release()
        else:
            self.interrupt(GuestError("the isolate was closed while it ran", code="closed"))

    def save(self) -> tuple[Rest, bytes]:
        """Return what `revive` makes an isolate from that goes on as this one would.

        Only between two steps.  Raises GuestError when the guest is not at rest.
        """
        if not self._store or not self.steps:
            raise GuestError("the isolate has nothing to save", code="closed")
        image = self._engine.image
        if engines.stack_pointer(self._context, self._instance) != image.stack:
            raise GuestError("the guest is not at rest")
        handle = ctypes.addressof(self._memory) + _FUNC
        size = lib.wasmtime_memory_data_size(self._context, handle)
        content = ctypes.string_at(lib.wasmtime_memory_data(self._context, handle), size)
        rest = Rest(
            size=size,
            cpu=self.cpu,
            steps=self.steps,
            log_bytes=self.log_bytes,
            logs_dropped=self.logs_dropped,
            last_id=self._last_id,
            start_size=self._start_size,
        )
        return rest, difference(image.memory, content, image.stack)

    @classmethod
    def revive(cls, engine: Engine, limits: Limits, rest: Rest, kept: bytes) -> Isolate:
        """Make an isolate that goes on where a saved one stood.

        Raises ValueError when `kept` is damaged, LimitError when memory may not be as large.
        """
        isolate = cls(engine, limits)
        try:
            isolate._grow(rest.size)
            for at, page in changes(engine.image.memory, kept, rest.size):
                ctypes.memmove(isolate._bounds(at, len(page)), page, len(page))
        except BaseException:
            isolate.close()
            raise
        isolate._turn.cpu += rest.cpu
        isolate.steps, isolate._last_id = rest.steps, rest.last_id
        isolate.log_bytes, isolate.logs_dropped = rest.log_bytes, rest.logs_dropped
        isolate._start_size = rest.start_size
        return isolate

    def _grow(self, size: int) -> None:
        handle, before = ctypes.addressof(self._memory) + _FUNC, c_uint64()
        more = size // _WASM_PAGE - lib.wasmtime_memory_size(self._context, handle)
        if size % _WASM_PAGE or more < 0:
            raise ValueError(f"a memory of {size} bytes")
        error = lib.wasmtime_memory_grow(self._context, handle, more, byref(before))
        if error:
            wasm.error_text(error)
            self.memory = size
            raise self._exceeded("memory")

    def _free(self) -> None:
        self._drop()
        if self._store:
            lib.wasmtime_store_delete(self._store)
            self._engine.give(self._place)
        self._store = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    # ---- Memory ----------------------------------------------------------------------------

    def _bounds(self, at: int, size: int) -> int:
        """Return the host address of `size` bytes of guest memory, or raise GuestError."""
        memory = ctypes.addressof(self._memory) + _FUNC
        length = lib.wasmtime_memory_data_size(self._context, memory)
        if at <= 0 or size < 0 or at + size > length:
            raise GuestError(f"the guest points outside its memory: {size} bytes at {at}")
        if length > self.memory:
            self.memory = length
        base: int = lib.wasmtime_memory_data(self._context, memory)
        return base + at

    # ---- Calls -----------------------------------------------------------------------------

    def _run(self, course: _Course | None, run: Callable[[], _T]) -> _T:
        """Let `run` drive `course`, or the one that was begun, in this thread alone."""
        if not self._busy.acquire(blocking=False):
            raise GuestError("the isolate is running in another thread", code="busy")
        try:
            if not self._store or (course is None and self._course is None):
                raise GuestError("the isolate is closed", code="closed")
            if course is not None:
                self._drop()
                self._course = course
            return run()
        except BaseException:
            self._drop()
            raise
        finally:
            self._busy.release()
            if self._abandoned:
                self.close()

    def _drop(self) -> None:
        """Let the step that was begun be over."""
        course, self._course = self._course, None
        if course is not None:
            course.close()

    def _first(self) -> Step | None:
        self._engine.hurry()
        posted = self._for_a_moment(1)
        return None if posted is None else self._said(posted)

    def _rest(self) -> Step:
        return self._said(self._to_the_end())

    def _whole(self) -> Step:
        posted = self._for_a_moment(LOOK)
        return self._said(self._to_the_end() if posted is None else posted)

    def _for_a_moment(self, ticks: int) -> int | None:
        turn = self._turn
        with turn as may_run:
            while may_run:
                lib.wasmtime_context_set_epoch_deadline(self._context, ticks)
                posted = self._run_on()
                if posted is not None or turn.stayed() >= MOMENT:
                    return posted
                may_run = not turn.is_over()
            raise self._stopped("")

    def _to_the_end(self) -> int:
        turn = self._turn
        with turn:
            while turn.may_go_on():
                posted = self._run_on()
                if posted is not None:
                    return posted
            raise self._stopped("")

    def _run_on(self) -> int | None:
        """Run until the guest stands still; return what the step gave, if it is over."""
        course = self._course
        if course is not None:
            try:
                next(course)
            except StopIteration as end:
                self._course = None
                posted: int = end.value
                return posted
        return None

    def _call(self, name: bytes, *arguments: int) -> Generator[None, None, int]:
        function = self._functions.get(name)
        if function is None:
            function = engines.export(self._context, self._instance, name, wasm.EXTERN_FUNC)
            self._functions[name] = function
        fiber = Fiber(self._context, function, arguments)
        try:
            while not fiber.poll():
                yield
            return fiber.result()
        except Stopped as stop:
            raise self._stopped(str(stop), stop.code) from None
        finally:
            fiber.drop()

    def _stopped(self, text: str, code: int | None = None) -> BaseException:
        """Return the exception for why the guest does not go on; in its thread."""
        turn = self._turn
        self._bounds(1, 0)  # notes how much memory there is
        if turn.interrupted is not None:
            return turn.interrupted
        if turn.used() >= turn.allowed:
            return self._exceeded("cpu")
        if time.monotonic() >= turn.until:
            return self._exceeded("wall")
        if code == wasm.TRAP_STACK_OVERFLOW:
            return self._exceeded("stack")
        return GuestError(f"the guest stopped: {text.splitlines()[-1].strip() if text else '?'}")

    def _exceeded(self, name: LimitName) -> LimitError:
        limits = self.limits
        match name:
            case "cpu":
                used = self._turn.used()
                return LimitError(name, used=used, allowed=limits.cpu, unit="seconds")
            case "wall":
                used = limits.wall + time.monotonic() - self._turn.until
                return LimitError(name, used=used, allowed=limits.wall, unit="seconds")
            case "memory":
                used, allowed = self.memory / MIB, limits.memory / MIB
                return LimitError(name, used=max(used, allowed), allowed=allowed, unit="MiB")
            case "stack":
                size = self._engine.stack / 1024
                return LimitError(name, used=size, allowed=size, unit="KiB")
            case _:
                size = getattr(limits, name)
                return LimitError(name, used=size + 1, allowed=size, unit="bytes")

    # ---- Steps -----------------------------------------------------------------------------

    def _told(self, message: Start | Resume) -> _Course:
        inbox = self._engine.inbox
        if isinstance(message, Start):
            data = start_message(message, self.limits, self._engine.js_stack)
            self._start_size = (len(data) + 16) & ~15
            return self._sent(b"start", data, inbox if len(data) < INBOX_SIZE else 0)
        data = resume_message(message)
        # The start message stays where it is, for it holds the table.
        fits = self._start_size + len(data) < INBOX_SIZE
        return self._sent(b"resume", data, inbox + self._start_size if fits else 0)

    def _sent(self, name: bytes, data: bytes, at: int) -> _Course:
        if not at:
            at = (yield from self._call(b"input", len(data))) & 0xFFFF_FFFF
            if at == 0:
                raise self._exceeded("memory")
        ctypes.memmove(self._bounds(at, len(data) + 1), data, len(data))
        return (yield from self._call(name, at, len(data)))

    def _said(self, posted: int) -> Step:
        self.steps += 1
        at, size = posted >> 32, posted & 0xFFFF_FFFF
        limits = self.limits
        most = limits.result_bytes + limits.request_bytes + 8 * limits.log_bytes + _CODE_MEMORY
        if size > most:
            raise GuestError(f"the guest says {size} bytes at once, {most} are possible")
        said = read_outbox(ctypes.string_at(self._bounds(at, size), size), self._last_id)
        if said.limit is not None:
            raise self._exceeded(said.limit)
        if said.calls:
            self._last_id = said.calls[-1].id
        self.log_bytes += sum(len(text) for _, text in said.logs)
        self.logs_dropped = said.dropped
        value = said.value if len(bytes(said.value)) else None
        return Step(said.calls, said.logs, said.state, value, said.error, said.floating)
