"""The process-wide engine: the guest's compiled code, and the clock that stops it.

Making an `Engine` loads the compiled guest (see codecache.py); after that an isolate costs a third
of a millisecond.  An Engine is safe to share between threads, and must not outlive a fork, after
which `Engine.default` makes another.
"""

from __future__ import annotations

import ctypes
import hashlib
import threading
import time
from ctypes import byref, c_char_p, c_void_p
from functools import cache, cached_property
from pathlib import Path
from typing import Final, NamedTuple

from tsbind import resources
from tsbind.errors import BuildError, GuestError
from tsbind.runtime import wasm
from tsbind.runtime.codecache import cached_code
from tsbind.runtime.fork import after_fork
from tsbind.runtime.pool import SLOTS, can_pool, native_stack, new_engine
from tsbind.runtime.turns import Turn, Turns, cores, staying
from tsbind.runtime.wasm import lib

TICK: Final = 0.0025  # seconds
LOOK: Final = 2  # ticks between two looks at the limits of a running guest
MOMENT: Final = 0.002  # seconds of CPU that a guest may run before it must have a core
_IDLE: Final = 80  # ticks with nothing running until the ticker sleeps
_SETTINGS: Final = "epoch cow nothreads"

_STACK_RATIO: Final = 16  # native stack that guest code needs for one byte of its own

PROTOCOL: Final = 1  # of main.c
I32, I64 = 0, 1
# What the guest must export, with parameter and result kinds.
_FUNCTIONS: Final = {
    b"protocol": ((), (I32,)),
    b"input": ((I32,), (I32,)),
    b"start": ((I32, I32), (I64,)),
    b"resume": ((I32, I32), (I64,)),
}


class Image(NamedTuple):
    """What each guest starts as."""

    memory: bytes
    stack: int  # where the stack pointer is while no guest code runs; below lies the stack


class Place(NamedTuple):
    """An engine of wasmtime's, with the guest's code: what an isolate is made in."""

    pointer: int
    module: int


