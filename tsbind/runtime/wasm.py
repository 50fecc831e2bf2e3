"""The part of wasmtime's C API that an isolate needs, called without a layer in between.

The `wasmtime` package wraps each call in Python objects and imports in 45 ms; a fresh isolate takes
a third of a millisecond and a new process wants its first answer in a tenth of a second.  So the
shared library that the package ships is loaded directly.  Signatures are those of wasmtime 50's
`wasmtime.h`; pyproject.toml pins the version.

Two views of one library: `lib` keeps the GIL (short calls: releasing it would cost more than they
do), `guest` lets it go (calls that run guest code or compile).
"""

from __future__ import annotations

import ctypes
import importlib.util
import platform
import sys
from ctypes import POINTER, byref, c_bool, c_char_p, c_size_t, c_uint8, c_void_p
from ctypes import c_int64 as i64
from ctypes import c_uint64 as u64
from pathlib import Path

from tsbind.errors import BuildError

TRAP_STACK_OVERFLOW = 0
TRAP_OUT_OF_BOUNDS = 1
TRAP_INTERRUPT = 10

EXTERN_FUNC, EXTERN_GLOBAL, EXTERN_MEMORY = 0, 1, 3


class Bytes(ctypes.Structure):
    """`wasm_byte_vec_t`: bytes that wasmtime allocated, or that we lend."""

    _fields_ = (("size", c_size_t), ("data", c_void_p))


class Instance(ctypes.Structure):
    """`wasmtime_instance_t`."""

    _fields_ = (("store", u64), ("private", c_size_t))


class Extern(ctypes.Structure):
    """`wasmtime_extern_t`: what an export is; `value` starts the union."""

    _fields_ = (("kind", c_uint8), ("value", u64 * 4))


class Value(ctypes.Structure):
    """`wasmtime_val_t`; `value` starts the union."""

    _fields_ = (("kind", c_uint8), ("value", u64 * 3))


# Called with what it was linked with, the caller, and 16 bytes for each argument or result.
Callback = ctypes.CFUNCTYPE(c_size_t, c_void_p, c_void_p, POINTER(ctypes.c_int32), c_size_t)
EpochCallback = ctypes.CFUNCTYPE(c_size_t, c_void_p, c_size_t, POINTER(u64), POINTER(c_uint8))

_LIBRARIES = {
    "linux": "_libwasmtime.so",
    "android": "_libwasmtime.so",
    "darwin": "_libwasmtime.dylib",
    "win32": "_wasmtime.dll",
}
_MACHINES = {"AMD64": "x86_64", "arm64": "aarch64", "ARM64": "aarch64"}

# name: (result, arguments); pointers to opaque things are c_void_p
_SIGNATURES = {
    "wasm_config_new": (c_void_p, ()),
    "wasmtime_config_epoch_interruption_set": (None, (c_void_p, c_bool)),
    "wasmtime_config_max_wasm_stack_set": (None, (c_void_p, c_size_t)),
    "wasmtime_config_async_stack_size_set": (None, (c_void_p, u64)),
    "wasmtime_config_memory_init_cow_set": (None, (c_void_p, c_bool)),
    "wasmtime_config_wasm_threads_set": (None, (c_void_p, c_bool)),
    "wasmtime_pooling_allocation_config_new": (c_void_p, ()),
    "wasmtime_pooling_allocation_config_delete": (None, (c_void_p,)),
    "wasmtime_pooling_allocation_strategy_set": (None, (c_void_p, c_void_p)),
    "wasm_engine_new_with_config": (c_void_p, (c_void_p,)),
    "wasm_engine_delete": (None, (c_void_p,)),
    "wasmtime_engine_increment_epoch": (None, (c_void_p,)),
    "wasmtime_module_new": (c_void_p, (c_void_p, c_char_p, c_size_t, POINTER(c_void_p))),
    "wasmtime_module_serialize": (c_void_p, (c_void_p, POINTER(Bytes))),
    "wasmtime_module_deserialize_file": (c_void_p, (c_void_p, c_char_p, POINTER(c_void_p))),
    "wasmtime_module_delete": (None, (c_void_p,)),
    "wasmtime_store_new": (c_void_p, (c_void_p, c_void_p, c_void_p)),
    "wasmtime_store_context": (c_void_p, (c_void_p,)),
    "wasmtime_store_limiter": (None, (c_void_p, i64, i64, i64, i64, i64)),
    "wasmtime_store_epoch_deadline_callback": (
        None,
        (c_void_p, EpochCallback, c_size_t, c_void_p),
    ),
    "wasmtime_store_delete": (None, (c_void_p,)),
    "wasmtime_context_set_epoch_deadline": (None, (c_void_p, u64)),
    "wasmtime_module_imports": (None, (c_void_p, POINTER(Bytes))),
    "wasm_importtype_vec_delete": (None, (POINTER(Bytes),)),
    "wasm_importtype_module": (c_void_p, (c_void_p,)),
    "wasm_importtype_name": (c_void_p, (c_void_p,)),
    "wasm_importtype_type": (c_void_p, (c_void_p,)),
    "wasm_externtype_as_functype_const": (c_void_p, (c_void_p,)),
    "wasmtime_linker_new": (c_void_p, (c_void_p,)),
    "wasmtime_linker_define_func_unchecked": (
        c_void_p,
        (
            *(c_void_p, c_char_p, c_size_t, c_char_p, c_size_t),
            *(c_void_p, Callback, c_size_t, c_void_p),
        ),
    ),
    "wasmtime_linker_instantiate": (
        c_void_p,
        (c_void_p, c_void_p, c_void_p, POINTER(Instance), POINTER(c_void_p)),
    ),
    "wasmtime_instance_new": (
        c_void_p,
        (c_void_p, c_void_p, c_void_p, c_size_t, POINTER(Instance), POINTER(c_void_p)),
    ),
    "wasmtime_instance_export_get": (
        c_bool,
        (c_void_p, POINTER(Instance), c_char_p, c_size_t, POINTER(Extern)),
    ),
    "wasmtime_func_call_unchecked": (
        c_void_p,
        (c_void_p, c_void_p, c_void_p, c_size_t, POINTER(c_void_p)),
    ),
    "wasmtime_func_call_async": (
        c_void_p,
        (*(c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_size_t), c_void_p, c_void_p),
    ),
    "wasmtime_call_future_poll": (c_bool, (c_void_p,)),
    "wasmtime_call_future_delete": (None, (c_void_p,)),
    # The header promises an error; the library returns nothing.
    "wasmtime_context_epoch_deadline_async_yield_and_update": (None, (c_void_p, u64)),
    "wasmtime_memory_data": (c_void_p, (c_void_p, c_void_p)),
    "wasmtime_memory_data_size": (c_size_t, (c_void_p, c_void_p)),
    "wasmtime_memory_size": (u64, (c_void_p, c_void_p)),
    "wasmtime_memory_grow": (c_void_p, (c_void_p, c_void_p, u64, POINTER(u64))),
    "wasmtime_global_get": (None, (c_void_p, c_void_p, POINTER(Value))),
    "wasmtime_error_new": (c_size_t, (c_char_p,)),
    "wasmtime_error_message": (None, (c_void_p, POINTER(Bytes))),
    "wasmtime_error_delete": (None, (c_void_p,)),
    "wasmtime_trap_code": (c_bool, (c_void_p, POINTER(c_uint8))),
    "wasm_trap_message": (None, (c_void_p, POINTER(Bytes))),
    "wasm_trap_delete": (None, (c_void_p,)),
    "wasm_byte_vec_delete": (None, (POINTER(Bytes),)),
    "wasmtime_func_type": (c_void_p, (c_void_p, c_void_p)),
    "wasm_functype_params": (c_void_p, (c_void_p,)),
    "wasm_functype_results": (c_void_p, (c_void_p,)),
    "wasm_functype_delete": (None, (c_void_p,)),
    "wasm_valtype_kind": (c_uint8, (c_void_p,)),
}
_POOL = (
    "async_stack_keep_resident",
    "linear_memory_keep_resident",
    "max_memory_size",
    "max_unused_warm_slots",
    "table_elements",
    "table_keep_resident",
    "total_component_instances",
    "total_core_instances",
    "total_memories",
    "total_stacks",
    "total_tables",
)
_SIGNATURES |= {
    f"wasmtime_pooling_allocation_config_{name}_set": (None, (c_void_p, c_size_t)) for name in _POOL
}


