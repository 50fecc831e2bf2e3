"""OpenTelemetry spans, as the SDK receives them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from tests.runtime.test_run import BUNDLE, answer
from tsbind.errors import ProgramError
from tsbind.runtime import FakeTransport, Host, Policy, run_sync

EXPORTER = InMemorySpanExporter()


@pytest.fixture(scope="module", autouse=True)
def provider() -> None:
    made = TracerProvider()
    made.add_span_processor(SimpleSpanProcessor(EXPORTER))
    trace.set_tracer_provider(made)  # once for a process, as OpenTelemetry wants it


@pytest.fixture(autouse=True)
def no_spans_yet() -> Iterator[None]:
    EXPORTER.clear()
    yield
    EXPORTER.clear()


def spans() -> dict[str, ReadableSpan]:
    return {span.name: span for span in EXPORTER.get_finished_spans()}


def host() -> Host:
    return Host(BUNDLE, transport=FakeTransport(answer), policy=Policy.parse(["allow read"]))


def test_a_run_is_a_span_with_one_for_each_call() -> None:
    before = time.time_ns()
    with trace.get_tracer("application").start_as_current_span("request"):
        run_sync("await api.rooms.list({}); return 1", BUNDLE, host=host())
    found = spans()
    run, call, request = found["tsbind.run"], found["rooms.list"], found["request"]
    assert run.parent is not None
    assert call.parent is not None
    assert request.context is not None
    assert run.context is not None
    assert run.parent.span_id == request.context.span_id
    assert call.parent.span_id == run.context.span_id
    assert call.kind is SpanKind.CLIENT
    assert call.attributes is not None
    assert call.attributes["http.request.method"] == "GET"
    assert str(call.attributes["url.full"]).endswith("/rooms")
    assert call.attributes["http.response.status_code"] == 200
    assert call.attributes["tsbind.verdict"] == "allow"
    times = [run.start_time, call.start_time, call.end_time, run.end_time]
    assert None not in times
    assert times == sorted(times, key=lambda each: each or 0)
    assert (run.end_time or 0) - before < 60e9
    assert run.status.status_code is StatusCode.UNSET


def test_failures_are_told() -> None:
    program = "await api.rooms.create({ name: 'x' }).catch(() => 0); throw new Error('no')"
    with pytest.raises(ProgramError):
        run_sync(program, BUNDLE, host=host())
    found = spans()
    run, call = found["tsbind.run"], found["rooms.create"]
    assert run.attributes is not None
    assert call.attributes is not None
    assert (run.status.status_code, call.status.status_code) == (StatusCode.ERROR,) * 2
    assert run.attributes["error.type"] == "ProgramError"
    assert call.attributes["error.type"] == "PolicyError"
    assert call.kind is SpanKind.INTERNAL  # nothing was sent
    assert "no" not in json.loads(run.to_json())["attributes"].values()


def test_nothing_is_loaded_where_nobody_traces() -> None:
    program = "import sys, tsbind.runtime.runner; print([m for m in sys.modules if 'telem' in m])"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"
