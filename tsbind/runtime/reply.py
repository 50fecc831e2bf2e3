"""Read a response as the value of a call: by its media type, and by what the document promises.

JSON and +json become JSON; text becomes a string; JSON lines, JSON sequences and event streams
become lists; no content becomes null; everything else becomes bytes.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

import msgspec

from tsbind.bundle import Call, Event, Json, Reply
from tsbind.media import STREAMS, essence, is_json, kind_of
from tsbind.runtime.failures import ApiError, NetworkError
from tsbind.runtime.http import Response

EXCERPT = 2_000  # characters of an error body that is not JSON
DETAIL = 500  # characters of what an error's body lists as wrong
ERROR_BODY = 16_384  # bytes of JSON of an error that cross into the guest
LOOKED_THROUGH = 1 << 20  # bytes of JSON that are searched for doubled keys
_DOUBLED = re.compile(r'Detected duplicate key (".*") at line', re.S)
_CHARSET = re.compile(r';\s*charset="?([A-Za-z0-9._:-]+)"?', re.I)
_END = re.compile(r"\[[A-Z_]+\]")  # "[DONE]": what many APIs send as the data of their last event


def value_of(response: Response, promise: Reply | None = None) -> Json:
    """Return the body as a value; raises NetworkError when it is not what it says.

    `promise` is what the document says about it: what an item of an event stream is, and which
    headers are the value when there is no body.
    """
    media = response.header("content-type")
    kind = kind_of(media)
    body = response.body
    if not body:
        if promise is not None and promise.headers:
            return _headers(response, promise.headers)
        return [] if kind in STREAMS and response.status != 204 else None
    match kind:
        case "events":
            return list(_items(body, response.cut, promise.event if promise else "fields"))
        case "lines":
            return list(_lines(body, response.cut))
        case "sequence":
            return list(_sequence(body, response.cut))
        case "json":
            return _json(body)
        case "text" | "form":
            return _text(body, media)
    # Some send JSON without saying so.
    return _json(body) if not media and body.lstrip()[:1] in (b"{", b"[") else body


def error_of(response: Response) -> ApiError:
    """Return the ApiError of a response that is no success."""
    status = response.status
    try:
        body = value_of(response)
    except NetworkError:
        body = response.body
    if isinstance(body, bytes):
        body = body[:EXCERPT].decode("utf-8", "replace")
    if isinstance(body, str):
        body = body[:EXCERPT]
    elif len(response.body) > ERROR_BODY:
        body = response.body[:EXCERPT].decode("utf-8", "replace")
    text = _message(body)
    if 300 <= status < 400:
        text = "the API answered with a redirect, which is not followed"
    code = _field(body, ("code", "error_code", "errorCode", "type", "error"))
    return ApiError(
        status, f"status {status}: {text}" if text else f"status {status}", code=code, body=body
    )


def promised(call: Call, response: Response) -> Reply | None:
    """Return what the document says about this status and media type, if anything."""
    media = essence(response.header("content-type"))
    if not response.body:
        media = ""
    code = str(response.status)
    for status in (code, f"{code[0]}XX", "default"):
        matching = [reply for reply in call.replies if reply.status.upper() == status.upper()]
        for reply in matching:
            if _same_media(reply.media, media):
                return reply
        if matching:
            return None
    return None


def doubled_keys(response: Response) -> Iterator[str]:
    """Say which key stands twice in one object of a JSON reply; the last one counts, as in JS."""
    if not is_json(response.header("content-type")) or len(response.body) > LOOKED_THROUGH:
        return
    import jiter  # late: few runs get JSON that is checked

    try:
        jiter.from_json(response.body, catch_duplicate_keys=True)
    except ValueError as error:
        found = _DOUBLED.match(str(error))
        if found:
            yield f"reply: the key {found[1]} stands twice in one object, and the last one counts"


def accepted(call: Call) -> str:
    """Return the Accept header: the media types that the document promises, in its order."""
    listed = dict.fromkeys(reply.media for reply in call.replies if reply.media)
    return ", ".join(listed) or "*/*"


def _same_media(promise: str, media: str) -> bool:
    promise = essence(promise)
    if promise == media or (is_json(promise) and is_json(media)):
        return True
    kind, _, sub = promise.partition("/")
    return sub == "*" and (kind == "*" or media.startswith(f"{kind}/"))


def _json(body: bytes) -> Json:
    try:
        return msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8))
    except msgspec.ValidationError as error:  # it is JSON, with a number that is none here
        place = str(error).rpartition("`")[0].rpartition("`$")[2].replace("[...]", ".*")
        raise NetworkError(
            f"the reply holds a number beyond the range of a double, at reply{place}",
            code="json-number",
        ) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise NetworkError(f"the reply is not JSON: {error}", code="json") from None


def _text(body: bytes, media: str) -> str:
    named = _CHARSET.search(media)
    try:
        return body.decode(named[1] if named else "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _lines(body: bytes, cut: bool) -> Iterator[Json]:
    """JSON lines; the last may be half a line when the stream was cut."""
    lines = body.split(b"\n")
    for line in lines[:-1] if cut else lines:
        if line.strip():
            yield _json(line)


def _sequence(body: bytes, cut: bool) -> Iterator[Json]:
    """JSON text sequences (RFC 7464): each text after a record separator."""
    texts = body.split(b"\x1e")
    for text in texts[:-1] if cut else texts:
        if text.strip():
            yield _json(text)


def _events(body: bytes, cut: bool) -> Iterator[Json]:
    """Server-sent events (WHATWG HTML §9.2.6) as objects of their fields; comments are dropped."""
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    blocks = re.split(r"\n{2,}", text.replace("\r\n", "\n").replace("\r", "\n"))
    for block in blocks[:-1] if cut else blocks:
        event: dict[str, Json] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                event["data"] = f"{event['data']}\n{value}" if "data" in event else value
            elif name in ("event", "id"):
                event[name] = value
            elif name == "retry" and value.isascii() and value.isdigit():
                event[name] = int(value)
        if event:
            yield event


def _items(body: bytes, cut: bool, event: Event) -> Iterator[Json]:
    """Events as what the document says that an item is."""
    for each in _events(body, cut):
        if event == "fields":
            yield each
        elif event == "read fields":
            yield {**each, "data": _data(each["data"])} if "data" in each else each
        elif "data" in each and event == "text":
            yield each["data"]
        elif "data" in each and not _END.fullmatch(each["data"]):
            yield _json(each["data"].encode())


def _data(text: str) -> Json:
    """Read what an event holds; a stream may mix JSON with plain text."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def _headers(response: Response, names: tuple[str, ...]) -> Json:
    found = {name: response.header(name.lower()) for name in names}
    return {name: text for name, text in found.items() if text}


