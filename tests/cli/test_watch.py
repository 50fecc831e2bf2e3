"""`tsbind watch` as a person uses it: edit, look, break, mend, interrupt."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tsbind.cli import main
from tsbind.cli.watch import changes, look
from tsbind.resources import specs

CONFIG = '[apis.chat]\ndocument = "chat.yaml"\noutput = "out"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(specs() / "chat.yaml", tmp_path)
    (tmp_path / "tsbind.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_once_generates_and_ends(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--once"]) == 0
    assert sorted(path.name for path in (project / "out").iterdir()) == [
        "chat.bundle.json",
        "chat.d.ts",
        "chat.py",
    ]
    assert "tokens, wrote out/chat.d.ts, out/chat.py" in capfd.readouterr().out
    assert main(["watch", "--once"]) == 0
    assert "tokens, nothing changed" in capfd.readouterr().out


def test_without_an_output_there_is_nothing_to_do(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "tsbind.toml").write_text(CONFIG.replace("output", "# output"))
    assert main(["watch", "--once"]) == 7
    assert "no API of it has an output" in capfd.readouterr().err


def test_what_a_build_writes_is_no_change(project: Path) -> None:
    before = look(Path("tsbind.toml"))
    main(["watch", "--once"])
    assert look(Path("tsbind.toml")) == before
    (project / "part.yaml").write_text("a: 1\n")
    assert look(Path("tsbind.toml")) != before, "the document may refer to it"


def test_a_change_during_a_build_is_not_lost(project: Path) -> None:
    rounds = changes(Path("tsbind.toml"), 0.01)
    next(rounds)
    (project / "chat.yaml").write_text("changed: while building\n")
    next(rounds)


@pytest.fixture
def watching(project: Path) -> Iterator[subprocess.Popen[str]]:
    root = str(Path(__file__).parent.parent.parent)
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "tsbind", "watch", "--interval", "0.05"],
        env={**os.environ, "PYTHONPATH": root},
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_it_goes_on_after_errors_and_ends_when_interrupted(
    project: Path, watching: subprocess.Popen[str]
) -> None:
    assert watching.stdout is not None
    lines = iter(watching.stdout.readline, "")
    good = (project / "chat.yaml").read_text("utf-8")

    def until(text: str) -> str:
        return next(line for line in lines if text in line)

    assert "wrote out/chat.d.ts" in until("chat: ")
    (project / "chat.yaml").write_text("openapi: 3.1.0\npaths: [\n")
    until("chat.yaml:")
    (project / "chat.yaml").write_text(good.replace("name: limit", "name: most"))
    assert "wrote out/chat.d.ts" in until("chat: ")
    assert "most" in (project / "out/chat.d.ts").read_text("utf-8")
    (project / "tsbind.toml").write_text("apis = 3")
    until("not a table")
    (project / "tsbind.toml").write_text(CONFIG.replace('"out"', '"other"'))
    assert "wrote other/chat.d.ts" in until("chat: ")
    watching.send_signal(signal.SIGINT)
    assert watching.wait(30) == 130
