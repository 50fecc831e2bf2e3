"""OpenTelemetry spans, as the SDK receives them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from tests.runtime.test_run import BUNDLE, answer
from tests.runtime.tracing import exporter
from tsbind.errors import ProgramError
from tsbind.runtime import (
    FakeTransport,
    Host,
    NetworkError,
    Policy,
    Request,
    Response,
    run_sync,
)

EXPORTER = exporter()


@pytest.fixture(autouse=True)
def no_spans_yet() -> Iterator[None]:
    EXPORTER.clear()
    yield
    EXPORTER.clear()


def spans() -> dict[str, ReadableSpan]:
    return {span.name: span for span in EXPORTER.get_finished_spans()}


def host() -> Host:
    return Host(BUNDLE, transport=FakeTransport(answer), policy=Policy.parse(["allow read"]))


def attributes(span: ReadableSpan) -> Mapping[str, Any]:
    assert span.attributes is not None
    return span.attributes


def is_inside(one: ReadableSpan, other: ReadableSpan) -> bool:
    assert one.parent is not None
    assert other.context is not None
    return bool(one.parent.span_id == other.context.span_id)


def test_a_run_is_a_span_with_one_for_each_call_and_request() -> None:
    with trace.get_tracer("application").start_as_current_span("outside"):
        run_sync("await api.rooms.list({}); return 1", BUNDLE, host=host())
    found = spans()
    outside, run, call, sent = (found[n] for n in ("outside", "tsbind.run", "rooms.list", "GET"))
    assert is_inside(run, outside)
    assert is_inside(call, run)
    assert is_inside(sent, call)
    assert (call.kind, sent.kind) == (SpanKind.INTERNAL, SpanKind.CLIENT)
    assert attributes(run)["tsbind.calls"] == 1
    assert attributes(call) == {"tsbind.operation": "rooms.list", "tsbind.verdict": "allow"}
    assert attributes(sent)["http.request.method"] == "GET"
    assert str(attributes(sent)["url.full"]).endswith("/rooms")
    assert attributes(sent)["http.response.status_code"] == 200
    assert run.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize("program", ["return 1", "return (await api.rooms.list({})).length"])
def test_a_run_that_has_ended_is_nobodys_parent(
    program: str, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        run_sync(program, BUNDLE, host=host())
    runs = [span for span in EXPORTER.get_finished_spans() if span.name == "tsbind.run"]
    assert [span.parent for span in runs] == [None, None]
    assert not trace.get_current_span().get_span_context().is_valid
    assert caplog.text == ""


def test_calls_at_once_are_side_by_side() -> None:
    run_sync("await Promise.all([api.rooms.list({}), api.rooms.get({ id: 1 })])", BUNDLE,
             host=host())  # fmt: skip
    found = spans()
    assert is_inside(found["rooms.list"], found["tsbind.run"])
    assert is_inside(found["rooms.get"], found["tsbind.run"])
    assert is_inside(found["GET"], found["rooms.list"]) != is_inside(
        found["GET"], found["rooms.get"]
    )


def test_failures_are_told() -> None:
    program = "await api.rooms.create({ name: 'x' }).catch(() => 0); throw new Error('no')"
    with pytest.raises(ProgramError):
        run_sync(program, BUNDLE, host=host())
    found = spans()
    run, call = found["tsbind.run"], found["rooms.create"]
    assert (run.status.status_code, call.status.status_code) == (StatusCode.ERROR,) * 2
    assert attributes(run)["error.type"] == "ProgramError"
    assert attributes(call)["error.type"] == "PolicyError"
    assert set(found) == {"tsbind.run", "rooms.create"}  # nothing was sent
    assert not run.events
    assert not call.events
    assert "no" not in json.loads(run.to_json())["attributes"].values()


def test_each_attempt_is_a_span_and_carries_its_own_traceparent() -> None:
    answers: list[Response | NetworkError] = [
        Response(503),
        NetworkError("reset", code="network"),
        Response.json([]),
    ]

    def busy(request: Request) -> Response:
        answer = answers.pop(0)
        if isinstance(answer, NetworkError):
            raise answer
        return answer

    transport = FakeTransport(busy)
    run_sync("await api.rooms.list({})", BUNDLE, host=Host(BUNDLE, transport=transport))
    sent = [span for span in EXPORTER.get_finished_spans() if span.name == "GET"]
    assert [attributes(span).get("http.request.resend_count") for span in sent] == [None, 1, 2]
    assert [attributes(span).get("error.type") for span in sent] == ["503", "NetworkError", None]
    run = spans()["tsbind.run"].context
    assert run is not None
    for span, request in zip(sent, transport.sent, strict=True):
        carried = dict(request.headers)
        assert span.context is not None
        assert "baggage" not in carried
        assert carried["traceparent"] == (
            f"00-{run.trace_id:032x}-{span.context.span_id:016x}-{span.context.trace_flags:02x}"
        )


def test_nothing_is_loaded_where_nobody_traces() -> None:
    program = "import sys, tsbind.runtime.runner; print([m for m in sys.modules if 'telem' in m])"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_nothing_is_sent_along_where_nobody_traces() -> None:
    program = """
from tests.runtime.test_run import BUNDLE, answer
from tsbind.runtime import FakeTransport, Host, run_sync
transport = FakeTransport(answer)
run_sync("await api.rooms.list({})", BUNDLE, host=Host(BUNDLE, transport=transport))
print([name for request in transport.sent for name, _ in request.headers])
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "['Accept']\n"
