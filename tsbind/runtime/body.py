"""Write the body of a request in the media type that the document gives (OpenAPI 3.2 §4.14, §4.15).

JSON, application/x-www-form-urlencoded, multipart, text, JSON lines and bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

import msgspec

from tsbind.bundle import Body, Call, Json, Part
from tsbind.media import essence, is_json, kind_of
from tsbind.runtime import escape
from tsbind.runtime.failures import ArgumentError
from tsbind.runtime.serialise import content_text, styled_pairs, text_of
from tsbind.runtime.values import File

_DEFAULT_PART = Part()
_QUOTED = {'"': "%22", "\r": "%0D", "\n": "%0A"}
_MEDIA_TYPE = re.compile(
    r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;\s*[\w-]+=(?:[\w.+:/'-]+|\"[^\"\r\n]*\"))*"
)


class Written(msgspec.Struct, frozen=True):
    """A body as it goes over the wire."""

    content: bytes
    media: str  # the Content-Type, boundary included


def value_of(call: Call, body: Body, args: Mapping[str, Json]) -> Json:
    """Take the body's value out of the argument object; None when it is not given."""
    if body.arg:
        return args.get(body.arg)
    taken = {parameter.arg for parameter in call.parameters}
    fields = {key: value for key, value in args.items() if key not in taken}
    return fields if fields or body.required else None


def write(body: Body, value: Json) -> Written:
    """Write `value` as `body`; raises ArgumentError when the media type cannot say it."""
    match kind_of(body.media):
        case "json":
            return Written(_json(value), body.media)
        case "form":
            return Written(_urlencoded(body, value).encode(), body.media)
        case "multipart":
            return _multipart(body, value, essence(body.media))
        case "lines" if isinstance(value, list):
            return Written(b"".join(_json(item) + b"\n" for item in value), body.media)
        case "sequence" if isinstance(value, list):
            # Each text between a record separator and a line feed (RFC 7464 §2.2).
            content = b"".join(b"\x1e" + _json(item) + b"\n" for item in value)
            return Written(content, body.media)
    return _opaque(body.media, value)


def _opaque(media: str, value: Json) -> Written:
    """Text or bytes, written as they are."""
    if "*" in media:
        media = _type_of(value)
    match value:
        case bytes():
            return Written(value, media)
        case File(content=content, type=own):
            return Written(content, _checked_type(own) if own else media)
        case str():
            return Written(_utf8(value), media)
        case _:
            return Written(content_text(value, media).encode(), media)


# application/x-www-form-urlencoded


def _urlencoded(body: Body, value: Json) -> str:
    pairs: list[tuple[str, str]] = []
    for name, item in _fields(value, body.media):
        pairs.extend(_form_pairs(name, item, body.parts.get(name, _DEFAULT_PART)))
    return "&".join(f"{name}={text}" for name, text in pairs)


def _form_pairs(name: str, value: Json, part: Part) -> tuple[tuple[str, str], ...]:
    if part.style is not None:
        # RFC 6570 rules, as for a query parameter: a space is %20, which forms read alike.
        encode = escape.reserved_in_query if part.allow_reserved else escape.unreserved
        key = escape.unreserved(name)
        return styled_pairs(part.style, key, value, encode, explode=part.explode)
    items = value if isinstance(value, list) and not part.media else [value]
    return tuple(
        (escape.form(name), escape.form(_form_text(i, part))) for i in items if i is not None
    )


def _form_text(value: Json, part: Part) -> str:
    if isinstance(value, File):
        value = value.content
    return content_text(value, part.media) if part.media else text_of(value)


# multipart


