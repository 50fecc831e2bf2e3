"""Which credentials a call gets, where they come from, and that they turn up nowhere else."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import pickle
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbind.bundle import Bundle, Call, Need, Scheme
from tsbind.errors import CredentialError
from tsbind.runtime import Host, run_sync
from tsbind.runtime.credentials import (
    NO_AUTH,
    Auth,
    ClientCredentials,
    Credentials,
    Env,
    RefreshToken,
    SecretFile,
)
from tsbind.runtime.credentials.redact import Redactor
from tsbind.runtime.http import FakeTransport, Request, Response

URL = "https://api.example/v1/x"
SCHEMES = {
    "head": Scheme(type="apiKey", name="X-Key", place="header"),
    "query": Scheme(type="apiKey", name="key", place="query"),
    "cookie": Scheme(type="apiKey", name="sid", place="cookie"),
    "basic": Scheme(type="http", scheme="basic"),
    "bearer": Scheme(type="http", scheme="bearer"),
    "odd": Scheme(type="http", scheme="GoogleLogin"),
    "digest": Scheme(type="http", scheme="digest"),
    "oauth": Scheme(type="oauth2", token_url="https://auth.example/token"),
    "oidc": Scheme(type="openIdConnect", openid_url="https://auth.example/.well-known"),
}
NOBODY = FakeTransport(lambda request: Response(500))


def call(*alternatives: tuple[str, ...]) -> Call:
    security = tuple(tuple(Need(name) for name in names) for names in alternatives)
    return Call("x.y", "GET", "/x", security=security)


def authorise(credentials: Credentials, operation: Call, transport: FakeTransport = NOBODY) -> Auth:
    return asyncio.run(credentials.authorise(operation, SCHEMES, URL, transport))


def sent(auth: Auth) -> tuple[str, list[tuple[str, str]]]:
    return Request(method="GET", url=URL, auth=auth).on_the_wire()


@pytest.mark.parametrize(
    ("name", "value", "url", "headers"),
    [
        ("head", "k1", URL, [("X-Key", "k1")]),
        ("query", "k&1", f"{URL}?key=k%261", []),
        ("cookie", "c1", URL, [("Cookie", "sid=c1")]),
        ("basic", "me:pw", URL, [("Authorization", "Basic bWU6cHc=")]),
        ("bearer", "t1", URL, [("Authorization", "Bearer t1")]),
        ("odd", "auth=1", URL, [("Authorization", "GoogleLogin auth=1")]),
        ("oauth", "t2", URL, [("Authorization", "Bearer t2")]),
        ("oidc", "t3", URL, [("Authorization", "Bearer t3")]),
    ],
)
def test_each_scheme_writes_its_credential(
    name: str, value: str, url: str, headers: list[tuple[str, str]]
) -> None:
    assert sent(authorise(Credentials({name: value}), call((name,)))) == (url, headers)


@pytest.mark.parametrize(
    ("given", "needs", "want"),
    [
        (["head"], [("head",), ("bearer",)], ("X-Key",)),
        (["bearer"], [("head",), ("bearer",)], ("Authorization",)),
        (["head", "bearer"], [("bearer",), ("head",)], ("Authorization",)),
        (["head", "query"], [("head", "query")], ("X-Key", "key")),
        (["head", "bearer"], [("head", "query"), ("bearer",)], ("Authorization",)),
        (["head"], [(), ("head",)], ("X-Key",)),
        ([], [(), ("head",)], ()),
        (["head"], [], ()),
    ],
)
def test_the_first_alternative_that_can_be_satisfied_is_taken(
    given: list[str], needs: list[tuple[str, ...]], want: tuple[str, ...]
) -> None:
    auth = authorise(Credentials(dict.fromkeys(given, "secret-1")), call(*needs))
    assert auth.names == want
    assert (auth is NO_AUTH) == (not want)


def test_a_missing_credential_is_told_before_anything_is_sent() -> None:
    with pytest.raises(CredentialError) as caught:
        authorise(Credentials({"head": "k"}), call(("bearer",), ("head", "query")))
    assert str(caught.value) == (
        'x.y needs the credential "bearer" or "head" and "query" [credential-missing]\n'
        "fix: give it: --credential bearer=env:NAME, or Credentials({'bearer': …})"
    )
    assert NOBODY.sent == []


def test_a_scheme_that_needs_a_dialogue_is_refused() -> None:
    with pytest.raises(CredentialError, match='the http scheme "digest"'):
        authorise(Credentials({"digest": "x:y"}), call(("digest",)))


def test_an_api_whose_document_says_nothing_can_be_given_credentials_all_the_same() -> None:
    credentials = Credentials({"header.X-Token": "k1", "query.key": "k2"})
    assert sent(authorise(credentials, call())) == (f"{URL}?key=k2", [("X-Token", "k1")])
    silent = Credentials({"bearer": "t"})
    silent.check_names({})
    auth = asyncio.run(silent.authorise(call(), {}, URL, NOBODY))
    assert sent(auth) == (URL, [("Authorization", "Bearer t")])


def test_a_credential_for_no_scheme_is_an_error() -> None:
    with pytest.raises(CredentialError, match='no security scheme "beara"') as caught:
        Credentials({"beara": "x"}).check_names(SCHEMES)
    assert caught.value.fix == 'did you mean "bearer"?'


# Where they come from


def test_secrets_are_read_from_where_the_operator_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("from-file\n")
    monkeypatch.setenv("CHAT_TOKEN", "from-env")
    credentials = Credentials.parse(["bearer=env:CHAT_TOKEN", f"head=file:{tmp_path}/key"])
    both = call(("bearer", "head"))
    assert sent(authorise(credentials, both))[1] == [
        ("Authorization", "Bearer from-env"),
        ("X-Key", "from-file"),
    ]
    monkeypatch.setenv("CHAT_TOKEN", "renewed")
    assert ("Authorization", "Bearer renewed") in sent(authorise(credentials, both))[1]


@pytest.fixture
def keyring() -> Iterator[ModuleType]:
    """The keyring package, with one entry in a backend of its own, and the system's back after."""
    package = pytest.importorskip("keyring", reason="the extra `keyring` is not installed")
    system = package.get_keyring()

    class Memory(package.backend.KeyringBackend):  # type: ignore[misc, name-defined]
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            if service == "locked":
                raise package.errors.KeyringLocked("what its owner typed")
            return {("chat/api", "bot"): "from-keyring"}.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            raise package.errors.PasswordSetError("read only")

    package.set_keyring(Memory())
    yield package
    package.set_keyring(system)


