"""An independent writer of requests: the client of Swagger UI (npm swagger-client).

It writes each call of the document of every style; ours must be the same, character by character,
but where the two read the standard differently.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest

from tests.live.prism import operations
from tests.live.servers import of_npm
from tests.live.styles import HARD, Case, cases, document
from tsbind.bundle import Json
from tsbind.pipeline import compile
from tsbind.runtime import Host

pytestmark = pytest.mark.live

URL = "http://127.0.0.1:9"

_LABEL = "items behind a label are divided by commas, as in RFC 6570 and OpenAPI 3.0.4 and 3.1.1"
_COOKIE = "cookies of style form are percent-encoded, and exploded ones are several (RFC 6570)"
_QUOTED = "a text of type application/json is JSON, so it has quotation marks"
_KINDS = ("text", "list", "map")
_REPEATED = "a list in a form is a field for each item where nothing is said (OpenAPI 3.2 §4.15.1)"
DIFFERENT = {
    "path_label_list": _LABEL,
    "path_label_map": _LABEL,
    **dict.fromkeys(
        [
            f"cookie_form_{way}{kind}"
            for way in ("", "exploded_")
            for kind in ("text", "list", "map")
        ],
        _COOKIE,
    ),
    "cookie_json": _COOKIE,
    "body_form_json_text": _QUOTED,
    "body_form_list": _REPEATED,
}


def comparable() -> list[Case]:
    """Every case but bodies of JSON and multipart, which Swagger's client leaves unwritten."""
    return [case for case in cases(HARD) if not case.name.startswith(("body_parts", "body_json"))]


def theirs(every: list[Case]) -> list[Json]:
    """Let Swagger's client write the calls."""
    calls = [
        [case.name, {}, {"v": case.value}] if case.body else [case.name, {"v": case.value}, None]
        for case in every
    ]
    script = Path(__file__).with_name("swagger_client.cjs")
    run = subprocess.run(
        ["node", script, of_npm("swagger-client")],
        input=msgspec.json.encode([document(every), calls]),
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr.decode()
    return [
        {
            "url": each["url"],
            "header": each["headers"].get("v"),
            "cookie": each["headers"].get("Cookie"),
            "body": each["body"],
        }
        for each in msgspec.json.decode(run.stdout)
    ]


def ours(every: list[Case]) -> list[Json]:
    """Write the same calls ourselves."""
    bundle = compile(msgspec.json.encode(document(every))).bundle
    ops = operations(bundle)
    host = Host(bundle, URL)
    requests = [host.request(bundle.calls[ops[case.path]], {"v": case.value}) for case in every]
    return [
        {
            "url": each.url,
            "header": dict(each.headers).get("v"),
            "cookie": "; ".join(f"{name}={value}" for name, value in each.cookies) or None,
            "body": each.body.decode() if each.body else None,
        }
        for each in requests
    ]


def alike(request: Json) -> Json:
    """Spell alike what means the same: `|` and `'` outside headers, a space in a form."""
    url, body = request["url"], request["body"] or ""
    return {
        **request,
        "url": url.replace("'", "%27").replace("|", "%7C"),
        "body": body.replace("'", "%27").replace("|", "%7C").replace("+", "%20"),
    }


def test_requests_are_those_of_swagger_client() -> None:
    every = comparable()
    pairs = zip(every, ours(every), theirs(every), strict=True)
    different = {
        case.name: (own, other) for case, own, other in pairs if alike(own) != alike(other)
    }
    assert {name: both for name, both in different.items() if name not in DIFFERENT} == {}
    assert set(different) == set(DIFFERENT), "no longer different: take it off the list"
    assert len(every) - len(different) > 75
