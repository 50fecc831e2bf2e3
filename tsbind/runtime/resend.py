"""Send a request until there is an answer to keep: again only what is idempotent, and patiently.

An API that says it was asked too often is left alone for as long as it wants, by every call to the
same origin; how long that is, `ratelimit.py` reads.
"""

from __future__ import annotations

import asyncio
import time

import msgspec

from tsbind.runtime import ratelimit, spans
from tsbind.runtime.credentials import origin_of
from tsbind.runtime.failures import ApiError, NetworkError
from tsbind.runtime.http import Request, Response, Transport
from tsbind.runtime.trace import current

# RFC 9110 §9.2.2; only these may be sent again without knowing what became of the first.
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PUT", "DELETE"})
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_LIMITED = frozenset({429, 503})
_NETWORK_AGAIN = frozenset({"network", "timeout"})


class Retries(msgspec.Struct, frozen=True):
    """How often and how patiently an idempotent call is sent again."""

    attempts: int = 3  # in all
    first: float = 0.2  # seconds before the second attempt; doubled each time, with jitter
    longest: float = 20.0  # a longer Retry-After is not waited for


class Sender:
    """Sends the requests of one API; knows which origins want to be left alone."""

    def __init__(self, transport: Transport, retries: Retries) -> None:
        self._transport = transport
        self._retries = retries
        self._closed: dict[str, float] = {}  # by origin: until when, as time.monotonic() has it

    async def send(self, request: Request) -> Response:
        """Return the last answer; raises NetworkError when there is none.

        Raises ApiError without sending anything while the origin wants to be left alone for
        longer than calls are held back.
        """
        again = request.method in IDEMPOTENT or _has_idempotency_key(request)
        attempts = self._retries.attempts if again else 1
        origin = origin_of(request.url)
        for attempt in range(1, attempts + 1):
            await self._wait_for(origin)
            _record_sent(request, attempt)
            try:
                with spans.request_span(request, attempt) as sending:
                    response = await self._transport.send(sending.request)
                    sending.answered(response)
            except NetworkError as error:
                if attempt == attempts or error.code not in _NETWORK_AGAIN:
                    raise
                pause = self._backoff(attempt)
            else:
                _record_answer(response)
                asked = self._heeded(origin, response)
                if attempt == attempts or not _is_passing(response):
                    return response
                if asked is not None and asked > self._retries.longest:
                    return response
                pause = 0.0 if asked is not None else self._backoff(attempt)
            await asyncio.sleep(pause)
        raise AssertionError("the loop returns or raises")

    async def _wait_for(self, origin: str) -> None:
        """Return when the origin may be asked again; a little later each, so not all at once."""
        waited = 0.0
        while (left := self._closed.get(origin, 0.0) - time.monotonic()) > 0:
            if left > self._retries.longest:
                raise ApiError(
                    429,
                    f"the API wants to be left alone for another {left:.0f} s, so nothing was sent",
                    code="rate-limit",
                )
            pause = left + self._jitter(self._retries.first)
            waited += pause
            await asyncio.sleep(pause)
        event = current()
        if waited and event is not None:
            event.notes.append(f"held back for {waited:.1f} s: the API had been asked too often")

    def _heeded(self, origin: str, response: Response) -> float | None:
        """Hold calls back as long as a response asks for; return how long that is, if it does."""
        asked = ratelimit.asked(response.header, time.time())
        limited = response.status in _LIMITED or _is_passing(response)
        if asked and (limited or asked <= self._retries.longest):
            self._closed[origin] = max(self._closed.get(origin, 0.0), time.monotonic() + asked)
        return asked

    def _backoff(self, attempt: int) -> float:
        longest = min(self._retries.first * 2.0 ** (attempt - 1), self._retries.longest)
        return longest / 2 + self._jitter(longest / 2)

    def _jitter(self, most: float) -> float:
        import random  # late: few runs wait

        return float(random.uniform(0.0, most))


def is_idempotency_key(place: str, name: str) -> bool:
    """Whether a parameter is what an API tells a repeated request by."""
    return place == "header" and name.lower() in ("idempotency-key", "x-idempotency-key")


def _has_idempotency_key(request: Request) -> bool:
    return any(is_idempotency_key("header", name) for name, _ in request.headers)


def _is_passing(response: Response) -> bool:
    """Whether the same request may succeed later; some APIs say 403 when too much was asked."""
    limited = response.status == 403 and ratelimit.is_spent(response.header)
    return limited or response.status in _AGAIN


def _record_sent(request: Request, attempt: int) -> None:
    event = current()
    if event is not None:
        event.method, event.url, event.attempts = request.method, request.url, attempt
        event.request_bytes += len(request.url) + len(request.body or b"")


def _record_answer(response: Response) -> None:
    event = current()
    if event is not None:
        event.status = response.status
        event.reply_bytes += len(response.body)
