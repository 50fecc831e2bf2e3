"""Answers to a program's calls as they are kept on disk, in journals and snapshots.

msgspec writes `Raw | None` but does not read it, so what is read has an empty Raw for None.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tsbind.runtime.messages import CallFailure, CallReply

NO_RAW: Final = msgspec.Raw()


class RecordedFailure(CallFailure, frozen=True, omit_defaults=True):
    """A CallFailure that was read again."""

    body: msgspec.Raw = NO_RAW


class RecordedReply(CallReply, frozen=True, omit_defaults=True):
    """A CallReply that was read again."""

    ok: msgspec.Raw = NO_RAW
    error: RecordedFailure | None = None

    @staticmethod
    def of(reply: CallReply) -> RecordedReply:
        """Return `reply` as it is recorded."""
        error = reply.error
        failure = None
        if error is not None:
            fields = {name: getattr(error, name) for name in CallFailure.__struct_fields__}
            failure = RecordedFailure(**{**fields, "body": error.body or NO_RAW})
        return RecordedReply(reply.id, reply.ok or NO_RAW, failure)

    def as_sent(self) -> CallReply:
        """Return the reply as the guest is given it."""
        error = self.error
        if error is not None:
            fields = {name: getattr(error, name) for name in CallFailure.__struct_fields__}
            error = CallFailure(**{**fields, "body": _or_none(error.body)})  # type: ignore[assignment]
        return CallReply(self.id, _or_none(self.ok), error)


def _or_none(raw: msgspec.Raw) -> msgspec.Raw | None:
    return raw if len(bytes(raw)) else None
