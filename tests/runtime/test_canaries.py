"""Canary credentials: no scheme, outcome or surface shows one, the guest's memory included."""

from __future__ import annotations

import asyncio
import base64
import ctypes
import json
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from tests.runtime.loopback import Handler, serving
from tests.runtime.tracing import exporter
from tsbind.bundle import Bundle, Call, Need, Parameter, Reply, Scheme
from tsbind.cli import main as cli
from tsbind.errors import RunError, SuspendedError
from tsbind.runtime import (
    LATER,
    Answer,
    ClientCredentials,
    Credentials,
    Host,
    Limits,
    Policy,
    Question,
    RefreshToken,
    Result,
    Retries,
    Timeouts,
    run,
)
from tsbind.runtime.credentials import Credential
from tsbind.runtime.credentials.redact import forms_of
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.journal import Journal
from tsbind.runtime.messages import Resume, Start, Step
from tsbind.runtime.options import Options
from tsbind.runtime.runner import Run
from tsbind.runtime.snapshot import unseal

Capture = pytest.CaptureFixture[str]
CANARY = "canary/7f3a+secret=9"
SCHEMES = {
    "header": Scheme(type="apiKey", name="X-Key", place="header"),
    "query": Scheme(type="apiKey", name="key", place="query"),
    "cookie": Scheme(type="apiKey", name="sid", place="cookie"),
    "basic": Scheme(type="http", scheme="basic"),
    "bearer": Scheme(type="http", scheme="bearer"),
    "oauth2": Scheme(type="oauth2"),
    "client": Scheme(type="oauth2"),
    "openid": Scheme(type="openIdConnect"),
    "refresh": Scheme(type="oauth2"),
    "discovered": Scheme(type="openIdConnect"),
}


def bundle(scheme: str) -> Bundle:
    call = Call(
        "things.get",
        "GET",
        "/things",
        parameters=(Parameter("how", "how", "query", "form", explode=True),),
        replies=(Reply("200", "application/json", {"type": "object", "required": ["never"]}),),
        security=((Need(scheme),),),
    )
    return Bundle("T", "1", "", {call.op: call}, {}, schemes=SCHEMES)


def seen(request: web.BaseRequest) -> str:
    """Everything that the request carried, as text."""
    return request.raw_path + json.dumps(dict(request.headers))


def _echo(encode: Callable[[str], str]) -> Callable[[web.BaseRequest], web.Response]:
    def answer(request: web.BaseRequest) -> web.Response:
        text = encode(CANARY) + seen(request)
        return web.json_response({"a": [text, {text: 1}]})

    return answer


async def _stalled(request: web.BaseRequest) -> web.Response:
    await asyncio.sleep(5)
    return web.json_response(seen(request))


async def _reset(request: web.BaseRequest) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.json_response(seen(request))


def _status(code: int) -> Callable[[web.BaseRequest], web.Response]:
    def answer(request: web.BaseRequest) -> web.Response:
        headers = {"Location": request.raw_path, "WWW-Authenticate": f'Bearer r="{CANARY}"'}
        body = {"message": seen(request), "code": CANARY}
        return web.json_response(body, status=code, headers=headers)

    return answer


OUTCOMES: dict[str, Callable[[web.BaseRequest], web.Response | Awaitable[web.Response]]] = {
    "success": lambda request: web.json_response({"never": 7}),
    "echo": _echo(str),
    "echo-base64": _echo(lambda s: base64.b64encode(s.encode()).decode()),
    "echo-hex": _echo(lambda s: s.encode().hex()),
    "text": lambda request: web.Response(text=seen(request)),
    "bytes": lambda request: web.Response(
        body=b"\0" + seen(request).encode(), content_type="image/x"
    ),
    "broken-json": lambda request: web.Response(text=seen(request), content_type="a/b+json"),
    "not-found": _status(404),
    "unauthorised": _status(401),
    "failing": _status(500),
    "redirect": _status(302),
    "cut": lambda request: web.Response(body=b"x" * 100_000),
    "stalled": _stalled,
    "reset": _reset,
    "denied": lambda request: web.json_response({"never": 7}),
    "not-approved": lambda request: web.json_response({"never": 7}),
}  # fmt: skip
RULES = {"denied": "deny all", "not-approved": "ask all"}

