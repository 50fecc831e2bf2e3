"""Requests as the arguments that they were made of: what is written is read back."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.live.styles import EASY, HARD, Case, cases, document
from tsbind.bundle import Bundle, Call, Json, Parameter
from tsbind.pipeline import compile
from tsbind.runtime import Host
from tsbind.runtime.failures import ArgumentError
from tsbind.runtime.received import Received, arguments
from tsbind.runtime.sample import Unsatisfiable, sample

BASE = "http://127.0.0.1:9"


def there_and_back(host: Host, call: Call, args: Json) -> Json:
    """Write the request of a call as it would be sent, and read it as a server would."""
    request = host.request(call, args)
    url = urlsplit(request.url)
    headers = [(name.lower(), value) for name, value in request.headers]
    if request.cookies:
        headers.append(("cookie", "; ".join(f"{n}={v}" for n, v in request.cookies)))
    came = Received(url.path, url.query, tuple(headers), request.body or b"")
    return arguments(call, came, host.bundle.schemas)


@pytest.fixture(scope="module", params=[EASY, HARD])
def styles(request: pytest.FixtureRequest) -> tuple[Host, list[Case]]:
    listed = cases(request.param)
    bundle = compile(msgspec.json.encode(document(listed))).bundle
    return Host(bundle, BASE), listed


def test_every_style_is_read_back(styles: tuple[Host, list[Case]]) -> None:
    host, listed = styles
    calls = {call.path: call for call in host.bundle.calls.values()}
    for case in listed:
        if "spaceDelimited" in case.name and HARD in case.value:
            continue  # where a value ends there, nobody can tell
        call = calls[case.path]
        got = there_and_back(host, call, {"v": case.value})
        assert got == {"v": case.value}, case.name
        host.check_arguments(call, got)
    assert len(listed) > 90


@pytest.mark.parametrize(
    "name",
    ["petstore3-full.yaml", "notion.json", "box.json", "apisguru/google-drive.json",
     "slack-swagger2.json", "twilio-api.json"],
)  # fmt: skip
def test_the_calls_of_every_operation_are_read_back(corpus: Path, name: str) -> None:
    bundle = compile(corpus / "openapi" / name).bundle
    host = Host(bundle, BASE)
    count = 0
    for call in bundle.calls.values():
        for optional in (False, True):
            try:
                args = sample(call.args, bundle.schemas, optional=optional)
                host.check_arguments(call, args)
            except (Unsatisfiable, ArgumentError):
                continue
            host.check_arguments(call, there_and_back(host, call, args))
            count += 1
    assert count >= 2 * len(bundle.calls) * 0.98


def query(*parameters: Parameter, **schemas: Json) -> Call:
    return Call("x.y", "GET", "/x", parameters, args={"properties": schemas})


IDS = Parameter("ids", "ids", "query", "form", explode=True)
DEEP = Parameter("f", "f", "query", "deepObject", explode=True)


@pytest.mark.parametrize(
    ("call", "text", "want"),
    [
        (query(IDS, ids={"type": "array", "items": {"type": "integer"}}), "ids=1", [1]),
        (query(IDS, ids={"type": ["string", "array"]}), "ids=1", "1"),
        (query(IDS, ids={"anyOf": [{"type": "integer"}, {"const": "me"}]}), "ids=7", 7),
        (query(IDS, ids={"anyOf": [{"type": "integer"}, {"const": "me"}]}), "ids=me", "me"),
        (query(IDS, ids={"type": "integer"}), "ids=seven", "seven"),
        (query(IDS, ids={"type": "boolean"}), "ids=true", True),
        (query(IDS, ids={"type": "number"}), "ids=1e3", 1000.0),
        (query(IDS, ids={"type": ["null", "integer"]}), "ids=null", None),
        (query(IDS, ids=True), "ids=a+b%2Bc", "a b+c"),
        (query(DEEP, f={"properties": {"n": {"type": "integer"}}}), "f[n]=1&f[o][p]=2",
         {"n": 1, "o": {"p": "2"}}),
        (query(DEEP, f={"type": "object"}), "f%5Ba%5D%5B0%5D=x&f%5Ba%5D%5B1%5D=y",
         {"a": ["x", "y"]}),
    ],
)  # fmt: skip
def test_a_text_becomes_what_the_schema_takes(call: Call, text: str, want: Json) -> None:
    (value,) = arguments(call, Received("/x", text), {}).values()
    assert value == want
    assert type(value) is type(want)


POST = Bundle.decode(
    b'{"title":"T","version":"1","declarations":"","schemas":{},"calls":{"p":{"op":"p",'
    b'"method":"POST","path":"/p","bodies":[{"media":"application/json","required":true}],'
    b'"args":{"properties":{"a":{"type":"integer"}},"required":["a"]}}}}'
).calls["p"]


@pytest.mark.parametrize(
    ("call", "received", "want"),
    [
        (query(IDS, ids=True), Received("/x", "id=1"), 'the query has "id", which the operation'),
        (query(DEEP, f=True), Received("/x", "f[a]=1&f[a][b]=2"), r'"f\[a\]\[b\]" is twofold'),
        (POST, Received("/p"), "the body is missing"),
        (POST, Received("/p", "", (("content-type", "text/csv"),), b"a"), 'the body is "text/csv"'),
        (POST, Received("/p", "", (("content-type", "application/json"),), b"{"), "is not JSON"),
        (POST, Received("/p", "", (("content-type", "application/json"),), b"[]"), "be an object"),
    ],
)
def test_what_no_argument_can_be_is_told(call: Call, received: Received, want: str) -> None:
    with pytest.raises(ArgumentError, match=want):
        arguments(call, received, {})


@given(st.text(), st.text(), st.binary(), st.sampled_from(["application/json", "text/plain", "a/b",
       "multipart/form-data; boundary=b", "application/x-www-form-urlencoded"]))  # fmt: skip
def test_whatever_comes_is_read_or_refused(path: str, text: str, body: bytes, media: str) -> None:
    for call in (query(IDS, ids={"type": "array"}), query(DEEP, f=True), POST):
        try:
            got = arguments(call, Received(path, text, (("content-type", media),), body), {})
        except ArgumentError:
            continue
        assert isinstance(got, dict)
