"""Python's collector of cycles, which looks for nothing in what goes with the process anyway."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unswept() -> Iterator[None]:
    """Keep the collector off, and then for good from all that was made: the process ends soon.

    A large document becomes a million objects.  Looking through them once when the compiler is
    done, and once more when Python ends, would take a seventh of the time of a whole command.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was:
            gc.enable()
