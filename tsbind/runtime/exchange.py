"""One call over the wire: check, write, authorise, send (again, where that is safe), read, check.

arguments → validate → serialise → credentials → transport → media type → validate → value
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from tsbind.bundle import Body, Bundle, Call, Json, Reply, Server
from tsbind.errors import BundleError, CredentialError
from tsbind.runtime import body as bodies
from tsbind.runtime import escape, serialise
from tsbind.runtime.credentials import Credentials
from tsbind.runtime.failures import ArgumentError
from tsbind.runtime.http import Request, Response, Timeouts, Transport
from tsbind.runtime.reply import accepted, doubled_keys, error_of, promised, value_of
from tsbind.runtime.resend import Retries, Sender, is_idempotency_key
from tsbind.runtime.response import shown
from tsbind.runtime.trace import current
from tsbind.runtime.validate import Validators

_VARIABLE = re.compile(r"\{([^{}]+)\}")


class Exchange:
    """Makes the requests of one Bundle."""

    def __init__(
        self,
        bundle: Bundle,
        *,
        base_url: str | None,
        credentials: Credentials,
        transport: Transport,
        validators: Validators,
        slashes: frozenset[str] = frozenset(),
        retries: Retries | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        credentials.check_names(bundle.schemes)
        self._bundle = bundle
        self._base_url = checked_base(base_url) if base_url is not None else None
        self._validators = validators
        self._slashes = slashes
        self._sender = Sender(transport, retries or Retries())
        self._timeouts = timeouts or Timeouts()
        self.credentials = credentials
        self.transport = transport

    async def send(self, call: Call, args: Mapping[str, Json]) -> Json:
        """Return the value of the reply; raises CallError or CredentialError when there is none."""
        self._validators.check_arguments(call, args)
        request = self.request(call, _with_idempotency_key(call, args))
        response = self._hidden(await self._authorised(call, request))
        if not 200 <= response.status < 300:
            raise error_of(response)
        self._note_headers(call, response)
        self._note_cut(response)
        promise = promised(call, response)
        value = value_of(response, promise)
        self._check_reply(call, response, promise, value)
        return value

    def _hidden(self, response: Response) -> Response:
        """Redact a failure: an API may say what it was sent, and errors end up in logs."""
        if 200 <= response.status < 300:
            return response
        body = self.credentials.redact_bytes(response.body)
        return msgspec.structs.replace(response, body=body, headers=_media_alone(response))

    async def _authorised(self, call: Call, request: Request) -> Response:
        """Send with credentials; a token that the API no longer takes is renewed once."""
        for renewed in (False, True):
            auth = await self.credentials.authorise(
                call, self._bundle.schemes, request.url, self.transport
            )
            self._note_exposed()
            if auth and self._base_url is None:
                _refuse_clear_text(request.url)
            response = await self._sender.send(msgspec.structs.replace(request, auth=auth))
            if response.status != 401 or renewed or not self.credentials.forget(auth):
                break
        return response

    def request(self, call: Call, args: Mapping[str, Json]) -> Request:
        """Return the request that the call means, without credentials."""
        target = serialise.place(call, args, slashes=self._slashes)
        headers = [("Accept", accepted(call)), *target.headers]
        content: bytes | None = None
        chosen = self._chosen_body(call, args)
        if chosen is not None:
            written = bodies.write(*chosen)
            content = written.content
            headers.append(("Content-Type", escape.check_header_value(written.media, call.op)))
        elif call.bodies and call.method in ("POST", "PUT", "PATCH"):
            content = b""
        url = self._base(call) + target.path
        return Request(
            method=call.method,
            url=f"{url}?{target.query}" if target.query else url,
            headers=_one_of_each(headers),
            cookies=target.cookies,
            body=content,
            timeouts=self._timeouts,
        )

    def _chosen_body(self, call: Call, args: Mapping[str, Json]) -> tuple[Body, Json] | None:
        """The first body that the arguments fit, with its value; None to send nothing."""
        given = [(body, bodies.value_of(call, body, args)) for body in call.bodies]
        given = [(body, value) for body, value in given if value is not None]
        for body, value in given:
            if len(given) == 1 or self._validators.fits(call, body, value):
                return body, value
        if given:
            raise ArgumentError(f"{call.op}: the body fits none of its media types", code="body")
        return None

    def _base(self, call: Call) -> str:
        """The address that the path is added to, without a final slash."""
        if self._base_url is not None:
            return self._base_url
        for server in call.servers or self._bundle.servers:
            url = _expanded(server)
            if urlsplit(url).scheme in ("http", "https"):
                return checked_base(url)
        raise BundleError(
            "the document does not say where the API answers",
            where=self._bundle.title,
            fix="give the base URL: --base-url, or Host(bundle, base_url)",
            code="no-server",
        )

    def _note_exposed(self) -> None:
        event = current()
        if event is not None:
            event.warnings.extend(
                f'the credential "{name}" is too short to be hidden where the API echoes it'
                for name in sorted(self.credentials.exposed)
            )

    def _note_cut(self, response: Response) -> None:
        event = current()
        if response.cut and event is not None:
            event.notes.append(
                f"the stream went on: it was cut after {self._timeouts.stream:g} s"
                f" or {len(response.body)} bytes"
            )

    def _note_headers(self, call: Call, response: Response) -> None:
        event, redact = current(), self.credentials.redact_text
        if event is not None:
            event.headers = {name: redact(text) for name, text in shown(call, response).items()}

    def _check_reply(
        self, call: Call, response: Response, promise: Reply | None, value: Json
    ) -> None:
        """Note what of the reply does not fit; raise ReplyError for it when replies are strict."""
        if self._validators.replies == "off":
            return
        faults = [*doubled_keys(response)]
        if promise is not None:
            faults += self._validators.check_reply(call, promise, value)
        elif call.replies:
            kind = response.header("content-type") or "no content"
            faults.append(f"reply: {response.status} {kind} is not in the document")
        event = current()
        if event is not None:
            event.warnings.extend(map(self.credentials.redact_text, faults))


def _media_alone(response: Response) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in response.headers if pair[0] == "content-type")


def _one_of_each(headers: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Each header once; what the operation's own parameters say wins over our defaults."""
    kept: dict[str, tuple[str, str]] = {}
    for name, value in headers:
        kept[name.lower()] = (name, value)
    return tuple(kept.values())


def _expanded(server: Server) -> str:
    def value(match: re.Match[str]) -> str:
        variable = server.variables.get(match[1])
        return variable.default if variable else match[0]

    return _VARIABLE.sub(value, server.url)


def checked_base(url: str) -> str:
    """Return a base URL without its final slash; raises BundleError for what is none."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise BundleError(
            f'the base URL "{url.rpartition("@")[2][:200]}" is not an absolute http or https URL',
            fix="write it like https://api.example/v1",
            code="base-url",
        )
    if "@" in parts.netloc or parts.fragment or parts.query:
        raise BundleError(
            "the base URL holds a user, a query or a fragment",
            fix="give credentials with --credential",
            code="base-url",
        )
    return url.rstrip("/")


def _refuse_clear_text(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise CredentialError(
            f'the document names "{parts.netloc}", which would get credentials unencrypted',
            fix="give the base URL yourself, with https where the API has it",
            code="credential-clear",
        )


def _with_idempotency_key(call: Call, args: Mapping[str, Json]) -> Mapping[str, Json]:
    """Fill in the key where the document has one and the program gave none."""
    key = next((p for p in call.parameters if is_idempotency_key(p.place, p.name)), None)
    if key is None or args.get(key.arg) is not None:
        return args
    return {**args, key.arg: str(uuid.uuid4())}
