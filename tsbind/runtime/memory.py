"""What a run changed of the image: the pages to keep when it is saved.

Between two steps the state of a guest is its linear memory, and most of that is the image it began
as.  A page is kept as its difference from the image (exclusive or), which compresses to a tenth of
the page itself.  The guest's stack lies lowest and is empty at rest, so it is left out.
"""

from __future__ import annotations

import struct
from typing import Final

import msgspec

PAGE: Final = 4096
_COUNT = struct.Struct("<I")


class Rest(msgspec.Struct, frozen=True):
    """An isolate between two steps, beside its pages."""

    size: int  # bytes of memory
    cpu: float
    steps: int
    log_bytes: int
    logs_dropped: int
    last_id: int
    start_size: int


def difference(image: bytes, memory: bytes, start: int) -> bytes:
    """Return what makes `memory` of `image`, from the address `start` on."""
    length = len(memory)
    image = image[:length].ljust(length, b"\0")
    pages = [
        at
        for at in range(start // PAGE * PAGE, length, PAGE)
        if memory[at : at + PAGE] != image[at : at + PAGE]
    ]
    kept = b"".join(memory[at : at + PAGE] for at in pages)
    base = b"".join(image[at : at + PAGE] for at in pages)
    numbers = struct.pack(f"<{len(pages)}I", *(at // PAGE for at in pages))
    return _COUNT.pack(len(pages)) + numbers + _exclusive_or(kept, base)


def changes(image: bytes, kept: bytes, length: int) -> list[tuple[int, bytes]]:
    """Return the pages that `difference` kept, as addresses and contents; below `length` all.

    Raises ValueError when `kept` is not what `difference` returned.
    """
    try:
        (count,) = _COUNT.unpack_from(kept)
        numbers = struct.unpack_from(f"<{count}I", kept, _COUNT.size)
    except struct.error as error:
        raise ValueError(str(error)) from None
    content = kept[_COUNT.size * (count + 1) :]
    if len(content) != count * PAGE or any((number + 1) * PAGE > length for number in numbers):
        raise ValueError("the pages are not whole, or outside of the memory")
    base = b"".join(image[n * PAGE : (n + 1) * PAGE].ljust(PAGE, b"\0") for n in numbers)
    pages = _exclusive_or(content, base)
    return [(n * PAGE, pages[i * PAGE : (i + 1) * PAGE]) for i, n in enumerate(numbers)]


def _exclusive_or(one: bytes, other: bytes) -> bytes:
    number = int.from_bytes(one, "little") ^ int.from_bytes(other, "little")
    return number.to_bytes(len(one), "little")
