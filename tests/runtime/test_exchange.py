"""One call over the wire: the request that it means, and what happens when it fails."""

from __future__ import annotations

import asyncio
import email.utils
import re
import time
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from tsbind.bundle import Body, Bundle, Call, Json, Need, Parameter, Reply, Scheme, Server, Variable
from tsbind.errors import BundleError, CredentialError
from tsbind.runtime.credentials import ClientCredentials, Credentials
from tsbind.runtime.exchange import Exchange
from tsbind.runtime.failures import ApiError, ArgumentError, NetworkError
from tsbind.runtime.http import FakeTransport, Request, Response
from tsbind.runtime.resend import Retries
from tsbind.runtime.trace import Event, recording
from tsbind.runtime.validate import Validators

GET = Call("x.get", "GET", "/x")
POST = Call("x.post", "POST", "/x")
SERVER = Server("https://api.example/v1/")


def exchange(
    answer: Callable[[Request], Response],
    *calls: Call,
    servers: tuple[Server, ...] = (SERVER,),
    base_url: str | None = None,
    credentials: Credentials | None = None,
    schemes: dict[str, Scheme] | None = None,
) -> tuple[Exchange, FakeTransport]:
    transport = FakeTransport(answer)
    table = {call.op: call for call in calls}
    bundle = Bundle("T", "1", "", table, {}, schemes=schemes or {}, servers=servers)
    made = Exchange(
        bundle,
        base_url=base_url,
        credentials=credentials or Credentials(),
        transport=transport,
        validators=Validators(bundle),
        retries=Retries(attempts=3, first=0.001),
    )
    return made, transport


def one(call: Call, args: dict[str, Json], **how: str) -> Request:
    made, transport = exchange(lambda request: Response(204), call, **how)  # type: ignore[arg-type]
    asyncio.run(made.send(call, args))
    (request,) = transport.sent
    # Where another test has switched tracing on, for the whole process, requests carry that.
    headers = tuple(pair for pair in request.headers if pair[0] != "traceparent")
    return replace(request, headers=headers)


def test_a_request_is_what_the_document_means() -> None:
    call = Call(
        "issues.create",
        "POST",
        "/repos/{owner}/issues",
        parameters=(
            Parameter("owner", "owner", "path", "simple"),
            Parameter("draft", "draft", "query", "form", explode=True),
            Parameter("accept", "X-Mode", "header", "simple"),
        ),
        bodies=(Body("application/json", required=True),),
        replies=(Reply("201", "application/json"), Reply("200", "application/vnd.x+json")),
    )
    request = one(call, {"owner": "a b", "draft": True, "accept": "m", "title": "t", "n": [1]})
    assert (request.method, request.url) == (
        "POST",
        "https://api.example/v1/repos/a%20b/issues?draft=true",
    )
    assert request.headers == (
        ("Accept", "application/json, application/vnd.x+json"),
        ("X-Mode", "m"),
        ("Content-Type", "application/json"),
    )
    assert request.body == b'{"title":"t","n":[1]}'


def test_the_first_body_that_fits_is_sent() -> None:
    bodies = (
        Body("application/json", arg="body", schema={"type": "object"}),
        Body("text/plain", arg="body", schema={"type": "string"}),
    )
    call = Call("x", "PUT", "/x", bodies=bodies)
    assert one(call, {"body": "hi"}).body == b"hi"
    assert one(call, {"body": {}}).body == b"{}"
    with pytest.raises(ArgumentError, match="the body fits none of its media types"):
        one(call, {"body": 5})


@pytest.mark.parametrize(
    ("servers", "base_url", "want"),
    [
        ((Server("https://a.example"),), None, "https://a.example/x"),
        ((Server("/v1"), Server("https://b.example/v2/")), None, "https://b.example/v2/x"),
        ((Server("https://a.example"),), "http://127.0.0.1:80/api/", "http://127.0.0.1:80/api/x"),
        (
            (Server("https://{r}.example/{v}", {"r": Variable("eu"), "v": Variable("2")}),),
            None,
            "https://eu.example/2/x",
        ),
    ],
)  # fmt: skip
def test_the_address_is_the_operators_or_the_documents(
    servers: tuple[Server, ...], base_url: str | None, want: str
) -> None:
    made, _ = exchange(lambda request: Response(204), GET, servers=servers, base_url=base_url)
    assert made.request(GET, {}).url == want


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "//x", "x", "https://", "https://u:p@x", "https://x?q", "https://x#f", "https://x:y",
     "https://a b", "https://x\r\nA: b", "https://é.example", "https://x:0"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BundleError):
        exchange(lambda request: Response(204), GET, base_url=url)
    made, transport = exchange(lambda request: Response(204), GET, servers=(Server(url),))
    with pytest.raises(BundleError):
        asyncio.run(made.send(GET, {}))
    assert transport.sent == []


