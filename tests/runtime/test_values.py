"""JSON across the boundary, with binary content marked."""

from __future__ import annotations

import pytest

from tsbind.bundle import Json
from tsbind.runtime.failures import ArgumentError
from tsbind.runtime.values import File, decode, encode, without_bytes


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a":[1,"x",null,true,1.5]}', {"a": [1, "x", None, True, 1.5]}),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b'{"f":{"$bytes":"AP8="}}', {"f": b"\x00\xff"}),
        (b'[{"$bytes":"","name":"a","type":"t/x"}]', [File(b"", "a", "t/x")]),
    ],
)
def test_a_value_survives_both_ways(text: bytes, value: Json) -> None:
    assert decode(text) == value
    assert decode(encode(value)) == value


def test_a_file_of_a_program_holds_bytes() -> None:
    assert decode(b'{"$bytes":{"$bytes":"aGk="},"name":"n"}') == File(b"hi", "n")


def test_an_honest_object_with_more_keys_is_no_mark() -> None:
    assert decode(b'{"$bytes":"x","other":1}') == {"$bytes": "x", "other": 1}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (b'{"$bytes":"!"}', '"$bytes" does not hold base64'),
        (b'{"$bytes":5}', '"$bytes" does not hold base64'),
        (b'{"$bytes":"","name":5}', "the name and type of a file are strings"),
        (b"{", "not JSON: Input data was truncated"),
        (b"NaN", "not JSON: JSON is malformed: invalid character (byte 0)"),
        (b"[" * 100_000, "not JSON: "),
    ],
)
def test_what_is_malformed_is_refused(text: bytes, want: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        decode(text)
    assert caught.value.text.startswith(want)


def test_what_json_cannot_say_is_an_error_not_a_hang() -> None:
    cycle: list[Json] = []
    cycle.append(cycle)
    for value in (cycle, object(), {"a": {1, object()}}):
        with pytest.raises((TypeError, RecursionError)):
            encode(value)


def test_a_validator_sees_text_of_the_same_length() -> None:
    assert without_bytes({"a": [b"\xff\x00", File(b"abc", "n")]}) == {"a": ["\xff\x00", "abc"]}
