"""OAuth 2.0 access tokens: client credentials (RFC 6749 §4.4) and refresh tokens (§6).

A token is fetched once however many calls wait for it, kept until shortly before it expires, and
renewed by whoever needs it next.  The token endpoint is the document's (or, for OpenID Connect,
the one that the provider's configuration names) unless the operator gives another.
"""

from __future__ import annotations

import asyncio
import base64
import time
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec

from tsbind.bundle import Scheme
from tsbind.errors import CredentialError
from tsbind.runtime.credentials.auth import Auth, origin_of
from tsbind.runtime.credentials.sources import Source, checked, read
from tsbind.runtime.failures import NetworkError

if TYPE_CHECKING:
    from tsbind.runtime.credentials.redact import Redactor
    from tsbind.runtime.http import Response, Transport

EARLY = 30.0  # seconds before expiry when a token counts as expired
UNKNOWN_LIFE = 300.0  # seconds that a token without `expires_in` is kept
_REPLY_BYTES = 1 << 20


class ClientCredentials(msgspec.Struct, frozen=True):
    """The client's own identity; `secret` is where its secret comes from."""

    client_id: str
    secret: Source | str
    token_url: str = ""  # "": as the document says
    in_body: bool = False  # send id and secret in the form instead of the Authorization header

    def __repr__(self) -> str:
        return f"ClientCredentials({self.client_id!r})"


class RefreshToken(msgspec.Struct, frozen=True):
    """A refresh token, renewed in memory when the server rotates it."""

    token: Source | str
    client_id: str = ""
    secret: Source | str = ""
    token_url: str = ""

    def __repr__(self) -> str:
        return f"RefreshToken({self.client_id!r})"


Grant = ClientCredentials | RefreshToken


class _Token(msgspec.Struct, frozen=True):
    access: str
    until: float  # time.monotonic()

    def __repr__(self) -> str:
        return "_Token()"


