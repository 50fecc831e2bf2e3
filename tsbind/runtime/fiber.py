"""A call of a function of the guest, on a stack of its own.

So it can stand still at each look at its limits, and go on in another thread: whoever runs a guest
need not stay with it, and no code of ours runs on top of it.
"""

from __future__ import annotations

from ctypes import addressof, c_uint64
from typing import Final

from tsbind.runtime import wasm
from tsbind.runtime.wasm import lib

_FUNC: Final = wasm.Extern.value.offset  # where the handle lies in a `wasmtime_extern_t`
# 64-bit words of a `wasmtime_val_t`: its kind, which is 0 for an i32, and then its value.
_WORDS: Final = 4
_RESULT: Final = 2 * _WORDS  # behind two arguments
_TRAP: Final = 3 * _WORDS
_ERROR: Final = _TRAP + 1
_Memory = c_uint64 * (_ERROR + 1)


class Fiber:
    """One call, begun by the first `poll`.  `drop` it before the store is deleted."""

    __slots__ = ("_future", "_memory")

    def __init__(self, context: int, function: wasm.Extern, arguments: tuple[int, ...]) -> None:
        """Call `function`, which takes at most two i32 and gives one integer."""
        memory = self._memory = _Memory()
        for index, argument in enumerate(arguments):
            memory[index * _WORDS + 1] = argument
        at = addressof(memory)
        self._future: int = lib.wasmtime_func_call_async(
            context,
            addressof(function) + _FUNC,
            at,
            len(arguments),
            at + 8 * _RESULT,
            1,
            at + 8 * _TRAP,
            at + 8 * _ERROR,
        )

    def poll(self) -> bool:
        """Run until the call ends, which is true, or until the epoch's deadline."""
        return bool(wasm.guest.wasmtime_call_future_poll(self._future))

    def result(self) -> int:
        """Return the bits of what the function gave.  Raises Stopped when it gave nothing."""
        memory = self._memory
        if memory[_TRAP]:
            raise Stopped(*wasm.trap_text(memory[_TRAP]))
        if memory[_ERROR]:
            raise Stopped(None, wasm.error_text(memory[_ERROR]))
        return memory[_RESULT + 1]

    def drop(self) -> None:
        """Free the stack; a call that has not ended is over."""
        lib.wasmtime_call_future_delete(self._future)


class Stopped(Exception):
    """The guest stopped; `code` is wasmtime's, None when no instruction of its own did it."""

    def __init__(self, code: int | None, text: str) -> None:
        self.code = code
        super().__init__(text)
