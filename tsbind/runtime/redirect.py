"""Where a redirect leads, and what may be taken along: nothing of value to another origin.

Only GET and HEAD are sent again.  To another origin (RFC 6454: scheme, host and port) goes no
credential, no cookie, no certificate and no header of the program's; https never becomes http.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from msgspec.structs import replace

from tsbind.runtime.credentials import NO_AUTH, origin_of
from tsbind.runtime.http import Request, Response

_STATUSES = frozenset({301, 302, 303, 307, 308})


def redirected(request: Request, response: Response) -> Request | None:
    """Return the request to follow with; None when the response must stand as it is."""
    location = response.header("location")
    if response.status not in _STATUSES or not location or request.method not in ("GET", "HEAD"):
        return None
    try:
        url = urljoin(request.url, location)
        parts, same = urlsplit(url), origin_of(url) == origin_of(request.url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    if same:
        return replace(request, url=url)
    if urlsplit(request.url).scheme == "https" and parts.scheme == "http":
        return None
    headers = tuple(pair for pair in request.headers if pair[0].lower() == "accept")
    return replace(request, url=url, headers=headers, cookies=(), auth=NO_AUTH)
