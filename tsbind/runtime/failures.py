"""How one call fails: exceptions that a program can catch, each with the name it sees there.

CallError
  ApiError           the API answered, and not with success
  ArgumentError      the arguments do not fit the operation; nothing was sent
  ReplyError         the API's reply does not fit the document (only when replies are strict)
  NetworkError       there was no answer: refused, reset, stalled, too long
  HostError          the operator's own code for the operation failed

An operator who overrides an operation raises these to fail the way the API would:
`raise ApiError(404, "no such room")`.
"""

from __future__ import annotations

import msgspec

from tsbind.bundle import Json
from tsbind.runtime.messages import CallFailure

MESSAGE_LIMIT = 2_000  # characters of a message that cross into the guest


class CallError(Exception):
    """One call gave no reply; the program may catch it and go on."""

    status = 0
    body: Json = None

    def __init__(self, text: str, *, code: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.code = code

    def failure(self) -> CallFailure:
        """Return what the program sees of it."""
        body = None if self.body is None else msgspec.Raw(msgspec.json.encode(self.body))
        return CallFailure(
            name=type(self).__name__,
            message=self.text[:MESSAGE_LIMIT],
            status=self.status,
            code=self.code,
            body=body,
        )


class ApiError(CallError):
    """The API answered with a status that is no success."""

    def __init__(self, status: int, text: str = "", *, code: str = "", body: Json = None) -> None:
        super().__init__(text or f"status {status}", code=code)
        self.status = status
        self.body = body


class ArgumentError(CallError):
    """The arguments do not fit the operation; nothing was sent."""


class ReplyError(CallError):
    """The API's reply does not fit the document; raised only when replies are strict."""


class NetworkError(CallError):
    """No answer came: refused, reset, stalled, or longer than allowed."""


class HostError(CallError):
    """The operator's own code for the operation failed; its exception is the `__cause__`."""
