"""Runs in the middle of something, to be given up: by cancelling, or by Ctrl-C.

As a program it begins the one that its argument names, says "ready" when that is in the middle, and
what is left when it was interrupted.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator

import msgspec
from aiohttp import web

from tests.runtime.loopback import serving
from tsbind.bundle import Bundle, Call
from tsbind.runtime import Host, Limits, Options, Policy, Question, run_sync
from tsbind.runtime.engine import Engine
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.turns import staying

CALLS = {name: Call(name, "GET", f"/{name}") for name in ("never", "slowly", "later")}
BUNDLE = Bundle("Slow", "1", "declare const api: {}", CALLS, {}, fingerprint="slow")
HANGING = """\
type P = 'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'g' | 'h' | 'i'
type Every<U, T = U> = [U] extends [never] ? [] : T extends T ? [T, ...Every<Exclude<U, T>>] : never
let x: Every<P | 'j'> = 1 as any as Every<P | 'k'>
"""

# What each run is in the middle of.
PROGRAMS = {
    "the guest's loop": "for (;;);",
    "a native function": "'x'.repeat(3e5).match(/(x+x+)+y/)",
    "microtasks": "for (;;) await 0",
    "a timer": "await new Promise((done) => setTimeout(done, 60_000))",
    "a call": "await api.never()",
    "calls that wait for others": "await Promise.all([1, 2, 3, 4, 5, 6].map(() => api.never()))",
    "a reply": "await api.slowly()",
    "the wait before a retry": "await api.later()",
    "a question": "await api.never()",
    "the check of types": HANGING,
}


class Server:
    """An API that keeps everybody waiting."""

    def __init__(self) -> None:
        self.asked = 0
        self.open = 0  # requests that are being answered

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        async with serving(self._answer) as url:
            yield url

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked += 1
        self.open += 1
        try:
            if request.path == "/later":
                return web.json_response({}, status=503, headers={"Retry-After": "20"})
            reply = web.StreamResponse(headers={"Content-Type": "application/json"})
            if request.path == "/slowly":
                await reply.prepare(request)
            while True:
                await asyncio.sleep(0.01)
                if request.transport is None or request.transport.is_closing():
                    return reply
                if request.path == "/slowly":
                    await reply.write(b" ")
        finally:
            self.open -= 1


def options(name: str, url: str, asked: list[Question]) -> Options:
    """Return how the run is made."""

    async def nobody(question: Question) -> bool:
        asked.append(question)
        await asyncio.Event().wait()
        return True

    policy = Policy(default="ask" if name == "a question" else "allow")
    limits = Limits(cpu=60.0, concurrency=2)
    check = name == "the check of types"
    return Options(
        host=Host(BUNDLE, url, policy=policy), approve=nobody, limits=limits, check=check
    )


def left() -> dict[str, int]:
    """Return what should be nothing when a run has been given up."""
    return {
        "cores": Engine.default().turns.running,
        "guests": len(staying),
        "isolates": sum(isinstance(each, Isolate) and each.is_open for each in gc.get_objects()),
    }


def main(name: str) -> None:
    """Run, be interrupted, and say what is left."""
    server, ready = Server(), threading.Event()
    url = ""

    async def serve() -> None:
        nonlocal url
        async with server.listening() as url:
            ready.set()
            await asyncio.Event().wait()

    threading.Thread(target=asyncio.run, args=(serve(),), daemon=True).start()
    ready.wait()
    run_sync("return 1", BUNDLE, host=Host(BUNDLE, url))
    threading.Timer(1.0, lambda: print("ready", flush=True)).start()
    began = time.time()
    try:
        run_sync(PROGRAMS[name], BUNDLE, **options(name, url, []))
    except KeyboardInterrupt:
        ended = time.time()
        time.sleep(0.1)
        told = {**left(), "requests": server.open, "ended": ended, "asked": server.asked}
        print(msgspec.json.encode(told).decode(), flush=True)
    else:
        print(f"it ended by itself after {time.time() - began:.1f} s", flush=True)


def in_the_middle(name: str, server: Server, asked: list[Question]) -> Iterator[bool]:
    """Give false until the run that was begun is in the middle of what it is named after."""
    began = time.monotonic()
    while True:
        waited = time.monotonic() - began
        calls = name in ("a call", "a reply", "the wait before a retry") or "others" in name
        yield (
            waited > 0.1
            and (bool(server.asked) or not calls)
            and (bool(asked) or name != "a question")
        )


if __name__ == "__main__":
    main(sys.argv[1])
