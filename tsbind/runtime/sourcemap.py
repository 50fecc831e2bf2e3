"""Reads a source map, revision 3, as far as a position in one generated file needs it."""

from __future__ import annotations

from bisect import bisect_right

import msgspec

from tsbind.errors import GuestError

_DIGITS = {
    digit: value
    for value, digit in enumerate(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    )
}


class _File(msgspec.Struct, frozen=True):
    mappings: str


class SourceMap(msgspec.Struct, frozen=True):
    """Positions of generated code in its source; lines and columns (UTF-16) count from 0."""

    # For each generated line: (generated column, source line, source column).
    lines: list[list[tuple[int, int, int]]]

    @staticmethod
    def read(text: str) -> SourceMap:
        """Read a map from its JSON; raises GuestError when it is damaged."""
        try:
            return SourceMap(_decode(msgspec.json.decode(text, type=_File).mappings))
        except (msgspec.DecodeError, KeyError, IndexError) as error:
            raise GuestError(f"the source map is damaged: {error}", code="stripper") from None

    def find(self, line: int, column: int) -> tuple[int, int] | None:
        """Return the source position of the nearest mapping at or before (line, column)."""
        if not 0 <= line < len(self.lines):
            return None
        segments = self.lines[line]
        index = bisect_right(segments, column, key=lambda segment: segment[0]) - 1
        return segments[index][1:] if index >= 0 else None


def _decode(mappings: str) -> list[list[tuple[int, int, int]]]:
    """Return, for each generated line, (generated column, source line, source column)."""
    lines: list[list[tuple[int, int, int]]] = []
    source_line = source_column = 0
    for encoded in mappings.split(";"):
        column, segments = 0, []
        for segment in encoded.split(",") if encoded else ():
            numbers = _numbers(segment)
            column += numbers[0]
            if len(numbers) >= 4:
                source_line += numbers[2]
                source_column += numbers[3]
                segments.append((column, source_line, source_column))
        lines.append(segments)
    return lines


def _numbers(segment: str) -> list[int]:
    """Return the variable-length quantities of one segment: 5 bits a digit, lowest bit the sign."""
    numbers: list[int] = []
    value = shift = 0
    for digit in segment:
        bits = _DIGITS[digit]
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            numbers.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return numbers
