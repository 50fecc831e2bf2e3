"""Run programs in real isolates, with replies from a function, and return the last Step."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from tsbind.bundle import Json
from tsbind.runtime.engine import Engine
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.limits import Limits
from tsbind.runtime.messages import CallFailure, CallReply, CallRequest, Resume, Start, Step

NOW = 1_700_000_000_000.0
NAMES = ("issues.create", "issues.list", "issues.list_comments", "repos.get", "user")

Answer = Callable[[str, Json], Json]


def table(names: Iterable[str] = NAMES) -> str:
    return "\n" + "\n".join(sorted(names)) + "\n"


def start(
    source: str, *, names: Iterable[str] = NAMES, seed: int = 7, roots: tuple[str, ...] = ("api",)
) -> Start:
    return Start(source=source, table=table(names), now=NOW, seed=seed, roots=roots)


def echo(op: str, args: Json) -> Json:
    return {"op": op, "args": args}


def reply(call: CallRequest, answer: Answer) -> CallReply:
    """Answer one call; a CallFailure among the answers rejects."""
    value = answer(call.op, msgspec.json.decode(call.args))
    if isinstance(value, CallFailure):
        return CallReply(id=call.id, error=value)
    raw = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return CallReply(id=call.id, ok=msgspec.Raw(raw))


def run(
    source: str,
    answer: Answer = echo,
    *,
    limits: Limits | None = None,
    message: Start | None = None,
) -> Step:
    """Run `source` to its end; every call is answered at the next step."""
    with Isolate(Engine.default(), limits or Limits()) as isolate:
        step = isolate.start(message or start(source))
        logs = list(step.logs)
        now = NOW
        while step.state == "waiting":
            now += 10
            replies = tuple(reply(call, answer) for call in step.calls)
            step = isolate.resume(Resume(now=now, replies=replies))
            logs += step.logs
        return msgspec.structs.replace(step, logs=tuple(logs))


def value(source: str, answer: Answer = echo) -> Json:
    """Run `source` and return its value, which must be there."""
    step = run(source, answer)
    assert step.state == "done", step.error
    assert step.value is not None
    return msgspec.json.decode(step.value)


def failure(source: str, answer: Answer = echo) -> tuple[str, str]:
    """Run `source`, which must fail; return name and message."""
    error = run(source, answer).error
    assert error is not None
    return error.name, error.message
