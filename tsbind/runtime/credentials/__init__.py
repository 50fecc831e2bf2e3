"""The only package that holds secrets: where they come from, where they go, what hides them.

A `Credentials` maps the names of a document's security schemes to where their values come from.
For each call it takes the first alternative of the document's requirements that it can satisfy,
and seals it in an `Auth`, bound to the origin of the request, which a transport opens at the last
moment.  Nothing here shows its contents in a `repr`.  Every value that was ever read is
remembered, so that `redact` finds it again in whatever an API echoes.
"""

from __future__ import annotations

import base64
import difflib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NoReturn

import msgspec

from tsbind.bundle import Call, Json, Need, Scheme
from tsbind.errors import CredentialError
from tsbind.runtime.credentials.auth import NO_AUTH, Auth, origin_of
from tsbind.runtime.credentials.certificate import Certificate, ClientCertificate
from tsbind.runtime.credentials.oauth import ClientCredentials, Grant, RefreshToken, Tokens
from tsbind.runtime.credentials.redact import Redactor
from tsbind.runtime.credentials.sources import (
    Env,
    Keyring,
    SecretFile,
    Source,
    checked,
    parse_source,
    read,
)

if TYPE_CHECKING:
    from tsbind.runtime.http import Transport

__all__ = [
    "NO_AUTH",
    "Auth",
    "Certificate",
    "ClientCertificate",
    "ClientCredentials",
    "Credentials",
    "Env",
    "Keyring",
    "RefreshToken",
    "SecretFile",
    "origin_of",
]


class ClientSource(msgspec.Struct, frozen=True):
    """OAuth 2.0 client credentials whose "id:secret" comes from one source."""

    source: Source


Credential = Source | Grant | ClientSource | ClientCertificate | str

# Names that need no scheme in the document, since many documents declare none.
_FREE_SCHEMES = {
    "bearer": Scheme(type="http", scheme="bearer"),
    "basic": Scheme(type="http", scheme="basic"),
    "certificate": Scheme(type="mutualTLS"),
}
_FREE_PLACES = ("header", "query", "cookie")


