"""A language server as a child process that is held to limits: what the type checker runs in.

The protocol is LSP 3.17 over JSON-RPC 2.0, the base protocol's framing, as little as is needed.
A server that reads hostile text can hang or grow without end, and TypeScript's ignores SIGTERM
while it works: it is killed, with all of its process group, when an answer takes too long.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

CPU: Final = 120  # seconds of a server's whole life
MEMORY: Final = 2 << 30  # bytes it may write to
ANSWER: Final = 16 << 20  # bytes of one message
MESSAGES: Final = 1_000  # that may come before the answer to a request


class ServerGone(Exception):
    """The server ended, was killed, or does not speak the protocol; `late` when time ran out."""

    def __init__(self, what: str, *, late: bool = False) -> None:
        self.late = late
        super().__init__(what)


class LanguageServer:
    """One running server.  Not thread-safe.  After ServerGone only `close` may be called."""

    def __init__(self, command: Sequence[str], folder: Path, seconds: float) -> None:
        self._seconds = seconds
        self._last = 0
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={"PATH": "", "GOMEMLIMIT": f"{MEMORY // 2}", "GOMAXPROCS": "2"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _limit(self._process.pid)
            self._initialize(folder)
        except BaseException:
            self.close()
            raise

    def _initialize(self, folder: Path) -> None:
        root = folder.as_uri()
        capabilities: dict[str, object] = {"textDocument": {"diagnostic": {}}}
        start = {"processId": os.getpid(), "rootUri": root, "capabilities": capabilities}
        self.request("initialize", start)
        self.notify("initialized", {})

    def request(self, method: str, parameters: Mapping[str, object]) -> Any:  # noqa: ANN401  # JSON
        """Return the result of a request.  Raises ServerGone."""
        self._last += 1
        late = threading.Event()
        timer = threading.Timer(self._seconds, self._stop, (late,))
        timer.start()
        try:
            message = {"jsonrpc": "2.0", "id": self._last, "method": method, "params": parameters}
            self._send(message)
            return self._answer()
        except (OSError, ValueError, msgspec.DecodeError) as error:
            raise ServerGone(f"{method}: {error}", late=late.is_set()) from None
        finally:
            timer.cancel()

    def notify(self, method: str, parameters: Mapping[str, object]) -> None:
        """Send a notification.  Raises ServerGone."""
        try:
            self._send({"jsonrpc": "2.0", "method": method, "params": parameters})
        except (OSError, ValueError) as error:
            raise ServerGone(f"{method}: {error}") from None

    def close(self) -> None:
        """Kill the server and what it started.  May be called again."""
        if self._process.poll() is None:
            self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):  # of what was still to be written
                    pipe.close()

    def _stop(self, late: threading.Event) -> None:
        late.set()
        self.kill()

    def kill(self) -> None:
        """End the server, from any thread and from a signal's handler: requests fail."""
        if sys.platform == "win32":
            self._process.kill()
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return  # it ended by itself in this moment

    def _send(self, message: Mapping[str, object]) -> None:
        body = msgspec.json.encode(message)
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _answer(self) -> Any:  # noqa: ANN401  # JSON of any shape
        for _ in range(MESSAGES):
            message = self._read()
            if "method" in message and "id" in message:
                self._reply(message)
            elif message.get("id") == self._last:
                if "error" in message:
                    raise ValueError(str(message["error"])[:200])
                return message.get("result")
        raise ValueError("the server does not come to an answer")

    def _reply(self, message: Mapping[str, Any]) -> None:
        """Answer what the server asks: its settings are the defaults, anything else is null."""
        items = (message.get("params") or {}).get("items", ())
        result = [None] * len(items) if message["method"] == "workspace/configuration" else None
        self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        size = -1
        while line := self._process.stdout.readline(1_000).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        if not 0 <= size <= ANSWER:
            raise ValueError("the server ended" if size < 0 else f"a message of {size} bytes")
        body = self._process.stdout.read(size)
        if len(body) < size:
            raise ValueError("the server ended")
        return msgspec.json.decode(body, type=dict[str, Any])


def _limit(process: int) -> None:
    """Bound CPU and memory where the system can (Linux); elsewhere only time is bounded."""
    if sys.platform == "linux":
        import resource

        limits = (
            (resource.RLIMIT_CPU, CPU),
            (resource.RLIMIT_DATA, MEMORY),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, 0),
        )
        with contextlib.suppress(ProcessLookupError):  # it has ended: its first answer will tell
            for limit, value in limits:
                resource.prlimit(process, limit, (value, value))