PROGRAM = """
const seen: unknown[] = [];
const look = (e: any) => [e.name, e.message, e.stack, e.status, e.code, e.body, { ...e }];
await api.things.get({}).then((got) => seen.push(got), (e) => seen.push(look(e)));
await api.things.get({ how: "again" }).then((got) => seen.push(got), (e) => seen.push(look(e)));
if (seen.length < 2) throw seen;
console.log(JSON.stringify(seen));
return seen;
"""
UNCAUGHT = "return await api.things.get({})"


class Watched(Isolate):
    """An isolate whose whole memory is looked through after each step."""

    __slots__ = ("memories",)

    def start(self, message: Start) -> Step:
        self.memories: list[bytes] = []
        return self._looked(super().start(message))

    def resume(self, message: Resume) -> Step:
        return self._looked(super().resume(message))

    def _looked(self, step: Step) -> Step:
        size = self.memory - 1
        self.memories.append(ctypes.string_at(self._bounds(1, size - 1), size - 1))
        return step


class WatchedRun(Run):
    """A run in a Watched isolate."""

    isolates: list[Watched]

    def _guest(self) -> Watched:
        from tsbind.runtime.engine import Engine

        made = Watched(Engine.default(), self._limits)
        self.isolates = [*getattr(self, "isolates", []), made]
        return made


def credentials(scheme: str, url: str) -> Credentials:
    token = f"{url}/token"
    given: dict[str, Credential] = {
        "basic": f"user:{CANARY}",
        "client": ClientCredentials("me", CANARY, token_url=token),
        "refresh": RefreshToken(CANARY, client_id="me", secret=f"client-{CANARY}", token_url=token),
        "discovered": ClientCredentials("me", CANARY, in_body=True),
    }
    return Credentials({scheme: given.get(scheme, CANARY)})


def answering(outcome: str) -> Handler:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response(
                {
                    "access_token": f"access-{CANARY}",
                    "token_type": "Bearer",
                    "refresh_token": f"next-{CANARY}",
                }
            )
        if request.path == "/openid":
            return web.json_response({"token_endpoint": str(request.url.with_path("/token"))})
        answer = OUTCOMES[outcome](request)
        return answer if isinstance(answer, web.Response) else await answer

    return handler


def located(scheme: str, url: str) -> Bundle:
    """The Bundle, with the address of the OpenID provider in it."""
    made = bundle(scheme)
    openid = msgspec.structs.replace(SCHEMES[scheme], openid_url=f"{url}/openid")
    return msgspec.structs.replace(made, schemes={**made.schemes, scheme: openid})


async def attempt(scheme: str, outcome: str, program: str, folder: Path) -> dict[str, str]:
    journal = folder / "journal"
    journal.unlink(missing_ok=True)
    surfaces: dict[str, str] = {"questions": ""}

    def ask(question: Question) -> bool:
        surfaces["questions"] += f"{question} {question!r}"
        return False

    async with serving(answering(outcome)) as url:
        secrets, made = credentials(scheme, url), located(scheme, url)
        policy = Policy.parse([RULES.get(outcome, "allow all")])
        limits = Limits(reply_bytes=90_000)
        patience: Any = {"timeouts": Timeouts(read=0.1), "retries": Retries(first=0.01)}
        async with Host(made, url, credentials=secrets, policy=policy, **patience) as host:
            options = Options(host=host, journal=Journal(journal), limits=limits, approve=ask)
            run = WatchedRun(program, made, options, in_place=True)
            try:
                got: Result | RunError = await run.result()
            except RunError as error:
                got = error
                told = traceback.TracebackException.from_exception(error, capture_locals=True)
                surfaces["traceback"] = "".join(told.format())
            surfaces["host"] = repr(host) + repr(secrets) + repr(host.__dict__)
    surfaces["outcome"] = f"{got!r} {got} {msgspec.to_builtins(got.usage)} {got.logs}"
    surfaces["trace"] = json.dumps(got.trace.json()) + got.trace.timeline()
    surfaces["journal"] = journal.read_text("latin-1")
    surfaces["spans"] = "".join(span.to_json() for span in exporter().get_finished_spans())
    exporter().clear()
    memory = b"".join(m for isolate in run.isolates for m in isolate.memories)
    surfaces["memory"] = memory.decode("latin-1")
    return surfaces


