"""Turns TypeScript into JavaScript with swc's own WebAssembly module, the one that Node ships.

`erase` blanks types out, so that every character that stays keeps its line and its UTF-16 column.
`transform` rewrites what cannot be blanked (enums, parameter properties, namespaces, `<T>x`), and
gives a source map.  Each call has an instance of its own (0.3 ms) under limits of time and memory:
a program is hostile before it runs, too, and nothing of it may outlive its own parse.
"""

from __future__ import annotations

import ctypes
import struct
import threading
import unicodedata
from ctypes import byref, c_uint64, c_void_p
from functools import cache
from typing import Final, Literal, NamedTuple

from tsbind.errors import GuestError, LimitError, RunError
from tsbind.resources import artefact
from tsbind.runtime import engine as engines
from tsbind.runtime import wasm
from tsbind.runtime.bindgen import Heap
from tsbind.runtime.engine import Engine
from tsbind.runtime.fork import after_fork
from tsbind.runtime.linker import Linker, Trap, check
from tsbind.runtime.turns import Turn
from tsbind.runtime.wasm import lib

SECONDS: Final = 2.0  # of CPU, for one parse; 1 MiB of ordinary code takes a third of a second
MEMORY: Final = 512 << 20  # bytes of linear memory; 1 MiB of ordinary code takes a tenth

_HANDLE: Final = wasm.Extern.value.offset  # where the handle lies in a `wasmtime_extern_t`

FaultCode = Literal["InvalidSyntax", "UnsupportedSyntax", "TooDeep"]


class SyntaxFault(Exception):
    """The text is not TypeScript, or holds TypeScript that the mode cannot take out.

    `line` counts from 1, `column` from 0 in characters; both are 0 when swc does not say.
    """

    def __init__(self, code: FaultCode, message: str, line: int = 0, column: int = 0) -> None:
        self.code, self.message, self.line, self.column = code, message, line, column
        super().__init__(message)


class Transformed(NamedTuple):
    """JavaScript, and its source map as JSON."""

    code: str
    map: str


class Stripper:
    """swc, ready to parse.  Safe to share between threads."""

    def __init__(self, engine: Engine, module: bytes) -> None:
        self._engine = engine
        self._thread = threading.local()  # whose table the imports of this thread's instance mean
        self._linker = Linker(engine, engine.load(module), self._answer)

    def erase(self, text: str) -> str:
        """Return `text` with its types blanked out.

        Raises SyntaxFault, LimitError, GuestError.
        """
        return _text(self._call(text, {"mode": "strip-only", "module": True}), "code")

    def transform(self, text: str) -> Transformed:
        """Return `text` reprinted as JavaScript, with its map.

        Raises SyntaxFault, LimitError, GuestError.
        """
        rewriting = {"verbatimModuleSyntax": True, "nativeClassProperties": True}
        options = {"mode": "transform", "module": True, "sourceMap": True, "transform": rewriting}
        answer = self._call(text, options)
        return Transformed(_text(answer, "code"), _text(answer, "map"))

    def _answer(self, name: str, arguments: tuple[float, ...]) -> int:
        heap: Heap = self._thread.heap
        return heap.call(name, arguments)

    def _call(self, text: str, options: dict[str, object]) -> object:
        heap = self._thread.heap = Heap()
        store = lib.wasmtime_store_new(self._engine.pointer, None, None)
        turn = self._engine.turn(store, SECONDS)
        try:
            lib.wasmtime_store_limiter(store, MEMORY, 20_000, 1, 2, 1)
            context = lib.wasmtime_store_context(store)
            with turn:
                heap.memory = instance = _Instance(context, self._linker.instantiate(context))
                failed, index = instance.transform(heap.add(text), heap.add(options))
        except Trap as trap:
            raise _reason(trap, heap, turn) from None
        finally:
            self._thread.heap = None
            lib.wasmtime_store_delete(store)
        if heap.fault is not None:
            raise _broken(heap.fault)
        if failed:
            raise _fault(heap.get(index), text)
        return heap.get(index)


