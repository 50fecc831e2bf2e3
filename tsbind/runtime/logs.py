"""What a program wrote to its console."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

LogLine = tuple[str, str]  # level and text


class Logs(msgspec.Struct):
    """The console output of a run, up to a limit; what follows is dropped and counted."""

    allowed: int  # bytes
    kept: list[LogLine] = msgspec.field(default_factory=list)
    bytes: int = 0
    dropped: int = 0
    dropped_before: int = 0  # by the guest, which has the same limit

    def add(self, lines: Iterable[LogLine]) -> None:
        """Keep the lines for which there is room."""
        for level, text in lines:
            size = len(text.encode("utf-8", "replace"))
            if self.bytes + size > self.allowed:
                self.dropped += size
            else:
                self.bytes += size
                self.kept.append((level, text))

    def lines(self, hide: Callable[[str], str]) -> tuple[LogLine, ...]:
        """Return what was kept, passed through `hide`, and a line about what was not."""
        lines = [(level, hide(text)) for level, text in self.kept]
        dropped = self.dropped + self.dropped_before
        if dropped:
            lines.append(("warn", f"{dropped} bytes of console output were dropped"))
        return tuple(lines)