class Credentials:
    """Secrets by the name of the security scheme that they are for.

    A value is the secret itself, or where it comes from: `Env`, `SecretFile`, `Keyring`, a
    function (async or not), `ClientCredentials`, `RefreshToken`.  For http basic it is
    "user:password"; for OAuth 2.0 and OpenID Connect a string is an access token; for mutualTLS
    it is a `ClientCertificate`.

    Beside the document's schemes, `bearer`, `basic`, `certificate`, `header.NAME`, `query.NAME`
    and `cookie.NAME` go with every call, for APIs whose document does not say what they ask for.

        Credentials({"bearerAuth": Env("CHAT_TOKEN")})
    """

    __slots__ = ("_certificates", "_redactor", "_tokens", "_values", "exposed")

    def __init__(self, values: Mapping[str, Credential] | None = None) -> None:
        self._values = dict(values or {})
        for name, value in self._values.items():
            if not (isinstance(value, (str, msgspec.Struct)) or callable(value)):
                kind = type(value).__name__
                raise TypeError(f'the credential "{name}" is a text or a source of it, not {kind}')
        self._redactor = Redactor()
        self._tokens = Tokens(self._redactor)
        self._certificates: dict[str, Certificate] = {}
        self.exposed: set[str] = set()  # names of credentials that are too short to be hidden
        for name, value in self._values.items():
            if isinstance(value, str):
                self._redact_parts(
                    name, _scheme_or_free(name, {}), checked(value, "the value", name)
                )

    @staticmethod
    def parse(items: Iterable[str]) -> Credentials:
        """Read command-line forms: `scheme=env:NAME|file:PATH|keyring:SERVICE/USER`.

        `scheme.client=…` holds "id:secret" of OAuth 2.0 client credentials, `scheme.refresh=…` a
        refresh token.  `scheme=cert:FILE[,KEYFILE]` is a client's certificate, and
        `scheme.password=…` of its key.  Raises CredentialError for anything else.
        """
        values: dict[str, Credential] = {}
        passwords: dict[str, Source] = {}
        for item in items:
            name, equals, form = item.partition("=")
            if not equals or not name:
                raise CredentialError(
                    "a credential names no security scheme",
                    fix="write scheme=env:NAME",
                    code="credential-source",
                )
            if form.startswith("cert:"):
                file, _, key = form.removeprefix("cert:").partition(",")
                values[name] = ClientCertificate(file, key)
                continue
            source = parse_source(form)
            if name.endswith(".client"):
                values[name.removesuffix(".client")] = ClientSource(source)
            elif name.endswith(".refresh"):
                values[name.removesuffix(".refresh")] = RefreshToken(source)
            elif name.endswith(".password"):
                passwords[name.removesuffix(".password")] = source
            else:
                values[name] = source
        return Credentials(_with_passwords(values, passwords))

    def check_names(self, schemes: Mapping[str, Scheme]) -> None:
        """Raise CredentialError when a credential is for a scheme that the document lacks."""
        for name in self._values:
            if name in schemes or _free_scheme(name) is not None:
                continue
            close = difflib.get_close_matches(name, schemes, n=1)
            known = f'did you mean "{close[0]}"?' if close else f"it has: {', '.join(schemes)}"
            raise CredentialError(
                f'the document has no security scheme "{name}"',
                fix=known if schemes else "it has none; use `bearer`, `basic` or `header.NAME`",
                code="credential-scheme",
            )

    async def authorise(
        self, call: Call, schemes: Mapping[str, Scheme], url: str, transport: Transport
    ) -> Auth:
        """Return what the call needs, for the origin of `url`.

        Raises CredentialError when no alternative of the document can be satisfied.
        """
        try:
            return await self._sealed(call, schemes, url, transport)
        except CredentialError as error:
            # Reports of errors may show the variables of the functions that one passed through.
            failed = error.with_traceback(None)
            failed.__context__ = None
        raise failed

    async def _sealed(
        self, call: Call, schemes: Mapping[str, Scheme], url: str, transport: Transport
    ) -> Auth:
        needs = self._alternative(call, schemes)
        free = [Need(name) for name in self._values if name not in schemes]
        headers: list[tuple[str, str]] = []
        query: list[tuple[str, str]] = []
        cookies: list[tuple[str, str]] = []
        places = {"header": headers, "query": query, "cookie": cookies}
        certificate: Certificate | None = None
        for need in (*needs, *free):
            scheme = _scheme_or_free(need.scheme, schemes)
            if scheme.type == "mutualTLS":
                certificate = await self._certificate(need.scheme)
            else:
                place, name, value = await self._written(need, scheme, transport)
                places[place].append((name, value))
        auth = Auth(
            origin_of(url),
            headers=tuple(headers),
            query=tuple(query),
            cookies=tuple(cookies),
            certificate=certificate,
        )
        return auth or NO_AUTH

    async def _certificate(self, name: str) -> Certificate:
        given = self._values[name]
        if not isinstance(given, ClientCertificate):
            raise CredentialError(
                f'the credential for "{name}" is no certificate',
                fix=f"give --credential {name}=cert:FILE,KEYFILE, or a ClientCertificate",
                code="credential-form",
            )
        if name not in self._certificates:
            password = given.password
            if not isinstance(password, str):
                password = await read(password, name)
            self._redactor.remember(password)
            self._certificates[name] = Certificate(name, given, password)
        return self._certificates[name]

    def forget(self, auth: Auth) -> bool:
        """Drop the access token that an API refused; whether another can be fetched."""
        return any(self._tokens.forget(value) for value in auth.header("authorization"))

    def redact_text(self, text: str) -> str:
        """Return `text` with every secret that was ever read replaced."""
        return self._redactor.text(text)

    def redact_bytes(self, data: bytes) -> bytes:
        """Return `data` with every secret that was ever read replaced."""
        return self._redactor.bytes(data)

    def redact_json(self, value: Json) -> Json:
        """Return a JSON value with every secret that was ever read replaced."""
        return self._redactor.json(value)

    def shows_in(self, data: bytes) -> bool:
        """Whether any secret that was ever read is in `data`."""
        return self._redactor.found_in(data)

    def _alternative(self, call: Call, schemes: Mapping[str, Scheme]) -> tuple[Need, ...]:
        """The first alternative that can be satisfied; one with credentials before none."""
        if not call.security:
            return ()
        open_to_all = False
        for needs in call.security:
            if not needs:
                open_to_all = True
            elif all(self._has(need, schemes) for need in needs):
                return needs
        free = any(name not in schemes for name in self._values)
        if open_to_all or free:
            return ()
        wanted = " or ".join(
            " and ".join(f'"{need.scheme}"' for need in needs) for needs in call.security
        )
        name = call.security[0][0].scheme
        raise CredentialError(
            f"{call.op} needs the credential {wanted}",
            fix=f"give it: --credential {name}=env:NAME, or Credentials({{{name!r}: …}})",
            code="credential-missing",
        )

    def _has(self, need: Need, schemes: Mapping[str, Scheme]) -> bool:
        return need.scheme in self._values and need.scheme in schemes

    async def _written(
        self, need: Need, scheme: Scheme, transport: Transport
    ) -> tuple[str, str, str]:
        """Where the credential stands: place, name and value."""
        value = self._values[need.scheme]
        if isinstance(value, ClientSource):
            pair = await read(value.source, need.scheme)
            client_id, _, secret = pair.partition(":")
            value = ClientCredentials(client_id, secret)
        if isinstance(value, (ClientCredentials, RefreshToken)):
            secret = await self._tokens.access(need.scheme, scheme, value, need.scopes, transport)
            return "header", "Authorization", f"Bearer {secret}"
        if isinstance(value, ClientCertificate):
            raise CredentialError(
                f'the scheme "{need.scheme}" asks for no certificate',
                fix="call the certificate `certificate`, to show it with every call",
                code="credential-form",
            )
        secret = value if isinstance(value, str) else await read(value, need.scheme)
        self._redact_parts(need.scheme, scheme, secret)
        if scheme.type == "apiKey":
            return scheme.place or "header", scheme.name, secret
        if scheme.type != "http" or scheme.scheme.lower() == "bearer":
            return "header", "Authorization", f"Bearer {secret}"
        return "header", "Authorization", _http_auth(need.scheme, scheme.scheme, secret)

    def _redact_parts(self, name: str, scheme: Scheme, secret: str) -> None:
        hidden = self._redactor.remember(secret)
        if scheme.type == "http" and scheme.scheme.lower() == "basic":
            user, _, password = secret.partition(":")
            # Many APIs take their key for the user, with a password that is empty or "x".
            hidden = self._redactor.remember(password) or self._redactor.remember(user)
        if not hidden:
            self.exposed.add(name)

    def __repr__(self) -> str:
        return f"Credentials({', '.join(self._values)})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Credentials holds secrets and cannot be pickled")


