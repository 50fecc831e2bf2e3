"""Every command that reads a document takes larger ones when told to."""

from __future__ import annotations

import pytest

from tsbind.cli import main
from tsbind.resources import specs

CHAT = str(specs() / "chat.yaml")
Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    "command",
    [
        ["compile", CHAT, "--no-cache"],
        ["check", CHAT],
        ["tokens", CHAT],
        ["diff", CHAT, CHAT],
        ["search", CHAT, "post", "a", "message"],
        ["mock", CHAT],
    ],
    ids=lambda command: command[0],
)
def test_the_limit_holds_and_can_be_raised(command: list[str], capsys: Capture) -> None:
    assert main([*command, "--max-values", "20"]) == 3
    told = capsys.readouterr()
    assert "has more than 20 values" in told.out + told.err
    if command[0] != "mock":  # which would serve
        assert main([*command, "--max-values", "5000"]) == 0
