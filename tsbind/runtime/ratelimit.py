"""How long an API asks to be left alone: `Retry-After`, and the headers of its rate limit.

`Retry-After` is RFC 9110 §10.2.3.  `RateLimit-Remaining` and `RateLimit-Reset` are the IETF's
draft (seconds from now); with `X-` they are what most APIs send, many of them as a time since the
epoch, in seconds or milliseconds.

    >>> asked({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767603610"}.get, 1767603600.0)
    10.0
    >>> asked({"ratelimit-remaining": "0", "ratelimit-reset": "30"}.get, 1767603600.0)
    30.0
    >>> asked({"x-ratelimit-remaining": "7", "x-ratelimit-reset": "30"}.get, 1767603600.0)
"""

from __future__ import annotations

import email.utils
from collections.abc import Callable
from typing import Final

_PREFIXES: Final = ("ratelimit-", "x-ratelimit-", "x-rate-limit-")
_EPOCH: Final = 1e9  # a reset beyond this is a time, not a number of seconds
_MILLISECONDS: Final = 1e11


def asked(header: Callable[[str], str | None], now: float) -> float | None:
    """Return the seconds that a response asks to wait for; None when it does not ask.

    `header` gives a header by its lower-case name, or nothing; `now` is seconds since the epoch.
    """
    after = _retry_after(header("retry-after") or "", now)
    return after if after is not None else _reset(header, now)


def is_spent(header: Callable[[str], str | None]) -> bool:
    """Whether a response says that no call is left for now."""
    return any((header(f"{prefix}remaining") or "").strip() == "0" for prefix in _PREFIXES)


def _retry_after(text: str, now: float) -> float | None:
    seconds = _number(text)
    if seconds is not None:
        return seconds
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return max(when.timestamp() - now, 0.0)


def _reset(header: Callable[[str], str | None], now: float) -> float | None:
    if not is_spent(header):
        return None
    for prefix in _PREFIXES:
        reset = _number(header(f"{prefix}reset") or "")
        if reset is not None:
            at = reset / 1000 if reset > _MILLISECONDS else reset
            return max(at - now, 0.0) if at > _EPOCH else at
    return None


def _number(text: str) -> float | None:
    text = text.strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
