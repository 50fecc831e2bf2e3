"""What a person at a terminal is asked before a call that changes something."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tsbind.pipeline import compile
from tsbind.resources import specs

PROMPT = b"[y/N]: "
PATIENCE = 60  # seconds
NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing listens there


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """A run that asks before it creates a room."""
    bundle = tmp_path / "chat.bundle.json"
    compile(specs() / "chat.yaml").bundle.save(bundle)
    program = tmp_path / "program.ts"
    program.write_text("return await api.rooms.create({ name: 'x' });")
    return [
        *(sys.executable, "-m", "tsbind", "run", str(program), "--bundle", str(bundle)),
        *("--credential", "token=env:HOME", "--base-url", NOWHERE),
    ]


def at_a_terminal(command: list[str], keys: bytes) -> tuple[int, str]:
    """Run on a terminal of its own and press `keys` when asked; returns exit code and screen."""
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        command,
        stdin=its_end,
        stdout=its_end,
        stderr=its_end,
        start_new_session=True,
        preexec_fn=_own_the_terminal,
    )
    os.close(its_end)
    screen, pressed, deadline = b"", False, time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                screen += os.read(terminal, 1 << 16)
            except OSError:  # the process has ended
                break
        if PROMPT in screen and not pressed:
            os.write(terminal, keys)
            pressed = True
    else:
        process.kill()
    os.close(terminal)
    return process.wait(), screen.decode()


def _own_the_terminal() -> None:
    """Make standard input the terminal whose Ctrl-C reaches this process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize(
    ("keys", "code", "told"),
    [
        (b"n\n", 13, "was not approved"),
        (b"\n", 13, "was not approved"),
        (b"maybe\n", 13, "was not approved"),
        (b"\x04", 13, "was not approved"),  # Ctrl-D
        (b"\x03", 130, "interrupted"),  # Ctrl-C
        (b"y\n", 11, "the server cannot be reached"),
    ],
)
def test_only_yes_is_yes(command: list[str], keys: bytes, code: int, told: str) -> None:
    ended, screen = at_a_terminal(command, keys)
    assert (ended, told in screen) == (code, True), screen
    assert f"POST {NOWHERE}/rooms" in screen
    assert "Traceback" not in screen
