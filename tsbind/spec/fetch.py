"""Reads a remote file that a `$ref` names, from a host that the operator named, and no other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from tsbind.errors import SpecError

if TYPE_CHECKING:
    from http.client import HTTPResponse

_CHUNK = 65_536
_DEFAULT_PORTS = {"https": 443, "http": 80}


def allowed(url: str, allow_refs: tuple[str, ...]) -> bool:
    """Whether the operator named where `url` leads.

    An entry is a host (`example.com`: https on its usual port) or an origin
    (`http://localhost:8080`).  Hosts are compared as written, never resolved.
    """
    try:
        wanted = _origin(urlsplit(url))
        return any(
            wanted == _origin(urlsplit(entry if "://" in entry else f"https://{entry}"))
            for entry in allow_refs
        )
    except ValueError:
        return False


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username is not None:
        raise ValueError("no http origin")
    return scheme, parts.hostname.rstrip("."), parts.port or _DEFAULT_PORTS[scheme]


def fetch(url: str, *, limit: int, seconds: float) -> bytes:
    """GET `url`, at most `limit` bytes and `seconds` in all; redirects are not followed.

    Raises SpecError when there is no such answer.  Proxies and `.netrc` are not consulted.
    """
    import http.client  # late: with ssl it would be a tenth of what starting tsbind takes

    parts = urlsplit(url)
    scheme, host, port = _origin(parts)
    connect = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = connect(host, port, timeout=seconds)
    until = time.monotonic() + seconds
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers={"Accept": "application/json, application/yaml"})
        reply = connection.getresponse()
        if reply.status != 200:
            raise SpecError(f"the host answers with status {reply.status}", code="bad-ref")
        return _read(reply, limit, until)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SpecError(f"it cannot be fetched: {error}", code="bad-ref") from None
    finally:
        connection.close()


def _read(reply: HTTPResponse, limit: int, until: float) -> bytes:
    body = bytearray()
    while chunk := reply.read1(_CHUNK):
        body += chunk
        if len(body) > limit:
            raise SpecError("it is larger than the limit `bytes` allows", code="bad-ref")
        if time.monotonic() > until:
            raise SpecError("it takes longer than the limit `fetch_seconds`", code="bad-ref")
    return bytes(body)
