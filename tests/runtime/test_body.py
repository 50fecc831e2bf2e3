"""Request bodies in every media type (OpenAPI 3.2 §4.14, §4.15)."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from urllib.parse import parse_qsl

import pytest

from tsbind.bundle import Body, Call, Json, Parameter, Part
from tsbind.runtime.body import Written, value_of, write
from tsbind.runtime.failures import ArgumentError
from tsbind.runtime.values import File

URLENCODED = "application/x-www-form-urlencoded"
FORM = "multipart/form-data"


def text(media: str, value: Json, **parts: Part) -> str:
    return write(Body(media, parts=parts), value).content.decode()


def parsed(written: Written) -> list[EmailMessage]:
    """Read a multipart body with a parser that is not ours."""
    head = f"Content-Type: {written.media}\r\n\r\n".encode()
    message = email.message_from_bytes(head + written.content, policy=email.policy.HTTP)
    parts = message.get_payload()
    assert isinstance(parts, list)
    assert message.defects == []
    return [part for part in parts if isinstance(part, EmailMessage)]


@pytest.mark.parametrize(
    ("media", "value", "want"),
    [
        ("application/json", {"a": [1, None]}, '{"a":[1,null]}'),
        ("application/vnd.api+json", "x", '"x"'),
        ("application/json", b"hi", '"aGk="'),
        ("text/plain", "hi", "hi"),
        ("text/plain", 5, "5"),
        ("application/xml", "<a/>", "<a/>"),
        ("application/octet-stream", b"\x01", "\x01"),
        ("application/x-ndjson", [{"a": 1}, 2], '{"a":1}\n2\n'),
    ],
)
def test_a_body_is_written_in_its_media_type(media: str, value: Json, want: str) -> None:
    written = write(Body(media), value)
    assert (written.content.decode(), written.media) == (want, media)


def test_a_range_of_media_types_takes_the_type_of_the_value() -> None:
    assert write(Body("*/*"), b"x").media == "application/octet-stream"
    assert write(Body("image/*"), File(b"x", "a.png", "image/png")).media == "image/png"
    with pytest.raises(ArgumentError, match="is no media type"):
        write(Body("*/*"), File(b"x", "a", "image/png\r\nX: y"))


@pytest.mark.parametrize(
    ("media", "want"),
    [
        ("application/x-ndjson", b'{"a":1}\n2\n'),
        ("application/jsonlines", b'{"a":1}\n2\n'),
        ("application/json-seq", b'\x1e{"a":1}\n\x1e2\n'),
        ("application/x-json", b'[{"a":1},2]'),
    ],
)
def test_a_list_is_written_as_its_media_type_lists(media: str, want: bytes) -> None:
    assert write(Body(media), [{"a": 1}, 2]) == Written(want, media)


def test_a_form_is_encoded_as_browsers_do() -> None:
    value = {"a b": "c d", "n": 1, "t": True, "list": ["x", "y"], "o": {"k": "v"}, "none": None}
    got = text(URLENCODED, value)
    assert got == "a+b=c+d&n=1&t=true&list=x&list=y&o=%7B%22k%22%3A%22v%22%7D"
    assert parse_qsl(text(URLENCODED, {"~*": "ü&=+;"})) == [("~*", "ü&=+;")]


def test_encodings_decide_how_a_form_field_is_written() -> None:
    value = {"f": {"a": 1, "b": {"c": 2}}, "l": [1, 2], "j": [1, 2]}
    got = text(
        URLENCODED,
        value,
        f=Part(style="deepObject"),
        l=Part(style="form", explode=False),
        j=Part(media="application/json"),
    )
    assert got == "f%5Ba%5D=1&f%5Bb%5D%5Bc%5D=2&l=1,2&j=%5B1%2C2%5D"


def test_a_multipart_form_holds_fields_and_files() -> None:
    value = {
        "title": "ü",
        "meta": {"k": 1},
        "file": File(b"\x00\xff--", 'a"b\r\n.png', "image/png"),
        "raw": b"data",
        "many": [b"1", b"2"],
    }
    parts = parsed(write(Body(FORM, parts={"raw": Part(media="image/*, image/gif")}), value))
    got = [
        (part.get_param("name", header="content-disposition"), part.get_filename(),
         part.get("content-type"), part.get_payload(decode=True))
        for part in parts
    ]  # fmt: skip
    assert got == [
        ("title", None, None, "ü".encode()),
        ("meta", None, "application/json", b'{"k":1}'),
        ("file", "a%22b%0D%0A.png", "image/png", b"\x00\xff--"),
        ("raw", "file", "image/gif", b"data"),
        ("many", "file", "application/octet-stream", b"1"),
        ("many", "file", "application/octet-stream", b"2"),
    ]


def test_a_style_decides_how_a_field_of_a_multipart_form_is_written() -> None:
    styles = {
        "deep": Part(style="deepObject"),
        "pipe": Part(style="pipeDelimited", explode=False),
        "form": Part(style="form"),
    }
    value = {"deep": {"a b": {"c": "d&e"}}, "pipe": ["x", "y"], "form": [1, 2]}
    parts = parsed(write(Body(FORM, parts=styles), value))
    got = [(p.get_param("name", header="content-disposition"), p.get_content()) for p in parts]
    assert got == [("deep[a b][c]", "d&e"), ("pipe", "x|y"), ("form", "1"), ("form", "2")]


def test_text_of_a_binary_type_is_a_file() -> None:
    types = {"file": Part(media="image/svg+xml"), "note": Part(media="text/plain")}
    parts = parsed(write(Body(FORM, parts=types), {"file": "<svg/>", "note": "n"}))
    assert [part.get_filename() for part in parts] == ["file", None]


def test_a_field_name_cannot_add_headers_to_its_part() -> None:
    (part,) = parsed(write(Body(FORM), {'a"\r\nX-Evil: 1': "v"}))
    assert list(part.keys()) == ["Content-Disposition"]


def test_the_same_multipart_body_is_the_same_bytes() -> None:
    assert write(Body(FORM), {"a": "1"}) == write(Body(FORM), {"a": "1"})
    assert write(Body(FORM), {"a": "1"}).media != write(Body(FORM), {"a": "2"}).media


def test_a_form_needs_an_object() -> None:
    for media in (URLENCODED, FORM):
        with pytest.raises(ArgumentError, match=f"the body must be an object .* {media}"):
            write(Body(media), "x")


def test_a_file_cannot_stand_in_json() -> None:
    with pytest.raises(ArgumentError, match="the body is not JSON: a File cannot stand in JSON"):
        write(Body("application/json"), {"f": File(b"x", "n")})


def test_the_body_is_an_argument_or_what_is_no_parameter() -> None:
    call = Call("a", "POST", "/{id}", parameters=(Parameter("id", "id", "path", "simple"),))
    assert value_of(call, Body("application/json"), {"id": 1, "name": "x"}) == {"name": "x"}
    assert value_of(call, Body("application/json"), {"id": 1}) is None
    assert value_of(call, Body("application/json", required=True), {"id": 1}) == {}
    assert value_of(call, Body("application/json", arg="body"), {"id": 1, "body": [1]}) == [1]
