"""YAML 1.2, against yaml-test-suite, PyYAML's own bad inputs, and what kills parsers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tsbind.errors import SpecError
from tsbind.spec.parse import parse
from tsbind.spec.read_yaml import YamlPlaces, parse_yaml
from tsbind.spec.source import Source

# Where libyaml itself departs from YAML 1.2.2.
ACCEPTED_THOUGH_INVALID = set(
    """
    9C9N 9JBA CVW2 DK95:1 G5U8 MUS6:0 QB6E S98Z SU5Z X4QW Y79Y:3 YJV2
    """.split()  # noqa: SIM905 - read by people
)
READ_OTHERWISE = {"652Z", "HM87:1", "JEF9:2", "L24T:1", "Y2GN"}
# Valid YAML of one document that libyaml cannot read (tabs, colons on the next line, …) …
UNREAD = set(
    """
    2LFX 2SXE 4MUZ:0 4MUZ:1 4MUZ:2 58MP 5MUD 5T43 6BCT 6CA3 6LVF 8XYN 96NN:0 96NN:1 9SA2
    A2M4 BEC7 DBG4 DK3J DK95:0 DK95:3 DK95:4 FP8R HM87:0 K3WX MUS6:5 MUS6:6 NJ66 Q5MG R4YG
    VJP3:1 W5VH Y79Y:1 Y79Y:10 ZYU8:1 ZYU8:2 ZYU8:3
    """.split()  # noqa: SIM905 - read by people
)
# … and that we refuse: aliases as keys, and tags outside of the core schema.
REFUSED = set(
    """
    26DV E76Z 2XXW 565N 6CK3 7FWL C4HZ CC74 CUP7 J7PZ M5C3 P76L UGM3 Z67P Z9M4
    """.split()  # noqa: SIM905 - read by people
)
# PyYAML calls these errors; the standard allows an anchor to be set again, and the rest are
# Python programs or documents that only describe an error.
LEGACY_VALID = re.compile(r"duplicate-anchor-.*|.*dumper-error|.*emitter-error|spec-.*\.error")


def read(text: str | bytes, nodes: int = 100_000) -> Any:  # noqa: ANN401 - any JSON value
    data = text.encode() if isinstance(text, str) else text
    return parse_yaml(Source("a.yaml", data, "yaml"), nodes)[0]


def refusal(text: str | bytes, nodes: int = 100_000) -> str:
    with pytest.raises(SpecError) as caught:
        read(text, nodes)
    return str(caught.value).split("\n")[0]


def suite(corpus: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted((corpus / "hostile/yaml-test-suite/src").glob("*.yaml")):
        cases = yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader)
        inherited: dict[str, Any] = {}
        for index, case in enumerate(cases):
            inherited = {**{k: v for k, v in inherited.items() if k != "fail"}, **case}
            name = f"{file.stem}:{index}" if len(cases) > 1 else file.stem
            if "skip" not in case:
                yield name, {**inherited, "yaml": visible(inherited["yaml"])}


def visible(text: str) -> str:
    """Undo the suite's way to show characters that are hard to see."""
    text = text.replace("∎\n", "").replace("␣", " ").replace("←", "\r").replace("⇔", "\ufeff")
    return re.sub("—*»", "\t", text).replace("↵", "")


def test_yaml_test_suite(corpus: Path) -> None:
    wrong, compared, refused = [], 0, 0
    for name, case in suite(corpus):
        value, error = None, None
        try:
            value = read(case["yaml"])
        except SpecError as raised:
            error = raised
        accepted = error is None
        if error is not None and not error.where.startswith("a.yaml:"):
            wrong.append(f"{name} has no place")
        if case.get("fail"):
            refused += not accepted
            if accepted != (name in ACCEPTED_THOUGH_INVALID):
                wrong.append(name)
        elif case.get("json") is not None:
            documents = _documents(case["json"])
            if len(documents) != 1:
                continue  # several documents: refused, see below
            compared += accepted
            same = accepted and value == documents[0]
            if same == (name in READ_OTHERWISE | UNREAD | REFUSED):
                wrong.append(name)
    assert not wrong
    assert compared >= 200
    assert refused >= 80


