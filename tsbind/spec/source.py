"""One text that a document is made of: its bytes as UTF-8, and where things are in it."""

from __future__ import annotations

import codecs
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

import msgspec

from tsbind.errors import Location, SpecError

MAX_DEPTH = 200  # nesting of objects and lists; the deepest published document has about 40


class LoadLimits(msgspec.Struct, frozen=True):
    """How much a document may ask of us, its external files included."""

    bytes: int = 24 * 2**20
    nodes: int = 500_000  # values after aliases are expanded; GitHub's document has 274,000
    parts: int = 150_000  # what of it is compiled, weighed as in `weight`; GitHub's weighs 111,000
    files: int = 10_000  # external files that `$ref` reaches
    fetch_seconds: float = 10.0  # to read one remote file

    @classmethod
    def for_values(cls, values: int) -> LoadLimits:
        """Return limits for so many values: what a larger document asks for grows with them."""
        usual = cls()
        factor = max(values / usual.nodes, 1)
        return cls(bytes=int(usual.bytes * factor), nodes=values, parts=int(usual.parts * factor))


class Places(Protocol):
    """Finds the line and column of a value; made only when something is wrong."""

    def find(self, tokens: list[str]) -> tuple[int, int]:
        """Return the place of the deepest value that exists on the way along `tokens`."""
        ...


@dataclass(frozen=True, eq=False)
class Source:
    """A text that was read.

    `data` is UTF-8 without a byte order mark.  `mount` is the pointer at which its tree hangs in
    the Document: "" for the root document.  `origin` is the URL that relative references
    start from, or "" when there is none.
    """

    name: str
    data: bytes = field(repr=False)
    format: Literal["json", "yaml"]
    mount: str = ""
    origin: str = ""

    @cached_property
    def places(self) -> Places:
        """The index of positions, built at the first question."""
        if self.format == "json":
            from tsbind.spec.read_json import JsonPlaces

            return JsonPlaces(self.data)
        from tsbind.spec.read_yaml import YamlPlaces

        return YamlPlaces(self.data)

    def locate(self, tokens: list[str]) -> Location:
        """Say where the value at `tokens` is, or the nearest value around it that exists."""
        line, column = self.places.find(tokens)
        return Location(self.name, line, column)


def read_bytes(source: bytes | Path | str, name: str, limit: int) -> bytes:
    """Read a document from memory, a path, or standard input (`-`); `name` is for messages.

    Raises SpecError when there are more than `limit` bytes, without reading on, or none can be
    read.
    """
    if isinstance(source, bytes):
        return _capped(source, name, limit)
    if str(source) == "-":
        return _capped(_take(sys.stdin.buffer, limit), name, limit)
    try:
        with open(source, "rb") as file:
            return _capped(_take(file, limit), name, limit)
    except FileNotFoundError:
        raise _not_found(str(source), name) from None
    except IsADirectoryError:
        raise SpecError(
            "is a folder", where=name, fix="name the document inside it", code="not-a-file"
        ) from None
    except (OSError, ValueError) as error:
        if _is_text(str(source)):
            raise _not_found(str(source), name) from None
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SpecError(
            f"cannot be read: {reason}", where=name, fix="check the path", code="unreadable"
        ) from None


def _not_found(source: str, name: str) -> SpecError:
    """Say what is wrong with a path where there is no file."""
    if _is_text(source):
        what, fix = "is a document where its path should be", "give its text as bytes"
        return SpecError(what, where="<text>", fix=fix, code="not-found")
    if re.match(r"https?:/", source):  # a Path has lost the second slash
        what, fix = "is a URL, and documents are read from files", "download it first"
        return SpecError(what, where=name, fix=fix, code="not-a-file")
    return SpecError("there is no such file", where=name, fix="check the path", code="not-found")


def _is_text(source: str) -> bool:
    return "\n" in source or source.lstrip().startswith("{")


def _take(file: BinaryIO, limit: int) -> bytes:
    """Read one byte more than allowed at most: enough to know that there is too much."""
    return file.read(limit + 1)


def _capped(data: bytes, name: str, limit: int) -> bytes:
    if len(data) > limit:
        raise SpecError(
            f"is larger than {limit:,} bytes",
            where=name,
            fix="split the document, or raise the limit `bytes`",
            code="too-large",
        )
    return data