class Engine:
    """Compiled guest code and its settings.  Raises BuildError when the guest is not usable."""

    def __init__(self, module: bytes, *, cache: Path | None = None, use_cache: bool = True) -> None:
        self._ticker = _Ticker(self)
        self.turns = Turns(cores(), started=self._ticker.wake, nudge=self.tick)
        self.stack = native_stack()  # bytes of native stack that guest code may use
        self.pointer = new_engine(self.stack, pooled=False)
        self._cache, self._use_cache = cache, use_cache
        self._bytes = module
        self._place = Place(self.pointer, self.load(module))
        self._pool: Place | None = None  # made for the second isolate: many processes need one
        self._slots = SLOTS  # of the pool that are free
        self._made = 0  # isolates
        self._lock = threading.Lock()
        self.js_stack = self.stack // _STACK_RATIO  # bytes that JavaScript may use
        self.inbox = 0  # address and size of the guest's own input buffer
        self._check_exports()

    @staticmethod
    def default() -> Engine:
        """Return the engine with the guest that the build made, made once per process."""
        with _default_lock:
            return _default()

    def close(self) -> None:
        """Free the code.  No isolate of this engine may be alive."""
        self._ticker.stop()
        for place in filter(None, (self._place, self._pool)):
            lib.wasmtime_module_delete(place.module)
            lib.wasm_engine_delete(place.pointer)
        self._place, self._pool, self._slots = Place(0, 0), None, 0

    # ---- Making isolates -------------------------------------------------------------------

    def take(self) -> Place:
        """Return where the next isolate is made; `give` it back when its store is deleted."""
        with self._lock:
            self._made += 1
            if self._made > 1:
                self._make_pool()
            if self._pool is None or not self._slots:
                return self._place
            self._slots -= 1
            return self._pool

    def warm(self) -> None:
        """Make now what the second isolate needs: where no code is kept, that takes seconds."""
        with self._lock:
            self._make_pool()

    def _make_pool(self) -> None:
        if self._pool is None and can_pool():
            pointer = new_engine(self.stack, pooled=True)
            self._pool = Place(pointer, self.load(self._bytes, pointer))

    def give(self, place: Place) -> None:
        """Take back what `take` returned."""
        if place is self._pool:
            with self._lock:
                self._slots += 1

    # ---- Running ---------------------------------------------------------------------------

    def turn(self, store: int, cpu: float) -> Turn:
        """Return the turn of the one guest in `store`: it may use `cpu` seconds.

        The guest is called directly, not by a Fiber, and its limits are looked at for it.
        """
        turn = Turn(self.turns, cpu)
        lib.wasmtime_store_epoch_deadline_callback(store, _on_tick, turn.key, None)
        lib.wasmtime_context_set_epoch_deadline(lib.wasmtime_store_context(store), LOOK)
        return turn

    def hurry(self) -> None:
        """Let the next tick come when it is due, not only the next look."""
        self._ticker.single = LOOK

    def tick(self, ticks: int = LOOK) -> None:
        """Advance the clock that guests are stopped by; all of them look after `LOOK` ticks."""
        for _ in range(ticks):
            lib.wasmtime_engine_increment_epoch(self.pointer)
            if self._pool is not None:
                lib.wasmtime_engine_increment_epoch(self._pool.pointer)

    # ---- Saving ----------------------------------------------------------------------------

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the guest."""
        return hashlib.sha256(self._bytes).hexdigest()

    @cached_property
    def image(self) -> Image:
        """The memory and the stack pointer of a guest that has not run."""
        store = lib.wasmtime_store_new(self.pointer, None, None)
        try:
            context = lib.wasmtime_store_context(store)
            instance = instantiate(context, self._place.module)
            memory = export(context, instance, b"memory", wasm.EXTERN_MEMORY)
            at = ctypes.addressof(memory) + wasm.Extern.value.offset
            size = lib.wasmtime_memory_data_size(context, at)
            content = ctypes.string_at(lib.wasmtime_memory_data(context, at), size)
            return Image(content, stack_pointer(context, instance))
        finally:
            lib.wasmtime_store_delete(store)

    # ---- Loading ---------------------------------------------------------------------------

    def load(self, module: bytes, pointer: int = 0) -> int:
        """Return a compiled `wasmtime_module_t`, from the cache if it is there.

        `pointer` is the engine of wasmtime's that it is for; by default the one without a pool.
        """
        settings = f"{_SETTINGS}; {wasm.library_identity()}; {wasm.machine_features()}"
        path = None
        if self._use_cache:
            path = cached_code(module, settings, self._compile, folder=self._cache)
        pointer, loaded = pointer or self.pointer, c_void_p()
        if path is not None:
            error = lib.wasmtime_module_deserialize_file(pointer, bytes(path), byref(loaded))
            if not error:
                return loaded.value or 0
            wasm.error_text(error)  # of another wasmtime or CPU, in spite of its name: not used
            path.unlink(missing_ok=True)
        return self._translate(module, pointer)

    def _translate(self, module: bytes, pointer: int) -> int:
        made = c_void_p()
        error = wasm.guest.wasmtime_module_new(pointer, module, len(module), byref(made))
        if error:
            raise BuildError(
                f"the guest is not usable WebAssembly: {wasm.error_text(error)}",
                fix="build tsbind again",
                code="guest-module",
            )
        return made.value or 0

    def _compile(self, module: bytes) -> bytes:
        made = self._translate(module, self.pointer)
        code = wasm.Bytes()
        error = wasm.guest.wasmtime_module_serialize(made, byref(code))
        lib.wasmtime_module_delete(made)
        if error:
            raise BuildError(f"the guest cannot be kept: {wasm.error_text(error)}")
        data = ctypes.string_at(code.data, code.size)
        lib.wasm_byte_vec_delete(byref(code))
        return data

    def _check_exports(self) -> None:
        # Isolates call by address, unchecked; so the types are checked here, once per module.
        store = lib.wasmtime_store_new(self.pointer, None, None)
        try:
            context = lib.wasmtime_store_context(store)
            lib.wasmtime_context_set_epoch_deadline(context, 1 << 40)
            instance = instantiate(context, self._place.module)
            for name, kinds in _FUNCTIONS.items():
                found = export(context, instance, name, wasm.EXTERN_FUNC)
                if _kinds(context, found) != kinds:
                    raise GuestError(f'the guest\'s "{name.decode()}" has the wrong type')
            export(context, instance, b"memory", wasm.EXTERN_MEMORY)
            if _ask(context, instance, b"protocol") != PROTOCOL:
                raise BuildError(
                    "the guest was built for another version of tsbind",
                    fix="build tsbind again",
                    code="guest-version",
                )
            self.inbox = _ask(context, instance, b"input")
        finally:
            lib.wasmtime_store_delete(store)


def instantiate(context: int, module: int) -> wasm.Instance:
    """Make an instance of a module without imports; GuestError when it cannot be."""
    instance, trap = wasm.Instance(), c_void_p()
    error = lib.wasmtime_instance_new(context, module, None, 0, byref(instance), byref(trap))
    if error:
        raise GuestError(f"the guest cannot be started: {wasm.error_text(error)}")
    if trap.value:
        raise GuestError(f"the guest cannot be started: {wasm.trap_text(trap.value)[1]}")
    return instance


def export(context: int, instance: wasm.Instance, name: bytes, kind: int) -> wasm.Extern:
    """Return an export of `instance`; GuestError when it is absent or of another kind."""
    found = wasm.Extern()
    if not lib.wasmtime_instance_export_get(
        context, byref(instance), c_char_p(name), len(name), byref(found)
    ):
        raise GuestError(f'the guest has no "{name.decode()}"')
    if found.kind != kind:
        raise GuestError(f'the guest\'s "{name.decode()}" is of the wrong kind')
    return found


def stack_pointer(context: int, instance: wasm.Instance) -> int:
    """Return where the guest's stack ends."""
    found = export(context, instance, b"__stack_pointer", wasm.EXTERN_GLOBAL)
    value = wasm.Value()
    address = ctypes.addressof(found) + wasm.Extern.value.offset
    lib.wasmtime_global_get(context, address, byref(value))
    return int(value.value[0]) & 0xFFFF_FFFF