class _Instance:
    """One instance of swc: its memory, every range checked, and its functions."""

    def __init__(self, context: int, instance: wasm.Instance) -> None:
        self._context, self._instance = context, instance
        self._memory = self._export(b"memory", wasm.EXTERN_MEMORY)
        self._allocate = self._export(b"__wbindgen_export_2", wasm.EXTERN_FUNC)

    def read(self, start: int, size: int) -> bytes:
        """Return `size` bytes of memory.  Raises IndexError."""
        return ctypes.string_at(self._address(start, size), size)

    def write(self, start: int, content: bytes) -> None:
        """Put `content` into memory.  Raises IndexError."""
        ctypes.memmove(self._address(start, len(content)), content, len(content))

    def allocate(self, size: int) -> int:
        """Return where `size` bytes may be written.  Raises Trap."""
        return self._call(self._allocate, size, 1) & 0xFFFF_FFFF

    def transform(self, text: int, options: int) -> tuple[bool, int]:
        """Call swc.  Returns whether it failed, and the index of its answer or of its error."""
        shift = self._export(b"__wbindgen_add_to_stack_pointer", wasm.EXTERN_FUNC)
        place = self._call(shift, -16)
        self._call(self._export(b"transformSync", wasm.EXTERN_FUNC), place, text, options)
        answer, error, failed = struct.unpack("<iii", self.read(place, 12))
        return bool(failed), error if failed else answer

    def _export(self, name: bytes, kind: int) -> wasm.Extern:
        return engines.export(self._context, self._instance, name, kind)

    def _address(self, start: int, size: int) -> int:
        """Return the host's address of a range of memory, which moves when it grows."""
        handle = ctypes.addressof(self._memory) + _HANDLE
        start, size = start & 0xFFFF_FFFF, size & 0xFFFF_FFFF
        if start + size > lib.wasmtime_memory_data_size(self._context, handle):
            raise IndexError("a range outside of the module's memory")
        base: int = lib.wasmtime_memory_data(self._context, handle)
        return base + start

    def _call(self, function: wasm.Extern, *arguments: int) -> int:
        values, trap = (c_uint64 * 6)(), c_void_p()  # 16 bytes for each argument and result
        for index, argument in enumerate(arguments):
            values[2 * index] = argument & 0xFFFF_FFFF
        handle = ctypes.addressof(function) + _HANDLE
        error = wasm.guest.wasmtime_func_call_unchecked(
            self._context, handle, values, 3, byref(trap)
        )
        check(error, trap.value)
        return values[0] & 0xFFFF_FFFF


def _text(answer: object, name: str) -> str:
    text = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise _broken(f'its answer has no "{name}"')
    return text


def _fault(error: object, text: str) -> Exception:
    """Return the exception for what swc threw about `text`."""
    if not isinstance(error, dict) or error.get("code") not in (
        "InvalidSyntax",
        "UnsupportedSyntax",
    ):
        return _broken(str(error))
    place = (error.get("startLine"), error.get("startColumn"))
    line, shown = (int(n) if isinstance(n, (int, float)) else 0 for n in place)
    column = _column(text.split("\n"), line, shown)
    return SyntaxFault(error["code"], str(error.get("message")), line, column)


def _column(lines: list[str], line: int, shown: int) -> int:
    """Return the index in its line of a place that swc gives in columns of a terminal."""
    if not 1 <= line <= len(lines):
        return 0
    width = 0
    for index, character in enumerate(lines[line - 1]):
        if width >= shown:
            return index
        width += _width(character)
    return len(lines[line - 1])


def _width(character: str) -> int:
    """Return the columns that swc counts: those of a terminal, and one more beyond U+FFFF."""
    if character == "\t":
        return 4
    extra = int(ord(character) > 0xFFFF)
    if unicodedata.category(character) in ("Cc", "Cf", "Me", "Mn"):
        return extra
    return extra + (2 if unicodedata.east_asian_width(character) in "WF" else 1)


def _reason(trap: Trap, heap: Heap, turn: Turn) -> BaseException:
    """Return the exception for why swc stopped short of an answer."""
    if turn.interrupted is not None:
        return turn.interrupted
    if turn.cpu >= turn.allowed:
        return LimitError("cpu", used=turn.cpu, allowed=turn.allowed, unit="seconds")
    match trap.code:
        # swc's own stack lies at the start of its memory, so that running over it is out of bounds.
        case wasm.TRAP_STACK_OVERFLOW | wasm.TRAP_OUT_OF_BOUNDS:
            return SyntaxFault("TooDeep", "the program is nested too deeply to be read")
    return _broken(heap.fault or str(trap).partition("\n")[0])


def _broken(reason: str) -> RunError:
    return GuestError(
        f"the type stripper failed: {reason[:200]}",
        fix="write the program in simpler TypeScript, or in JavaScript",
        code="stripper",
    )


_lock = threading.Lock()


def stripper() -> Stripper:
    """Return the process's stripper.  Raises BuildError when the build has not made swc.wasm."""
    with _lock:
        return _stripper()


def is_loaded() -> bool:
    """Say whether `stripper` has been called: the first call may have to compile for seconds."""
    return bool(_stripper.cache_info().currsize)


@cache
def _stripper() -> Stripper:
    return Stripper(Engine.default(), artefact("swc.wasm").read_bytes())


def _forget() -> None:
    global _lock  # whoever held it is not in this process
    _lock = threading.Lock()
    _stripper.cache_clear()


after_fork(_forget)
