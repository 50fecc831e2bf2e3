"""Carries requests over HTTP, through aiohttp.

It never lets a redirect, a proxy, a cookie or a compressed bomb decide anything.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from tsbind.media import STREAMS, kind_of
from tsbind.runtime.address import NOT_PUBLIC, any_socket, public_socket
from tsbind.runtime.credentials import Certificate, origin_of
from tsbind.runtime.failures import NetworkError
from tsbind.runtime.http import Request, Response, Timeouts
from tsbind.runtime.inflate import TooLong, inflater
from tsbind.runtime.redirect import redirected

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

_CHUNK: Final = 64 * 1024


class HttpTransport:
    """HTTP/1.1 with keep-alive through aiohttp: TLS verified, no proxies, no cookie jar.

    `private` allows addresses that are not public (loopback, link-local, private networks) for
    the origin of the request; another origin, reached by a redirect, must be public always.
    `redirects` is how many are followed, for GET and HEAD only, without credentials off the
    origin and never from https to http.  `connections` bounds them per origin, for all runs
    together.  `tls` makes the contexts for the requests' own origin, where other roots are
    trusted, say: `partial(ssl.create_default_context, cafile=…)`.
    """

    def __init__(
        self,
        *,
        private: bool = True,
        redirects: int = 0,
        connections: int = 32,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._private = private
        self._tls = tls
        self._redirects = redirects
        self._connections = connections
        self._sessions: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[_Way, ClientSession]
        ] = weakref.WeakKeyDictionary()

    async def send(self, request: Request) -> Response:
        """Send and wait for the whole response; raises NetworkError when there is none."""
        response = _or_raise(await self._send_once(request, own=True))
        own = True
        for _ in range(self._redirects):
            onward = redirected(request, response)
            if onward is None:
                break
            own = own and origin_of(onward.url) == origin_of(request.url)
            request = onward
            response = _or_raise(await self._send_once(request, own=own))
        return response

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        for session in self._sessions.pop(asyncio.get_running_loop(), {}).values():
            await session.close()

    async def _send_once(self, request: Request, *, own: bool) -> Response | NetworkError:
        # The failure is returned, and raised by a caller that holds no secret: reports of errors
        # may show the variables of every function that an exception passed through.
        import aiohttp
        from yarl import URL

        url, headers = request.on_the_wire()
        times = request.timeouts
        # A connection that is waited for, because others are in use, has the whole time.
        timeout = aiohttp.ClientTimeout(
            total=None, connect=times.total, sock_connect=times.connect, sock_read=times.read
        )
        way = _Way(self._private and own, own, request.auth.certificate)
        try:
            async with asyncio.timeout(times.total) as clock:
                async with self._session(way).request(
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
        except TimeoutError as error:
            return _late(error, times)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # aiohttp's own words may quote the URL, and with it a key: only the kind is told.
            return NetworkError(_reason(error), code="network")

    def _session(self, way: _Way) -> ClientSession:
        sessions = self._sessions.setdefault(asyncio.get_running_loop(), {})
        if way not in sessions:
            sessions[way] = _open_session(way, self._connections, self._context(way))
        return sessions[way]

    def _context(self, way: _Way) -> ssl.SSLContext | Literal[True]:
        """Return what TLS goes by; True stands for a context that aiohttp has already."""
        make = self._tls if way.own else None
        if make is None and way.certificate is None:
            return True
        context = (make or ssl.create_default_context)()
        if way.certificate is not None:
            way.certificate.show_in(context)
        return context


class _Way(NamedTuple):
    """What requests must have in common to share a connection."""

    private: bool
    own: bool  # to the origin that was asked, not to where a redirect led
    certificate: Certificate | None


def _or_raise(outcome: Response | NetworkError) -> Response:
    if isinstance(outcome, NetworkError):
        raise outcome
    return outcome


def _open_session(
    way: _Way, connections: int, context: ssl.SSLContext | Literal[True]
) -> ClientSession:
    import aiohttp

    connector = aiohttp.TCPConnector(
        limit=0,
        limit_per_host=connections,
        ssl=context,
        socket_factory=any_socket if way.private else public_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        headers={"Accept-Encoding": "gzip, deflate", "User-Agent": "tsbind"},
    )


async def _receive(reply: ClientResponse, request: Request, seconds: float) -> Response:
    headers = tuple((name.lower(), value) for name, value in reply.headers.items())
    response = Response(reply.status, headers)
    inflate = inflater(response.header("content-encoding"), request.reply_bytes)
    flows = kind_of(response.header("content-type")) in STREAMS
    received = bytearray()
    cut = False
    try:
        async with asyncio.timeout(min(seconds, request.timeouts.stream) if flows else seconds):
            while chunk := await reply.content.read(_CHUNK):
                received += inflate(chunk)
                if len(received) > request.reply_bytes:
                    raise TooLong
    except (TimeoutError, TooLong) as error:
        reply.close()
        if not flows:
            raise _give_up(error, request) from None
        cut = True
    return Response(reply.status, headers, bytes(received[: request.reply_bytes]), cut)


def _give_up(error: Exception, request: Request) -> NetworkError:
    if isinstance(error, TooLong):
        return NetworkError(
            f"the reply is longer than {request.reply_bytes} bytes", code="reply-bytes"
        )
    return _late(error, request.timeouts)


def _late(error: Exception, times: Timeouts) -> NetworkError:
    """Say which phase took too long."""
    import aiohttp

    match error:
        case aiohttp.ConnectionTimeoutError():
            what = f"no connection after {times.connect:g} s"
        case aiohttp.SocketTimeoutError():
            what = f"not a byte for {times.read:g} s"
        case _:
            what = f"it is not whole after {times.total:g} s"
    return NetworkError(f"no answer in time: {what}", code="timeout")


def _reason(error: Exception) -> str:
    """Say why there was no answer, without quoting what was asked."""
    import aiohttp

    text = str(error)
    match error:
        case _ if NOT_PUBLIC in text:
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