def _multipart(body: Body, value: Json, media: str) -> Written:
    form = media == "multipart/form-data"
    if isinstance(value, list) and not form:
        parts = [_part(None, item, _DEFAULT_PART) for item in value]
    else:
        parts = []
        for name, item in _fields(value, body.media):
            parts.extend(_field_parts(name, item, body.parts.get(name, _DEFAULT_PART), form=form))
    # Made from the content, so that the same call is the same bytes when it is replayed; nobody
    # can write a part that holds the hash of itself.
    boundary = f"tsbind-{hashlib.sha256(b''.join(parts)).hexdigest()[:32]}"
    mark = f"--{boundary}\r\n".encode()
    content = b"".join(mark + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
    return Written(content, f"{media}; boundary={boundary}")


def _field_parts(name: str, value: Json, part: Part, *, form: bool) -> Iterator[bytes]:
    if form and part.style is not None and not isinstance(value, (bytes, File)):
        # As a query would be written, without its percent-encoding (OpenAPI 3.2 §4.15.1.2).
        key = escape.unreserved(name)
        pairs = styled_pairs(part.style, key, value, escape.unreserved, explode=part.explode)
        for field, text in pairs:
            yield _part(unquote(field), unquote(text), _DEFAULT_PART)
        return
    for item in _part_items(value, part):
        yield _part(name if form else None, item, part)


def _part_items(value: Json, part: Part) -> list[Json]:
    # A list is one part per item (OpenAPI 3.2 §4.15.1.1) unless its media type is given.
    listed = isinstance(value, list) and not is_json(part.media)
    return [item for item in (value if listed else [value]) if item is not None]


def _part(name: str | None, value: Json, part: Part) -> bytes:
    content, filename, media = _part_content(value, part)
    lines = []
    if name is not None:
        disposition = f'form-data; name="{_quoted(name)}"'
        if filename is not None:
            disposition += f'; filename="{_quoted(filename)}"'
        lines.append(f"Content-Disposition: {disposition}")
    if media:
        lines.append(f"Content-Type: {media}")
    return "\r\n".join([*lines, "", ""]).encode() + content


def _part_content(value: Json, part: Part) -> tuple[bytes, str | None, str]:
    """The bytes of a part, its file name if it is a file, and its Content-Type."""
    # `Part.media` may be a list ("image/png, image/*"): the first that is no range is written.
    declared = next((m.strip() for m in part.media.split(",") if m.strip() and "*" not in m), "")
    match value:
        case File(content=content, name=name, type=own):
            media = _checked_type(own) if own else declared or "application/octet-stream"
            return content, name or "file", media
        case bytes():
            return value, "file", declared or "application/octet-stream"
        case str():
            # Content of a declared type is a file to servers, however the program held it.
            plain = not declared or declared.startswith("text/") or is_json(declared)
            return _utf8(value), None if plain else "file", declared
        case dict() | list():
            return _json(value), None, declared or "application/json"
        case _:
            return text_of(value).encode(), None, declared


def _fields(value: Json, media: str) -> Iterator[tuple[str, Json]]:
    if not isinstance(value, Mapping):
        raise ArgumentError(f"the body must be an object to be written as {media}", code="body")
    yield from ((name, item) for name, item in value.items() if item is not None)


def _quoted(name: str) -> str:
    """Escape a name as browsers do (HTML, multipart/form-data encoding algorithm)."""
    _utf8(name)
    return "".join(_QUOTED.get(character, character) for character in name)


def _checked_type(media: str) -> str:
    if not _MEDIA_TYPE.fullmatch(media) or not media.isascii():
        raise ArgumentError(f'"{media[:80]}" is no media type', code="body")
    return media


def _type_of(value: Json) -> str:
    match value:
        case bytes() | File():
            return "application/octet-stream"
        case str():
            return "text/plain; charset=utf-8"
        case _:
            return "application/json"


def _json(value: Json) -> bytes:
    try:
        return msgspec.json.encode(value, enc_hook=_refuse_file)
    except (TypeError, RecursionError, UnicodeEncodeError) as error:
        raise ArgumentError(f"the body is not JSON: {error}", code="body") from None


def _refuse_file(value: object) -> Json:
    raise TypeError(f"a {type(value).__name__} cannot stand in JSON")


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ArgumentError("a lone surrogate is no text", code="text") from None
