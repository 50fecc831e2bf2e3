"""JSON, against JSONTestSuite and ourselves."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tsbind.errors import SpecError
from tsbind.spec.read_json import JsonPlaces, parse_json
from tsbind.spec.read_yaml import parse_yaml
from tsbind.spec.source import MAX_DEPTH, Source, line_column, to_utf8

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)
# The suite calls these valid; we refuse a key that is there twice.
STRICTER = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}
# The suite leaves these to the reader.  We take what a JSON value can hold exactly or as nearly as
# a double can, and refuse the rest: overflow, broken surrogates, bytes that are not UTF-8.
LENIENT = {
    "i_number_double_huge_neg_exp.json",
    "i_number_real_underflow.json",
    "i_number_too_big_neg_int.json",
    "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
    "i_string_UTF-16LE_with_BOM.json",
    "i_string_utf16BE_no_BOM.json",
    "i_string_utf16LE_no_BOM.json",
    "i_structure_UTF-8_BOM_empty_object.json",
}


def read(data: bytes, nodes: int = 2_000_000) -> object:
    return parse_json(Source("a.json", data, "json"), nodes)[0]


def refusal(data: bytes) -> str:
    with pytest.raises(SpecError) as caught:
        read(data)
    return str(caught.value)


def test_json_test_suite(corpus: Path) -> None:
    files = sorted((corpus / "hostile/JSONTestSuite/test_parsing").glob("*.json"))
    assert len(files) == 318
    wrong = []
    for file in files:
        expected = file.name.startswith("y_") and file.name not in STRICTER
        expected = expected or file.name in LENIENT
        error = None
        try:
            data = to_utf8(file.read_bytes(), file.name)
            parse_json(Source(file.name, data, "json"), 10**6)
        except SpecError as raised:
            error = raised
        located = error is None or (error.where.startswith(file.name) and error.fix)
        if (error is None) != expected or not located:
            wrong.append(file.name)
    assert not wrong


@given(VALUES, st.sampled_from([None, 1]))
def test_reads_what_python_writes(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    assert read(text.encode()) == value


@given(VALUES)
def test_json_is_yaml(value: object) -> None:
    text = json.dumps({"x": value}).encode()
    # libyaml's bounds: keys of 1,024 characters, no surrogate pairs, no U+FFFE or U+FFFF.
    assume(len(text) < 1000 and not re.search(rb"\\u(?:d[89ab]|fff[ef])", text))
    assert parse_yaml(Source("a.yaml", text, "yaml"), 10_000)[0] == {"x": value}


@given(VALUES)
def test_every_value_is_found_where_it_is(value: object) -> None:
    data = json.dumps({"top": value}, indent=1, ensure_ascii=False).encode()
    places = JsonPlaces(data)
    lines = data.decode().split("\n")

    def visit(node: object, tokens: list[str]) -> None:
        line, column = places.find(tokens)
        rest = lines[line - 1][column - 1 :]
        if tokens and not tokens[-1].isdigit():
            assert rest.startswith(json.dumps(tokens[-1], ensure_ascii=False))
        if isinstance(node, dict):
            for key, child in node.items():
                visit(child, [*tokens, key])
        elif isinstance(node, list):
            for index, child in enumerate(node):
                visit(child, [*tokens, str(index)])

    visit({"top": value}, [])


def test_a_duplicate_key_names_both_lines() -> None:
    data = b'{"a": [{"x": "}{"}],\n "b": {"c": 1, "d": [],\n\n  "\\u0063": 2}}'
    assert refusal(data) == (
        'a.json:4:3: key "c" is already there on line 2 [duplicate-key]\n'
        "fix: remove or rename one of the two"
    )


def test_a_syntax_error_says_where() -> None:
    assert refusal('{"ä": nope}'.encode()).startswith(
        "a.json:1:8: is not valid JSON: expected ident [syntax]"
    )
    assert "[truncated]" in refusal(b'{"a": {"b": 1')


@pytest.mark.parametrize("text", ["1e400", "-1E+999", "[1, 2e0400]", "1" * 400 + ".5"])
def test_a_number_beyond_a_double_is_refused(text: str) -> None:
    assert "a number is too large for a double [number]" in refusal(f'{{"a": {text}}}'.encode())


@pytest.mark.parametrize("text", ['"1e400"', '", 1e400"', "1e308", "1e-400", '"deadbe000"'])
def test_what_only_looks_too_large_is_taken(text: str) -> None:
    value = read(text.encode())
    assert value == json.loads(text)
    assert not isinstance(value, float) or math.isfinite(value)


def test_depth_is_bounded() -> None:
    assert read(b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1))
    for depth in (300, 1_000_000):
        assert "[too-deep]" in refusal(b"[" * depth)


def test_the_number_of_values_is_bounded_before_they_are_made() -> None:
    with pytest.raises(SpecError, match="more than 100 values"):
        read(b"[" + b"1," * 200 + b"1]", nodes=100)
    commas_in_strings = json.dumps([",{[" * 1000]).encode()
    assert read(commas_in_strings, nodes=100)


@given(st.binary(max_size=60), st.integers(0, 60))
def test_lines_and_columns_count_from_one(data: bytes, offset: int) -> None:
    line, column = line_column(data, min(offset, len(data)))
    assert line >= 1
    assert column >= 1
