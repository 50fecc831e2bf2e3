"""Give a program the whole of a reply: `await api.$response(api.rooms.list, {…})`.

What comes is `{status, headers, body}`, where `body` is what the operation itself gives, and
`headers` those that the document promises, beside what HTTP says of pages, versions and limits, by
their names in lower case.  A header that the API left out is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from tsbind.bundle import Bundle, Call, Json
from tsbind.headers import is_shown
from tsbind.runtime.failures import ArgumentError
from tsbind.runtime.trace import Event

if TYPE_CHECKING:
    from tsbind.runtime.http import Response

OP: Final = "$response"


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a program gives to ask for a whole reply."""

    op: str
    args: dict[str, Json] = {}

    def arguments(self) -> dict[str, Json]:
        """The arguments of the operation's call."""
        return self.args


def offered(bundle: Bundle) -> tuple[str, ...]:
    """Return the operation that gives whole replies, where any promises headers."""
    return (OP,) if any(call.headers for call in bundle.calls.values()) else ()


def asked(args: Mapping[str, Json]) -> Ask:
    """Read what a program gave; raises ArgumentError."""
    try:
        return msgspec.convert(args, Ask)
    except msgspec.ValidationError as error:
        raise ArgumentError(f"{OP}: {error}", code="argument") from None


def shown(call: Call, response: Response) -> dict[str, str]:
    """Return the headers of a reply that a program may see; of one sent twice, both values."""
    found: dict[str, str] = {}
    for name, value in response.headers:
        if is_shown(name, call.headers):
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def whole(call: Call, value: Json, event: Event) -> dict[str, Json]:
    """Return the reply with what `event` says of it; one that was not sent is as documented."""
    promised = (int(reply.status) for reply in call.replies if reply.status.isdecimal())
    status = event.status or next(promised, 200)
    return {"status": status, "headers": event.headers, "body": value}
