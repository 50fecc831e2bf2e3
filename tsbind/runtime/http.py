"""Carry one request to an API and bring back its response: the `Transport` protocol, and aiohttp.

A Transport neither retries nor interprets: it sends what it is given, within the limits that the
request carries, and never lets a redirect, a proxy, a cookie or a compressed bomb decide anything.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
import weakref
import zlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin, urlsplit

import msgspec

from tsbind.bundle import Json
from tsbind.runtime.credentials import NO_AUTH, Auth
from tsbind.runtime.failures import NetworkError

if TYPE_CHECKING:
    import ssl

    from aiohttp import ClientResponse, ClientSession

Headers = tuple[tuple[str, str], ...]
STREAMS = frozenset(
    {
        "text/event-stream", "application/jsonl", "application/x-ndjson",
        "application/x-jsonlines", "application/json-seq",
    }
)  # fmt: skip
_CHUNK = 64 * 1024
_NOT_PUBLIC = "the address is not public"


class Timeouts(msgspec.Struct, frozen=True):
    """How long each phase of a request may last, in seconds."""

    connect: float = 10.0
    read: float = 30.0  # without a single byte
    total: float = 60.0


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


class HttpTransport:
    """HTTP/1.1 with keep-alive through aiohttp: TLS verified, no proxies, no cookie jar.

    `private` allows addresses that are not public (loopback, link-local, private networks) for
    the origin of the request; another origin, reached by a redirect, must be public always.
    `redirects` is how many are followed, for GET and HEAD only, without credentials off the
    origin and never from https to http.  `connections` bounds them per origin.  `tls` holds
    the certificate that mutualTLS asks for, or other roots to trust; no redirect takes it along.
    """

    def __init__(
        self,
        *,
        private: bool = True,
        redirects: int = 0,
        connections: int = 32,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._private = private
        self._tls = tls
        self._redirects = redirects
        self._connections = connections
        self._sessions: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[tuple[bool, bool], ClientSession]
        ] = weakref.WeakKeyDictionary()

    async def send(self, request: Request) -> Response:
        """Send and wait for the whole response; raises NetworkError when there is none."""
        response = _or_raise(await self._send_once(request, private=self._private, own=True))
        hops, own = 0, True
        while hops < self._redirects:
            onward = _redirected(request, response)
            if onward is None:
                break
            own = own and _origin(onward.url) == _origin(request.url)
            request, hops = onward, hops + 1
            private = self._private and own
            response = _or_raise(await self._send_once(request, private=private, own=own))
        return response

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        for session in self._sessions.pop(asyncio.get_running_loop(), {}).values():
            await session.close()

    async def _send_once(
        self, request: Request, *, private: bool, own: bool
    ) -> Response | NetworkError:
        # The failure is returned, and raised by a caller that holds no secret: reports of errors
        # may show the variables of every function that an exception passed through.
        import aiohttp
        from yarl import URL

        url, headers = request.on_the_wire()
        times = request.timeouts
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=times.connect, connect=times.total)
        try:
            async with asyncio.timeout(times.total) as clock:
                async with self._session(private, own).request(
                    request.method,
                    URL(url, encoded=True),
                    headers=headers,
                    data=request.body,
                    allow_redirects=False,
                    timeout=timeout,
                ) as reply:
                    # The clock ends a stream in the reader, which then keeps what came so far.
                    left = (clock.when() or 0.0) - asyncio.get_running_loop().time()
                    clock.reschedule(None)
                    return await _receive(reply, request, left)
        except NetworkError as error:
            return NetworkError(error.text, code=error.code)
        except TimeoutError:
            return NetworkError("no answer in time", code="timeout")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # aiohttp's own words may quote the URL, and with it a key: only the kind is told.
            return NetworkError(_reason(error), code="network")

    def _session(self, private: bool, own: bool) -> ClientSession:
        sessions = self._sessions.setdefault(asyncio.get_running_loop(), {})
        if (private, own) not in sessions:
            tls = self._tls if own else None
            sessions[private, own] = _open_session(private, self._connections, tls)
        return sessions[private, own]


def _or_raise(outcome: Response | NetworkError) -> Response:
    if isinstance(outcome, NetworkError):
        raise outcome
    return outcome


def _open_session(private: bool, connections: int, tls: ssl.SSLContext | None) -> ClientSession:
    import aiohttp

    connector = aiohttp.TCPConnector(
        limit=0,
        limit_per_host=connections,
        ssl=tls or True,
        socket_factory=_socket if private else _public_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        headers={"Accept-Encoding": "gzip, deflate", "User-Agent": "tsbind"},
    )


_AddressInfo = tuple[Any, Any, int, str, tuple[Any, ...]]


def _socket(address: _AddressInfo) -> socket.socket:
    family, kind, protocol, _, _ = address
    return socket.socket(family=family, type=kind, proto=protocol)


def _public_socket(address: _AddressInfo) -> socket.socket:
    """Refuse addresses that are not public, after names were resolved (so no name can hide one)."""
    if not is_public(str(address[4][0])):
        raise PermissionError(errno.EACCES, _NOT_PUBLIC)
    return _socket(address)


def is_public(text: str) -> bool:
    """Whether an IP address is reachable from everywhere, mapped and translated forms included."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo is not None:
            inner = address.teredo[1]
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return address.is_global and not address.is_multicast


