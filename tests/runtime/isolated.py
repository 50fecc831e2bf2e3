"""Runs JavaScript in a fresh isolate of the guest that the build made."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tsbind.errors import BuildError
from tsbind.runtime.engine import Engine
from tsbind.runtime.isolate import Isolate
from tsbind.runtime.limits import Limits
from tsbind.runtime.messages import Start, Step
from tsbind.runtime.program import Program, prepare

TABLE = "\nrooms.get\nrooms.list\n"
NOW = 1_700_000_000_000.0  # 2023-11-14T22:13:20Z


def step(javascript: str, *, limits: Limits | None = None, seed: int = 1) -> Step:
    """Return what the guest says after its first step; skips where nothing was built."""
    try:
        engine = Engine.default()
    except BuildError as error:
        pytest.skip(str(error))
    with Isolate(engine, limits or Limits()) as isolate:
        return isolate.start(Start(javascript, TABLE, NOW, seed))


def run(text: str) -> tuple[Step, Program]:
    """Prepare a program and run its first step."""
    program = prepare(text)
    return step(program.javascript), program


def value(javascript: str) -> Any:  # noqa: ANN401  # JSON of any shape
    """Return the value of a script that must succeed."""
    said = step(javascript)
    assert said.state == "done", said
    return None if said.value is None else msgspec.json.decode(said.value)
