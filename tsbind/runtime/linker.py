"""Instances of a module that calls functions of ours.

The guest has no imports; this is for modules that others made.  It goes past the `wasmtime` package
as wasm.py does: the package would spend more time on a call than the function that is called.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import byref, c_void_p
from typing import Final, NamedTuple

from tsbind.errors import BuildError
from tsbind.runtime import wasm
from tsbind.runtime.engine import Engine
from tsbind.runtime.wasm import lib

_SLOT: Final = 4  # 32-bit words that wasmtime keeps for one argument or result

# What an import calls: its name, then its arguments.  It must not raise.
Answer = Callable[[str, tuple[float, ...]], int]


class Trap(Exception):
    """The instance stopped; `code` is wasmtime's, None when the host stopped it."""

    def __init__(self, code: int | None, text: str) -> None:
        self.code = code
        super().__init__(text)


class _Import(NamedTuple):
    module: str
    name: str
    type: int  # `wasm_functype_t`, or 0 when the import is no function
    doubles: bool  # it takes one f64; otherwise all arguments are i32
    arity: int
    returns: bool


class Linker:
    """A module with its imports bound to `answer`."""

    def __init__(self, engine: Engine, module: int, answer: Answer) -> None:
        self._module = module
        self._linker: int = lib.wasmtime_linker_new(engine.pointer)
        self._callbacks: list[object] = []  # wasmtime does not keep them alive
        imports = wasm.Bytes()
        lib.wasmtime_module_imports(module, byref(imports))
        try:
            for each in _read_imports(imports):
                self._define(each, answer)
        finally:
            lib.wasm_importtype_vec_delete(byref(imports))

    def instantiate(self, context: int) -> wasm.Instance:
        """Return a fresh instance.  Raises Trap."""
        instance, trap = wasm.Instance(), c_void_p()
        error = lib.wasmtime_linker_instantiate(
            self._linker, context, self._module, byref(instance), byref(trap)
        )
        check(error, trap.value)
        return instance

    def _define(self, each: _Import, answer: Answer) -> None:
        if not each.type:
            raise BuildError(f'a module imports "{each.module}.{each.name}", which is no function')
        callback = wasm.Callback(_callback(each, answer))
        self._callbacks.append(callback)
        module, name = each.module.encode(), each.name.encode()
        error = lib.wasmtime_linker_define_func_unchecked(
            self._linker, module, len(module), name, len(name), each.type, callback, 0, None
        )
        check(error, None)


def check(error: int | None, trap: int | None) -> None:
    """Raise Trap when wasmtime returned an error or a trap."""
    if trap:
        raise Trap(*wasm.trap_text(trap))
    if error:
        raise Trap(None, wasm.error_text(error))


def _callback(each: _Import, answer: Answer) -> Callable[..., int]:
    name, places = each.name, tuple(range(0, each.arity * _SLOT, _SLOT))

    def call(_data: object, _caller: object, slots: object, _count: int) -> int:
        # ctypes would print an exception and go on; `answer` promises not to raise any.
        words = [slots[place] for place in places]  # type: ignore[index]
        result = answer(name, tuple(words))
        if each.returns:
            slots[0] = result  # type: ignore[index]
        return 0

    def call_double(_data: object, _caller: object, slots: object, _count: int) -> int:
        doubles = ctypes.cast(slots, ctypes.POINTER(ctypes.c_double))  # type: ignore[arg-type]
        slots[0] = answer(name, (doubles[0],))  # type: ignore[index]
        return 0

    return call_double if each.doubles else call


def _read_imports(imports: wasm.Bytes) -> list[_Import]:
    pointers = (c_void_p * imports.size).from_address(imports.data) if imports.size else ()
    return [_read_import(pointer) for pointer in pointers]


def _read_import(pointer: int) -> _Import:
    kind = lib.wasm_externtype_as_functype_const(lib.wasm_importtype_type(pointer))
    params = _kinds(lib.wasm_functype_params(kind)) if kind else ()
    results = _kinds(lib.wasm_functype_results(kind)) if kind else ()
    return _Import(
        _text(lib.wasm_importtype_module(pointer)),
        _text(lib.wasm_importtype_name(pointer)),
        kind or 0,
        params == (_F64,),
        len(params),
        bool(results),
    )


_F64: Final = 3


def _kinds(vector: int) -> tuple[int, ...]:
    found = wasm.Bytes.from_address(vector)
    pointers = (c_void_p * found.size).from_address(found.data) if found.size else ()
    return tuple(lib.wasm_valtype_kind(pointer) for pointer in pointers)


def _text(vector: int) -> str:
    found = wasm.Bytes.from_address(vector)
    return ctypes.string_at(found.data, found.size).decode("utf-8") if found.size else ""