class Script:
    """Answers in order; an exception is raised."""

    def __init__(self, *answers: Response | Exception) -> None:
        self._answers = list(answers)

    def __call__(self, request: Request) -> Response:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


BUSY = Response(503)
DONE = Response(204)
SPENT = (("x-ratelimit-remaining", "0"),)


@pytest.mark.parametrize(
    ("call", "answers", "attempts", "outcome"),
    [
        (GET, [BUSY, BUSY, DONE], 3, None),
        (GET, [BUSY, BUSY, BUSY], 3, ApiError),
        (GET, [NetworkError("x", code="network"), DONE], 2, None),
        (GET, [NetworkError("x", code="timeout")] * 3, 3, NetworkError),
        (GET, [NetworkError("x", code="reply-bytes")], 1, NetworkError),
        (GET, [Response(404)], 1, ApiError),
        (GET, [Response(429, (("retry-after", "0"),)), DONE], 2, None),
        (GET, [Response(429, (("retry-after", "9999"),))], 1, ApiError),
        (GET, [Response(429, (*SPENT, ("x-ratelimit-reset", "0"))), DONE], 2, None),
        (GET, [Response(403, (*SPENT, ("x-ratelimit-reset", "0"))), DONE], 2, None),
        (GET, [Response(403, (*SPENT, ("x-ratelimit-reset", "9999")))], 1, ApiError),
        (GET, [Response(403, (("x-ratelimit-remaining", "9"),))], 1, ApiError),
        (POST, [BUSY], 1, ApiError),
        (POST, [NetworkError("x", code="network")], 1, NetworkError),
    ],
)
def test_only_idempotent_calls_are_sent_again(
    call: Call, answers: list[Response | Exception], attempts: int, outcome: type[Exception] | None
) -> None:
    made, transport = exchange(Script(*answers), call)
    event = Event(1, call.op)

    async def main() -> None:
        with recording(event):
            await made.send(call, {})

    if outcome is None:
        asyncio.run(main())
    else:
        with pytest.raises(outcome):
            asyncio.run(main())
    assert (len(transport.sent), event.attempts) == (attempts, attempts)


class Limited:
    """Says once that it was asked too often; remembers when each request came."""

    def __init__(self, *headers: tuple[str, str], status: int = 429) -> None:
        self.came: list[float] = []
        self._answers = [Response(status, headers)]

    def __call__(self, request: Request) -> Response:
        self.came.append(time.monotonic())
        return self._answers.pop() if self._answers else DONE


@pytest.mark.parametrize(
    "limited",
    [
        lambda: Limited(("retry-after", "1")),
        lambda: Limited(("retry-after", "1"), status=503),
        lambda: Limited(*SPENT, ("x-ratelimit-reset", "1"), status=204),
    ],
    ids=["429", "503", "the last call that was left"],
)
@pytest.mark.parametrize("call", [GET, POST], ids=["GET", "POST"])
def test_an_api_that_was_asked_too_often_is_left_alone_by_every_call(
    limited: Callable[[], Limited], call: Call
) -> None:
    api = limited()
    made, _ = exchange(api, GET, POST)
    first, later = Event(1, "x.get"), Event(2, call.op)

    async def main() -> None:
        with recording(first):
            one = asyncio.create_task(made.send(GET, {}))
        await asyncio.sleep(0.05)
        with recording(later):
            await made.send(call, {})
        await one

    asyncio.run(main())
    began, *others = api.came
    assert all(came - began >= 1.0 for came in others)
    held = r"held back for (0\.9|1\.0) s: the API had been asked too often"
    assert re.fullmatch(held, later.notes[0])
    assert later.attempts == 1


def test_an_api_that_wants_a_long_rest_gets_it_at_once() -> None:
    elsewhere = Call("y.get", "GET", "/y", servers=(Server("https://other.example"),))
    made, transport = exchange(
        Script(Response(429, (("retry-after", "600"),)), DONE), GET, POST, elsewhere
    )
    with pytest.raises(ApiError, match="status 429"):
        asyncio.run(made.send(GET, {}))
    for call in (GET, POST):
        with pytest.raises(ApiError, match=r"left alone for another (600|599) s, so nothing was"):
            asyncio.run(made.send(call, {}))
    asyncio.run(made.send(elsewhere, {}))  # another host has nothing to do with it
    assert [request.url for request in transport.sent] == [
        "https://api.example/v1/x",
        "https://other.example/y",
    ]


