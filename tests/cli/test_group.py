"""The command line as a whole: help, errors, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tsbind.cli.group import COMMANDS, INTERRUPTED, PIPE_CLOSED, Command, main, root
from tsbind.errors import LimitError, SpecError
from tsbind.resources import specs


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_own_help_begins_with_its_line(name: str) -> None:
    context = click.Context(root)
    command = root.get_command(context, name)
    assert command is not None
    assert (command.help or "").startswith(COMMANDS[name])


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["compile"], ["compile", "--nonsense", "x"], ["run", "p.ts"], ["tokens"]],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("Usage: tsbind")


def _with(error: BaseException) -> click.Command:
    @click.command(cls=Command)
    @click.option("--json", is_flag=True)
    def failing(json: bool) -> None:
        raise error

    return failing


def _run(command: click.Command, *arguments: str) -> int:
    code = command.main(list(arguments), standalone_mode=False)
    assert isinstance(code, int)
    return code


def test_an_error_is_a_paragraph_and_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    error = SpecError("is not OpenAPI", where="x.yaml", fix="give another", code="not-openapi")
    assert _run(_with(error)) == 3
    told = capsys.readouterr()
    assert told.err == "x.yaml: is not OpenAPI [not-openapi]\nfix: give another\n"
    assert told.out == ""


def test_an_error_is_json_where_json_was_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    error = LimitError("cpu", used=6, allowed=5, unit="s")
    assert _run(_with(error), "--json") == 12
    told = capfd.readouterr()
    assert '"code": "limit-cpu"' in told.out
    assert '"exit_code": 12' in told.out
    assert told.err == ""


def test_an_error_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    _run(_with(SpecError("title \x1b]0;owned\x07 \u202e")))
    assert capsys.readouterr().err == "title \\u001b]0;owned\\u0007 \\u202e [spec]\n"


def _process(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tsbind", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


FLOOD = """
import click, sys
from tsbind.cli.group import Command, main
from tsbind.cli.screen import write
def flood():
    while True:
        write("x" * 65536)
sys.exit(main(["flood"], click.Group(commands=[Command("flood", callback=flood)])))
"""


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FLOOD], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as flood:
        assert flood.stdout is not None
        assert flood.stderr is not None
        flood.stdout.read(10)
        flood.stdout.close()
        assert flood.stderr.read() == ""
        assert flood.wait(30) == PIPE_CLOSED


def _one_that_raises(error: BaseException) -> click.Group:
    def stuck() -> None:
        raise error

    return click.Group(commands=[Command("stuck", callback=stuck)])


def test_interrupting_ends_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stuck"], _one_that_raises(KeyboardInterrupt())) == INTERRUPTED
    assert capsys.readouterr().err.strip() == "interrupted"


def test_a_fault_of_ours_is_a_paragraph(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stuck"], _one_that_raises(ZeroDivisionError("division by zero"))) == 70
    assert capsys.readouterr().err == (
        "tsbind itself failed: ZeroDivisionError: division by zero [fault]\n"
        "fix: run it again with TSBIND_TRACEBACK=1 and report what it prints\n"
    )


def test_a_fault_shows_its_traceback_when_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TSBIND_TRACEBACK", "1")
    main(["stuck"], _one_that_raises(ZeroDivisionError()))
    assert "Traceback" in capsys.readouterr().err


def test_it_also_runs_as_a_module() -> None:
    process = _process("--version")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert out.startswith("tsbind")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "_TSBIND_COMPLETE" in capfd.readouterr().out


def test_completion_knows_commands_and_options() -> None:
    process = _process(COMP_WORDS="tsbind comp", COMP_CWORD="1", _TSBIND_COMPLETE="bash_complete")
    out, _ = process.communicate(timeout=30)
    assert out.split() == ["plain,compile", "plain,completion"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has /dev/full")
def test_a_full_disk_is_told_as_such() -> None:
    with open("/dev/full", "w") as full:
        told = subprocess.run(
            [sys.executable, "-m", "tsbind", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert told.returncode == 1
    assert told.stderr == (
        "the output cannot be written: No space left on device [unwritable]\n"
        "fix: make room, or write elsewhere\n"
    )


def test_a_command_that_is_misspelt_is_recognised(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compil", "x.yaml"]) == 2
    assert 'no command "compil"; did you mean "compile"?' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["compile", "x.yaml", "--docs", "x", "--json"], 2),
        (["compile", "--json"], 2),
        (["nonsense", "--json"], 2),
        (["tokens", "--json", "no-such-file.yaml"], 3),
    ],
    ids=str,
)
def test_whatever_is_wrong_is_json_where_json_was_asked_for(
    arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    told = capsys.readouterr()
    assert told.err == ""
    error = json.loads(told.out)["error"]
    assert error["exit_code"] == code
    assert error["what"]
    assert error["fix"]


@pytest.mark.parametrize(("closed", "code"), [(0, 3), (1, 0), (2, 0)])
def test_a_closed_standard_stream_is_an_empty_one(closed: int, code: int, tmp_path: Path) -> None:
    source = "-" if closed == 0 else str(specs() / "chat.yaml")
    run = subprocess.run(
        [sys.executable, "-m", "tsbind", "compile", source, "-o", str(tmp_path)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.close(closed),
        check=False,
    )
    assert run.returncode == code, run.stderr
    assert "Traceback" not in run.stderr
    assert "fault" not in run.stderr