def _with_passwords(
    values: dict[str, Credential], passwords: Mapping[str, Source]
) -> dict[str, Credential]:
    for name, source in passwords.items():
        given = values.get(name)
        if not isinstance(given, ClientCertificate):
            raise CredentialError(
                f'"{name}.password" is for the key of a certificate, and there is none',
                fix=f"give it, too: {name}=cert:FILE,KEYFILE",
                code="credential-source",
            )
        values[name] = msgspec.structs.replace(given, password=source)
    return values


def _http_auth(name: str, scheme: str, secret: str) -> str:
    """The Authorization header of an http scheme (RFC 7617 for basic)."""
    match scheme.lower():
        case "basic":
            if ":" not in secret:
                raise CredentialError(
                    f'the credential for "{name}" is not "user:password"',
                    fix="store both in it, with a colon between them",
                    code="credential-form",
                )
            return f"Basic {base64.b64encode(secret.encode()).decode()}"
        case "digest" | "negotiate" | "mutual" | "hoba" | "scram-sha-1" | "scram-sha-256":
            raise CredentialError(
                f'the http scheme "{scheme}" of "{name}" needs a dialogue that is not supported',
                fix="override the operation, or give a Transport that authenticates",
                code="credential-scheme",
            )
        case _:
            return f"{scheme} {secret}"


def _free_scheme(name: str) -> Scheme | None:
    place, dot, field = name.partition(".")
    if dot and field and place in _FREE_PLACES:
        return Scheme(type="apiKey", name=field, place=place)  # type: ignore[arg-type]
    return _FREE_SCHEMES.get(name)


def _scheme_or_free(name: str, schemes: Mapping[str, Scheme]) -> Scheme:
    return schemes.get(name) or _free_scheme(name) or Scheme(type="http", scheme="bearer")