_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark starts with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Without a mark the zero bytes of the first characters, which are ASCII in JSON and YAML, tell.
_ZEROS = {
    b"\1\0\0\0": "utf-32-le",
    b"\0\0\0\1": "utf-32-be",
    b"\1\0\1\0": "utf-16-le",
    b"\0\1\0\1": "utf-16-be",
}


def to_utf8(data: bytes, name: str) -> bytes:
    """Return `data` as UTF-8 without a mark (YAML 1.2 §5.2).

    Raises SpecError when UTF-16 or UTF-32 is broken.  UTF-8 is left to the parsers, which look at
    every byte anyway; `check_utf8` says what they only notice.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            body = data[len(mark) :]
            return body if encoding == "utf-8" else _decoded(body, encoding, name).encode()
    wide = _ZEROS.get(bytes(1 if byte else 0 for byte in data[:4]))
    return _decoded(data, wide, name).encode() if wide else data


def check_utf8(data: bytes, name: str) -> None:
    """Raise SpecError, with the place, when `data` is not UTF-8."""
    _decoded(data, "utf-8", name)


def _decoded(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _not_text(data, error, name) from None


def _not_text(data: bytes, error: UnicodeDecodeError, name: str) -> SpecError:
    kind = looks_binary(data)
    if kind:
        return SpecError(
            f"is {kind}, not a text",
            where=name,
            fix="give the OpenAPI document itself, as JSON or YAML",
            code="binary",
        )
    line = data.count(b"\n", 0, error.start) + 1
    column = error.start - data.rfind(b"\n", 0, error.start)
    return SpecError(
        f'byte "0x{data[error.start]:02x}" is not valid {error.encoding.upper()}',
        where=Location(name, line, column),
        fix="save the document as UTF-8",
        code="encoding",
    )


_MAGIC = (
    (b"\x1f\x8b", "a gzip archive"),
    (b"PK\x03\x04", "a zip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"\0asm", "a WebAssembly module"),
)
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1f]")


def looks_binary(data: bytes) -> str:
    """Say what binary file `data` looks like; "" when it may be text."""
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    return "binary data" if len(_CONTROL.findall(data[:4096])) > len(data[:4096]) // 20 else ""


_BLOCK = 1 << 13
_STARTS = bytes((*range(0x80), *range(0xC0, 0x100)))  # bytes that start a character in UTF-8


class Lines:
    """Turns byte offsets of a text into lines and columns, in time that no text can stretch."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._blocks = [(0, 0)]  # see `_before_block`

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and the column, in characters, of `offset`; both count from 1."""
        block = offset // _BLOCK
        before, start = self._before_block(block)
        line = before + self._data.count(b"\n", block * _BLOCK, offset) + 1
        start = max(start, self._data.rfind(b"\n", block * _BLOCK, offset) + 1)
        return line, self._characters(start, offset) + 1

    def _before_block(self, block: int) -> tuple[int, int]:
        """Return how many lines end before a block of the text, and where the last of them ends.

        What lies behind is not looked at.
        """
        for position in range(len(self._blocks) * _BLOCK - _BLOCK, block * _BLOCK, _BLOCK):
            lines, start = self._blocks[-1]
            lines += self._data.count(b"\n", position, position + _BLOCK)
            start = max(start, self._data.rfind(b"\n", position, position + _BLOCK) + 1)
            self._blocks.append((lines, start))
        return self._blocks[block]

    def _characters(self, start: int, end: int) -> int:
        """Count the characters from `start` to `end`, in a line that may be the whole text."""
        if end - start <= _BLOCK:
            part = self._data[start:end]
            return len(part) - len(part.translate(None, _STARTS))
        return self._characters_before(end) - self._characters_before(start)

    def _characters_before(self, offset: int) -> int:
        if self._ascii:
            return offset
        block = offset // _BLOCK
        rest = self._data[block * _BLOCK : offset]
        return self._before[block] + len(rest) - len(rest.translate(None, _STARTS))

    @cached_property
    def _ascii(self) -> bool:
        return self._data.isascii()

    @cached_property
    def _before(self) -> list[int]:
        """How many characters start before each block of the text."""
        counts = [0]
        for position in range(0, len(self._data), _BLOCK):
            block = self._data[position : position + _BLOCK]
            counts.append(counts[-1] + len(block) - len(block.translate(None, _STARTS)))
        return counts


def line_column(data: bytes, offset: int) -> tuple[int, int]:
    """Return the line and the column, in characters, of one byte offset; both count from 1."""
    return Lines(data).place(offset)
