"""A program works with a real server that tsbind's authors did not write: jupyter_server.

It ships the Swagger document that is compiled here, and lets nobody in without its token.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tsbind.pipeline import compile
from tsbind.runtime import Credentials, Host, Result, run

pytestmark = pytest.mark.live
PATIENCE = 60  # seconds for the server to come up

PROGRAM = """
const names = async () => {
  const folder = await api.{read}({ path: "work" });
  return folder.content.map((each: { name: string }) => each.name);
};
const before = await names();
const made = await api.{create}({ path: "work", type: "notebook" });
const during = await names();
const [renamed, status] = await Promise.all([
  api.{rename}({ path: made.path, body: { path: "work/renamed.ipynb" } }),
  api.{status}(),
]);
const after = await names();
await api.{delete}({ path: renamed.path });
return { before, made: made.name, during, renamed: renamed.name, after, last: await names(),
         kernels: status.kernels };
"""


# What the program needs, by what it is over the wire: how operations are named is not the point.
CONTENTS = "/api/contents/{path}"
NEEDED = {
    "create": f"POST {CONTENTS}",
    "read": f"GET {CONTENTS}",
    "rename": f"PATCH {CONTENTS}",
    "delete": f"DELETE {CONTENTS}",
    "status": "GET /api/status",
}


@pytest.fixture(scope="module")
def document() -> Path:
    """The Swagger document inside the installed package."""
    package = find_spec("jupyter_server")
    if package is None or package.origin is None:
        pytest.skip("jupyter_server is not installed: pip install -e '.[live]'")
    return Path(package.origin).parent / "services" / "api" / "api.yaml"


@pytest.fixture(scope="module")
def server(document: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A running server's URL and token."""
    home = tmp_path_factory.mktemp("jupyter")
    (home / "root" / "work").mkdir(parents=True)
    token = secrets.token_hex(16)
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_TOKEN": token,
        "JUPYTER_RUNTIME_DIR": str(home / "run"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_PLATFORM_DIRS": "1",
    }
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"]
    options = ["--ip=127.0.0.1", "--port=0", f"--ServerApp.root_dir={home / 'root'}"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *options], env=environment, stdout=log, stderr=log, cwd=home
        )
    try:
        yield _address(process, home), token
    finally:
        process.terminate()
        process.wait(30)


def _address(process: subprocess.Popen[bytes], home: Path) -> str:
    """Wait until the server has written where it listens."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        for file in (home / "run").glob("jpserver-*.json"):
            text = file.read_text()
            if text.endswith("}"):
                return f"http://127.0.0.1:{json.loads(text)['port']}"
        time.sleep(0.05)
    pytest.fail(f"jupyter_server did not start:\n{(home / 'log').read_text()}")


def test_one_program_makes_lists_renames_and_deletes(
    document: Path, server: tuple[str, str]
) -> None:
    url, token = server
    bundle = compile(document).bundle
    names = {f"{call.method} {call.path}": call.op for call in bundle.calls.values()}
    program = PROGRAM
    for placeholder, wire in NEEDED.items():
        program = program.replace(f"{{{placeholder}}}", names[wire])
    # The server's own document writes paths as one parameter, slashes and all.
    slashes = {f"{op}:path" for op in bundle.calls}
    credentials = Credentials({"bearer": token})

    async def answer() -> Result:
        async with Host(bundle, url, credentials=credentials, slashes=slashes) as host:
            return await run(program, bundle, host=host)

    result = asyncio.run(answer())
    assert result.value == {
        "before": [],
        "made": "Untitled.ipynb",
        "during": ["Untitled.ipynb"],
        "renamed": "renamed.ipynb",
        "after": ["renamed.ipynb"],
        "last": [],
        "kernels": 0,
    }
    assert token not in json.dumps(result.trace.json())
