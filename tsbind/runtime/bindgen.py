"""The JavaScript side of wasm-bindgen's calling convention, as far as the type stripper needs it.

A module made by wasm-bindgen keeps JavaScript values in a table of its host, and passes indexes
into that table.  This is such a table in Python: `undefined`, `null`, booleans, numbers, strings,
objects (dict), arrays (list) and errors are enough, as the stripper is only ever given a string
and an options object, and answers with a plain object or an error.

The module names each import with a hash of its signature, so a table of names belongs to one
build of the module, which is pinned by its own hash where it is fetched.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Protocol

_FIRST_FREE = 132  # below it lie 128 slots of the convention's own stack, and four constants


class Undefined:
    """JavaScript's `undefined`, which is not `null` (None)."""


UNDEFINED = Undefined()


class JsError(Exception):
    """An error object that the module made, or its last words before it gave up."""


class Linear(Protocol):
    """The module's linear memory and its allocator."""

    def read(self, start: int, size: int) -> bytes: ...

    def write(self, start: int, content: bytes) -> None: ...

    def allocate(self, size: int) -> int: ...


class Heap:
    """The table of values that one instance of the module refers to by index.

    The methods named after imports take and return what the import does.  `call` never raises, as
    no exception can cross the module: a fault is kept in `fault`, and makes the answer void.
    """

    def __init__(self) -> None:
        self._slots: list[object] = [UNDEFINED] * 128 + [UNDEFINED, None, True, False]
        self._free: list[int] = []
        self.memory: Linear | None = None  # set as soon as the instance exists
        self.fault: str | None = None

    def add(self, value: object) -> int:
        """Keep `value` and return its index."""
        if self._free:
            index = self._free.pop()
            self._slots[index] = value
            return index
        self._slots.append(value)
        return len(self._slots) - 1

    def get(self, index: int) -> object:
        """Return the value at `index`; an index that was never given out is a fault."""
        if 0 <= index < len(self._slots):
            return self._slots[index]
        self.fault = self.fault or f"no value has the index {index}"
        return UNDEFINED

    def take(self, index: int) -> object:
        """Return the value at `index` and free its slot."""
        value = self.get(index)
        if _FIRST_FREE <= index < len(self._slots):
            self._slots[index] = UNDEFINED
            self._free.append(index)
        return value

    def drop(self, index: int) -> None:
        """Free the slot at `index`."""
        self.take(index)

    def call(self, name: str, arguments: tuple[float, ...]) -> int:
        """Answer one import.  A fault is remembered and answered with 0."""
        function = IMPORTS.get(name)
        try:
            if function is not None:
                return function(self, *arguments) or 0
            self.fault = self.fault or f"it asked for {name}, which is not provided"
        except Exception as error:  # kept in `fault`: see the docstring of the class
            self.fault = self.fault or f"{name}: {error!r}"
        return 0

    # -- strings and memory --

    def _text(self, start: int, size: int) -> str:
        assert self.memory is not None
        return self.memory.read(start, size).decode("utf-8")

    def _put(self, at: int, layout: str, *values: float) -> None:
        assert self.memory is not None
        self.memory.write(at, struct.pack(layout, *values))

    def _put_text(self, at: int, text: str | None) -> None:
        """Write (pointer, length) of a copy of `text` at `at`; (0, 0) for none."""
        if text is None:
            return self._put(at, "<II", 0, 0)
        assert self.memory is not None
        encoded = text.encode("utf-8")
        start = self.memory.allocate(len(encoded))
        self.memory.write(start, encoded)
        return self._put(at, "<II", start, len(encoded))

    # -- imports --

    def string_new(self, start: int, size: int) -> int:
        return self.add(self._text(start, size))

    def error_new(self, start: int, size: int) -> int:
        return self.add(JsError(self._text(start, size)))

    def throw(self, start: int, size: int) -> None:
        # The module runs into `unreachable` behind this import, so there is no need to trap here.
        self.fault = self.fault or self._text(start, size)

    def string_get(self, at: int, index: int) -> None:
        value = self.get(index)
        self._put_text(at, value if isinstance(value, str) else None)

    def debug_string(self, at: int, index: int) -> None:
        self._put_text(at, repr(self.get(index)))

    def number_get(self, at: int, index: int) -> None:
        value = self.get(index)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        self._put(at, "<ixxxxd", number, float(value) if number else 0.0)  # type: ignore[arg-type]

    def boolean_get(self, index: int) -> int:
        value = self.get(index)
        return int(value) if isinstance(value, bool) else 2

    def is_object(self, index: int) -> int:
        return int(isinstance(self.get(index), (dict, list, JsError)))

    def is_falsy(self, index: int) -> int:
        value = self.get(index)
        return int(isinstance(value, Undefined) or value in (None, False, 0, ""))

    def is_equal(self, left: int, right: int) -> int:
        one, other = self.get(left), self.get(right)
        return int(one is other or (type(one) is type(other) and one == other))

    def is_loosely_equal(self, left: int, right: int) -> int:
        one, other = self.get(left), self.get(right)
        nothing = [value is None or isinstance(value, Undefined) for value in (one, other)]
        return int(all(nothing) or (not any(nothing) and one == other))

    def is_in(self, key: int, index: int) -> int:
        value = self.get(index)
        return int(isinstance(value, dict) and self.get(key) in value)

    def property(self, index: int, key: int) -> int:
        value = self.get(index)
        found = value.get(self.get(key), UNDEFINED) if isinstance(value, dict) else UNDEFINED
        return self.add(found)

    def set_property(self, index: int, key: int, value: int) -> None:
        target, name, content = self.get(index), self.take(key), self.take(value)
        if isinstance(target, dict):
            target[name] = content

    def entries(self, index: int) -> int:
        value = self.get(index)
        pairs = value.items() if isinstance(value, dict) else ()
        return self.add([[name, content] for name, content in pairs])

    def item(self, index: int, position: int) -> int:
        value = self.get(index)
        known = isinstance(value, list) and 0 <= position < len(value)
        return self.add(value[position] if known else UNDEFINED)  # type: ignore[index]

    def length(self, index: int) -> int:
        value = self.get(index)
        return len(value) if isinstance(value, list) else 0


