"""The credentials of one request, sealed: bound to an origin and opened only by a transport."""

from __future__ import annotations

from typing import Final, NoReturn
from urllib.parse import urlsplit, urlunsplit

from tsbind.errors import CredentialError
from tsbind.runtime import escape
from tsbind.runtime.credentials.certificate import Certificate

Pairs = tuple[tuple[str, str], ...]


class Auth:
    """The credentials of one request to one origin.  Only a transport looks inside, to send them.

    `names` of what it sets may be shown; values never are.  A transport shows `certificate`, if
    there is one, to the origin that the request goes to.
    """

    __slots__ = ("_cookies", "_headers", "_origin", "_query", "certificate")

    def __init__(
        self,
        origin: str = "",
        *,
        headers: Pairs = (),
        query: Pairs = (),
        cookies: Pairs = (),
        certificate: Certificate | None = None,
    ) -> None:
        self._origin = origin
        self.certificate = certificate
        self._headers, self._query, self._cookies = headers, query, cookies

    def apply(self, url: str, headers: Pairs, cookies: Pairs) -> tuple[str, Pairs, Pairs]:
        """Return URL, headers and cookies with the credentials in place of any of their names.

        Raises CredentialError when `url` is not of the origin that they are for.
        """
        if not self:
            return url, headers, cookies
        if origin_of(url) != self._origin:
            raise CredentialError(f'the credentials are for "{self._origin}" only', code="origin")
        taken = {name.lower() for name, _ in self._headers}
        kept = tuple((n, v) for n, v in headers if n.lower() not in taken)
        names = {name for name, _ in self._cookies}
        rest = tuple((n, v) for n, v in cookies if n not in names)
        return self._with_query(url), (*kept, *self._headers), (*rest, *self._cookies)

    def _with_query(self, url: str) -> str:
        if not self._query:
            return url
        own = {escape.unreserved(name): escape.unreserved(value) for name, value in self._query}
        parts = urlsplit(url)
        kept = [p for p in parts.query.split("&") if p and p.partition("=")[0] not in own]
        query = "&".join([*kept, *(f"{name}={value}" for name, value in own.items())])
        return urlunsplit(parts._replace(query=query))

    @property
    def names(self) -> tuple[str, ...]:
        """What is set: header, query and cookie names."""
        sent = (name for pairs in (self._headers, self._query, self._cookies) for name, _ in pairs)
        return (*sent, *(("client certificate",) if self.certificate is not None else ()))

    def header(self, name: str) -> tuple[str, ...]:
        """The values of a header, for the package that made them."""
        return tuple(value for key, value in self._headers if key.lower() == name)

    def __bool__(self) -> bool:
        return bool(self._headers or self._query or self._cookies or self.certificate)

    def __repr__(self) -> str:
        return f"Auth({', '.join(self.names)})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an Auth holds secrets and cannot be pickled")


NO_AUTH: Final = Auth()
_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """Return `scheme://host:port` of an absolute URL, the port always written (RFC 6454 §4)."""
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme.lower(), 0)
    host = (parts.hostname or "").rstrip(".")
    return f"{parts.scheme.lower()}://{f'[{host}]' if ':' in host else host}:{port}"
