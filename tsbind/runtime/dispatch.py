"""Answer what the guest asks: find the operation, check, decide, call the host, and hide secrets.

Everything that comes in is hostile; everything that goes out has passed redaction.  An answer that
the program may catch is a `CallReply`; what ends the run is raised.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING

import msgspec

from tsbind.bundle import Call, Json
from tsbind.errors import BundleError, CredentialError, LimitError, PolicyError, TsbindError
from tsbind.runtime import lookup, pages, response, spans, values
from tsbind.runtime.failures import ArgumentError, CallError, HostError
from tsbind.runtime.host import Host
from tsbind.runtime.limits import Limits, Usage
from tsbind.runtime.messages import CallFailure, CallReply, CallRequest
from tsbind.runtime.policy import Answer, Approve, Policy, Question, Spent, charged, decide
from tsbind.runtime.trace import Event, OnEvent, Trace, recording

if TYPE_CHECKING:
    import asyncio


class Binding(msgspec.Struct, frozen=True):
    """One API of a run: under which global name, on which host, by which policy."""

    root: str
    host: Host
    policy: Policy


class Dispatcher:
    """Answers the calls of one run, and keeps what it learns of them in `trace` and `usage`."""

    def __init__(
        self,
        bindings: Mapping[str, Binding],
        limits: Limits,
        usage: Usage,
        *,
        clock: Callable[[], float],
        approve: Approve | None = None,
        pause: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
        on_event: OnEvent | None = None,
        suspend: Callable[[], None] | None = None,
        count_tokens: Callable[[str], int] | None = None,
    ) -> None:
        self.trace = Trace()
        self.causes: dict[int, BaseException] = {}  # by call: what the program saw less of
        self.started: set[int] = set()  # calls that their hosts have been given
        self.put_off: list[Question] = []  # what nobody has decided yet
        self._suspend = suspend
        self._bindings = bindings
        self._limits = limits
        self._usage = usage
        self._clock = clock
        self._approve = approve
        self._pause = pause
        self._on_event = on_event
        self._count_tokens = count_tokens
        self.spent = {
            root: tuple(Spent() for _ in binding.policy.budgets)
            for root, binding in bindings.items()
        }

    @cached_property
    def _turns(self) -> asyncio.Semaphore:
        import asyncio  # late, as wherever a program that makes no calls does without it

        return asyncio.Semaphore(self._limits.concurrency)

    @property
    def roots(self) -> tuple[str, ...]:
        """The global names under which the program reaches the APIs."""
        return tuple(self._bindings)

    def announce(self, request: CallRequest, step: int) -> Event:
        """Note a call that the guest asked for; raises LimitError when it is one too many."""
        self._usage.calls += 1
        if self._usage.calls > self._limits.calls:
            raise LimitError(
                "calls", used=self._usage.calls, allowed=self._limits.calls, unit="calls"
            )
        event = Event(id=request.id, op=request.op[:200], step=step, asked=self._clock())
        self.trace.events.append(event)
        return event

    def announced(self, request: CallRequest) -> Event:
        """Return the event of a call that was announced before the run was suspended."""
        return next(event for event in self.trace.events if event.id == request.id)

    async def answer(
        self, request: CallRequest, event: Event, sending: Callable[[CallRequest], None]
    ) -> CallReply:
        """Return the reply to one call; `sending` is told before one that may change something.

        Raises LimitError when the run has used too much; every other failure is the program's to
        catch.
        """
        with spans.call_span(event):
            reply = await self._replied(request, event, partial(sending, request))
        event.ended = self._clock()
        if self._on_event is not None:
            self._on_event(event)
        return reply

    async def _replied(
        self, request: CallRequest, event: Event, sending: Callable[[], None]
    ) -> CallReply:
        event.began = self._clock()
        try:
            value = await self._answered(request, event, sending)
            return CallReply(request.id, ok=self._delivered(value, event))
        except LimitError:
            raise
        except (CallError, TsbindError) as error:
            return self._failed(request, event, error)
        except Exception as error:  # the operator's own code may raise anything
            failure = HostError(f"{request.op[:200]}: the host failed to answer", code="host")
            reply = self._failed(request, event, failure)
            self.causes[request.id] = error
            return reply

    async def _answered(
        self, request: CallRequest, event: Event, sending: Callable[[], None]
    ) -> Json:
        root, op = self._split(request.op)
        if op in lookup.OPS and root in self._bindings:
            asked = values.decode(request.args)
            return lookup.look_up(op, asked, self._bindings[root].host.bundle)
        args = _arguments(request)
        paged, whole = op == pages.OP, op == response.OP
        if paged or whole:
            ask = pages.asked(args) if paged else response.asked(args)
            op, args = ask.op, ask.arguments()
            event.op = f"{root}.{op}" if len(self._bindings) > 1 else op
        binding, call = self._found(root, op)
        if paged:
            pages.check_paged(call)
        value = await self._value(binding, call, args, event, sending)
        if paged:
            turned = pages.turn(call, args, value, event.headers.get("link", ""))
            return msgspec.to_builtins(turned)
        return response.whole(call, value, event) if whole else value

    def _found(self, root: str, op: str) -> tuple[Binding, Call]:
        binding = self._bindings.get(root)
        call = binding.host.bundle.calls.get(op) if binding else None
        if binding is None or call is None:
            raise ArgumentError(f'there is no operation "{op[:200]}"', code="no-operation")
        return binding, call

    def _split(self, op: str) -> tuple[str, str]:
        if len(self._bindings) == 1:
            return next(iter(self._bindings)), op
        root, _, rest = op.partition(".")
        return root, rest

    async def _value(
        self,
        binding: Binding,
        call: Call,
        args: Mapping[str, Json],
        event: Event,
        sending: Callable[[], None],
    ) -> Json:
        binding.host.check_arguments(call, args)
        args = await self._decided(binding, call, args, event)
        async with self._turn(binding, call, event):
            self.started.add(event.id)
            if not call.safe:
                sending()
            record = recording(event, self.trace, self._clock, op=call.op)
            with record, self._charging(binding, call, event):
                return await binding.host.call(call.op, args)

    @contextlib.asynccontextmanager
    async def _turn(self, binding: Binding, call: Call, event: Event) -> AsyncIterator[None]:
        with self._unless_suspended(binding, call):
            await self._turns.acquire()
        try:
            event.began = self._clock()
            yield
        finally:
            self._turns.release()

    @contextlib.contextmanager
    def _unless_suspended(self, binding: Binding, call: Call) -> Iterator[None]:
        """Take back what was charged for a call that is only made when the run goes on."""
        import asyncio

        try:
            yield
        except asyncio.CancelledError:
            for index in charged(binding.policy, call):
                self.spent[binding.root][index].calls -= 1
            raise

    @contextlib.contextmanager
    def _charging(self, binding: Binding, call: Call, event: Event) -> Iterator[None]:
        budgets = [self.spent[binding.root][i] for i in charged(binding.policy, call)]
        try:
            yield
        finally:
            self._charge_run(event)
            for spent in budgets:
                spent.request_bytes += event.request_bytes
                spent.reply_bytes += event.reply_bytes
                spent.seconds += self._clock() - event.began

    def _charge_run(self, event: Event) -> None:
        used, limits = self._usage, self._limits
        used.request_bytes += event.request_bytes
        used.reply_bytes += event.reply_bytes
        for name in ("request_bytes", "reply_bytes"):
            if getattr(used, name) > getattr(limits, name):
                raise LimitError(
                    name,
                    used=getattr(used, name),
                    allowed=getattr(limits, name),
                    unit="bytes",
                )

    async def _decided(
        self, binding: Binding, call: Call, args: Mapping[str, Json], event: Event
    ) -> Mapping[str, Json]:
        """Return the arguments to go on with; raises PolicyError when the call is refused."""
        spent = self.spent[binding.root]
        verdict = decide(binding.policy, call, spent)
        event.verdict, event.reason = verdict.effect, verdict.reason
        if verdict.effect == "deny":
            raise PolicyError(f"{call.op} is not allowed: {verdict.reason}", fix=verdict.fix)
        for index in charged(binding.policy, call):
            spent[index].calls += 1  # now, so that calls at the same time are counted too
        if verdict.effect == "allow":
            return args
        with self._unless_suspended(binding, call):
            answer = await self._asked(binding, call, args, verdict.reason)
        event.verdict = "ask: allowed" if answer.allow else "ask: denied"
        if not answer.allow:
            raise PolicyError(
                f"{call.op} was not approved" + (f": {answer.reason}" if answer.reason else ""),
                fix="" if self._approve else f"allow it: --allow {call.op}, or a policy that does",
            )
        if answer.args is None:
            return args
        event.verdict = "ask: edited"
        binding.host.check_arguments(call, answer.args)
        return answer.args

    async def _asked(
        self, binding: Binding, call: Call, args: Mapping[str, Json], reason: str
    ) -> Answer:
        if self._approve is None:
            return Answer(False, reason="it needs approval, and nobody is there to give it")
        question = binding.host.question(binding.root, call, args, reason)
        with self._pause():  # a person's time is not the program's
            answer = self._approve(question)
            answer = await answer if inspect.isawaitable(answer) else answer
        if isinstance(answer, Answer) and answer.later and self._suspend is not None:
            self.put_off.append(question)
            self._suspend()
            import asyncio

            await asyncio.get_running_loop().create_future()  # until it is cancelled
        return answer if isinstance(answer, Answer) else Answer(answer is True)

    def _delivered(self, value: Json, event: Event) -> msgspec.Raw:
        """The reply as the guest gets it: JSON, without anything that is secret."""
        try:
            text = values.encode(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise HostError(f"{event.op}: the reply is not JSON: {error}", code="host") from None
        for binding in self._bindings.values():  # one API may know another's secret
            # Marked bytes are base64, which would hide whatever else a secret was encoded in.
            if binding.host.shows_secret(text) or values.is_marked(text):
                value = binding.host.redact_json(value)
                hidden = values.encode(value)
                if hidden != text:
                    event.warnings.append("reply: it echoed a credential, which was redacted")
                text = hidden
        event.value_bytes = len(text)
        if self._count_tokens is not None:
            event.value_tokens = self._count_tokens(text.decode("utf-8", "replace"))
        return msgspec.Raw(text)

    def _failed(
        self, request: CallRequest, event: Event, error: CallError | TsbindError
    ) -> CallReply:
        # Without its traceback: that may hold a reply as it was before redaction.
        self.causes[request.id] = error.with_traceback(None)
        error.__context__ = None
        failure = self._redacted(_failure_of(error))
        event.error = f"{failure.name}: {failure.message}"[:400]
        return CallReply(request.id, error=failure)

    def _redacted(self, failure: CallFailure) -> CallFailure:
        message, body = failure.message, failure.body
        for binding in self._bindings.values():
            message = binding.host.redact(message)
            if body is not None and binding.host.shows_secret(bytes(body)):
                hidden = binding.host.redact_json(msgspec.json.decode(body))
                body = msgspec.Raw(msgspec.json.encode(hidden))
        return msgspec.structs.replace(failure, message=message, body=body)


def _arguments(request: CallRequest) -> Mapping[str, Json]:
    args = values.decode(request.args)
    if args is None:
        return {}
    if not isinstance(args, dict):
        raise ArgumentError(f"{request.op}: the argument must be one object", code="argument")
    return args


def _failure_of(error: CallError | TsbindError) -> CallFailure:
    match error:
        case CallError():
            return error.failure()
        case CredentialError() | PolicyError():
            return CallFailure(type(error).__name__, error.what, code=error.code)
        case BundleError():
            return CallFailure("HostError", error.what, code=error.code)
        case _:
            return CallFailure("HostError", "the host failed to answer", code=error.code)