def _documents(text: str) -> list[Any]:
    decoder, position, found = json.JSONDecoder(), 0, []
    while text[position:].strip():
        position += len(text[position:]) - len(text[position:].lstrip())
        value, position = decoder.raw_decode(text, position)
        found.append(value)
    return found


def test_inputs_that_pyyaml_must_refuse(corpus: Path) -> None:
    folder = corpus / "hostile/pyyaml-legacy/tests/legacy_tests/data"
    wrong, seen = [], 0
    for file in sorted(folder.glob("*error")):
        try:
            parse(file.read_bytes(), "x.yaml", nodes=10_000)
            accepted = True
        except SpecError:
            accepted = False
        seen += 1
        if accepted and not LEGACY_VALID.fullmatch(file.name):
            wrong.append(file.name)
    assert not wrong
    assert seen > 100


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("12:30:45", "12:30:45"),
        ("2024-01-02", "2024-01-02"),
        ("3.10", 3.1),
        ("'3.10'", "3.10"),
        ("1e3", 1000.0),
        ("+1", 1),
        (".5", 0.5),
        ("=", "="),
        ("~", None),
        ("NULL", None),
        ("nUll", "nUll"),
        ("True", True),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("!!int '12'", 12),
        ("!!float 1", 1.0),
        ("!!null ''", None),
        ("!!map {}", {}),
    ],
)
def test_core_schema(text: str, value: object) -> None:
    result = read(f"a: {text}")["a"]
    assert result == value
    assert type(result) is type(value)