def test_an_idempotency_key_makes_a_post_repeatable() -> None:
    key = Parameter("key", "Idempotency-Key", "header", "simple")
    call = Call("x", "POST", "/x", parameters=(key,))
    made, transport = exchange(Script(BUSY, DONE), call)
    asyncio.run(made.send(call, {"key": "k1"}))
    assert [dict(request.headers)["Idempotency-Key"] for request in transport.sent] == ["k1"] * 2


def test_an_idempotency_key_is_made_where_the_program_gives_none() -> None:
    key = Parameter("key", "Idempotency-Key", "header", "simple")
    call = Call("x", "POST", "/x", parameters=(key,))
    made, transport = exchange(Script(BUSY, DONE, DONE), call)
    for _ in range(2):
        asyncio.run(made.send(call, {}))
    keys = [dict(request.headers)["Idempotency-Key"] for request in transport.sent]
    assert keys[0] == keys[1] != keys[2]


def test_a_date_in_retry_after_is_waited_for() -> None:
    soon = email.utils.formatdate(time.time() + 1, usegmt=True)
    made, transport = exchange(Script(Response(429, (("retry-after", soon),)), DONE), GET)
    asyncio.run(made.send(GET, {}))
    assert len(transport.sent) == 2


BEARER = {"tok": Scheme(type="http", scheme="bearer")}
LOCKED = Call("x.get", "GET", "/x", security=((Need("tok"),),))


def test_credentials_are_not_sent_unencrypted_unless_the_operator_names_the_address() -> None:
    tok = Credentials({"tok": "t-123456"})
    plain = (Server("http://api.example"),)
    made, transport = exchange(
        lambda r: DONE, LOCKED, servers=plain, credentials=tok, schemes=BEARER
    )
    with pytest.raises(CredentialError, match="unencrypted"):
        asyncio.run(made.send(LOCKED, {}))
    assert transport.sent == []
    made, transport = exchange(
        lambda r: DONE, LOCKED, base_url="http://api.example", credentials=tok, schemes=BEARER
    )
    asyncio.run(made.send(LOCKED, {}))
    assert len(transport.sent) == 1


def test_an_access_token_that_is_refused_is_renewed_once() -> None:
    issued: list[str] = []

    def answer(request: Request) -> Response:
        if request.url.endswith("/token"):
            issued.append(f"access-{len(issued)}")
            return Response.json({"access_token": issued[-1]})
        headers = dict(request.on_the_wire()[1])
        return Response(401 if headers["Authorization"] == "Bearer access-0" else 204)

    schemes = {"tok": Scheme(type="oauth2", token_url="https://auth.example/token")}
    secrets = Credentials({"tok": ClientCredentials("me", "s-123456")})
    made, _ = exchange(answer, LOCKED, credentials=secrets, schemes=schemes)
    asyncio.run(made.send(LOCKED, {}))
    assert issued == ["access-0", "access-1"]


def test_an_error_that_echoes_the_credential_is_redacted() -> None:
    def answer(request: Request) -> Response:
        return Response.json({"message": f"bad {dict(request.on_the_wire()[1])}"}, 403)

    tok = Credentials({"tok": "t-123456"})
    made, _ = exchange(answer, LOCKED, credentials=tok, schemes=BEARER)
    with pytest.raises(ApiError) as caught:
        asyncio.run(made.send(LOCKED, {}))
    assert "t-123456" not in f"{caught.value} {caught.value.body}"
    assert "[redacted]" in caught.value.text


def test_a_note_about_a_reply_does_not_quote_the_credential() -> None:
    call = Call("x.get", "GET", "/x", security=((Need("tok"),),),
                replies=(Reply("200", "application/json", {"type": "integer"}),))  # fmt: skip

    def answer(request: Request) -> Response:
        return Response.json("t-123456")

    made, _ = exchange(answer, call, credentials=Credentials({"tok": "t-123456"}), schemes=BEARER)
    event = Event(1, "x.get")

    async def main() -> None:
        with recording(event):
            await made.send(call, {})

    asyncio.run(main())
    assert event.warnings == ['reply: must be an integer, not "[redacted]"']
