"""Tells OpenTelemetry of a run: one span for it, and one for each of its calls.

Spans are made from the trace when the run has ended, with its times.  Nothing is imported for
that: where no application has loaded opentelemetry-api there is nobody to tell.  No argument, body
or credential is in a span; attributes follow the semantic conventions for HTTP clients.
"""

from __future__ import annotations

import sys
from typing import Any

from tsbind.runtime.limits import Usage
from tsbind.runtime.trace import Event, Trace

_NANO = 1_000_000_000


def tell(trace: Trace, usage: Usage, *, ended: float, failed: str = "") -> None:
    """Make the spans of a run that ended at `ended`, in seconds since the epoch.

    `failed` is the class of the error that it ended with, "" when it gave a result.  The run's
    span is a child of the span that is current.
    """
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        return
    tracer = api.get_tracer("tsbind")
    began = ended - usage.wall
    span = tracer.start_span("tsbind.run", start_time=_at(began), attributes=_of_run(usage))
    if failed:
        _fail(api, span, failed)
    inside = api.set_span_in_context(span)
    for event in trace.events:
        _tell_call(api, tracer, inside, event, began)
    span.end(end_time=_at(ended))


def _tell_call(api: Any, tracer: Any, inside: Any, event: Event, began: float) -> None:  # noqa: ANN401
    end = max(event.ended, event.began, event.asked)  # one that was cancelled has no end
    span = tracer.start_span(
        event.op,
        context=inside,
        kind=api.SpanKind.CLIENT if event.url else api.SpanKind.INTERNAL,
        start_time=_at(began + event.asked),
        attributes=_of_call(event),
    )
    if event.error:
        _fail(api, span, event.error.partition(":")[0])
    span.end(end_time=_at(began + end))


def _of_run(usage: Usage) -> dict[str, Any]:
    return {
        "tsbind.calls": usage.calls,
        "tsbind.cpu_seconds": usage.cpu,
        "tsbind.memory_bytes": usage.memory,
        "tsbind.result_bytes": usage.result_bytes,
    }


def _of_call(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = {"tsbind.operation": event.op, "tsbind.verdict": event.verdict}
    if event.url:
        found["http.request.method"] = event.method
        found["url.full"] = event.url.partition("?")[0]
        found["http.request.size"] = event.request_bytes
    if event.status:
        found["http.response.status_code"] = event.status
        found["http.response.size"] = event.reply_bytes
    if event.attempts > 1:
        found["http.request.resend_count"] = event.attempts - 1
    return found


def _fail(api: Any, span: Any, kind: str) -> None:  # noqa: ANN401
    span.set_attribute("error.type", kind)
    span.set_status(api.Status(api.StatusCode.ERROR))


def _at(seconds: float) -> int:
    return int(seconds * _NANO)