def library_identity() -> str:
    """Return what tells one installed library from another: it changes with every version."""
    found = _path.stat()
    return f"{_path.name} {found.st_size} {found.st_mtime_ns}"


def _library_path() -> Path:
    spec = importlib.util.find_spec("wasmtime")
    name = _LIBRARIES.get(sys.platform)
    if spec is None or not spec.submodule_search_locations or name is None:
        raise BuildError(
            "the wasmtime package has no library for this platform",
            fix='run `python -m pip install "wasmtime>=50,<51"` on Linux, macOS or Windows',
            code="no-wasmtime",
        )
    machine = _MACHINES.get(platform.machine(), platform.machine())
    return Path(spec.submodule_search_locations[0]) / f"{sys.platform}-{machine}" / name


def _load(kind: type[ctypes.CDLL], path: Path) -> ctypes.CDLL:
    try:
        library = kind(str(path))
    except OSError as error:
        raise BuildError(
            f"wasmtime's library cannot be loaded: {error}",
            fix='run `python -m pip install --force-reinstall "wasmtime>=50,<51"`',
            code="no-wasmtime",
        ) from None
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


_path = _library_path()
lib = _load(ctypes.PyDLL, _path)
guest = _load(ctypes.CDLL, _path)


def error_text(error: int) -> str:
    """Return the message of a `wasmtime_error_t` and free it."""
    text = Bytes()
    lib.wasmtime_error_message(error, byref(text))
    message = _take(text)
    lib.wasmtime_error_delete(error)
    return message


def trap_text(trap: int) -> tuple[int | None, str]:
    """Return code and message of a `wasm_trap_t` and free it; no code: the host caused it."""
    code, text = c_uint8(), Bytes()
    has_code = lib.wasmtime_trap_code(trap, byref(code))
    lib.wasm_trap_message(trap, byref(text))
    message = _take(text)
    lib.wasm_trap_delete(trap)
    return (code.value if has_code else None), message


def _take(text: Bytes) -> str:
    data = ctypes.string_at(text.data, text.size) if text.size else b""
    lib.wasm_byte_vec_delete(byref(text))
    return data.rstrip(b"\0").decode("utf-8", "replace")


def machine_features() -> str:
    """Return what the CPU can do, as far as the system tells: compiled code depends on it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            lines = [line for line in file if line.startswith(("flags", "Features"))]
        return f"{platform.machine()} {lines[0] if lines else ''}"
    except OSError:
        return f"{platform.machine()} {platform.processor()}"


__all__ = [
    "EXTERN_FUNC",
    "EXTERN_GLOBAL",
    "EXTERN_MEMORY",
    "TRAP_INTERRUPT",
    "TRAP_OUT_OF_BOUNDS",
    "TRAP_STACK_OVERFLOW",
    "Bytes",
    "Callback",
    "EpochCallback",
    "Extern",
    "Instance",
    "Value",
    "error_text",
    "guest",
    "lib",
    "library_identity",
    "machine_features",
    "trap_text",
]
