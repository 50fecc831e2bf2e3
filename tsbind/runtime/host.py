"""What a program's calls reach: a `Host` per API, which a generated class makes typed.

Generated stubs (`tsbind compile -o`) look like this, and so may anything written by hand:

    class ChatHost(Host):
        FINGERPRINT: ClassVar[str] = "0f3c…"
        OPERATIONS: ClassVar[Mapping[str, str]] = {"rooms.list": "rooms_list"}

        async def rooms_list(self, args: RoomsListArgs | None = None) -> list[Room]:
            reply: list[Room] = await self.send("rooms.list", args)
            return reply

Each method takes one argument object, with the program's own keys; where it may be left out its
default is None.  A method's name is never one of `dir(Host)`.

To answer one operation in Python instead, override its method:

    class Quiet(ChatHost):
        async def rooms_list(self, args: RoomsListArgs | None = None) -> list[Room]:
            rooms = await super().rooms_list(args)
            return [room for room in rooms if not room["private"]]

    result = await run(program, bundle, host=Quiet(bundle, credentials=Credentials(…)))

A Host belongs to no run: one serves any number of them, at once, on any event loop.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

from tsbind.bundle import Bundle, Call, Json
from tsbind.errors import BundleError
from tsbind.runtime.policy import ALLOW_ALL, Policy, Question
from tsbind.runtime.trace import sending
from tsbind.runtime.validate import Strictness, Validators

if TYPE_CHECKING:
    from tsbind.runtime.credentials import Credentials
    from tsbind.runtime.exchange import Exchange
    from tsbind.runtime.http import Request, Timeouts, Transport
    from tsbind.runtime.resend import Retries


class Host:
    """One API as programs reach it: its Bundle, where it answers, with which credentials.

    `base_url` replaces the servers that the document names.  `transport` carries the requests
    (HTTP by default; `FakeTransport` in tests).  `policy` says which calls a program may make;
    calls from Python are not asked.  `replies` says what happens to a reply that does not fit
    the document.  `slashes` names the path parameters ("contents.get:path") whose values may
    contain "/".  `timeouts` bounds each request, `retries` how often one is sent again.

    Raises BundleError when the class was generated from another Bundle than the one given.
    """

    FINGERPRINT: ClassVar[str] = ""
    OPERATIONS: ClassVar[Mapping[str, str]] = {}

    __slots__ = ("__dict__", "__weakref__", "_validators", "bundle", "policy")

    def __init__(
        self,
        bundle: Bundle,
        base_url: str | None = None,
        *,
        credentials: Credentials | None = None,
        transport: Transport | None = None,
        policy: Policy = ALLOW_ALL,
        replies: Strictness = "warn",
        slashes: Collection[str] = (),
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
    ) -> None:
        if not isinstance(bundle, Bundle):
            raise TypeError(f"a host is made for a Bundle, not {type(bundle).__name__}")
        _check_fingerprint(type(self), bundle)
        self.bundle = bundle
        self.policy = policy
        self._validators = Validators(bundle, replies)
        self._base_url = base_url
        self._credentials = credentials
        self._transport = transport
        self._slashes = frozenset(slashes)
        self._timeouts, self._retries = timeouts, retries
        if base_url is not None or credentials is not None:
            self._exchange  # noqa: B018 - says now what is wrong with them

    @cached_property
    def _exchange(self) -> Exchange:
        # Late: it brings all of HTTP, and asyncio, which a program without calls does not need.
        from tsbind.runtime.credentials import Credentials
        from tsbind.runtime.exchange import Exchange
        from tsbind.runtime.transport import HttpTransport

        # Only an operator may send requests to addresses that are not public.
        private = self._base_url is not None
        return Exchange(
            self.bundle,
            base_url=self._base_url,
            credentials=self._credentials or Credentials(),
            transport=self._transport or HttpTransport(private=private),
            validators=self._validators,
            slashes=self._slashes,
            retries=self._retries,
            timeouts=self._timeouts,
        )

    async def call(self, op: str, args: Mapping[str, Json]) -> Json:
        """Answer one operation through its method: what a program's call reaches.

        Raises CallError when it fails in a way that the program may see.
        """
        method = self.OPERATIONS.get(op)
        if method is None:
            return await self.send(op, args)
        self._validators.check_arguments(self.operation(op), args)
        return await getattr(self, method)(args)

    async def send(self, op: str, args: Mapping[str, object] | None = None) -> Json:
        """Make the operation's request to the API and return its reply.

        Checks the arguments, adds the credentials, retries what may be retried, and checks the
        reply.  Raises CallError (ArgumentError, ApiError, NetworkError) or CredentialError.
        """
        call = self.operation(op)
        with sending(op):
            return await self._exchange.send(call, args or {})

    def operation(self, op: str) -> Call:
        """Return the operation of that dotted name; raises BundleError when there is none."""
        call = self.bundle.calls.get(op)
        if call is None:
            raise BundleError(
                f'has no operation "{op}"', where=self.bundle.title, code="no-operation"
            )
        return call

    def check_arguments(self, call: Call, args: Mapping[str, Json]) -> None:
        """Raise ArgumentError unless `args` fits the operation."""
        self._validators.check_arguments(call, args)

    def request(self, call: Call, args: Mapping[str, Json]) -> Request:
        """Return the request that a call would make, without credentials."""
        return self._exchange.request(call, args)

    def question(self, api: str, call: Call, args: Mapping[str, Json], reason: str) -> Question:
        """Return what somebody must decide about a call: the request that it would make."""
        request = self.request(call, args)
        return Question(
            api=api,
            op=call.op,
            args=args,
            method=request.method,
            url=request.url,
            body=request.body,
            reason=reason,
            summary=call.summary,
            headers=_own_headers(request),
        )

    def redact(self, text: str) -> str:
        """Return `text` with every secret of this Host replaced."""
        return self._credentials.redact_text(text) if self._credentials else text

    def redact_json(self, value: Json) -> Json:
        """Return a JSON value with every secret of this Host replaced."""
        return self._credentials.redact_json(value) if self._credentials else value

    def shows_secret(self, data: bytes) -> bool:
        """Whether a secret of this Host is in `data`, raw or encoded."""
        return self._credentials is not None and self._credentials.shows_in(data)

    async def close(self) -> None:
        """Give up the connections that this event loop holds."""
        if "_exchange" in self.__dict__:
            await self._exchange.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _own_headers(request: Request) -> tuple[tuple[str, str], ...]:
    """The headers and cookies of a request that its call's arguments decide."""
    implied = ("accept", "content-type")
    headers = tuple(pair for pair in request.headers if pair[0].lower() not in implied)
    cookies = "; ".join(f"{name}={value}" for name, value in request.cookies)
    return (*headers, ("Cookie", cookies)) if cookies else headers


def _check_fingerprint(host: type[Host], bundle: Bundle) -> None:
    if host.FINGERPRINT and bundle.fingerprint != host.FINGERPRINT:
        raise BundleError(
            f'the stubs "{host.__name__}" were made from "{host.FINGERPRINT}",'
            f' this Bundle is "{bundle.fingerprint}"',
            where=bundle.title,
            fix="compile the document again and use its stubs and Bundle together",
            code="fingerprint",
        )
    missing = sorted(op for op in host.OPERATIONS if op not in bundle.calls)
    if missing:
        raise BundleError(
            f'the stubs "{host.__name__}" name the operation "{missing[0]}", the Bundle does not',
            where=bundle.title,
            fix="compile the document again and use its stubs and Bundle together",
            code="fingerprint",
        )
