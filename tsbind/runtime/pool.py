"""Where instances get their memory: from a pool whose pages stay, or each from the system.

An instance starts as a copy of an image.  When its memory comes from the system, each page that it
touches costs a fault and a copy, and closing it gives all of them back: for a short program that is
two thirds of its time, above all on virtual machines, where a fault takes microseconds.  A slot of
the pool keeps its pages, and wasmtime writes the image over them when an instance ends.

The pool is small, for its pages stay resident; whoever finds it empty turns to the system.
"""

from __future__ import annotations

import os
import sys
from typing import Final

from tsbind.runtime.wasm import lib

SLOTS: Final = 16
_KEPT: Final = 4 << 20  # bytes of each slot that stay resident; what lies above is given back
_STACK_KEPT: Final = 16 << 10  # bytes of each stack that stay resident
_LARGEST: Final = 4 << 30  # bytes of a memory
_TABLE: Final = 20_000  # entries of a table

_BESIDE: Final = 64 << 10  # bytes of a fiber's stack that guest code leaves to wasmtime
_MAX_STACK: Final = 4 << 20  # bytes of native stack for guest code, where threads have as much


def new_engine(stack: int, *, pooled: bool) -> int:
    """Return a `wasm_engine_t` whose guests use `stack` bytes; both kinds run the same code."""
    config = lib.wasm_config_new()
    lib.wasmtime_config_async_stack_size_set(config, stack + _BESIDE)
    lib.wasmtime_config_epoch_interruption_set(config, True)
    lib.wasmtime_config_max_wasm_stack_set(config, stack)
    lib.wasmtime_config_memory_init_cow_set(config, True)
    lib.wasmtime_config_wasm_threads_set(config, False)
    if pooled:
        _pool(config)
    engine: int = lib.wasm_engine_new_with_config(config)
    return engine


def can_pool() -> bool:
    """Whether there is room to reserve addresses for: wasmtime aborts when there is not."""
    if sys.maxsize < 1 << 32:
        return False
    if sys.platform == "win32":
        return True
    import resource

    return resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def _pool(config: int) -> None:
    pool = lib.wasmtime_pooling_allocation_config_new()
    for name, value in {
        "total_core_instances": SLOTS,
        "total_memories": SLOTS,
        "total_tables": SLOTS,
        "total_stacks": SLOTS,
        "total_component_instances": 0,
        "max_unused_warm_slots": SLOTS,
        "max_memory_size": _LARGEST,
        "table_elements": _TABLE,
        "linear_memory_keep_resident": _KEPT,
        "table_keep_resident": _TABLE * 8,
        "async_stack_keep_resident": _STACK_KEPT,
    }.items():
        getattr(lib, f"wasmtime_pooling_allocation_config_{name}_set")(pool, value)
    lib.wasmtime_pooling_allocation_strategy_set(config, pool)
    lib.wasmtime_pooling_allocation_config_delete(pool)


def native_stack() -> int:
    """Return how many bytes of native stack guest code may use.

    Guest code runs on the stack of the thread that calls it, and a thread that runs over its
    stack takes the process with it: so half of what threads have here.
    """
    if sys.platform == "win32":
        return 1 << 19
    import resource

    allowed, _ = resource.getrlimit(resource.RLIMIT_STACK)
    if sys.platform == "linux" and not _has_glibc():
        allowed = 1 << 20  # musl gives a thread much less than the main one has
    elif allowed == resource.RLIM_INFINITY:
        allowed = 2 << 20  # what glibc then gives to a thread
    return min(_MAX_STACK, allowed // 2)


def _has_glibc() -> bool:
    try:
        return bool(os.confstr("CS_GNU_LIBC_VERSION"))
    except (ValueError, OSError):
        return False