@pytest.mark.usefixtures("keyring")
def test_secrets_are_read_from_the_systems_keyring() -> None:
    credentials = Credentials.parse(["bearer=keyring:chat/api/bot"])
    assert sent(authorise(credentials, call(("bearer",))))[1] == [
        ("Authorization", "Bearer from-keyring")
    ]


@pytest.mark.usefixtures("keyring")
@pytest.mark.parametrize(
    ("entry", "code", "message"),
    [
        ("chat/nobody", "credential-empty", 'the keyring entry "chat" holds nothing'),
        ("locked/bot", "credential-keyring", r"did not give .* \(KeyringLocked\) "),
    ],
)
def test_a_keyring_that_gives_nothing_is_an_error(entry: str, code: str, message: str) -> None:
    credentials = Credentials.parse([f"bearer=keyring:{entry}"])
    with pytest.raises(CredentialError, match=message) as caught:
        authorise(credentials, call(("bearer",)))
    assert caught.value.code == code


def test_secrets_come_from_functions_of_either_kind() -> None:
    async def later() -> str:
        return "late"

    credentials = Credentials({"head": lambda: "now", "bearer": later})
    assert sent(authorise(credentials, call(("head", "bearer"))))[1] == [
        ("X-Key", "now"),
        ("Authorization", "Bearer late"),
    ]


@pytest.mark.parametrize(
    "form", ["head=hunter2222", "head=", "=env:X", "head", "head=env:", "x=no:y"]
)
def test_a_command_line_never_takes_or_repeats_a_secret(form: str) -> None:
    with pytest.raises(CredentialError) as caught:
        Credentials.parse([form])
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "want"),
    [
        (lambda path: Env("NOT_SET"), 'the environment variable "NOT_SET" holds nothing'),
        (lambda path: SecretFile(f"{path}/absent"), "cannot be read: No such file"),
        (lambda path: SecretFile(f"{path}/two"), "is not one line of ASCII"),
        (lambda path: SecretFile(f"{path}/long"), "is longer than 65536 bytes"),
        (lambda path: lambda: "", "the function holds nothing"),
    ],
)  # fmt: skip
def test_a_source_that_gives_nothing_usable_is_an_error(
    tmp_path: Path, make: Callable[[Path], Env], want: str
) -> None:
    (tmp_path / "two").write_text("a\nb")
    (tmp_path / "long").write_text("a" * 100_000)
    with pytest.raises(CredentialError, match=want) as caught:
        authorise(Credentials({"head": make(tmp_path)}), call(("head",)))
    assert str(tmp_path) not in str(caught.value)