class _Granted(msgspec.Struct):
    """The token endpoint's answer (RFC 6749 §5.1)."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: float | str | None = None
    refresh_token: str = ""


class Tokens:
    """The access tokens of one `Credentials`, by scheme and scopes."""

    __slots__ = ("_kept", "_locks", "_redactor", "_rotated")

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._kept: dict[tuple[str, str], _Token] = {}
        self._rotated: dict[str, str] = {}
        # Locks belong to an event loop, and a Credentials may serve several.
        self._locks: dict[tuple[int, str, str], asyncio.Lock] = {}

    async def access(
        self, name: str, scheme: Scheme, grant: Grant, scopes: tuple[str, ...], transport: Transport
    ) -> str:
        """Return a valid access token; raises CredentialError when none can be had."""
        key = (name, " ".join(sorted(scopes)))
        lock = self._locks.setdefault((id(asyncio.get_running_loop()), *key), asyncio.Lock())
        async with lock:
            kept = self._kept.get(key)
            if kept is None or kept.until <= time.monotonic():
                kept = await self._fetch(name, scheme, grant, key[1], transport)
                self._kept[key] = kept
        return kept.access

    def forget(self, header: str) -> bool:
        """Drop the token of an Authorization header; whether it was one of ours."""
        kept = {k: token for k, token in self._kept.items() if header != f"Bearer {token.access}"}
        known = len(kept) < len(self._kept)
        self._kept = kept
        return known

    async def _fetch(
        self, name: str, scheme: Scheme, grant: Grant, scope: str, transport: Transport
    ) -> _Token:
        url = await _token_url(name, scheme, grant, transport)
        form, auth = await self._form(name, grant, url)
        if scope:
            form["scope"] = scope
        granted = _decode(name, await _post(name, url, form, auth, transport))
        self._redactor.remember(granted.access_token)
        if granted.refresh_token:
            self._redactor.remember(granted.refresh_token)
            self._rotated[name] = granted.refresh_token
        access = checked(granted.access_token, "the token endpoint", name)
        return _Token(access, time.monotonic() + _life(granted))

    async def _form(self, name: str, grant: Grant, url: str) -> tuple[dict[str, str], Auth]:
        secret = await self._secret(name, grant.secret)
        form = {"grant_type": "client_credentials"}
        if isinstance(grant, RefreshToken):
            token = self._rotated.get(name) or await self._secret(name, grant.token)
            form = {"grant_type": "refresh_token", "refresh_token": token}
        in_body = isinstance(grant, RefreshToken) or grant.in_body
        if in_body or not secret:
            if grant.client_id:
                form["client_id"] = grant.client_id
            if secret:
                form["client_secret"] = secret
            return form, Auth()
        # RFC 6749 §2.3.1: both are form-encoded before they are joined.
        pair = f"{quote_plus(grant.client_id)}:{quote_plus(secret)}".encode()
        basic = f"Basic {base64.b64encode(pair).decode()}"
        return form, Auth(origin_of(url), headers=(("Authorization", basic),))

    async def _secret(self, name: str, source: Source | str) -> str:
        value = source if isinstance(source, str) else await read(source, name)
        if value:
            self._redactor.remember(value)
        return value


async def _token_url(name: str, scheme: Scheme, grant: Grant, transport: Transport) -> str:
    url = grant.token_url
    if not url:
        refresh = scheme.refresh_url if isinstance(grant, RefreshToken) else ""
        url = refresh or scheme.token_url
    if not url and scheme.openid_url:
        url = await _discovered(name, scheme.openid_url, transport)
    if not url:
        raise CredentialError(
            f'the document names no token endpoint for "{name}"',
            fix="give `token_url` with the credential",
            code="credential-token",
        )
    return _checked_url(name, url)


def _checked_url(name: str, url: str) -> str:
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (parts.scheme == "https" or (parts.scheme == "http" and local)) or not parts.hostname:
        raise CredentialError(
            f'the token endpoint of "{name}" is not an absolute https URL',
            fix="give `token_url` with the credential",
            code="credential-token",
        )
    return url


async def _discovered(name: str, openid_url: str, transport: Transport) -> str:
    """The token endpoint of an OpenID provider (OpenID Connect Discovery §4)."""
    from tsbind.runtime.http import Request

    request = Request(
        method="GET",
        url=_checked_url(name, openid_url),
        headers=(("Accept", "application/json"),),
        reply_bytes=_REPLY_BYTES,
    )
    try:
        response = await transport.send(request)
        found = msgspec.json.decode(response.body, type=dict[str, object])
    except (NetworkError, msgspec.DecodeError):
        found = {}
    return str(found.get("token_endpoint", ""))


async def _post(
    name: str, url: str, form: dict[str, str], auth: Auth, transport: Transport
) -> Response:
    from tsbind.runtime.http import Request

    request = Request(
        method="POST",
        url=url,
        headers=(
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "application/json"),
        ),
        body=urlencode(form).encode(),
        auth=auth,
        reply_bytes=_REPLY_BYTES,
    )
    try:
        return await transport.send(request)
    except NetworkError as error:
        raise CredentialError(
            f'no token for "{name}": {error.text}',
            fix="see whether its token endpoint can be reached from here",
            code="credential-token",
        ) from None


def _decode(name: str, response: Response) -> _Granted:
    try:
        if response.status == 200:
            return msgspec.json.decode(response.body, type=_Granted)
        problem = msgspec.json.decode(response.body, type=dict[str, object]).get("error", "")
    except msgspec.DecodeError:
        problem = ""
    # Only the standard's own error words are repeated (RFC 6749 §5.2); prose may hold anything.
    known = problem if problem in _PROBLEMS else "no token in the answer"
    raise CredentialError(
        f'no token for "{name}": status {response.status}, {known}',
        fix="check the client and its secret",
        code="credential-token",
    )


_PROBLEMS = frozenset(
    {
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
        "unsupported_grant_type", "invalid_scope",
    }
)  # fmt: skip


def _life(granted: _Granted) -> float:
    try:
        seconds = float(granted.expires_in) if granted.expires_in is not None else UNKNOWN_LIFE
    except ValueError:
        seconds = UNKNOWN_LIFE
    return max(seconds - EARLY, seconds / 2) if seconds > 0 else 0.0
