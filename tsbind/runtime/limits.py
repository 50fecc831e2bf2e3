"""How much one run may use, and how much it did."""

from __future__ import annotations

import msgspec

MIB = 1 << 20


class Limits(msgspec.Struct, frozen=True):
    """The limits of one run.

    Every one ends the run with its own LimitError, which says what was used and what was allowed;
    but calls beyond `concurrency` wait, console output beyond `log_bytes` is dropped and counted,
    and recursion that is too deep is a RangeError that the program may catch.
    """

    cpu: float = 5.0  # seconds in the guest
    wall: float = 60.0  # seconds from start to result, waiting included
    memory: int = 64 * MIB  # bytes of the guest's linear memory
    calls: int = 200  # API calls in all
    concurrency: int = 16  # API calls at once; the rest wait their turn
    request_bytes: int = 16 * MIB  # sent to the API, in all
    reply_bytes: int = 64 * MIB  # received from the API, in all
    log_bytes: int = 64 * 1024  # of console output; what follows is dropped and counted
    result_bytes: int = 4 * MIB  # the result, as JSON
    result_tokens: int | None = None  # the result, as a model counts it; None: not limited
    program_bytes: int = 256 * 1024  # the program's text

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None and not (isinstance(value, (int, float)) and value > 0):
                raise ValueError(f"limit {name} must be above 0, not {value!r}")
        if self.memory < 2 * MIB or self.memory > 4096 * MIB:
            raise ValueError(f"limit memory must be 2 MiB to 4 GiB, not {self.memory}")


class Usage(msgspec.Struct):
    """What a run used.  Times are seconds, sizes are bytes."""

    cpu: float = 0.0
    wall: float = 0.0
    memory: int = 0
    calls: int = 0
    request_bytes: int = 0
    reply_bytes: int = 0
    log_bytes: int = 0
    result_bytes: int = 0
    steps: int = 0
    isolate: float = 0.0  # of `cpu`: making and starting the isolate