_Import = Callable[..., "int | None"]


def _is(*types: type) -> _Import:
    return lambda heap, index: int(isinstance(heap.get(index), types))


# Of the 60 imports, those that a call of `transformSync` with our options reaches.
IMPORTS: Mapping[str, _Import] = {
    "__wbindgen_string_new": Heap.string_new,
    "__wbindgen_error_new": Heap.error_new,
    "__wbindgen_throw": Heap.throw,
    "__wbindgen_string_get": Heap.string_get,
    "__wbindgen_debug_string": Heap.debug_string,
    "__wbindgen_number_new": lambda heap, value: heap.add(value),
    "__wbindgen_number_get": Heap.number_get,
    "__wbindgen_boolean_get": Heap.boolean_get,
    "__wbindgen_object_drop_ref": Heap.drop,
    "__wbindgen_object_clone_ref": lambda heap, index: heap.add(heap.get(index)),
    "__wbindgen_is_string": _is(str),
    "__wbindgen_is_undefined": _is(Undefined),
    "__wbindgen_is_object": Heap.is_object,
    "__wbindgen_is_falsy": Heap.is_falsy,
    "__wbindgen_is_function": lambda heap, index: 0,
    "__wbindgen_is_bigint": lambda heap, index: 0,
    "__wbindgen_in": Heap.is_in,
    "__wbindgen_jsval_eq": Heap.is_equal,
    "__wbindgen_jsval_loose_eq": Heap.is_loosely_equal,
    "__wbg_new_405e22f390576ce2": lambda heap: heap.add({}),
    "__wbg_getwithrefkey_1dc361bd10053bfe": Heap.property,
    "__wbg_get_67b2ba62fc30de12": Heap.property,
    "__wbg_set_3f1d0b984ed272ed": Heap.set_property,
    "__wbg_entries_3265d4158b33e5dc": Heap.entries,
    "__wbg_get_b9b93047fe3cf45b": Heap.item,
    "__wbg_length_e2d2a49132c1b256": Heap.length,
    "__wbg_iterator_9a24c88df860dc65": lambda heap: heap.add(UNDEFINED),
    "__wbg_isArray_a1eab7e0d067391b": _is(list),
    "__wbg_instanceof_Map_f3469ce2244d2430": lambda heap, index: 0,
    "__wbg_instanceof_Uint8Array_17156bcf118086a9": lambda heap, index: 0,
    "__wbg_instanceof_ArrayBuffer_e14585432e3737fc": lambda heap, index: 0,
}
