"""Responses as values, by media type."""

from __future__ import annotations

import pytest

from tsbind.bundle import Call, Json, Reply
from tsbind.runtime.failures import NetworkError
from tsbind.runtime.http import Response
from tsbind.runtime.reply import accepted, error_of, promised, value_of


def response(media: str, body: bytes, status: int = 200, *, cut: bool = False) -> Response:
    return Response(status, (("content-type", media),) if media else (), body, cut)


EVENTS = b": hi\r\nevent: add\r\ndata: 1\r\ndata:2\r\nid: 7\r\n\r\ndata: x\n\nretry: 5\n\n"


@pytest.mark.parametrize(
    ("media", "body", "want"),
    [
        ("application/json", b'{"a":1}', {"a": 1}),
        ("application/problem+json; charset=utf-8", b"[1]", [1]),
        ("application/json", b"\xef\xbb\xbf1", 1),
        ("application/json", b"123456789012345678901", 123456789012345678901),
        ("text/plain", "ü".encode(), "ü"),
        ("text/plain; charset=latin-1", b"\xfc", "ü"),
        ("text/plain; charset=no-such", b"x", "x"),
        ("application/xml", b"<a/>", "<a/>"),
        ("image/svg+xml", b"<a/>", "<a/>"),
        ("image/png", b"\x89PNG", b"\x89PNG"),
        ("", b'{"a":1}', {"a": 1}),
        ("", b"\x00", b"\x00"),
        ("application/json", b"", None),
        ("application/x-ndjson", b'{"a":1}\n\n2\n', [{"a": 1}, 2]),
        ("application/jsonl", b"", []),
        ("application/json-seq", b'\x1e{"a":1}\n\x1e2\n', [{"a": 1}, 2]),
        (
            "text/event-stream",
            EVENTS,
            [{"event": "add", "data": "1\n2", "id": "7"}, {"data": "x"}, {"retry": 5}],
        ),
    ],
)
def test_a_body_becomes_a_value_by_its_media_type(media: str, body: bytes, want: Json) -> None:
    assert value_of(response(media, body)) == want


def test_a_stream_that_was_cut_loses_its_last_half_item() -> None:
    assert value_of(response("application/jsonl", b'1\n{"a"', cut=True)) == [1]
    events = response("text/event-stream", b"data: 1\n\ndata: 2", cut=True)
    assert value_of(events) == [{"data": "1"}]


@pytest.mark.parametrize("body", [b"{", b"<html>", b"NaN", b"[" * 100_000], ids=len)
def test_a_reply_that_lies_about_being_json_is_an_error(body: bytes) -> None:
    with pytest.raises(NetworkError, match="the reply is not JSON"):
        value_of(response("application/json", body))


@pytest.mark.parametrize(
    ("status", "media", "body", "text", "code"),
    [
        (404, "application/json", b'{"message":"gone","code":"E1"}', "status 404: gone", "E1"),
        (400, "application/json", b'{"error":{"message":"no","type":"t"}}', "status 400: no", "t"),
        (422, "application/json", b'{"detail":[1]}', "status 422", ""),
        (500, "text/html", b"<h1>\n  oops </h1>", "status 500: <h1> oops </h1>", ""),
        (500, "application/json", b"{", "status 500: {", ""),
        (401, "", b"", "status 401", ""),
        (302, "", b"", "status 302: the API answered with a redirect, which is not followed", ""),
    ],
)  # fmt: skip
def test_an_error_says_what_the_api_said(
    status: int, media: str, body: bytes, text: str, code: str
) -> None:
    error = error_of(response(media, body, status))
    assert (error.status, error.text, error.code) == (status, text, code)


def test_a_huge_error_body_is_cut() -> None:
    error = error_of(response("application/json", b'{"a":"' + b"x" * 1_000_000 + b'"}', 500))
    assert isinstance(error.body, str)
    assert len(error.body) <= 2_000


def test_the_promise_of_a_reply_is_found_by_status_then_range_then_default() -> None:
    exact, ranged, other = (
        Reply("200", "application/json"),
        Reply("2XX", "text/*"),
        Reply("default", "application/json"),
    )
    call = Call("x", "GET", "/", replies=(exact, ranged, other))
    assert promised(call, response("application/json; charset=utf-8", b"1")) is exact
    assert promised(call, response("application/hal+json", b"1")) is exact
    assert promised(call, response("text/csv", b"1", 201)) is ranged
    assert promised(call, response("application/json", b"1", 201)) is None
    assert promised(call, response("application/json", b"1", 500)) is other
    assert promised(call, response("text/csv", b"1", 200)) is None
    assert accepted(call) == "application/json, text/*"
    assert accepted(Call("x", "GET", "/")) == "*/*"
