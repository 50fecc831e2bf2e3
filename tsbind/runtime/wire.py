"""The bytes that the guest is given, as guest/main.c describes them."""

from __future__ import annotations

import struct

import msgspec

from tsbind.runtime.limits import Limits
from tsbind.runtime.messages import CallReply, Resume, Start

_START = struct.Struct("<dQIIIIIII")
_TIME = struct.Struct("<d")
_REPLY = struct.Struct("<III")
_encode_error = msgspec.json.Encoder().encode


def start_message(message: Start, limits: Limits, stack: int) -> bytes:
    """Return the bytes that begin a run; `stack` is how much of it JavaScript may use."""
    source, table = message.source.encode(), message.table.encode()
    roots = b"" if message.roots == ("api",) else "\n".join(message.roots).encode()
    head = _START.pack(
        message.now,
        message.seed,
        len(source),
        len(table),
        len(roots),
        limits.log_bytes,
        min(limits.result_bytes, 0xFFFF_FFFF),
        min(limits.request_bytes, 0xFFFF_FFFF),
        stack,
    )
    return b"".join((head, source, b"\0", table, b"\0", roots, b"\0"))


def resume_message(message: Resume) -> bytes:
    """Return the bytes that go on with a run."""
    parts = [_TIME.pack(message.now)]
    for reply in message.replies:
        kind, data = _reply_body(reply)
        parts += [_REPLY.pack(reply.id, kind, len(data)), data]
    return b"".join(parts)


def _reply_body(reply: CallReply) -> tuple[int, bytes]:
    if reply.error is not None:
        return 1, _encode_error(reply.error)
    return 0, bytes(reply.ok) if reply.ok is not None else b"null"