def _kinds(context: int, function: wasm.Extern) -> tuple[tuple[int, ...], tuple[int, ...]]:
    address = ctypes.addressof(function) + wasm.Extern.value.offset
    kind = lib.wasmtime_func_type(context, address)
    try:
        return (
            _value_kinds(lib.wasm_functype_params(kind)),
            _value_kinds(lib.wasm_functype_results(kind)),
        )
    finally:
        lib.wasm_functype_delete(kind)


def _value_kinds(vector: int) -> tuple[int, ...]:
    found = wasm.Bytes.from_address(vector)
    pointers = (c_void_p * found.size).from_address(found.data) if found.size else ()
    return tuple(lib.wasm_valtype_kind(pointer) for pointer in pointers)


def _ask(context: int, instance: wasm.Instance, name: bytes) -> int:
    """Call a function of the guest that takes 0, or nothing, and gives an unsigned i32."""
    function = export(context, instance, name, wasm.EXTERN_FUNC)
    address = ctypes.addressof(function) + wasm.Extern.value.offset
    values, trap = (ctypes.c_uint64 * 2)(), c_void_p()
    error = lib.wasmtime_func_call_unchecked(context, address, values, 1, byref(trap))
    if error:
        raise GuestError(f'the guest\'s "{name.decode()}" fails: {wasm.error_text(error)}')
    if trap.value:
        raise GuestError(f'the guest\'s "{name.decode()}" fails: {wasm.trap_text(trap.value)[1]}')
    return values[0] & 0xFFFF_FFFF


def _on_tick_of(context: int, key: int, delta: object, kind: object) -> int:
    """Decide, in the thread that runs a guest, whether it may run on; wait while it may not yet."""
    delta[0] = LOOK  # type: ignore[index]  # until the next look
    kind[0] = 0  # type: ignore[index]  # go on
    turn = staying[key]
    try:
        if turn.may_go_on():
            return 0
    except BaseException as error:  # a signal's exception, such as KeyboardInterrupt
        turn.interrupted = error
    stop: int = lib.wasmtime_error_new(b"interrupted")
    return stop


_on_tick = wasm.EpochCallback(_on_tick_of)
_default_lock = threading.Lock()


@cache
def _default() -> Engine:
    return Engine(resources.artefact("guest.wasm").read_bytes())


def _forget() -> None:
    global _default_lock  # whoever held it is not in this process
    _default_lock = threading.Lock()
    _default.cache_clear()
    staying.clear()


after_fork(_forget)  # of its clock's thread nothing is left: no limit would hold


class _Ticker:
    """Advances the engine's epoch while guests run, from one thread that sleeps otherwise.

    It makes the ticks of a look together, unless somebody waits for the next one: each time that it
    wakes it takes Python's lock from those that run.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.awake = False
        self.single = 0  # ticks to make one by one
        self._stopped = False
        self._lock = threading.Lock()
        self._signal = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        if self.awake:
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tsbind-epoch", daemon=True)
                self._thread.start()
            self.awake = True
            self._signal.set()

    def stop(self) -> None:
        self._stopped = True
        self._signal.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        idle = 0
        while not self._stopped:
            ticks = 1 if self.single else LOOK
            self.single = max(self.single - 1, 0)
            time.sleep(ticks * TICK)
            self._engine.tick(ticks)
            idle = 0 if staying else idle + ticks
            if idle > _IDLE:
                self._sleep()
                idle = 0

    def _sleep(self) -> None:
        with self._lock:
            # In this order: a turn counts itself first and then looks whether we are awake.
            self.awake = False
            self._signal.clear()
            if staying:
                self.awake = True
                return
        self._signal.wait()
