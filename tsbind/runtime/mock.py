"""Answer a program's calls without an API: replies are made up from the document's schemas.

Arguments are checked and requests are written as for a real host, so that what a program would
send is seen (`Trace`), but nothing is sent and no credential is needed.  The same call always gets
the same answer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import msgspec

from tsbind.bundle import Bundle, Call, Event, Json, Reply
from tsbind.media import is_json, kind_of
from tsbind.runtime.failures import HostError
from tsbind.runtime.host import Host
from tsbind.runtime.http import Response
from tsbind.runtime.policy import ALLOW_ALL, Policy
from tsbind.runtime.sample import Unsatisfiable, sample
from tsbind.runtime.trace import sending

_NOWHERE = "https://mock.invalid"  # RFC 2606: a name that cannot resolve


class MockHost(Host):
    """A Host that makes up its replies.  Operations may be overridden, as in any Host."""

    def __init__(self, bundle: Bundle, *, policy: Policy = ALLOW_ALL) -> None:
        super().__init__(bundle, _NOWHERE, policy=policy, replies="off")

    async def send(self, op: str, args: Mapping[str, object] | None = None) -> Json:
        """Check the arguments and return a made-up reply; raises HostError when there is none."""
        call = self.operation(op)
        self.check_arguments(call, args or {})
        request = self.request(call, args or {})
        with sending(op) as event:
            if event is not None:
                event.method = request.method
                event.url = request.url.removeprefix(_NOWHERE)
                event.request_bytes = len(request.url) + len(request.body or b"")
                event.body = (request.body or b"").decode("utf-8", "backslashreplace")
                event.notes.append("made up: nothing was sent")
                event.headers = _made_up_headers(call, self.bundle)
        return made_up(call, self.bundle, args)


def written(
    call: Call, bundle: Bundle, example: Json = ..., args: Mapping[str, object] | None = None
) -> Response:
    """Return a made-up reply as an API would send it; `example` is the document's own, if any.

    Raises HostError when no reply was found.
    """
    reply = _success(call, args)
    status = int(reply.status) if reply is not None and reply.status.isdecimal() else 200
    if reply is None or not reply.media:
        made = made_up(call, bundle, args) or {}
        return Response(204 if status == 200 and not made else status, tuple(made.items()))
    # Of two kinds of reply, nobody says which one an example is of: most are whole.
    fits = example is not ... and (call.streaming is None or reply.item is None)
    value = example if fits else made_up(call, bundle, args)
    headers = {"Content-Type": _concrete(reply.media), **_made_up_headers(call, bundle)}
    return Response(status, tuple(headers.items()), _encoded(value, reply))


def _success(call: Call, args: Mapping[str, object] | None) -> Reply | None:
    """The reply to these arguments, of which one may ask for a stream."""
    found = [each for each in call.replies if each.status[:1] in ("2", "d")]
    asked = call.streaming
    if asked is not None:
        streamed = bool((args or {}).get(asked.arg, asked.default))
        found = [each for each in found if (each.item is not None) == streamed] or found
    return next(iter(found), None)


def _concrete(media: str) -> str:
    """A media type that may be sent: a range is none."""
    return "application/json" if "*" in media or not media.isprintable() else media


def _encoded(value: Json, reply: Reply) -> bytes:
    if reply.item is not None:
        items = value if isinstance(value, list) else [value]
        if kind_of(reply.media) == "events":
            return b"".join(_event(item, reply.event) for item in items)
        return b"".join(msgspec.json.encode(item) + b"\n" for item in items)
    if is_json(_concrete(reply.media)):
        return msgspec.json.encode(value)
    return value if isinstance(value, bytes) else str(value).encode()


def _event(item: Json, event: Event) -> bytes:
    """Write one item of an event stream (WHATWG HTML §9.2.5)."""
    whole = event in ("fields", "read fields") and isinstance(item, Mapping)
    fields = item if whole else {"data": item}
    lines = []
    for name, value in fields.items():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        lines += [f"{name}: {line}\n" for line in text.split("\n")]
    return ("".join(lines) + "\n").encode()


def made_up(call: Call, bundle: Bundle, args: Mapping[str, object] | None = None) -> Json:
    """Return a reply that the document allows; raises HostError when none was found."""
    reply = _success(call, args)
    if reply is None or not reply.media:
        return {name: "text" for name in reply.headers} if reply and reply.headers else None
    try:
        return _of(reply, bundle)
    except Unsatisfiable as error:
        raise HostError(
            f"{call.op}: no reply could be made up from its schema: {error}", code="mock"
        ) from None


def _made_up_headers(call: Call, bundle: Bundle) -> dict[str, str]:
    """What stands beside the value in the headers; without those that nothing is found for."""
    found: dict[str, str] = {}
    for name, schema in call.headers.items():
        with contextlib.suppress(Unsatisfiable):
            made = sample(schema, bundle.schemas)
            text = made if isinstance(made, str) else msgspec.json.encode(made).decode()
            if text.isascii() and text.isprintable():
                found[name] = text
    return found


def _of(reply: Reply, bundle: Bundle) -> Json:
    if reply.item is not None:
        return [sample(reply.item, bundle.schemas, optional=True)]
    kind = kind_of(reply.media)
    if kind == "json" or reply.media.strip() in ("", "*/*"):
        return sample(reply.schema, bundle.schemas, optional=True)
    return "text" if kind in ("text", "form") else b"bytes"
