"""Take a multipart body apart (RFC 2046 §5.1, RFC 7578).

>>> content = b'--b\\r\\nContent-Disposition: form-data; name="a"\\r\\n\\r\\n1\\r\\n--b--\\r\\n'
>>> parts_of('multipart/form-data; boundary="b"', content)
[Received(name='a', file='', type='', content=b'1')]
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

import msgspec

from tsbind.runtime.failures import ArgumentError

_BOUNDARY: Final = re.compile(r';\s*boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))', re.I)
_FIELD: Final = re.compile(r';\s*(name|filename)="([^"]*)"', re.I)


class Received(msgspec.Struct, frozen=True):
    """One part."""

    name: str
    file: str  # the name that the sender gives it, "" for a part that is no file
    type: str  # its Content-Type, "" when it has none
    content: bytes


def parts_of(media: str, content: bytes) -> list[Received]:
    """Return the parts of a body; raises ArgumentError when it has no boundary."""
    found = _BOUNDARY.search(media)
    mark = b"--" + (found[1] or found[2]).encode() if found else b""
    if not mark or not content.startswith(mark):
        raise ArgumentError("the body is not multipart: its boundary is missing", code="body")
    pieces = (b"\r\n" + content).split(b"\r\n" + mark)
    return [_part(piece) for piece in pieces[1:] if not piece.startswith(b"--")]


def _part(piece: bytes) -> Received:
    head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    lines = (line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n"))
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    fields = {
        name.lower(): unquote(value)
        for name, value in _FIELD.findall(headers.get("content-disposition", ""))
    }
    return Received(
        fields.get("name", ""), fields.get("filename", ""), headers.get("content-type", ""), content
    )
