"""Tells OpenTelemetry of a run: a span for it, one for each of its calls, one for each request.

Where no application has loaded opentelemetry-api there is nobody to tell, and nothing is imported.
Requests carry the `traceparent` of their span (W3C Trace Context), as far as the application's own
propagators have it (OTEL_PROPAGATORS=none: not at all), but none of its baggage.  No argument,
body or credential is in a span; attributes follow the semantic conventions for HTTP clients.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from tsbind.runtime.limits import Usage
from tsbind.runtime.trace import Event

if TYPE_CHECKING:
    from tsbind.runtime.http import Request, Response

_CARRIED: Final = ("traceparent", "tracestate")


@contextmanager
def run_span(usage: Usage) -> Iterator[None]:
    """Make what happens inside the span `tsbind.run`, a child of the span that is current."""
    with _span("tsbind.run", "INTERNAL") as span:
        try:
            yield
        finally:
            span.set_attribute("tsbind.calls", usage.calls)
            span.set_attribute("tsbind.cpu_seconds", usage.cpu)
            span.set_attribute("tsbind.memory_bytes", usage.memory)
            span.set_attribute("tsbind.result_bytes", usage.result_bytes)


@contextmanager
def call_span(event: Event) -> Iterator[None]:
    """Make what happens inside the span of a call, which ends as the event does."""
    with _span(event.op, "INTERNAL") as span:
        try:
            yield
        finally:
            span.update_name(event.op)
            span.set_attribute("tsbind.operation", event.op)
            span.set_attribute("tsbind.verdict", event.verdict)
            if event.error:
                _fail(span, event.error.partition(":")[0])


class Sending:
    """One request under way, and the span that knows of it."""

    def __init__(self, span: Any, request: Request) -> None:  # noqa: ANN401
        self._span = span
        self.request = replace(request, headers=(*request.headers, *_carried()))

    def answered(self, response: Response) -> None:
        """Note what came back."""
        self._span.set_attribute("http.response.status_code", response.status)
        self._span.set_attribute("http.response.size", len(response.body))
        if response.status >= 400:
            _fail(self._span, str(response.status))


@contextmanager
def request_span(request: Request, attempt: int) -> Iterator[Sending]:
    """Give the request as it is to be sent, inside a span of its own."""
    with _span(request.method, "CLIENT") as span:
        span.set_attribute("http.request.method", request.method)
        span.set_attribute("url.full", request.url.partition("?")[0])
        span.set_attribute("http.request.size", len(request.body or b""))
        if attempt > 1:
            span.set_attribute("http.request.resend_count", attempt - 1)
        yield Sending(span, request)


@contextmanager
def _span(name: str, kind: str) -> Iterator[Any]:
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        yield _NOBODY
        return
    # The text of an exception may quote what a program was told.
    with api.get_tracer("tsbind").start_as_current_span(
        name,
        kind=getattr(api.SpanKind, kind),
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except BaseException as error:
            _fail(span, type(error).__name__)
            raise


def _carried() -> Iterator[tuple[str, str]]:
    """The headers that tell an API which trace a request belongs to."""
    if "opentelemetry.trace" not in sys.modules:
        return
    from opentelemetry import propagate

    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    yield from ((name, carrier[name]) for name in _CARRIED if name in carrier)


def _fail(span: Any, kind: str) -> None:  # noqa: ANN401
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        return
    span.set_attribute("error.type", kind)
    span.set_status(api.Status(api.StatusCode.ERROR))


class _Nobody:
    """Stands for a span where nobody traces."""

    def set_attribute(self, name: str, value: object) -> None:
        pass

    def update_name(self, name: str) -> None:
        pass


_NOBODY: Final = _Nobody()
