"""Turns TypeScript into JavaScript with swc's own WebAssembly module, the one that Node ships.

`erase` blanks types out, so that every character that stays keeps its line and its UTF-16 column.
`transform` rewrites what cannot be blanked (enums, parameter properties, namespaces, `<T>x`), and
gives a source map.  Each call has an instance of its own (0.3 ms) under limits of time and memory:
a program is hostile before it runs, too, and nothing of it may outlive its own parse.
"""

from __future__ import annotations

import struct
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tsbind.errors import GuestError, LimitError, RunError
from tsbind.resources import artefact
from tsbind.runtime.bindgen import MODULE, Heap

if TYPE_CHECKING:
    import wasmtime

SECONDS = 2.0  # of one parse; 1 MiB of ordinary code takes a third of a second
MEMORY = 512 << 20  # bytes of linear memory; 1 MiB of ordinary code takes a tenth

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

    def __init__(self, engine: wasmtime.Engine, module: wasmtime.Module) -> None:
        import wasmtime

        self._engine, self._module = engine, module
        self._linker = wasmtime.Linker(engine)
        self._turn = threading.local()  # whose table the imports of this thread's instance mean
        for entry in module.imports:
            self._link(entry)

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

    def _link(self, entry: wasmtime.ImportType) -> None:
        import wasmtime

        name, turn = entry.name, self._turn
        if entry.module != MODULE or name is None or not isinstance(entry.type, wasmtime.FuncType):
            raise GuestError(f'the type stripper imports "{entry.module}.{name}"', code="stripper")

        def answer(*arguments: int) -> int:
            return turn.heap.call(name, arguments) or 0

        def accept(*arguments: int) -> None:
            turn.heap.call(name, arguments)

        function = answer if entry.type.results else accept
        self._linker.define_func(MODULE, name, entry.type, function)

    def _call(self, text: str, options: dict[str, object]) -> object:
        import wasmtime

        heap = self._turn.heap = Heap()
        store = wasmtime.Store(self._engine)
        try:
            store.set_limits(memory_size=MEMORY)
            with _deadline(self._engine, store):
                instance = _Instance(store, self._linker.instantiate(store, self._module))
                heap.memory = instance
                answer = instance.transform(heap.add(text), heap.add(options))
        except (wasmtime.Trap, wasmtime.WasmtimeError) as trap:
            raise _reason(trap, heap) from None
        finally:
            self._turn.heap = None
            store.close()
        if heap.fault is not None:
            raise _broken(heap.fault)
        failed, index = answer
        if failed:
            raise _fault(heap.get(index), text)
        return heap.get(index)


class _Instance:
    """One instance of swc: its memory, every range checked, and its one function."""

    def __init__(self, store: wasmtime.Store, instance: wasmtime.Instance) -> None:
        exports: Any = instance.exports(store)  # the pinned module decides their kinds
        self._store = store
        self._memory = exports["memory"]
        self._allocate = exports["__wbindgen_export_2"]
        self._shift_stack = exports["__wbindgen_add_to_stack_pointer"]
        self._transform = exports["transformSync"]

    def read(self, start: int, size: int) -> bytes:
        """Return `size` bytes of memory; wasmtime-py itself would shorten a range that is off."""
        start, size = start & 0xFFFF_FFFF, size & 0xFFFF_FFFF
        if start + size > self._memory.data_len(self._store):
            raise IndexError("a range outside of the module's memory")
        return bytes(self._memory.read(self._store, start, start + size))

    def write(self, start: int, content: bytes) -> None:
        self._memory.write(self._store, content, start & 0xFFFF_FFFF)

    def allocate(self, size: int) -> int:
        return int(self._allocate(self._store, size, 1)) & 0xFFFF_FFFF

    def transform(self, text: int, options: int) -> tuple[bool, int]:
        """Call swc.  Returns whether it failed, and the index of its answer or of its error."""
        place = self._shift_stack(self._store, -16)
        self._transform(self._store, place, text, options)
        answer, error, failed = struct.unpack("<iii", self.read(place, 12))
        return bool(failed), error if failed else answer


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


def _reason(trap: wasmtime.Trap | wasmtime.WasmtimeError, heap: Heap) -> Exception:
    """Return the exception for why swc stopped short of an answer."""
    import wasmtime

    match trap.trap_code if isinstance(trap, wasmtime.Trap) else None:
        case wasmtime.TrapCode.STACK_OVERFLOW:
            return SyntaxFault("TooDeep", "the program is nested too deeply to be read")
        case wasmtime.TrapCode.INTERRUPT:
            return LimitError("cpu", used=SECONDS, allowed=SECONDS, unit="s")
    return _broken(heap.fault or str(trap).partition("\n")[0])


def _broken(reason: str) -> RunError:
    return GuestError(
        f"the type stripper failed: {reason[:200]}",
        fix="write the program in simpler TypeScript, or in JavaScript",
        code="stripper",
    )


@contextmanager
def _deadline(engine: wasmtime.Engine, store: wasmtime.Store) -> Iterator[None]:
    store.set_epoch_deadline(1)
    timer = threading.Timer(SECONDS, engine.increment_epoch)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@cache
def stripper() -> Stripper:
    """Return the process's stripper.  Raises BuildError when the build has not made swc.wasm."""
    import wasmtime

    config = wasmtime.Config()
    config.epoch_interruption = True
    config.cache = True
    engine = wasmtime.Engine(config)
    return Stripper(engine, wasmtime.Module.from_file(engine, str(artefact("swc.wasm"))))
