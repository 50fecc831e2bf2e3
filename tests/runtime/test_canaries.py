"""Canary credentials: no scheme, outcome or surface shows one, the guest's memory included."""

from __future__ import annotations

import asyncio
import base64
import ctypes
import json
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from tests.runtime.loopback import serving
from tsbind.bundle import Bundle, Call, Need, Parameter, Reply, Scheme
from tsbind.errors import RunError
from tsbind.runtime import ClientCredentials, Credentials, Host, Limits, Result
from tsbind.runtime.credentials.redact import forms_of
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.journal import Journal
from tsbind.runtime.messages import Resume, Start, Step
from tsbind.runtime.options import Options
from tsbind.runtime.runner import Run

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


def _status(code: int) -> Callable[[web.BaseRequest], web.Response]:
    def answer(request: web.BaseRequest) -> web.Response:
        headers = {"Location": request.raw_path, "WWW-Authenticate": f'Bearer r="{CANARY}"'}
        body = {"message": seen(request), "code": CANARY}
        return web.json_response(body, status=code, headers=headers)

    return answer


OUTCOMES: dict[str, Callable[[web.BaseRequest], web.Response]] = {
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
}  # fmt: skip

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


def credentials(scheme: str) -> Credentials:
    match scheme:
        case "basic":
            return Credentials({scheme: f"user:{CANARY}"})
        case "client":
            return Credentials({scheme: ClientCredentials("me", CANARY, token_url="TOKEN")})
        case _:
            return Credentials({scheme: CANARY})


async def attempt(scheme: str, outcome: str, program: str, folder: Path) -> dict[str, str]:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"access_token": f"access-{CANARY}", "token_type": "Bearer"})
        return OUTCOMES[outcome](request)

    journal = folder / "journal"
    journal.unlink(missing_ok=True)
    surfaces: dict[str, str] = {}
    async with serving(handler) as url:
        secrets = credentials(scheme)
        if scheme == "client":
            grant = ClientCredentials("me", CANARY, token_url=f"{url}/token")
            secrets = Credentials({scheme: grant})
        made = bundle(scheme)
        async with Host(made, url, credentials=secrets) as host:
            options = Options(
                host=host, journal=Journal(journal), limits=Limits(reply_bytes=90_000)
            )
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
    memory = b"".join(m for isolate in run.isolates for m in isolate.memories)
    surfaces["memory"] = memory.decode("latin-1")
    return surfaces


FORMS = tuple(set(forms_of(CANARY)) | {CANARY, "7f3a+secret"})


def sightings(surfaces: dict[str, str]) -> Iterator[tuple[str, str]]:
    for surface, text in surfaces.items():
        for form in FORMS:
            if form in text:
                yield surface, form


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_credential_is_seen_nowhere(scheme: str, outcome: str, tmp_path: Path) -> None:
    for program in (PROGRAM, UNCAUGHT):
        surfaces = asyncio.run(attempt(scheme, outcome, program, tmp_path))
        assert set(surfaces) >= {"host", "outcome", "trace", "journal", "memory"}
        assert list(sightings(surfaces)) == []
        assert "things" in surfaces["memory"]  # it is the memory of this run that was looked at


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    leak = f"console.log({json.dumps(CANARY)}); {UNCAUGHT}"
    surfaces = asyncio.run(attempt("bearer", "text", leak, tmp_path))
    # The journal holds the program as it was written.
    assert {surface for surface, _ in sightings(surfaces)} == {"memory", "journal"}