FORMS = tuple(set(forms_of(CANARY)) | {CANARY, "7f3a+secret"})


def sightings(surfaces: dict[str, str]) -> Iterator[tuple[str, str]]:
    for surface, text in surfaces.items():
        for form in FORMS:
            if form in text:
                yield surface, form


SURFACES = {"host", "outcome", "trace", "journal", "memory", "spans", "logging", "questions"}


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_credential_is_seen_nowhere(
    scheme: str, outcome: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    exporter().clear()
    for program in (PROGRAM, UNCAUGHT):
        surfaces = asyncio.run(attempt(scheme, outcome, program, tmp_path))
        surfaces["logging"] = caplog.text
        assert set(surfaces) >= SURFACES
        assert list(sightings(surfaces)) == []
        assert "things" in surfaces["memory"]  # it is the memory of this run that was looked at
        assert "things.get" in surfaces["spans"]
        assert ("things.get" in surfaces["questions"]) == (outcome == "not-approved")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_credential_is_in_no_snapshot(scheme: str, tmp_path: Path) -> None:
    key = b"k" * 32
    program = "const first = await api.things.get({}); await api.things.get({ how: 'again' })"
    questions: list[str] = []

    def first_only(question: Question) -> Answer:
        questions.append(f"{question!r}")
        return Answer(True) if len(questions) == 1 else LATER

    async def main() -> bytes:
        async with serving(answering("echo")) as url:
            made = located(scheme, url)
            secrets = credentials(scheme, url)
            async with Host(
                made, url, credentials=secrets, policy=Policy.parse(["ask all"])
            ) as host:
                with pytest.raises(SuspendedError) as caught:
                    await run(program, made, host=host, approve=first_only, snapshot_key=key)
                return caught.value.snapshot

    saved, pages = unseal(asyncio.run(main()), key)
    surfaces = {
        "snapshot": msgspec.json.encode(saved).decode(),
        "pages": pages.decode("latin-1"),
        "questions": "".join(questions),
    }
    assert list(sightings(surfaces)) == []
    assert "[redacted]" in surfaces["pages"]  # the echo was there


@pytest.mark.parametrize("outcome", ["echo", "unauthorised", "failing", "reset", "denied"])
@pytest.mark.parametrize("scheme", [name for name in SCHEMES if name != "discovered"])
def test_a_credential_is_not_on_the_terminal(
    scheme: str, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.setenv("CANARY", f"user:{CANARY}" if scheme in ("basic", "client") else CANARY)
    suffix = {"client": ".client", "refresh": ".refresh"}.get(scheme, "")
    (tmp_path / "program.ts").write_text(UNCAUGHT)

    async def main() -> None:
        async with serving(answering(outcome)) as url:
            made = bundle(scheme)
            there = msgspec.structs.replace(SCHEMES[scheme], token_url=f"{url}/token")
            msgspec.structs.replace(made, schemes={**SCHEMES, scheme: there}).save(
                tmp_path / "api.json"
            )
            command = ["run", str(tmp_path / "program.ts"), "--bundle", str(tmp_path / "api.json")]
            command += ["--base-url", url, "--credential", f"{scheme}{suffix}=env:CANARY"]
            command += ["--deny", "all"] if outcome == "denied" else []
            for more in (["--trace"], ["--json"]):
                await asyncio.to_thread(cli, [*command, *more])

    asyncio.run(main())
    out, error = capfd.readouterr()
    assert list(sightings({"stdout": out, "stderr": error})) == []
    assert "things.get" in error


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    leak = f"console.log({json.dumps(CANARY)}); {UNCAUGHT}"
    surfaces = asyncio.run(attempt("bearer", "text", leak, tmp_path))
    # The journal holds the program as it was written.
    assert {surface for surface, _ in sightings(surfaces)} == {"memory", "journal"}