# OAuth 2.0


class TokenServer:
    """Answers token requests and counts them."""

    def __init__(self, *answers: Response) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []

    async def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        await asyncio.sleep(0.01)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def token(name: str, **more: object) -> Response:
    return Response.json({"access_token": name, "token_type": "Bearer", **more})


def test_a_token_is_fetched_once_for_many_calls() -> None:
    server = TokenServer(token("access-1", expires_in=3600))
    credentials = Credentials({"oauth": ClientCredentials("me", "s3cret&id")})

    async def main() -> list[Auth]:
        transport = FakeTransport(server)
        scoped = Call("x", "GET", "/", security=((Need("oauth", ("b", "a")),),))
        return await asyncio.gather(
            *(credentials.authorise(scoped, SCHEMES, URL, transport) for _ in range(20))
        )

    auths = asyncio.run(main())
    assert {sent(auth)[1][0] for auth in auths} == {("Authorization", "Bearer access-1")}
    (asked,) = server.asked
    assert asked.body == b"grant_type=client_credentials&scope=a+b"
    assert ("Authorization", "Basic " + base64.b64encode(b"me:s3cret%26id").decode()) in (
        asked.on_the_wire()[1]
    )


def test_a_refresh_token_is_renewed_when_the_server_rotates_it() -> None:
    server = TokenServer(
        token("access-1", expires_in=0, refresh_token="refresh-2"), token("access-2")
    )
    credentials = Credentials({"oauth": RefreshToken("refresh-1", "me")})
    transport = FakeTransport(server)
    assert sent(authorise(credentials, call(("oauth",)), transport))[1][0][1] == "Bearer access-1"
    assert sent(authorise(credentials, call(("oauth",)), transport))[1][0][1] == "Bearer access-2"
    assert [asked.body for asked in server.asked] == [
        b"grant_type=refresh_token&refresh_token=refresh-1&client_id=me",
        b"grant_type=refresh_token&refresh_token=refresh-2&client_id=me",
    ]


def test_the_token_endpoint_of_an_openid_provider_is_discovered() -> None:
    def answer(request: Request) -> Response:
        if request.url.endswith("/.well-known"):
            return Response.json({"token_endpoint": "https://auth.example/t"})
        return token("access-9")

    transport = FakeTransport(answer)
    credentials = Credentials({"oidc": ClientCredentials("me", "secret-1")})
    assert sent(authorise(credentials, call(("oidc",)), transport))[1][0][1] == "Bearer access-9"
    assert [request.url for request in transport.sent] == [
        "https://auth.example/.well-known",
        "https://auth.example/t",
    ]


@pytest.mark.parametrize(
    ("answer", "want"),
    [
        (Response.json({"error": "invalid_client"}, 401), "status 401, invalid_client"),
        (Response.json({"error": "the secret was s3cret-x"}, 400), "status 400, no token"),
        (Response(200, (), b"<html>"), "status 200, no token"),
        (Response.json({"token": "x"}), "status 200, no token"),
        (token("two\nlines"), "is not one line of ASCII"),
    ],
)
def test_a_token_that_cannot_be_had_is_an_error_without_secrets(
    answer: Response, want: str
) -> None:
    credentials = Credentials({"oauth": ClientCredentials("me", "s3cret-x")})
    with pytest.raises(CredentialError, match=want) as caught:
        authorise(credentials, call(("oauth",)), FakeTransport(lambda request: answer))
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://auth.example/t", "/t", "file:///t", "https://"])
def test_a_client_secret_is_not_sent_unencrypted(url: str) -> None:
    credentials = Credentials({"oauth": ClientCredentials("me", "s3cret-x", token_url=url)})
    with pytest.raises(CredentialError, match="not an absolute https URL"):
        authorise(credentials, call(("oauth",)))


# Nowhere else

CANARY = "sk-Ünique?no".replace("Ü", "U") + "/canary+42=<&>"


def reversed_text(text: str) -> str:
    return text[::-1]


