"""An independent reader of requests: FastAPI, with a server of its own in echo_server.py.

The server writes its document and answers with what it has read.  What a program gives must come
back: random text, through the path, the query, headers, cookies and every kind of body.
"""

from __future__ import annotations

import asyncio
import base64
import json
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.live.servers import free_port, of_venv, started
from tsbind.bundle import Bundle, Json
from tsbind.pipeline import compile
from tsbind.runtime import Host
from tsbind.runtime.values import File

pytestmark = pytest.mark.live

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
# A path refuses what some server could read as more than one segment.
SEGMENT = st.text(
    st.characters(categories=["L", "N", "Sc"], include_characters=" !\"#$&'()*+,:;<=>?@[]^`{|}~-_"),
    min_size=1,
)
# What HTTP lets through as it is; FastAPI does not decode the cookies that forms' style encodes.
HEADER = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
COOKIE = st.from_regex(r"[A-Za-z0-9._~-]{1,20}", fullmatch=True)
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
POINTS = st.fixed_dictionaries(
    {"x": INTEGERS, "y": FLOATS, "label": st.none() | TEXT},
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Bundle]]:
    """The server's address, and what its document compiles to."""
    port = free_port()
    command = [of_venv("python"), Path(__file__).with_name("echo_server.py"), str(port)]
    with started(command, port, tmp_path_factory.mktemp("echo") / "log") as url:
        with urllib.request.urlopen(f"{url}/openapi.json", timeout=30) as reply:
            bundle = compile(reply.read()).bundle
        yield url, bundle


def told(api: tuple[str, Bundle], path: str, args: Json) -> Json:
    """Send one call and return what the server has read."""
    url, bundle = api
    op = next(call.op for call in bundle.calls.values() if call.path.startswith(path))

    async def answer() -> Json:
        async with Host(bundle, url, replies="strict") as host:
            return await host.send(op, args)

    return asyncio.run(answer())


RANDOM = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@RANDOM
@given(
    st.fixed_dictionaries(
        {
            "name": SEGMENT,
            "number": FLOATS,
            "day": st.dates().map(str),
            "token": st.uuids().map(str),
            "flag": st.booleans(),
            "colour": st.sampled_from(["red", "light blue"]),
            "ids": st.lists(INTEGERS, min_size=1),
            "words": st.lists(TEXT, min_size=1),
            "xNote": HEADER,
            "session": COOKIE,
        }
    )
)
def test_parameters_arrive(api: tuple[str, Bundle], args: dict[str, Json]) -> None:
    given = {**args, "since": "2026-01-05T09:00:00Z"}
    got = told(api, "/places", given)
    assert got == {**{k: v for k, v in given.items() if k != "xNote"}, "note": args["xNote"]}


@RANDOM
@given(TEXT, st.lists(TEXT, min_size=1), INTEGERS)
def test_a_record_in_the_query_arrives(
    api: tuple[str, Bundle], text: str, tags: list[str], limit: int
) -> None:
    args = {"text": text, "tags": tags, "limit": limit}
    assert told(api, "/spread", args) == args


@RANDOM
@given(st.lists(POINTS))
def test_json_arrives(api: tuple[str, Bundle], points: Json) -> None:
    assert told(api, "/json", {"body": points}) == points


@RANDOM
@given(POINTS, st.dictionaries(TEXT, INTEGERS))
def test_several_bodies_in_one_arrive(
    api: tuple[str, Bundle], one: Json, two: dict[str, int]
) -> None:
    got = told(api, "/embedded", {"one": one, "two": two})
    assert got["one"] == one
    assert {key: Decimal(value) for key, value in got["two"].items()} == two


@RANDOM
@given(TEXT.filter(bool), st.lists(INTEGERS, min_size=1), st.booleans())
def test_a_form_arrives(
    api: tuple[str, Bundle], article: str, sizes: list[int], gift: bool
) -> None:
    args = {"article": article, "sizes": sizes, "gift": gift}
    assert told(api, "/form", args) == args


@RANDOM
@given(
    TEXT.filter(bool),
    st.lists(TEXT.filter(bool), min_size=1),
    POINTS,
    st.lists(st.binary(), min_size=3),
)
def test_the_parts_of_a_multipart_form_arrive(
    api: tuple[str, Bundle], title: str, labels: list[str], point: Json, files: list[bytes]
) -> None:
    first, raw, *more = files
    args = {
        "title": title,
        "labels": labels,
        "point": json.dumps(point),
        "picture": File(first, "a b.png", "image/png"),
        "more": more,
        "raw": raw,
    }
    encoded = [base64.b64encode(each).decode() for each in files]
    assert told(api, "/upload", args) == {
        "title": title,
        "labels": labels,
        "point": point,
        "picture": encoded[0],
        "named": ["a b.png", "image/png"],
        "more": encoded[2:],
        "raw": encoded[1],
    }
