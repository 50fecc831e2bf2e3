"""An independent judge of requests: Prism, a mock server that holds each against the document.

For every operation of each document, calls with made-up arguments, once with what is required and
once with all that is optional, are sent to Prism.  It answers with the first success that the
document promises when the request is valid, and with anything else when it is not.

    npm install --prefix .ci/tools @stoplight/prism-cli
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tsbind.bundle import Bundle, Call, Json, Scheme
from tsbind.pipeline import compile
from tsbind.runtime import ApiError, ArgumentError, CallError, Credentials, Host, HttpTransport
from tsbind.runtime.sample import Unsatisfiable, sample

pytestmark = pytest.mark.live
PATIENCE = 60  # seconds for Prism to come up
AT_ONCE = 8  # calls
PLACE = ".ci/tools/node_modules/.bin/prism"

PROBLEM = "https://stoplight.io/prism/errors#"  # the type of every answer that is Prism's own

_LAST = "Prism keeps only the last of repeated fields, and reads a lone one as no list"
_JSON_PART = "Prism reads no JSON in a part of a form, where objects are JSON by default"
_UNDECLARED = "Prism drops a field that is required without being among the properties"
_NESTED = "objects in a list have no spelling in a query (OpenAPI 3.1 §4.8.12); we write JSON"

# What Prism refuses of each document, and why that is right all the same.
APIS: dict[str, dict[str, str]] = {
    "oai/petstore-3.0.yaml": {},
    "petstore3-full.yaml": {},
    "giphy-swagger2.yaml": {},
    "notion.json": {},
    "box.json": {
        "search": _NESTED,
        "files.createContent": _JSON_PART,
        "files.createContentByFileId": _JSON_PART,
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
}


@pytest.fixture(scope="module")
def prism() -> str:
    """The command that starts Prism."""
    own = Path(__file__).parent.parent.parent / PLACE
    named = os.environ.get("TSBIND_PRISM") or (str(own) if own.exists() else shutil.which("prism"))
    if not named:
        pytest.skip("Prism is not installed; see the head of this file")
    return named


@contextmanager
def mocking(prism: str, document: Path, log: Path) -> Iterator[str]:
    """Let Prism answer for `document`; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [prism, "mock", "--errors", "-h", "127.0.0.1", "-p", str(port), str(document)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        _wait(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"Prism did not start:\n{log.read_text()[-2000:]}")


class Judged:
    """What became of the calls of one API."""

    def __init__(self, bundle: Bundle, host: Host) -> None:
        self._bundle, self._host = bundle, host
        self._turns = asyncio.Semaphore(AT_ONCE)
        self.taken: set[str] = set()
        self.refused: dict[str, str] = {}
        self.unmade: dict[str, str] = {}  # no arguments could be made up

    async def all(self) -> None:
        await asyncio.gather(
            *(self._judge(op, optional) for op in self._bundle.calls for optional in (False, True))
        )

    async def _judge(self, op: str, optional: bool) -> None:
        call = self._bundle.calls[op]
        try:
            args = sample(call.args, self._bundle.schemas, optional=optional)
            self._host.check_arguments(call, args)
        except (Unsatisfiable, ArgumentError) as error:
            self.unmade[f"{op} {optional}"] = str(error)
            return
        async with self._turns:
            try:
                await self._host.send(op, args)
            except ApiError as error:
                self._note(call, error)
            except CallError as error:
                self.refused[op] = str(error)
            else:
                self.taken.add(op)

    def _note(self, call: Call, error: ApiError) -> None:
        problem: Json = error.body if isinstance(error.body, dict) else {}
        kind = str(problem.get("type", ""))
        places = {str(each["location"][0]) for each in problem.get("validation", ())}
        if kind == f"{PROBLEM}VIOLATIONS" and places == {"response"}:
            self.taken.add(call.op)  # the request is valid; the document's own example is not
        elif 300 <= error.status < 400 and not call.replies:
            self.taken.add(call.op)  # the only success that the document promises
        else:
            # Where the document has a reply for invalid requests, Prism gives that one.
            told = msgspec.json.encode(problem).decode()
            self.refused[call.op] = f"{error.status} {told[:600]}"


def _secret(scheme: Scheme) -> str:
    return "user:password" if scheme.scheme == "basic" else "not-a-real-token"


def judge(prism: str, document: Path, log: Path) -> tuple[Bundle, Judged]:
    """Send every operation of `document` to Prism."""
    bundle = compile(document).bundle
    secrets = {name: _secret(scheme) for name, scheme in bundle.schemes.items()}

    async def run(url: str) -> Judged:
        credentials = Credentials(secrets)
        async with Host(bundle, url, credentials=credentials, replies="off") as host:
            judged = Judged(bundle, host)
            await judged.all()
            return judged

    with mocking(prism, document, log) as url:
        return bundle, asyncio.run(run(url))


@pytest.mark.parametrize("name", APIS)
def test_prism_takes_the_calls_of_every_operation(
    name: str, prism: str, corpus: Path, tmp_path: Path
) -> None:
    bundle, judged = judge(prism, corpus / "openapi" / name, tmp_path / "log")
    refused = {op: told for op, told in judged.refused.items() if op not in APIS[name]}
    assert refused == {}
    assert set(judged.refused) == set(APIS[name]), "no longer refused: take it off the list"
    assert judged.taken | set(judged.refused) == set(bundle.calls)
    assert len(judged.unmade) <= len(bundle.calls) // 100


def test_prism_refuses_what_is_not_valid(prism: str, corpus: Path, tmp_path: Path) -> None:
    """The judge is awake: what the document forbids does not pass."""
    document = corpus / "openapi" / "petstore3-full.yaml"
    bundle = compile(document).bundle
    call = next(each for each in bundle.calls.values() if each.path == "/pet/{petId}")

    async def status(url: str) -> int:
        transport = HttpTransport()
        async with Host(bundle, url, transport=transport) as host:
            request = host.request(call, {"petId": 1})
            wrong = msgspec.structs.replace(request, url=f"{url}/pet/none")
            return (await transport.send(wrong)).status

    with mocking(prism, document, tmp_path / "log") as url:
        assert asyncio.run(status(url)) in (400, 401, 422)
