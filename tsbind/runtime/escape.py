"""Percent-encoding, and what may not stand in a path, a header or a cookie.

RFC 3986 §2 for the characters, RFC 6570 §3.2.1 for the two ways to expand a value, RFC 9110 §5.5
for header values, RFC 6265 §4.1.1 for cookies.
"""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus, unquote_to_bytes

from tsbind.headers import is_settable
from tsbind.runtime.failures import ArgumentError

# What `allowReserved` lets through in a query: the reserved characters of RFC 3986 without those
# that would end the value, start another one or be read as a space.
_RESERVED_IN_QUERY = ":/?@!$'()*,;="
_RESERVED_IN_PATH = "/:@!$&'()*+,;="
_TRIPLE = re.compile(r"(%[0-9A-Fa-f]{2})")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
DECODES = 3  # how often a server behind proxies might decode a path


def unreserved(text: str) -> str:
    """Encode everything but letters, digits and `-._~` (RFC 6570 simple expansion)."""
    return quote(_encodable(text), safe="~")


def reserved_in_query(text: str) -> str:
    """Encode a query value for `allowReserved`: percent triples pass, so do most delimiters."""
    return _reserved(text, _RESERVED_IN_QUERY)


def reserved_in_path(text: str) -> str:
    """Encode a path value for `allowReserved`: `/` passes, and must be checked by the caller."""
    return _reserved(text, _RESERVED_IN_PATH)


def form(text: str) -> str:
    """Encode for application/x-www-form-urlencoded (WHATWG URL §5.2): a space becomes `+`."""
    return quote_plus(_encodable(text), safe="*-._").replace("~", "%7E")


def _reserved(text: str, safe: str) -> str:
    pieces = _TRIPLE.split(_encodable(text))
    return "".join(
        piece if index % 2 else quote(piece, safe=safe + "~") for index, piece in enumerate(pieces)
    )


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ArgumentError("a lone surrogate is no text", code="text") from None
    return text


def check_path_value(text: str, where: str, *, slashes: bool = False) -> None:
    """Refuse a path value that a server could read as more than one path segment.

    Raises ArgumentError when `text`, decoded up to three times, is empty or holds a separator, a
    dot segment or a control character.  With `slashes`, `/` itself may divide it.
    """
    for part in text.split("/") if slashes else (text,):
        reason = _unsafe_segment(part)
        if reason:
            raise ArgumentError(f"{where}: {reason} in the path", code="path")


def check_path(path: str, where: str) -> None:
    """Refuse a finished path in which values beside one another made a dot segment."""
    for part in path.split("/"):
        if part and _dots(unquote_to_bytes(part)):
            raise ArgumentError(f"{where}: a dot segment would arise in the path", code="path")


def _unsafe_segment(text: str) -> str:
    if not text:
        return "an empty segment would arise"
    seen = text.encode("utf-8", "surrogatepass")
    for _ in range(DECODES + 1):
        reason = _unsafe_bytes(seen) or _unsafe_bytes(_folded(seen))
        decoded = unquote_to_bytes(seen)
        if reason or decoded == seen:
            return reason
        seen = decoded
    return ""


def _unsafe_bytes(segment: bytes) -> str:
    if b"/" in segment or b"\\" in segment:
        return "a separator would arise"
    if _CONTROL.search(segment):
        return "a control character would arise"
    return "a dot segment would arise" if _dots(segment) else ""


def _dots(segment: bytes) -> bool:
    # `..;x=1` is `..` to servers that drop path parameters first.
    return segment.split(b";", 1)[0].strip(b" ") in (b".", b"..")


_COOKIE = re.compile(r"[!#-:<-\[\]-~]*")
_OVERLONG = re.compile(rb"(?:\xc0|\xe0\x80|\xf0\x80\x80)([\xae\xaf])|(?:\xc1|\xe0\x81)([\x9c])")
_LOOKALIKES = str.maketrans(
    {
        **dict.fromkeys("\u2024\uff0e", "."),
        "\u2025": "..",
        **dict.fromkeys("\u2044\u2215\u29f8\uff0f", "/"),
        **dict.fromkeys("\u2216\uff3c", "\\"),
    }
)


def _folded(segment: bytes) -> bytes:
    """Read `segment` as lax servers do: overlong UTF-8 and lookalikes of `.`, `/` and `\\`."""
    plain = _OVERLONG.sub(_shortest, segment)
    return plain.decode("utf-8", "replace").translate(_LOOKALIKES).encode()


def _shortest(match: re.Match[bytes]) -> bytes:
    return {b"\xae": b".", b"\xaf": b"/", b"\x9c": b"\\"}[match[1] or match[2]]


def check_header_name(name: str, where: str) -> None:
    """Refuse a header that is no token, or that only the host may write."""
    if not is_settable(name):
        raise ArgumentError(
            f'{where}: the header "{name}" cannot be set by a program', code="header"
        )


def check_header_value(value: str, where: str) -> str:
    """Return `value` when it may stand in a header; raises ArgumentError otherwise."""
    if any((c < " " and c != "\t") or c == "\x7f" or c > "\xff" for c in value):
        raise ArgumentError(f"{where}: not allowed in a header: {value[:80]!a}", code="header")
    if value != value.strip():
        raise ArgumentError(f"{where}: a header cannot begin or end with a space", code="header")
    return value


def check_cookie_value(value: str, where: str) -> str:
    """Return `value` when it may stand in a cookie as it is; raises ArgumentError otherwise.

    RFC 6265 §4.1.1, with the comma that OpenAPI 3.2 puts between the items of a list.
    """
    if not _COOKIE.fullmatch(value):
        raise ArgumentError(f"{where}: not allowed in a cookie: {value[:80]!a}", code="cookie")
    return value