@pytest.mark.parametrize(
    "encode",
    [
        str,
        reversed_text,
        lambda s: urllib.parse.quote(s),
        lambda s: urllib.parse.quote(s, safe=""),
        lambda s: urllib.parse.quote_plus(s).lower().replace("sk-u", "sk-U"),
        lambda s: "".join(f"%{ord(c):02x}" for c in s),
        lambda s: s.encode().hex(),
        lambda s: s.encode().hex().upper(),
        lambda s: base64.b64encode(s.encode()).decode(),
        lambda s: base64.b64encode(b"a:" + s.encode()).decode(),
        lambda s: base64.b64encode(b"ab:" + s.encode() + b"zz").decode(),
        lambda s: base64.urlsafe_b64encode(b"abc:" + s.encode()).decode().rstrip("="),
        lambda s: json.dumps(s),
        lambda s: json.dumps(s).replace("/", "\\/"),
        lambda s: html.escape(s),
        lambda s: "".join(f"\\u{ord(c):04x}" for c in s),
    ],
)
def test_a_secret_is_found_in_whatever_way_it_is_written(encode: Callable[[str], str]) -> None:
    redactor = Redactor()
    redactor.remember(CANARY)
    echoed = f"before {encode(CANARY)} after"
    assert redactor.found_in(echoed.encode())
    hidden = redactor.text(echoed)
    assert "[redacted]" in hidden
    assert hidden.startswith("before ")
    assert hidden.endswith(" after")
    assert "canary" not in hidden


@given(
    st.text("abcXYZ019+/=-_", min_size=8, max_size=40), st.binary(max_size=9), st.binary(max_size=9)
)
def test_base64_is_seen_through_wherever_the_secret_starts(
    secret: str, before: bytes, after: bytes
) -> None:
    redactor = Redactor()
    redactor.remember(secret)
    data = before + secret.encode() + after
    assert redactor.found_in(base64.b64encode(data))
    assert redactor.found_in(base64.urlsafe_b64encode(data))


def test_redaction_reaches_keys_numbers_and_depths() -> None:
    redactor = Redactor()
    redactor.remember("12345678")
    value = {"a": [{"x12345678": 1}, 12345678, "y 12345678"], "b": 1234567, "c": True}
    assert redactor.json(value) == {
        "a": [{"x[redacted]": 1}, "[redacted]", "y [redacted]"],
        "b": 1234567,
        "c": True,
    }


def test_honest_text_is_left_alone() -> None:
    redactor = Redactor()
    redactor.remember("tok")
    redactor.remember(CANARY)
    assert redactor.text("a token, a tok, and c2stVW5pcXVl") == "a token, a tok, and c2stVW5pcXVl"


def test_no_representation_shows_a_secret() -> None:
    credentials = Credentials(
        {"head": CANARY, "oauth": ClientCredentials("me", CANARY), "oidc": RefreshToken(CANARY)}
    )
    auth = authorise(Credentials({"bearer": CANARY}), call(("bearer",)))
    request = Request(method="GET", url=URL, auth=auth)
    shown = [credentials, auth, request, Redactor(), ClientCredentials("me", CANARY),
             RefreshToken(CANARY)]  # fmt: skip
    for thing in shown:
        assert "canary" not in f"{thing!r} {thing}"
    for sealed in (credentials, auth):
        with pytest.raises(TypeError, match="holds secrets"):
            pickle.dumps(sealed)


@pytest.mark.parametrize(
    ("name", "secret", "hidden", "shown"),
    [
        ("bearer", "abcde", [], ["abcde"]),
        ("bearer", "abcdef", ["abcdef"], []),
        ("basic", "admin:pw", ["admin:pw"], ["admin", "pw"]),
        ("basic", "sk_live_123:", ["sk_live_123"], []),  # as payment services want it
        ("basic", "key-123456:x", ["key-123456"], ["x"]),
        ("basic", "someone@a.example:secret-1", ["secret-1"], ["someone@a.example"]),
    ],
)
def test_what_is_too_short_to_be_hidden_is_told(
    name: str, secret: str, hidden: list[str], shown: list[str]
) -> None:
    credentials = Credentials({name: secret})
    for text in hidden:
        assert "[redacted]" in credentials.redact_text(f"<{text}>")
    for text in shown:
        assert credentials.redact_text(f"<{text}>") == f"<{text}>"
    told = secret in ("abcde", "admin:pw")
    assert credentials.exposed == ({name} if told else set())


def test_a_run_warns_of_a_credential_that_cannot_be_hidden() -> None:
    operation = call(("bearer",))
    bundle = Bundle("T", "1", "", {operation.op: operation}, {}, schemes=SCHEMES)
    transport = FakeTransport(lambda request: Response.json([]))
    host = Host(bundle, "https://a.example", transport=transport,
                credentials=Credentials({"bearer": "abc"}))  # fmt: skip
    result = run_sync("await api.x.y(); await api.x.y()", bundle, host=host)
    assert result.warnings == (
        'x.y: the credential "bearer" is too short to be hidden where the API echoes it (2 calls)',
    )
