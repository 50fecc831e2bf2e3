"""What goes to an API and what comes back: requests, responses, and whatever carries them.

A Transport neither retries nor interprets: it sends what it is given, within the limits that the
request carries.  `transport.py` has the one that speaks HTTP; the fake one here answers from a
function.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from tsbind.bundle import Json
from tsbind.runtime.credentials import NO_AUTH, Auth

Headers = tuple[tuple[str, str], ...]


class Timeouts(msgspec.Struct, frozen=True):
    """How long each phase of a request may last, in seconds."""

    connect: float = 10.0  # until there is a connection, TLS included
    read: float = 30.0  # without a single byte: before the first of the answer, and between any two
    total: float = 60.0
    stream: float = 10.0  # a stream that goes on is cut there, and what came so far is its value


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request without secrets; those are in `auth`, which only a transport applies."""

    method: str
    url: str  # absolute and encoded
    headers: Headers = ()
    cookies: Headers = ()
    body: bytes | None = None
    auth: Auth = NO_AUTH
    timeouts: Timeouts = Timeouts()
    reply_bytes: int = 64 << 20  # a longer response is refused

    def on_the_wire(self) -> tuple[str, list[tuple[str, str]]]:
        """Return the URL and headers with the credentials in place.  Not for logs."""
        url, headers, cookies = self.auth.apply(self.url, self.headers, self.cookies)
        if cookies:
            headers = (*headers, ("Cookie", "; ".join(f"{n}={v}" for n, v in cookies)))
        return url, list(headers)


class Response(msgspec.Struct, frozen=True):
    """What the API answered; header names are in lower case, the body is decompressed."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    cut: bool = False  # a stream that went on when time or space was up

    def header(self, name: str) -> str:
        """Return the first header of that name, or ""."""
        return next((value for key, value in self.headers if key == name), "")

    @staticmethod
    def json(value: Json, status: int = 200) -> Response:
        """Make a JSON response; for tests and hosts that answer by themselves."""
        return Response(status, (("content-type", "application/json"),), msgspec.json.encode(value))


class Transport(Protocol):
    """Whatever carries requests."""

    async def send(self, request: Request) -> Response:
        """Return the response of any status; raises NetworkError when there is none."""
        ...

    async def close(self) -> None:
        """Give up what the running event loop holds."""
        ...


Answer = Callable[[Request], "Response | Awaitable[Response]"]


class FakeTransport:
    """Answers from a function and remembers what was asked; for tests without a network.

    transport = FakeTransport(lambda request: Response.json([]))
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Response:
        """Remember the request and return the function's answer."""
        self.sent.append(request)
        answer = self._answer(request)
        return answer if isinstance(answer, Response) else await answer

    async def close(self) -> None:
        """Do nothing: there is nothing to give up."""