# Reading


async def _receive(reply: ClientResponse, request: Request, seconds: float) -> Response:
    headers = tuple((name.lower(), value) for name, value in reply.headers.items())
    response = Response(reply.status, headers)
    media = response.header("content-type").partition(";")[0].strip().lower()
    inflate = _inflater(response.header("content-encoding"), request.reply_bytes)
    received = bytearray()
    cut = False
    try:
        async with asyncio.timeout(seconds):
            while chunk := await _next_chunk(reply, request.timeouts.read):
                received += inflate(chunk)
                if len(received) > request.reply_bytes:
                    raise _TooLong
    except (TimeoutError, _TooLong) as error:
        reply.close()
        if media not in STREAMS:
            raise _give_up(error, request.reply_bytes) from None
        cut = True
    return Response(reply.status, headers, bytes(received[: request.reply_bytes]), cut)


async def _next_chunk(reply: ClientResponse, seconds: float) -> bytes:
    async with asyncio.timeout(seconds):
        return await reply.content.read(_CHUNK)


class _TooLong(Exception):
    """The response is longer than allowed."""


def _give_up(error: Exception, allowed: int) -> NetworkError:
    if isinstance(error, _TooLong):
        return NetworkError(f"the reply is longer than {allowed} bytes", code="reply-bytes")
    return NetworkError("no answer in time", code="timeout")


class _Inflate:
    """Decompress chunk by chunk, never holding more than `allowed` bytes at once."""

    def __init__(self, coding: str, allowed: int) -> None:
        self._allowed = allowed
        self._raw_tried = coding != "deflate"
        self._engine = zlib.decompressobj(wbits=31 if coding.endswith("gzip") else 15)

    def __call__(self, chunk: bytes) -> bytes:
        try:
            data = self._engine.decompress(chunk, self._allowed + 1)
        except zlib.error as error:
            if self._raw_tried:
                raise NetworkError(
                    f"the reply is not what it says: {error}", code="encoding"
                ) from None
            # Some servers mean raw deflate (RFC 9110 §8.4.1.2 notes them).
            self._raw_tried = True
            self._engine = zlib.decompressobj(wbits=-15)
            return self(chunk)
        self._raw_tried = True
        self._allowed -= len(data)
        if self._allowed < 0 or self._engine.unconsumed_tail:
            raise _TooLong
        return data


def _inflater(coding: str, allowed: int) -> Callable[[bytes], bytes]:
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return bytes
    if coding in ("gzip", "x-gzip", "deflate"):
        return _Inflate(coding, allowed)
    raise NetworkError(
        f'the reply is compressed in an unknown way: "{coding[:40]}"', code="encoding"
    )


# Redirects


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port


def _redirected(request: Request, response: Response) -> Request | None:
    """The request to follow with, or None when the response must stand as it is."""
    location = response.header("location")
    if response.status not in (301, 302, 303, 307, 308) or not location:
        return None
    if request.method not in ("GET", "HEAD"):
        return None
    try:
        url = urljoin(request.url, location)
        old, new = _origin(request.url), _origin(url)
    except ValueError:
        return None
    if new[0] not in ("http", "https") or not new[1] or "@" in urlsplit(url).netloc:
        return None
    if old[0] == "https" and new[0] == "http":
        return None
    auth = request.auth if old == new else NO_AUTH
    cookies = request.cookies if old == new else ()
    return msgspec.structs.replace(request, url=url, auth=auth, cookies=cookies)


def _reason(error: Exception) -> str:
    """Say why there was no answer, without quoting what was asked."""
    import aiohttp

    text = str(error)
    match error:
        case _ if _NOT_PUBLIC in text:
            return "the server's address is not public; only an operator's base URL may name one"
        case aiohttp.ClientConnectorDNSError():
            return "the server's name cannot be resolved"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "the server's certificate is not valid"
        case aiohttp.ClientConnectorError():
            number = error.os_error.errno  # its text may hold addresses
            return f"the server cannot be reached: {os.strerror(number) if number else 'no answer'}"
        case aiohttp.ServerDisconnectedError():
            return "the server closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            return "the reply broke off"
        case aiohttp.ClientResponseError():
            return "the server's answer is not HTTP"
        case aiohttp.InvalidURL() | ValueError():
            return "the request cannot be written as HTTP"
        case _:
            return f"the connection failed ({type(error).__name__})"


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
