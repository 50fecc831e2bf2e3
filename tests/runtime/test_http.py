"""What goes over the wire and what comes back, on real sockets."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import time
import zlib
from collections.abc import Coroutine
from typing import Any

import pytest
from aiohttp import web

from tests.runtime.loopback import raw_server, serving
from tsbind.errors import CredentialError
from tsbind.runtime.address import is_public
from tsbind.runtime.credentials import Auth, origin_of
from tsbind.runtime.failures import NetworkError
from tsbind.runtime.http import Request, Response, Timeouts
from tsbind.runtime.transport import HttpTransport

SECRET = Auth("http://127.0.0.1:1", headers=(("Authorization", "Bearer tok-123456"),))


def auth_for(url: str) -> Auth:
    return Auth(
        origin_of(url),
        headers=(("Authorization", "Bearer tok-123456"), ("X-Api-Key", "key-123456")),
        query=(("key", "q ü"),),
        cookies=(("sid", "c1"),),
    )


def send(request: Request, transport: HttpTransport | None = None) -> Coroutine[Any, Any, Response]:
    async def sent() -> Response:
        used = transport or HttpTransport()
        try:
            return await used.send(request)
        finally:
            await used.close()

    return sent()


async def echo(request: web.BaseRequest) -> web.Response:
    body = await request.read()
    return web.json_response(
        {
            "method": request.method,
            "target": request.raw_path,
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "body": body.decode("latin-1"),
        }
    )


def test_a_request_arrives_byte_for_byte() -> None:
    async def main() -> None:
        async with serving(echo) as url:
            response = await send(
                Request(
                    method="POST",
                    url=f"{url}/a%2Fb/..%252e/%7Ex?q=%20+%26&e=",
                    headers=(("X-A", "ü"), ("Content-Type", "text/x")),
                    cookies=(("a", "1"), ("b", "2")),
                    body=b"\x00\xff",
                )
            )
        got = json.loads(response.body)
        assert got["target"] == "/a%2Fb/..%252e/%7Ex?q=%20+%26&e="
        assert (got["method"], got["body"]) == ("POST", "\x00\xff")
        assert got["headers"]["cookie"] == "a=1; b=2"
        assert got["headers"]["content-type"] == "text/x"
        assert got["headers"]["user-agent"] == "tsbind"

    asyncio.run(main())


def test_credentials_replace_what_has_their_name() -> None:
    async def main() -> None:
        async with serving(echo) as url:
            response = await send(
                Request(
                    method="GET",
                    url=f"{url}/x?key=guest&a=1",
                    headers=(("authorization", "guest"),),
                    cookies=(("sid", "guest"), ("o", "1")),
                    auth=auth_for(url),
                )
            )
        assert b"guest" not in response.body
        assert b'"/x?a=1&key=q%20%C3%BC"' in response.body
        assert b"Bearer tok-123456" in response.body
        assert b'"o=1; sid=c1"' in response.body

    asyncio.run(main())


def test_credentials_go_to_their_origin_only() -> None:
    with pytest.raises(CredentialError, match=r'for "http://127\.0\.0\.1:1" only'):
        Request(method="GET", url="http://127.0.0.1:2/", auth=SECRET).on_the_wire()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("redirects", [0, 3])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_takes_no_credentials_along(status: int, redirects: int, method: str) -> None:
    seen: list[dict[str, str]] = []

    async def other(request: web.BaseRequest) -> web.Response:
        seen.append({name.lower(): value for name, value in request.headers.items()})
        return web.Response(text=request.raw_path)

    async def main() -> Response:
        async with serving(other) as elsewhere:

            async def away(request: web.BaseRequest) -> web.Response:
                return web.Response(status=status, headers={"Location": f"{elsewhere}/there"})

            async with serving(away) as url:
                transport = HttpTransport(redirects=redirects)
                # Another loopback port is another origin, and not public: made reachable here.
                return await send(Request(method=method, url=url, auth=auth_for(url)), transport)

    if redirects and method == "GET":
        with pytest.raises(NetworkError, match="not public"):
            asyncio.run(main())
    else:
        assert asyncio.run(main()).status == status
    assert seen == []


def test_a_redirect_within_the_origin_is_followed_where_allowed() -> None:
    async def hop(request: web.BaseRequest) -> web.Response:
        if request.path == "/old":
            return web.Response(status=302, headers={"Location": "/new?a=1"})
        return await echo(request)

    async def main() -> None:
        async with serving(hop) as url:
            request = Request(method="GET", url=f"{url}/old", auth=auth_for(url))
            response = await send(request, HttpTransport(redirects=1))
            assert response.status == 200
            assert b"/new?a=1&key=" in response.body
            assert b"Bearer tok-123456" in response.body

    asyncio.run(main())


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "data:text/plain,x", "//", "http://[", "ftp://h/x", "http://u@h/", ""],
)
def test_a_redirect_to_nowhere_sensible_is_not_followed(location: str) -> None:
    async def main() -> None:
        answer = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        async with raw_server(answer.encode()) as url:
            response = await send(Request(method="GET", url=url), HttpTransport(redirects=5))
            assert response.status == 302

    asyncio.run(main())


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", gzip.compress(b"hello" * 100)),
        ("deflate", zlib.compress(b"hello" * 100)),
        ("deflate", zlib.compress(b"hello" * 100)[2:-4]),  # raw, as some servers mean it
        ("identity", b"hello" * 100),
    ],
    ids=["gzip", "zlib", "deflate", "identity"],
)
def test_a_compressed_reply_is_read(coding: str, data: bytes) -> None:
    async def main() -> None:
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        async with raw_server(head.encode() + data) as url:
            assert (await send(Request(method="GET", url=url))).body == b"hello" * 100

    asyncio.run(main())


def test_a_bomb_stops_at_the_limit() -> None:
    bomb = gzip.compress(bytes(200 << 20), 9)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"

    async def main() -> None:
        async with raw_server(head.encode() + bomb) as url:
            began = time.perf_counter()
            with pytest.raises(NetworkError, match="the reply is longer than 1048576 bytes"):
                await send(Request(method="GET", url=url, reply_bytes=1 << 20))
            assert time.perf_counter() - began < 2.0

    asyncio.run(main())


@pytest.mark.parametrize(
    ("answer", "want"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", "the reply broke off"),
        (b"", "the server closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "the server's answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", "answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nx", "compressed in an unknown way"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nplain", "not what it says"),
    ],
)  # fmt: skip
def test_a_broken_answer_is_one_plain_error(answer: bytes, want: str) -> None:
    async def main() -> None:
        async with raw_server(answer) as url:
            with pytest.raises(NetworkError, match=want) as caught:
                await send(Request(method="GET", url=f"{url}/?key=tok-123456"))
            assert "tok-123456" not in str(caught.value)

    asyncio.run(main())


def test_a_refused_connection_is_one_plain_error() -> None:
    with pytest.raises(NetworkError, match=r"cannot be reached: Connection refused$"):
        asyncio.run(send(Request(method="GET", url="http://127.0.0.1:1/")))


HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"


@pytest.mark.parametrize(
    ("scheme", "answer", "times", "want"),
    [
        ("https", b"", Timeouts(connect=0.2), "no connection after 0.2 s"),
        ("http", b"", Timeouts(read=0.2), "not a byte for 0.2 s"),
        ("http", b"HTTP/1.1 200 OK\r\n", Timeouts(read=0.2), "not a byte for 0.2 s"),
        ("http", HALF, Timeouts(read=0.2), "not a byte for 0.2 s"),
        ("http", b"", Timeouts(total=0.2), "it is not whole after 0.2 s"),
        ("http", HALF, Timeouts(total=0.2), "it is not whole after 0.2 s"),
    ],
    ids=["tls", "first-byte", "head", "between-bytes", "whole-head", "whole-body"],
)
def test_a_server_that_stalls_is_given_up_in_every_phase(
    scheme: str, answer: bytes, times: Timeouts, want: str
) -> None:
    async def main() -> None:
        async with raw_server(answer, hold=5.0) as url:
            began = time.perf_counter()
            url = url.replace("http", scheme)
            with pytest.raises(NetworkError, match=f"no answer in time: {want}"):
                await send(Request(method="GET", url=url, timeouts=times))
            assert time.perf_counter() - began < 1.5


def test_a_connection_that_is_never_answered_is_given_up() -> None:
    async def main() -> None:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            port = full.getsockname()[1]
            # Nobody accepts: what does not fit the queue any more is not answered at all.
            fillers = [socket.socket() for _ in range(8)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            request = Request(
                method="GET", url=f"http://127.0.0.1:{port}", timeouts=Timeouts(connect=0.2)
            )
            with pytest.raises(NetworkError, match=r"no connection after 0\.2 s"):
                await send(request)
            for filler in fillers:
                filler.close()

    asyncio.run(main())


def test_one_origin_has_so_many_connections_at_once_and_no_more() -> None:
    now: list[int] = [0]
    most: list[int] = [0]

    async def busy(request: web.BaseRequest) -> web.Response:
        now[0] += 1
        most[0] = max(most[0], now[0])
        await asyncio.sleep(0.02)
        now[0] -= 1
        return web.Response()

    async def main() -> None:
        async with serving(busy) as url:
            transport = HttpTransport(connections=3)
            await asyncio.gather(
                *(transport.send(Request(method="GET", url=url)) for _ in range(12))
            )
            await transport.close()

    asyncio.run(main())
    assert most[0] == 3

    asyncio.run(main())


def test_a_stream_that_does_not_end_is_cut() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

    async def main() -> None:
        async with raw_server(head + b"data: 1\n\ndata: 2\n\nda", hold=5.0) as url:
            for times in (Timeouts(total=0.3), Timeouts(read=0.3), Timeouts(stream=0.3)):
                response = await send(Request(method="GET", url=url, timeouts=times))
                assert response.cut
            assert response.body == b"data: 1\n\ndata: 2\n\nda"

    asyncio.run(main())


def test_no_proxy_and_no_cookie_is_taken_from_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    async def cookie(request: web.BaseRequest) -> web.Response:
        response = web.Response(text=request.headers.get("Cookie", "none"))
        response.set_cookie("track", "1")
        return response

    async def main() -> None:
        async with serving(cookie) as url:
            transport = HttpTransport()
            for _ in range(2):
                assert (await transport.send(Request(method="GET", url=url))).body == b"none"
            await transport.close()

    asyncio.run(main())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "2130706433", "0x7f.1"])
def test_an_address_that_is_not_public_is_refused_unless_the_operator_says_so(host: str) -> None:
    async def main() -> None:
        async with serving(echo) as url:
            port = url.rpartition(":")[2]
            with pytest.raises(NetworkError) as caught:
                await send(
                    Request(method="GET", url=f"http://{host}:{port}/"),
                    HttpTransport(private=False),
                )
            # Numbers for addresses are refused as URLs, or resolved and then refused.
            assert "not public" in caught.value.text or "written as HTTP" in caught.value.text

    asyncio.run(main())


@pytest.mark.parametrize(
    ("address", "want"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("::1", False),
        ("fe80::1%eth0", False), ("fc00::1", False), ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True), ("64:ff9b::7f00:1", False), ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False), ("2001:0:1:2:3:4:80ff:fffe", False), ("224.0.0.1", False),
        ("255.255.255.255", False), ("192.0.2.1", False), ("ff02::1", False),
    ],
)  # fmt: skip
def test_public_addresses_are_told_from_others(address: str, want: bool) -> None:
    assert is_public(address) is want


def test_connections_belong_to_their_event_loop() -> None:
    transport = HttpTransport()

    async def once() -> None:
        async with serving(echo) as url:
            assert (await transport.send(Request(method="GET", url=url))).status == 200
            await transport.close()

    for _ in range(2):
        asyncio.run(once())
