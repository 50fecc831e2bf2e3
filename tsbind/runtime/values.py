"""JSON values as they cross the boundary, with binary content marked.

A Uint8Array of the program is `{"$bytes": "<base64>"}` on the wire and `bytes` in Python; a file
for a multipart body may carry its name and media type beside it: `{"$bytes": "…", "name":
"a.png", "type": "image/png"}`, which is a `File` in Python.  Everything else is plain JSON.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

import msgspec

from tsbind.bundle import Json
from tsbind.runtime.failures import ArgumentError

MARK = "$bytes"
_MARK_BYTES = b'"$bytes"'
_FILE_KEYS = {MARK, "name", "type"}


class File:
    """Binary content with a name and a media type, for one part of a multipart body."""

    # No Struct or dataclass: msgspec would write those as objects wherever they stand.
    __slots__ = __match_args__ = ("content", "name", "type")

    def __init__(self, content: bytes, name: str = "", type: str = "") -> None:
        self.content, self.name, self.type = content, name, type

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, File):
            return NotImplemented
        return (self.content, self.name, self.type) == (other.content, other.name, other.type)

    def __hash__(self) -> int:
        return hash((self.content, self.name, self.type))

    def __repr__(self) -> str:
        return f"File({len(self.content)} bytes, {self.name!r}, {self.type!r})"


def decode(raw: bytes | msgspec.Raw) -> Json:
    """Parse JSON text; marked content becomes `bytes` or File.

    Raises ArgumentError when the text is no JSON or a mark holds no base64.
    """
    text = bytes(raw)
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ArgumentError(f"not JSON: {error}", code="json") from None
    return _unmark(value) if is_marked(text) else value


def encode(value: Json) -> bytes:
    """Write a value as JSON text; `bytes` and File become marked content.

    Raises TypeError for what JSON cannot say.
    """
    text = _ENCODER.encode(value)  # first: it refuses cycles, which the search for bytes would not
    # msgspec writes `bytes` as bare base64 text, so they are marked, where there are any.
    return _ENCODER.encode(_with_marks(value)) if _has_bytes(value) else text


def _mark(value: object) -> Json:
    if isinstance(value, File):
        return {MARK: _base64(value.content), "name": value.name, "type": value.type}
    raise TypeError(f"a {type(value).__name__} is not JSON")


def is_marked(text: bytes) -> bool:
    """Whether encoded text may hold marked content."""
    return _MARK_BYTES in text


def without_bytes(value: Json) -> Json:
    """Return `value` with text of the same length in place of binary content.

    JSON Schema describes binary content as a string, so this is what a validator can check.
    """
    match value:
        case bytes():
            return value.decode("latin-1")
        case File():
            return value.content.decode("latin-1")
        case Mapping():
            return {key: without_bytes(item) for key, item in value.items()}
        case list() | tuple():
            return [without_bytes(item) for item in value]
        case _:
            return value


def _unmark(value: Json) -> Json:
    match value:
        case dict() if MARK in value and value.keys() <= _FILE_KEYS:
            return _content(value)
        case dict():
            return {key: _unmark(item) for key, item in value.items()}
        case list():
            return [_unmark(item) for item in value]
        case _:
            return value


def _content(mark: Mapping[str, Json]) -> bytes | File:
    inner = mark[MARK]
    if isinstance(inner, dict) and inner.keys() == {MARK}:
        inner = inner[MARK]  # a program wrote `{$bytes: aUint8Array, name: …}`
    try:
        content = base64.b64decode(inner, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise ArgumentError(f'"{MARK}" does not hold base64', code="bytes") from None
    name, media = mark.get("name", ""), mark.get("type", "")
    if not (isinstance(name, str) and isinstance(media, str)):
        raise ArgumentError("the name and type of a file are strings", code="bytes")
    return File(content, name, media) if name or media else content


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _has_bytes(value: Json) -> bool:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, (list, tuple)):
            pending.extend(item)
        elif isinstance(item, (bytes, bytearray, memoryview)):
            return True
    return False


def _with_marks(value: Json) -> Json:
    match value:
        case bytes() | bytearray() | memoryview():
            return {MARK: _base64(bytes(value))}
        case Mapping():
            return {key: _with_marks(item) for key, item in value.items()}
        case list() | tuple():
            return [_with_marks(item) for item in value]
        case _:
            return value


_ENCODER = msgspec.json.Encoder(enc_hook=_mark)
