"""URL and URLSearchParams in the guest, against the web platform's own tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.isolated import step, value

WPT = "hostile/wpt-url/tests/wpt"
PARTS = (
    *("href", "protocol", "username", "password", "host"),
    *("hostname", "port", "pathname", "search", "hash"),
)

PARSE = """
const cases = %s, parts = %s
cases.map(({ input, base }) => {
  try {
    const url = new URL(input, base ?? undefined)
    return Object.fromEntries([...parts, "origin"].map((part) => [part, url[part]]))
  } catch (error) {
    return error.code
  }
})
"""

SET = """
const cases = %s
cases.map(({ name, href, new_value, expected }) => {
  const url = new URL(href)
  url[name] = new_value
  return Object.fromEntries(Object.keys(expected).map((part) => [part, url[part]]))
})
"""


def load(corpus: Path, name: str) -> Any:  # noqa: ANN401  # JSON of any shape
    """Return one file of the suite; half surrogate pairs are put where JSON allows them."""
    return json.loads((corpus / WPT / name).read_text("utf-8"))


def literal(cases: object) -> str:
    """Return JSON as a JavaScript expression, all of it ASCII, lone surrogates escaped."""
    return json.dumps(cases, ensure_ascii=True)


@pytest.mark.parametrize(
    "name", ["urltestdata.json", "urltestdata-javascript-only.json", "ada_long_urltestdata.json"]
)
def test_urls_are_parsed(corpus: Path, name: str) -> None:
    cases = [case for case in load(corpus, name) if isinstance(case, dict)]
    answers = value(PARSE % (literal(cases), json.dumps(PARTS)))
    wrong = [
        (case["input"], case.get("base"), answer)
        for case, answer in zip(cases, answers, strict=True)
        if not is_right(case, answer)
    ]
    assert wrong == []


def is_right(case: dict[str, Any], answer: Any) -> bool:  # noqa: ANN401  # JSON of any shape
    if case.get("failure"):
        return bool(answer == "ERR_INVALID_URL")
    return isinstance(answer, dict) and all(
        answer[part] == case[part] for part in [*PARTS, "origin"] if part in case
    )


def test_parts_are_set(corpus: Path) -> None:
    suite = load(corpus, "setters_tests.json")
    cases = [
        {"name": name, **case} for name, each in suite.items() if name != "comment" for case in each
    ]
    answers = value(SET % literal(cases))
    wrong = [
        (case["name"], case["href"], case["new_value"], answer)
        for case, answer in zip(cases, answers, strict=True)
        if answer != case["expected"]
    ]
    assert wrong == []


def test_hosts_beyond_ascii_are_mapped_as_far_as_without_tables(corpus: Path) -> None:
    """A host is never mapped to another than UTS 46 says, but for few that it would refuse."""
    cases = [case for case in load(corpus, "toascii.json") if isinstance(case, dict)]
    script = f"{literal([case['input'] for case in cases])}.map((host) => {{"
    script += " try { return new URL(`https://${encodeURIComponent(host)}/x`).host }"
    script += " catch { return null } })"
    answers = value(script)
    pairs = list(zip([case["output"] for case in cases], answers, strict=True))
    assert [pair for pair in pairs if pair[0] is not None and pair[0] != pair[1]] == []
    assert sum(expected is None and answer is not None for expected, answer in pairs) <= 10


SEARCH = {
    "read": (
        "[...new URLSearchParams('?a=1&b=%20+&c&=d&&e=%zz')]",
        [["a", "1"], ["b", "  "], ["c", ""], ["", "d"], ["e", "%zz"]],
    ),
    "write": (
        "`${new URLSearchParams({ a: 'é &=', b: \"*-._~'()!\" })}`",
        "a=%C3%A9+%26%3D&b=*-._%7E%27%28%29%21",
    ),
    "from pairs": ("`${new URLSearchParams([['a', 1], ['a', 2]])}`", "a=1&a=2"),
    "from another": ("`${new URLSearchParams(new URLSearchParams('a=1'))}`", "a=1"),
    "from no pairs": ("try { new URLSearchParams([['a']]) } catch (e) { e.name }", "TypeError"),
    "ask": (
        "const p = new URLSearchParams('a=1&a=2&b=3')\n"
        ";[p.get('a'), p.getAll('a'), p.has('a', '2'), p.get('c'), p.size]",
        ["1", ["1", "2"], True, None, 3],
    ),
    "change": (
        "const p = new URLSearchParams('a=1&b=2&a=3'); p.set('a', 'x')\n"
        "p.append('c', 'y'); p.delete('b'); `${p}`",
        "a=x&c=y",
    ),
    "delete a value": (
        "const p = new URLSearchParams('a=1&a=2'); p.delete('a', '1'); `${p}`",
        "a=2",
    ),
    "sort": ("const p = new URLSearchParams('b=1&a=2&b=0'); p.sort(); `${p}`", "a=2&b=1&b=0"),
    "loop": (
        "const out = []; new URLSearchParams('a=1').forEach((v, k) => out.push(k + v)); out",
        ["a1"],
    ),
    "half a pair": ("`${new URLSearchParams({ a: '\\ud800' })}`", "a=%EF%BF%BD"),
    "through a URL": (
        "const u = new URL('http://a/?x=1'); u.searchParams.append('y', '2 3'); u.href",
        "http://a/?x=1&y=2+3",
    ),
    "emptied through a URL": (
        "const u = new URL('http://a/?x=1'); u.searchParams.delete('x'); u.href",
        "http://a/",
    ),
    "seen from a URL": (
        "const u = new URL('http://a/?x=1'); const p = u.searchParams\n"
        "u.search = '?z=9'; p.get('z')",
        "9",
    ),
    "same object": ("const u = new URL('http://a/'); u.searchParams === u.searchParams", True),
    "JSON": ("JSON.stringify({ u: new URL('http://a/é') })", '{"u":"http://a/%C3%A9"}'),
    "canParse": (
        "[URL.canParse('http://a'), URL.canParse('a'), URL.canParse('a', 'http://b')]",
        [True, False, True],
    ),
}


@pytest.mark.parametrize(("script", "expected"), SEARCH.values(), ids=SEARCH.keys())
def test_search_parameters(script: str, expected: object) -> None:
    assert value(script) == expected


def test_a_text_that_is_no_url_is_named() -> None:
    error = step("new URL('/rooms')").error
    assert error is not None
    assert (error.name, error.message) == (
        "TypeError",
        '"/rooms" is no URL: it has no scheme, and there is no base',
    )
    assert error.stack[0].function == "<eval>"
