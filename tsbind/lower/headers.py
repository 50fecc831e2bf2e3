"""Which headers of a reply a program may want, and nothing else deals with.

>>> [is_wanted(name) for name in ("Location", "Link", "X-RateLimit-Remaining", "Set-Cookie")]
[True, False, False, False]
"""

from __future__ import annotations

# `Link` turns the pages of lists, `Retry-After` is waited for, cookies are credentials; the rest
# is about the transport.
_HANDLED = frozenset(
    [
        "link",
        "retry-after",
        "set-cookie",
        "content-type",
        "content-length",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "date",
        "server",
        "vary",
        "cache-control",
    ]
)


def is_wanted(name: str) -> bool:
    """Whether a header tells something that the runtime neither acts on nor must hide."""
    lower = name.lower()
    if lower in _HANDLED or lower.startswith("access-control-"):
        return False
    return "ratelimit" not in lower.replace("-", "")