def _message(body: Json) -> str:
    """What most APIs say in the body of an error: one sentence, and what exactly was wrong."""
    if isinstance(body, str):
        page = _TITLE.search(body) if body.lstrip().startswith("<") else None
        return " ".join((page[1] if page else body).split())[:300]
    said = _field(body, ("message", "detail", "title", "error_description", "error", "reason"))
    found = body if isinstance(body, dict) else {}
    inner = found.get("error")
    parts = (each[name] for each in (found, inner) if isinstance(each, dict)
             for name in _DETAILS if name in each)  # fmt: skip
    detail = next((part for part in parts if isinstance(part, (list, dict)) and part), None)
    if detail is None:
        return said
    text = msgspec.json.encode(detail).decode()
    text = text if len(text) <= DETAIL else text[: DETAIL - 1] + "…"
    return f"{said}: {text}" if said else text


_TITLE = re.compile(r"<title[^>]*>([^<]{1,300})", re.I)
# Where APIs list what is wrong with a request: RFC 9457, JSON:API, FastAPI, GitHub, Google, …
_DETAILS = ("errors", "detail", "details", "invalid-params", "invalid_params", "issues", "fields")


def _field(body: Json, names: tuple[str, ...]) -> str:
    if not isinstance(body, dict):
        return ""
    for name in names:
        value = body.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            return str(value)[:300]
        if isinstance(value, dict):
            inner = _field(value, names)
            if inner:
                return inner
    return ""
