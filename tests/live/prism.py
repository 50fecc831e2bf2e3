"""Prism (npm @stoplight/prism-cli): a mock server that holds each request against the document."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.live.servers import free_port, of_npm, started
from tsbind.bundle import Bundle, Call, Json, Scheme
from tsbind.pipeline import compile
from tsbind.runtime import ApiError, CallError, Credentials, Host

AT_ONCE = 8  # calls
PROBLEM = "https://stoplight.io/prism/errors#"  # the type of every answer that is Prism's own


@contextmanager
def mocking(document: Path, log: Path) -> Iterator[str]:
    """Let Prism answer for `document`; gives its address."""
    command = of_npm("@stoplight/prism-cli", file=".bin/prism")
    port = free_port()
    options = ["mock", "--errors", "-h", "127.0.0.1", "-p", str(port), str(document)]
    with started([command, *options], port, log) as url:
        yield url


class Verdicts(msgspec.Struct):
    """What became of calls, by operation."""

    taken: set[str]
    refused: dict[str, str]  # with Prism's answer


def judge(document: Path, calls: list[tuple[str, Json]], log: Path) -> Verdicts:
    """Send calls, each an operation and its arguments, to Prism."""
    bundle = compile(document).bundle
    secrets = {name: _secret(scheme) for name, scheme in bundle.schemes.items()}
    verdicts = Verdicts(set(), {})
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(host: Host, op: str, args: Json) -> None:
        async with turns:
            refusal = await _refusal(host, bundle.calls[op], args)
        if refusal:
            verdicts.refused[op] = refusal
        else:
            verdicts.taken.add(op)

    async def all_of_them(url: str) -> None:
        credentials = Credentials(secrets)
        async with Host(bundle, url, credentials=credentials, replies="off") as host:
            await asyncio.gather(*(one(host, op, args) for op, args in calls))

    with mocking(document, log) as url:
        asyncio.run(all_of_them(url))
    return verdicts


async def _refusal(host: Host, call: Call, args: Json) -> str:
    """Send one call; returns what Prism has against the request, or ""."""
    try:
        await host.send(call.op, args)
    except ApiError as error:
        problem: Json = error.body if isinstance(error.body, dict) else {}
        kind = str(problem.get("type", ""))
        places = {str(each["location"][0]) for each in problem.get("validation", ())}
        if kind == f"{PROBLEM}VIOLATIONS" and places == {"response"}:
            return ""  # the request is valid; the document's own example is not
        if 300 <= error.status < 400 and not call.replies:
            return ""  # the only success that the document promises
        # Where the document has a reply for invalid requests, Prism gives that one.
        return f"{error.status} {msgspec.json.encode(problem).decode()[:600]}"
    except CallError as error:
        return str(error)
    return ""


def _secret(scheme: Scheme) -> str:
    return "user:password" if scheme.scheme == "basic" else "not-a-real-token"


def operations(bundle: Bundle) -> dict[str, str]:
    """Return the operations of a document whose paths are all different, by path."""
    return {call.path: call.op for call in bundle.calls.values()}