def test_keys_are_strings_as_written() -> None:
    text = "200: a\non: b\n~: c\n1.0: d\n2020-01-01: e\ntrue: f\n"
    assert read(text) == dict(
        zip(("200", "on", "~", "1.0", "2020-01-01", "true"), "abcdef", strict=True)
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb:\n  c: 1\n  'c': 2\n", 'a.yaml:4:3: key "c" is already there on line 3'),
        ("- a\n- x: 1\n  y: [{z: 1, z: 2}]\n", 'a.yaml:3:14: key "z" is already there on line 3'),
        ("200: a\n'200': b\n", 'a.yaml:2:1: key "200" is already there on line 1'),
        ("? [a, b]\n: 1\n", "a.yaml:1:3: a key is a collection"),
        ("a: &a {b: *a}\n", 'a.yaml:1:11: alias "*a" contains itself'),
        ("a: *b\n", 'a.yaml:1:4: alias "*b" has no anchor before it'),
        ("a: &a x\n*a : 1\n", 'a.yaml:2:1: alias "*a" stands as a key'),
        ("a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document starts"),
        ("a: !!timestamp 2020-01-01\n", 'a.yaml:1:4: tag "tag:yaml.org,2002:timestamp" is not'),
        ("!!python/object/apply:os.system [id]", 'a.yaml:1:1: tag "tag:yaml.org,2002:python/'),
        ("!!set {a: }", 'a.yaml:1:1: tag "tag:yaml.org,2002:set" is not of the core schema'),
        ("!!map []", 'a.yaml:1:1: tag "tag:yaml.org,2002:map" does not fit its collection'),
        ("a: !!int x", 'a.yaml:1:4: "x" is not a value for tag "tag:yaml.org,2002:int"'),
        ("a: .inf", 'a.yaml:1:4: ".inf" is not a JSON number'),
        ("a: 1e999", "a.yaml:1:4: a number is too large for a double"),
        ("a: " + "1" * 4301, "a.yaml:1:4: a number of 4,301 digits is too long"),
        ("a: {<<: 1}", 'a.yaml:1:9: "<<" merges something that is no mapping'),
        (
            "a: 'b",
            "a.yaml:1:6: is not valid YAML: while scanning a quoted scalar: found",
        ),
        ("a: \x07", "a.yaml:1:4: "),
        ("a:\n\t- b", "a.yaml:2:1: is not valid YAML"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    assert refusal(text).startswith(message)


def test_merge_keys_yield_to_the_keys_beside_them() -> None:
    text = """
base: &base {a: 1, b: 2}
more: &more {b: 3, c: 4}
one: {<<: *base, b: 9}
two: {<<: [*base, *more], d: 5}
plain: {"<<": 1}
"""
    value = read(text)
    assert value["one"] == {"a": 1, "b": 9}
    assert value["two"] == {"a": 1, "b": 2, "c": 4, "d": 5}
    assert value["plain"] == {"<<": 1}


def doubling(count: int) -> str:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}" for i in range(1, count)]
    return "\n".join(lines)


def laughs(levels: int, width: int) -> str:
    lines = ["a0: &a0 [x]"]
    for i in range(1, levels):
        lines.append(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]")
    return "\n".join(lines)


def wide() -> str:
    base = ", ".join(f"k{i}: 1" for i in range(2000))
    rows = [f"m{i}: {{<<: [{', '.join(['*b'] * 200)}]}}" for i in range(59)]
    return "\n".join([f"b: &b {{{base}}}", *rows])


HOSTILE = {
    "deepflow": ["[" * n + "]" * n for n in (500, 20_000, 200_000, 2_000_000)],
    "deepmap": ["{a: " * n + "1" + "}" * n for n in (500, 200_000)],
    "deep block": ["\n".join(" " * i + "a:" for i in range(n)) for n in (500, 2_000)],
    "deep dashes": ["- " * n + "a" for n in (500, 100_000)],
    "deep keys": ["? " * n + "a" for n in (500, 100_000)],
    "merge-doubling": [doubling(n) for n in (26, 64, 2_000)],
    "merge-wide": [wide()],
    "alias-billion-laughs": [laughs(9, 9), laughs(60, 9)],
    "int-digits": ["a: " + "1" * 4301, "a: " + "1" * 100_000],
    "cyclic-alias": ["a: &a {b: *a}", "&a [*a]", "&a {*a : 1}"],
    "tag-python": ["!!python/object/apply:os.system [id]"],
    "complex-key": ["? [a, b]\n: 1"],
    "multi-doc": ["a: 1\n---\nb: 2"],
    "nul-and-c1": [f"a: x{chr(i)}y" for i in (*range(9), *range(14, 32), 127)],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_refused_at_once(name: str) -> None:
    started = time.process_time()
    for text in HOSTILE[name]:
        refusal(text, nodes=2_000_000)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "text",
    ["a: " + ":".join(["59"] * 20_000), "a: " + "x" * 5_000_000, doubling(15), "a: " + "1" * 4300],
    ids=["sexagesimal", "long-line", "merge-doubling", "int-digits"],
)
def test_hostile_yaml_within_bounds_is_read_at_once(text: str) -> None:
    started = time.process_time()
    assert read(text, nodes=2_000_000)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(encoding: str) -> None:
    text = "a: ä€😀\n"
    assert parse(text.encode(encoding), "a", nodes=10)[1] == {"a": "ä€😀"}


def test_bytes_that_are_no_text_are_located() -> None:
    with pytest.raises(SpecError) as caught:
        parse("a: 1\nb: é\n".encode("latin-1"), "a.yaml", nodes=10)
    assert str(caught.value).startswith('a.yaml:2:4: byte "0xe9" is not valid UTF-8 [encoding]')


def test_places() -> None:
    text = b"a: 1\nb:\n  - x\n  - c: [1, {d: 2}]\n'e f': *z\n"
    places = YamlPlaces(text)
    assert places.find(["b", "1", "c", "1", "d"]) == (4, 13)
    assert places.find(["a"]) == (1, 1)
    assert places.find(["b", "0"]) == (3, 5)
    assert places.find(["e f"]) == (5, 1)
    assert places.find(["b", "9", "nothing"]) == (2, 1)
    assert places.find(["nothing"]) == (1, 1)
