"""Which headers programs may set and see, so that compiler and runtime say the same.

Of a reply they see what the document promises, and beside that what HTTP itself says of pages,
versions and limits; never what a client is trusted with, nor what is about the transport.

>>> [is_told(name) for name in ("Location", "Link", "X-Total-Count", "Set-Cookie", "Date")]
[True, True, True, False, False]
>>> [is_shown(name, ()) for name in ("x-ratelimit-remaining", "x-total-count")]
[True, False]
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

# What frames a request or carries credentials: the host writes it.
HOST_WRITES: Final = frozenset(
    {
        "accept-encoding", "authorization", "connection", "content-length", "cookie", "expect",
        "host", "http2-settings", "keep-alive", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade",
    }
)  # fmt: skip
# What says who sent a request, or turns it into another one: nobody writes it.
NOBODY_WRITES: Final = frozenset(
    {
        "forwarded", "max-forwards", "origin", "proxy-authenticate", "proxy-connection",
        "set-cookie", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
        "x-forwarded-proto", "x-forwarded-server", "x-http-method", "x-http-method-override",
        "x-method-override", "x-original-url", "x-real-ip", "x-rewrite-url",
    }
)  # fmt: skip

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TRANSPORT: Final = frozenset(
    {
        "cache-control", "connection", "content-encoding", "content-length", "content-type", "date",
        "server", "transfer-encoding", "vary",
    }
)  # fmt: skip
_TRUSTED: Final = ("cookie", "authorization", "authenticat")  # in the names of such headers
# `$pages` follows these, and calls wait for them, without the program's help.
_HEEDED: Final = frozenset({"link", "retry-after"})
_ALWAYS: Final = _HEEDED | {
    "content-disposition", "content-range", "etag", "last-modified", "location",
}  # fmt: skip


def is_token(name: str) -> bool:
    """Whether `name` may be the name of a header or a cookie (RFC 9110 §5.6.2)."""
    return bool(_TOKEN.fullmatch(name))


def is_settable(name: str) -> bool:
    """Whether a program may set the header of that name."""
    return is_token(name) and name.lower() not in HOST_WRITES | NOBODY_WRITES


def is_told(name: str) -> bool:
    """Whether a header that a document promises tells a program anything that it may know."""
    lower = name.lower()
    return is_token(name) and not (
        lower in _TRANSPORT
        or lower.startswith("access-control-")
        or any(word in lower for word in _TRUSTED)
    )


def is_wanted(name: str) -> bool:
    """Whether a header is worth being the value of a reply that has no body."""
    return is_told(name) and name.lower() not in _HEEDED and not _limits(name)


def is_shown(name: str, promised: Collection[str]) -> bool:
    """Whether a program may see a header of a reply; names are in lower case."""
    return is_told(name) and (name in promised or name in _ALWAYS or _limits(name))


def _limits(name: str) -> bool:
    return "ratelimit" in name.lower().replace("-", "")
