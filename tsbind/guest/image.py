"""Make the pre-initialised image: the guest as it is after its engine and bootstrap have started.

The module is instantiated once, initialised, and written again with its memory as data segments;
its functions for initialisation are no longer exported.  An isolate then starts by mapping those
pages, copy on write.  What goes in decides every byte of what comes out: the module has no imports.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import wasmtime
    from wasmtime._instance import InstanceExports as Exports

JS = ("errors.js", "api.js", "timers.js", "absent.js", "web*.js")  # evaluated in this order
# The stack pointer tells a host that saves a run whether the guest is at rest.
EXPORTS = ("memory", "protocol", "input", "start", "resume", "__stack_pointer")

_PAGE = 65536


class ImageError(Exception):
    """The bootstrap failed, or the module is not what the build made."""


def scripts(folder: Path) -> dict[str, str]:
    """Return the bootstrap's files, by name, in the order in which they are evaluated."""
    found = [path for pattern in JS for path in sorted(folder.glob(pattern))]
    return {path.name: path.read_text("utf-8") for path in found}


def make_image(module: bytes, bootstrap: Mapping[str, str]) -> bytes:
    """Initialise `module` with the `bootstrap` scripts and return it with its memory inside."""
    return _rewrite(module, _initialised_memory(module, bootstrap))


# ---- Running the initialisation --------------------------------------------------------------


def _initialised_memory(module: bytes, bootstrap: Mapping[str, str]) -> bytes:
    import wasmtime

    config = wasmtime.Config()
    config.max_wasm_stack = 2 << 20
    engine = wasmtime.Engine(config)
    store = wasmtime.Store(engine)
    instance = wasmtime.Instance(store, wasmtime.Module(engine, module), [])
    exports = instance.exports(store)
    memory = exports["memory"]
    assert isinstance(memory, wasmtime.Memory)
    _call(store, exports, "_initialize")
    if _call(store, exports, "boot") != 0:
        raise ImageError("the engine cannot be made")
    for name, text in bootstrap.items():
        _evaluate(store, exports, memory, name, text)
    _call(store, exports, "seal")
    image = bytearray(memory.read(store, 0, memory.data_len(store)))
    stack = exports["__stack_pointer"]
    assert isinstance(stack, wasmtime.Global)
    # The stack lies lowest and is empty again: what the initialisation left there is garbage.
    image[: stack.value(store)] = bytes(stack.value(store))
    return bytes(image)


def _call(store: wasmtime.Store, exports: Exports, name: str, *args: int) -> int | None:
    import wasmtime

    function = exports[name]
    assert isinstance(function, wasmtime.Func)
    result: int | None = function(store, *args)
    return result


def _evaluate(
    store: wasmtime.Store,
    exports: Exports,
    memory: wasmtime.Memory,
    name: str,
    text: str,
) -> None:
    message = name.encode() + b"\0" + text.encode() + b"\0"
    at = _call(store, exports, "input", len(message))
    if not at:
        raise ImageError(f"{name}: too long")
    memory.write(store, message, at)
    if _call(store, exports, "bootstrap", at, len(message)) != 0:
        inbox = _call(store, exports, "input", 0) or 0
        told = memory.read(store, inbox, inbox + 1000).split(b"\0")[0]
        raise ImageError(f"{name}: {told.decode(errors='replace')}")


# ---- Writing the module again ------------------------------------------------------------------


def _rewrite(module: bytes, memory: bytes) -> bytes:
    out = bytearray(module[:8])
    for kind, body in _sections(module):
        match kind:
            case 6 if len(_variables(body)) != 1:
                # Memory and this one variable are all that a run changes: see runtime/snapshot.py.
                raise ImageError("the module has variables beside its stack pointer")
            case 5:  # memory
                body = b"\x01\x00" + _uleb(len(memory) // _PAGE)
            case 7:  # exports
                body = _kept_exports(body)
            case 11:  # data
                body = _segments(memory)
            case 0 | 8 | 12:  # custom, start, data count
                continue
            case 2:
                raise ImageError("the module has imports")
        out += bytes([kind]) + _uleb(len(body)) + body
    return bytes(out)


def _sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    at = 8
    while at < len(module):
        kind = module[at]
        size, start = _read_uleb(module, at + 1)
        yield kind, module[start : start + size]
        at = start + size


def _variables(body: bytes) -> list[int]:
    """Return the start of each mutable global."""
    count, at = _read_uleb(body, 0)
    found = []
    for _ in range(count):
        if body[at + 1]:
            found.append(at)
        # Each is a type, whether it is mutable, and a constant i32: opcode, number, end.
        if body[at] != 0x7F or body[at + 2] != 0x41:
            raise ImageError("the module has a global that is not a number of 32 bits")
        _, at = _read_uleb(body, at + 3)
        at += 1
    return found


def _kept_exports(body: bytes) -> bytes:
    count, at = _read_uleb(body, 0)
    kept = []
    for _ in range(count):
        start = at
        length, at = _read_uleb(body, at)
        name = body[at : at + length].decode()
        _, at = _read_uleb(body, at + length + 1)  # after the kind: the index
        if name in EXPORTS:
            kept.append(body[start:at])
    if len(kept) != len(EXPORTS):
        raise ImageError(f"the module does not export all of {', '.join(EXPORTS)}")
    return _uleb(len(kept)) + b"".join(kept)


def _segments(memory: bytes) -> bytes:
    # Runs of 64 zeros or more are left out: a segment's head costs less than they do.
    found = list(re.finditer(rb"(?:[^\0]|\0{1,63}(?=[^\0]))+", memory))
    parts = [_uleb(len(found))]
    for run in found:
        text = run.group()
        parts += [b"\x00\x41", _sleb(run.start()), b"\x0b", _uleb(len(text)), text]
    return b"".join(parts)


def _read_uleb(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _uleb(value: int) -> bytes:
    out = bytearray()
    while True:
        byte = value & 127
        value >>= 7
        out.append(byte | (128 if value else 0))
        if not value:
            return bytes(out)


def _sleb(value: int) -> bytes:
    out = bytearray()
    while value > 63:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
