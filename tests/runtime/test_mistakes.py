"""What comes back for the programs that models get wrong: mistakes.md, for a person to read.

Each section holds a program and all that its author is told.  `UPDATE=1` writes what is told now.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from tests.golden import golden
from tsbind.bundle import Bundle
from tsbind.errors import RunError
from tsbind.pipeline import compile
from tsbind.resources import specs
from tsbind.runtime import (
    FakeTransport,
    Host,
    Limits,
    Policy,
    Request,
    Response,
    Result,
    Rule,
    run_sync,
)
from tsbind.runtime.explain import SIZE

TABLE = Path(__file__).parent / "mistakes.md"
SECTION = re.compile(r"(?<=^````ts\n)(.*?)\n````\n\n````text\n(.*?)\n````$", re.M | re.S)
LIMITS = Limits(cpu=0.2, wall=2.0, calls=20)
ROOMS = [{"id": f"r{n}", "name": name, "topic": None} for n, name in enumerate(("one", "two"), 1)]
TAKEN = {
    "message": "Validation Failed",
    "errors": [{"resource": "Room", "field": "name", "code": "already_exists"}],
}
BROKEN = b"<html><head><title>500 Internal Server Error</title></head><body>" + b"x" * 9_000


def chat() -> Bundle:
    text = (specs() / "chat.yaml").read_text("utf-8").replace("security:\n  - token: []\n", "")
    return compile(text.encode()).bundle


def answer(request: Request) -> Response:
    path = request.url.removeprefix("https://chat.example")
    if path.startswith("/rooms/nowhere/"):
        return Response.json({"message": 'there is no room "nowhere"'}, 404)
    if path.startswith("/rooms/broken/"):
        return Response(500, (("content-type", "text/html"),), BROKEN)
    if path.endswith("/members"):
        return Response.json([{"name": "ada", "role": "owner"}])
    if path == "/rooms" and request.method == "POST":
        return Response.json(TAKEN, 422)
    return Response.json(ROOMS if path == "/rooms" else [])


def told(program: str, bundle: Bundle) -> str:
    """Run a program and return all that its author sees."""
    policy = Policy(rules=(Rule("deny", "messages.post"),), default="allow")
    host = Host(bundle, "https://chat.example", transport=FakeTransport(answer), policy=policy)
    outcome: Result | RunError
    try:
        outcome = run_sync(program, bundle, host=host, limits=LIMITS)
        text = f"value: {msgspec.json.encode(outcome.value).decode()}"
    except RunError as error:
        outcome = error
        text = "\n".join(filter(None, (str(error), getattr(error, "stack", ""))))
        assert len(text.encode()) <= SIZE
        text = f"{type(error).__name__}: {text}"
    logs = "".join(f"\n{level}: {line}" for level, line in outcome.logs)
    return re.sub(r"(used (?:0\.2|2))[\d.]* seconds", r"\1… seconds", text) + logs


def test_what_comes_back_for_a_wrong_program() -> None:
    bundle, written = chat(), TABLE.read_text("utf-8")
    assert len(SECTION.findall(written)) == written.count("\n## ") >= 60

    def made(match: re.Match[str]) -> str:
        return f"{match[1]}\n````\n\n````text\n{told(match[1], bundle)}\n````"

    got = SECTION.sub(made, written)
    assert str(Path.cwd()) not in got
    assert "/site-packages/" not in got
    golden(TABLE, got)
