"""An independent judge of requests: Prism, over published APIs and a document of every style.

For every operation of each document, calls with made-up arguments, once with what is required and
once with all that is optional, are sent to Prism.  It answers with the first success that the
document promises when the request is valid, and with anything else when it is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from tests.live.prism import judge, mocking, operations
from tests.live.styles import EASY, cases, document
from tsbind.bundle import Bundle, Json
from tsbind.pipeline import compile
from tsbind.runtime import ArgumentError, Host, HttpTransport
from tsbind.runtime.sample import Unsatisfiable, sample
from tsbind.runtime.validate import with_definitions

pytestmark = pytest.mark.live

# What Prism refuses though the standard has it so; a test below shows the faults that are general.
_LAST = "of repeated fields only the last is read, and a lone one as no list"
_JSON = "no JSON is read in a field of a form, where objects are JSON by default (§4.15.1.1)"
_COMMA = "the comma between items counts as a reserved character in one of them"
_SPACE = "%20 is looked for where it has been decoded"
_UNDECLARED = "a field that is required without being among the properties is dropped"
_NESTED = "objects in a list have no spelling in a query (OpenAPI 3.1 §4.8.12); we write JSON"
_LABEL = "exploded labels are divided at commas (RFC 6570 §3.2.5: at dots)"

APIS: dict[str, dict[str, str]] = {
    "oai/petstore-3.0.yaml": {},
    "petstore3-full.yaml": {},
    "giphy-swagger2.yaml": {},
    "notion.json": {},
    "box.json": {
        "search": _NESTED,
        "files.createContent": _JSON,
        "files.createContentByFileId": _JSON,
        "oauth2.revoke": _UNDECLARED,
    },
    "box-2025.json": {},
    "slack-swagger2.json": {},
    "twilio-messaging.yaml": {
        "tollfreeVerification.create": _LAST,
        "tollfreeVerification.update": _LAST,
        "usAppToPerson.create": _LAST,
        "usAppToPerson.update": _LAST,
    },
    "adyen-checkout.json": {},
    "fastapi-quirks.json": {"upload": _LAST},
    "oai/uber-2.0.json": {},
    "oai/uspto-3.0.yaml": {},
    "oai/petstore-expanded-3.0.yaml": {},
    "oai/tictactoe-3.1.yaml": {},
    "apisguru/google-drive.json": {},
    "apisguru/httpbin.json": {},
}

STYLES = {
    "path_label_exploded_map": _LABEL,
    "query_spaceDelimited_list": _SPACE,
    "body_form_list": _LAST,
    "body_form_map": _JSON,
    "body_form_form_exploded_list": _LAST,
    **dict.fromkeys([f"body_form_json_{kind}" for kind in ("text", "list", "map")], _JSON),
    **{
        f"body_{media}_{style}": reason
        for media in ("form", "parts")
        for style, reason in (
            ("form_list", _COMMA),
            ("form_map", _COMMA),
            ("spaceDelimited_list", _SPACE),
        )
    },
    "body_parts_list": _LAST,
    "body_parts_map": _JSON,
    "body_parts_form_exploded_list": _LAST,
    **dict.fromkeys([f"body_parts_json_{kind}" for kind in ("list", "map")], _JSON),
}


def made_up(bundle: Bundle) -> Iterator[tuple[str, Json]]:
    """Calls of every operation for which arguments can be made up, least and most of them."""
    with_all = Host(bundle, "http://127.0.0.1:9")
    for op, call in bundle.calls.items():
        for optional in (False, True):
            try:
                args = sample(call.args, bundle.schemas, optional=optional)
                with_all.check_arguments(call, args)
            except (Unsatisfiable, ArgumentError):
                continue
            # Where alternatives overlap by mistake, we forgive what Prism does not.
            if "oneOf" not in _mismatches(with_definitions(call.args, bundle.schemas), args):
                yield op, args


def _mismatches(schema: Json, value: Json) -> set[str]:
    try:
        faults = jsonschema_rs.Draft202012Validator(schema, offline=True).iter_errors(value)
        return {fault.kind.name for fault in faults}
    except ValueError:  # bytes, which have been checked
        return set()


@pytest.mark.parametrize("name", APIS)
def test_prism_takes_the_calls_of_every_operation(name: str, corpus: Path, tmp_path: Path) -> None:
    path = corpus / "openapi" / name
    bundle = compile(path).bundle
    calls = list(made_up(bundle))
    assert len(calls) > 1.98 * len(bundle.calls)
    verdicts = judge(path, calls, tmp_path / "log")
    assert {op: told for op, told in verdicts.refused.items() if op not in APIS[name]} == {}
    assert set(verdicts.refused) == set(APIS[name]), "no longer refused: take it off the list"
    assert verdicts.taken | set(verdicts.refused) == set(bundle.calls)


def test_prism_reads_what_was_given_in_every_style(tmp_path: Path) -> None:
    # A comma in a path ends Prism: it takes `{v}` for a list and then splits that list.
    readable = [
        case for case in cases(EASY) if not (case.name.startswith("path") and _has_comma(case.name))
    ]
    path = tmp_path / "styles.json"
    path.write_bytes(msgspec.json.encode(document(readable)))
    ops = operations(compile(path).bundle)
    names = {ops[case.path]: case.name for case in readable}
    verdicts = judge(path, [(ops[c.path], {"v": c.value}) for c in readable], tmp_path / "log")
    refused = {names[op]: told for op, told in verdicts.refused.items()}
    assert {name: told for name, told in refused.items() if name not in STYLES} == {}
    assert set(refused) == set(STYLES), "no longer refused: take it off the list"
    assert len(verdicts.taken) > 80


def _has_comma(name: str) -> bool:
    return name.endswith(("_list", "_map")) and ("simple" in name or "exploded" not in name)


# Requests that stand in the standard, word for word: the examples of OpenAPI 3.2 §4.12.7 and the
# rules of §4.15.  The operations for them take exactly what each says.
FAULTS = {
    _SPACE: "GET /query_spaceDelimited_list?v=blue%20green%20brown",
    _LABEL: "GET /path_label_exploded_map/.r=100.g=200.b=green",
    _LAST: "POST /body_form_form_exploded_list v=blue&v=green&v=brown",
    _COMMA: "POST /body_form_form_list v=blue,green,brown",
    _JSON: "POST /body_form_json_list v=%5B%22blue%22%2C%22green%22%2C%22brown%22%5D",
}
SOUND = {
    "query": "GET /query_pipeDelimited_list?v=blue%7Cgreen%7Cbrown",
    "path": "GET /path_matrix_exploded_map/;r=100;g=200;b=green",
    "form": "POST /body_form_pipeDelimited_list v=blue%7Cgreen%7Cbrown",
}


def test_prism_refuses_what_stands_in_the_standard(tmp_path: Path) -> None:
    """What is excused above is Prism's fault: it refuses the standard's own spelling too."""
    path = tmp_path / "styles.json"
    path.write_bytes(msgspec.json.encode(document(cases(EASY))))

    async def statuses(url: str, requests: dict[str, str]) -> dict[str, int]:
        bundle = compile(path).bundle
        transport = HttpTransport()
        async with Host(bundle, url, transport=transport) as host:
            some = host.request(bundle.calls[operations(bundle)["/body_form_text"]], {"v": EASY})
            told = {}
            for key, line in requests.items():
                method, target, *body = line.split(" ")
                content = "".join(body).encode()
                own = msgspec.structs.replace(
                    some,
                    method=method,
                    url=url + target,
                    body=content or None,
                    headers=some.headers if content else (),
                )
                told[key] = (await transport.send(own)).status
            return told

    with mocking(path, tmp_path / "log") as url:
        assert asyncio.run(statuses(url, FAULTS)) == dict.fromkeys(FAULTS, 422)
        assert asyncio.run(statuses(url, SOUND)) == dict.fromkeys(SOUND, 200)


def test_prism_refuses_what_is_not_valid(corpus: Path, tmp_path: Path) -> None:
    """The judge is awake: what the document forbids does not pass."""
    path = corpus / "openapi" / "petstore3-full.yaml"
    bundle = compile(path).bundle
    call = next(each for each in bundle.calls.values() if each.path == "/pet/{petId}")

    async def status(url: str) -> int:
        transport = HttpTransport()
        async with Host(bundle, url, transport=transport) as host:
            request = host.request(call, {"petId": 1})
            wrong = msgspec.structs.replace(request, url=f"{url}/pet/none")
            return (await transport.send(wrong)).status

    with mocking(path, tmp_path / "log") as url:
        assert asyncio.run(status(url)) in (400, 401, 422)
