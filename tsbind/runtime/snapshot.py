"""A run that stands still, as bytes: saved between two steps, gone on with in any process.

    magic, HMAC-SHA256 of what follows, zlib of: length, head (JSON), pages (memory.py)

The head says what the run is and what it waits for; the pages are what the guest changed of its
image.  A snapshot is code and data of the guest, so it is only read when it was sealed with the
operator's key, and only gone on with by the same guest and the same Bundles.  It is not encrypted:
it holds what the program knows (replies, without credentials, which a program never sees).
"""

from __future__ import annotations

import hmac
import struct
import zlib
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from tsbind.errors import CredentialError, PolicyError, SnapshotError
from tsbind.runtime.drive import Open
from tsbind.runtime.limits import Limits, Usage
from tsbind.runtime.logs import Logs
from tsbind.runtime.memory import Rest
from tsbind.runtime.policy import Spent
from tsbind.runtime.program import Program
from tsbind.runtime.trace import Event

FORMAT: Final = 1
SHORTEST_KEY: Final = 16  # bytes
LONGEST: Final = 1 << 30  # bytes of a snapshot when it is unpacked
_MAGIC: Final = b"tsbind snapshot %d\n"
_SEAL: Final = 32
_LENGTH: Final = struct.Struct("<I")


class Cause(msgspec.Struct, frozen=True):
    """An error of the operator's that a call failed with; the run may still end with it."""

    kind: Literal["PolicyError", "CredentialError"]
    what: str
    fix: str
    code: str

    def error(self) -> PolicyError | CredentialError:
        """Return the error again."""
        kind = PolicyError if self.kind == "PolicyError" else CredentialError
        return kind(self.what, fix=self.fix, code=self.code)


def causes_of(errors: Mapping[int, BaseException]) -> dict[int, Cause]:
    """Return those of the failed calls' errors that a run may end with."""
    return {
        call: Cause(
            "PolicyError" if isinstance(error, PolicyError) else "CredentialError",
            error.what,
            error.fix,
            error.code,
        )
        for call, error in errors.items()
        if isinstance(error, (PolicyError, CredentialError))
    }


class Saved(msgspec.Struct, frozen=True):
    """All of a run but the pages of its guest."""

    guest: str  # SHA-256 of the guest that runs it
    bundles: dict[str, str]  # fingerprints, by global name
    program: Program
    limits: Limits
    usage: Usage
    logs: Logs
    events: list[Event]
    spent: dict[str, tuple[Spent, ...]]
    causes: dict[int, Cause]
    open: Open
    rest: Rest
    elapsed: float  # seconds
    left: float  # seconds of wall-clock time


def seal(saved: Saved, pages: bytes, key: bytes) -> bytes:
    """Return the snapshot; raises SnapshotError for a key that is too short."""
    head = msgspec.json.encode(saved)
    packed = zlib.compress(b"".join((_LENGTH.pack(len(head)), head, pages)), 1)
    magic = _MAGIC % FORMAT
    return b"".join((magic, _tag(magic, packed, key), packed))


def unseal(data: bytes, key: bytes) -> tuple[Saved, bytes]:
    """Return what `seal` was given; raises SnapshotError unless all of it is genuine."""
    magic, _, rest = data.partition(b"\n")
    magic += b"\n"
    if magic != _MAGIC % FORMAT:
        known = data.startswith(b"tsbind snapshot ")
        raise SnapshotError(
            "it is of another version of tsbind" if known else "it is no snapshot",
            fix="go on with the tsbind that made it" if known else "give what a run saved",
            code="snapshot-format",
        )
    packed = rest[_SEAL:]
    if not hmac.compare_digest(rest[:_SEAL], _tag(magic, packed, key)):
        raise SnapshotError(
            "it was changed, or sealed with another key",
            fix="give the key that it was made with",
            code="snapshot-seal",
        )
    return _unpacked(packed)


def _unpacked(packed: bytes) -> tuple[Saved, bytes]:
    try:
        content = zlib.decompressobj().decompress(packed, LONGEST)
        (length,) = _LENGTH.unpack_from(content)
        end = _LENGTH.size + length
        return msgspec.json.decode(content[_LENGTH.size : end], type=Saved), content[end:]
    except (zlib.error, struct.error, msgspec.DecodeError, RecursionError, ValueError) as error:
        raise SnapshotError(f"is damaged: {error}") from None


def _tag(magic: bytes, packed: bytes, key: bytes) -> bytes:
    if len(key) < SHORTEST_KEY:
        raise SnapshotError(
            f"a key of {len(key)} bytes is too short",
            fix=f"use {SHORTEST_KEY} bytes or more that nobody can guess",
            code="snapshot-key",
        )
    return hmac.digest(key, magic + packed, "sha256")
