"""Other people's programs, which the tests of this folder start, wait for, and end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NODE_MODULES = ROOT / ".ci" / "tools" / "node_modules"
PATIENCE = 90  # seconds for a server to come up
GRACE = 20  # seconds for it to go down when asked to


def free_port() -> int:
    """Return a port of loopback that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(
    command: Sequence[object],
    port: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Run a server beside `log` until the block ends; gives its address once it takes connections.

    Fails the test, with the end of what the server said, when it ends or `PATIENCE` is over first.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=log.parent,
        )
    try:
        _wait(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server did not start:\n{log.read_text()[-2000:]}")


def of_npm(package: str, *, file: str = "") -> Path:
    """Return where an npm package lies (or a file of it); skips the test where it is missing.

    TSBIND_NODE_MODULES names the folder of packages, which is that of `.ci/run` otherwise.
    """
    modules = Path(os.environ.get("TSBIND_NODE_MODULES", NODE_MODULES)).resolve()
    path = modules / (file or package)
    if not path.exists() or shutil.which("node") is None:
        pytest.skip(f"npm install --prefix {modules.parent} {package}")
    return path


def of_venv(program: str) -> Path:
    r"""Return a program of the environment TSBIND_SERVERS; skips the test where there is none.

    Servers want other versions of what tsbind's tools need, so they have one of their own:

        python -m venv servers
        servers/bin/python -m pip install \
            'prefect>=3.8,<3.9' 'fastapi>=0.139,<0.145' 'python-multipart<1'
    """
    folder = os.environ.get("TSBIND_SERVERS")
    if folder is None:
        pytest.skip("TSBIND_SERVERS names no environment; see tests/live/servers.py")
    path = Path(folder).resolve() / "bin" / program
    if not path.exists():
        pytest.fail(f"TSBIND_SERVERS has no {program}")
    return path
