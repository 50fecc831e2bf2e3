"""Responses as values, by media type."""

from __future__ import annotations

import pytest

from tsbind.bundle import Call, Event, Json, Reply
from tsbind.runtime.failures import NetworkError
from tsbind.runtime.http import Response
from tsbind.runtime.reply import accepted, doubled_keys, error_of, promised, value_of


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
        ("application/ndjson", b"1\n2\n", [1, 2]),
        ("application/x-json", b"1", 1),
        ("application/x-www-form-urlencoded", b"a=1&b=2", "a=1&b=2"),
        ("application/graphql", b"{a}", "{a}"),
        ("application/vnd.x+yaml", b"a: 1", "a: 1"),
        ("multipart/mixed; boundary=x", b"--x--", b"--x--"),
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


CHUNKS = b'data: {"a":1}\n\nevent: x\ndata: {"a":2}\n\n: ping\n\ndata: [DONE]\n\n'


@pytest.mark.parametrize(
    ("event", "want"),
    [
        ("fields", [{"data": '{"a":1}'}, {"event": "x", "data": '{"a":2}'}, {"data": "[DONE]"}]),
        ("read fields", [{"data": {"a": 1}}, {"event": "x", "data": {"a": 2}}, {"data": "[DONE]"}]),
        ("text", ['{"a":1}', '{"a":2}', "[DONE]"]),
        ("json", [{"a": 1}, {"a": 2}]),
    ],
)
def test_an_item_of_an_event_stream_is_what_the_document_says(event: Event, want: Json) -> None:
    promise = Reply("200", "text/event-stream", item=True, event=event)
    assert value_of(response("text/event-stream", CHUNKS), promise) == want


def test_an_event_that_should_hold_json_and_does_not_is_an_error() -> None:
    promise = Reply("200", "text/event-stream", item=True, event="json")
    with pytest.raises(NetworkError, match="the reply is not JSON"):
        value_of(response("text/event-stream", b"data: {oops\n\n"), promise)


def test_without_a_body_the_promised_headers_are_the_value() -> None:
    sent = Response(201, (("location", "/x/1"), ("set-cookie", "a=b")), b"")
    assert value_of(sent, Reply("201", headers=("Location", "ETag"))) == {"Location": "/x/1"}
    assert value_of(sent, Reply("201")) is None


@pytest.mark.parametrize("body", [b"{", b"<html>", b"NaN", b"[" * 100_000], ids=len)
def test_a_reply_that_lies_about_being_json_is_an_error(body: bytes) -> None:
    with pytest.raises(NetworkError, match="the reply is not JSON"):
        value_of(response("application/json", body))


@pytest.mark.parametrize(
    ("status", "media", "body", "text", "code"),
    [
        (404, "application/json", b'{"message":"gone","code":"E1"}', "status 404: gone", "E1"),
        (400, "application/json", b'{"error":{"message":"no","type":"t"}}', "status 400: no", "t"),
        (422, "application/json", b'{"detail":[1]}', "status 422: [1]", ""),
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


def test_a_number_that_no_program_can_hold_is_told_as_that() -> None:
    want = r"a number beyond the range of a double, at reply\.\*\[1\]$"
    with pytest.raises(NetworkError, match=want) as caught:
        value_of(response("application/json", b'{"a": [1, 1e400]}'))
    assert caught.value.code == "json-number"


@pytest.mark.parametrize(
    ("media", "body", "found"),
    [
        ("application/json", b'{"a": 1, "b": {"c": 1, "c": 2}}', ['"c"']),
        ("application/json", b'[{"a": 1}, {"a": 1}]', []),
        ("application/json", b'{"a": 1, "a"', []),
        ("text/plain", b'{"a": 1, "a": 2}', []),
    ],
)
def test_a_key_that_stands_twice_is_told(media: str, body: bytes, found: list[str]) -> None:
    said = [f"reply: the key {key} stands twice in one object, and the last one counts"
            for key in found]  # fmt: skip
    assert list(doubled_keys(response(media, body))) == said
