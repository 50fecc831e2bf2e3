"""The README is true: its blocks run, and its figures come from where they are made."""

from __future__ import annotations

import builtins
import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from tests.golden import golden
from tsbind import errors
from tsbind.cli import main
from tsbind.cli.group import FAULT, INTERRUPTED, PIPE_CLOSED
from tsbind.cli.screen import share
from tsbind.demo import serving
from tsbind.meter import DEFAULT, tokenizer
from tsbind.pipeline import compile
from tsbind.runtime.limits import MIB, Limits

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTION = re.compile(r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)
# These are run by .ci/run in a fresh environment; all other commands are run here.
ELSEWHERE = ("make ", "python3 -m venv", ".venv/bin/")
YAML_SHOWN = 18  # lines of the chat room's document


def _chat() -> str:
    path = ROOT / "specs" / "chat.yaml"
    yaml = path.read_text("utf-8")
    lines = yaml.splitlines()
    compiled = compile(path)
    count = tokenizer(DEFAULT).count
    before, after = count(yaml), count(compiled.declarations)
    shown = "\n".join([*lines[:YAML_SHOWN], f"… {len(lines) - YAML_SHOWN} more lines"])
    return (
        f"{len(lines)} lines of YAML, {before:,} tokens:\n\n```yaml\n{shown}\n```\n\n"
        f"become {after:,} tokens of TypeScript, {share(after, before)}:\n\n"
        f"```ts\n{compiled.declarations}```\n"
    )


def _savings() -> str:
    kept = _kept("tokens")
    lines = [
        f'Tokens of {kept["tokenizer"]}, {kept["measured"]["date"]}; "as tools" are the'
        " function definitions that a tool-calling agent is sent, which promise no replies:",
        "",
        "| document | operations | as published | as tools | declarations | per operation |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in kept["documents"]:
        tokens = row["tokens"]
        lines.append(
            f"| {row['document']} | {row['operations']:,} | {tokens['document']:,} |"
            f" {tokens['tools']:,} | {tokens['declarations']:,} | {row['per_operation']} |"
        )
    return "\n".join([*lines, "", _beside_peers()]) + "\n"


def _beside_peers() -> str:
    kept = _kept("peers_tokens")
    peers = [name for name, version in kept["peers"].items() if version]
    shares = [
        f"{spread['median']:.0%} ({name}, {spread['documents']} documents)"
        for name, spread in kept["shares"].items()
    ]
    return (
        f"Beside the smallest output of {', '.join(peers[:-1])} and {peers[-1]} for the same"
        f" document, comments left out on both sides, the median is {', '.join(shares)};"
        " [all figures](benchmarks/results/peers_tokens.md),"
        " [what must be said at least](benchmarks/results/bound.md)."
    )


def _exits() -> str:
    found = [
        (0, "done"),
        (2, "wrong usage"),
        (FAULT, "a fault of tsbind itself"),
        (INTERRUPTED, "interrupted"),
        (PIPE_CLOSED, "whoever read the output went away"),
    ]
    for error in vars(errors).values():
        if inspect.isclass(error) and issubclass(error, errors.TsbindError):
            what = (inspect.getdoc(error) or "").splitlines()[0].split(";")[0].rstrip(".")
            found.append((error.exit_code, f"{error.__name__}: {what[0].lower()}{what[1:]}"))
    rows = [f"| {code} | {what} |" for code, what in sorted(found)]
    return "\n".join(["| code | meaning |", "| ---: | --- |", *rows]) + "\n"


_LIMIT = re.compile(r"^    (\w+): .*? = .*?(?:  # (.*))?$", re.MULTILINE)


def _limits() -> str:
    rows = []
    for name, note in _LIMIT.findall(inspect.getsource(Limits)):
        default = getattr(Limits(), name)
        rows.append(f"| `{name}` | {_spelled(name, default)} | {note.partition('; None')[0]} |")
    assert len(rows) == len(Limits.__struct_fields__)
    return "\n".join(["| limit | default | |", "| --- | ---: | --- |", *rows]) + "\n"


def _spelled(name: str, value: float | None) -> str:
    if value is None:
        return "none"
    if name in ("cpu", "wall"):
        return f"{value:g} s"
    if name in ("calls", "concurrency"):
        return str(value)
    return f"{value / MIB:g} MiB" if value >= MIB else f"{value / 1024:g} KiB"


def _speed() -> str:
    rows = [*_cost_of_isolates(), *_cost_of_compiling(), *_cost_of_checking()]
    measured = _kept("compile")["measured"]
    lines = [f"On {measured['machine']}, Python {measured['python']}, {measured['date']}:", ""]
    lines += ["| | median |", "| --- | ---: |", *(f"| {what} | {cost} |" for what, cost in rows)]
    return "\n".join(lines) + "\n"


def _cost_of_isolates() -> Iterator[tuple[str, str]]:
    if not (RESULTS / "isolates.json").exists():
        return
    kept = _kept("isolates")
    fresh, first = kept["fresh_isolate_ms"], kept["first_result_ms"]
    yield "a fresh isolate with 1,000 operations runs `return 1 + 1`", f"{fresh['p50']} ms"
    yield "a call from the program to the host and back", f"{kept['host_call_ms']['p50']} ms"
    yield "memory of an isolate that waits for a reply", f"{kept['resident_mb']['p50']} MB"
    yield "the first result in a new process, Python's start included", f"{first['p50']} ms"


def _cost_of_compiling() -> Iterator[tuple[str, str]]:
    large = max(_kept("compile")["documents"], key=lambda row: row["megabytes"])
    what = f"`tsbind compile {large['document']}`, {large['megabytes']} MB"
    what += f" and {large['operations']:,} operations, Python's start included"
    yield what, f"{large['seconds']} s, {large['memory_mb']} MB"


def _cost_of_checking() -> Iterator[tuple[str, str]]:
    if not (RESULTS / "check.json").exists():
        return
    large = max(_kept("check")["documents"], key=lambda row: row["megabytes"])
    for way, options in (("fast", ""), ("full", " --full")):
        cost = large[way]
        what = f"`tsbind check{options} {large['document']}`, CPU time, Python's start included"
        yield what, f"{cost['cpu_seconds']} s, {cost['memory_mb']} MB"


def _kept(name: str) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    return kept


MADE: dict[str, Callable[[], str]] = {
    "chat": _chat,
    "savings": _savings,
    "speed": _speed,
    "exits": _exits,
    "limits": _limits,
}


def test_what_is_made_is_up_to_date() -> None:
    text = README.read_text("utf-8")
    assert {match[2] for match in SECTION.finditer(text)} == set(MADE)
    golden(README, SECTION.sub(lambda match: match[1] + MADE[match[2]]() + match[3], text))


@pytest.fixture
def chat() -> Iterator[str]:
    with serving("s3cret") as url:
        yield url


def test_every_block_runs(
    tmp_path: Path, chat: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "specs").symlink_to(ROOT / "specs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN", "s3cret")
    (tmp_path / "out").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "out"))
    text = README.read_text("utf-8")
    namespace: dict[str, object] = {"__name__": "readme"}
    ran = 0
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start(2))
        match block[1]:
            case "sh":
                for command in block[2].splitlines():
                    ran += _command(command.replace("$URL", chat))
            case "python":
                exec(compile_at(block[2], line), namespace)
                ran += 1
            case "toml":
                (tmp_path / "tsbind.toml").write_text(block[2], "utf-8")
                ran += 1
            case kind:
                # Pictures, and what `test_what_is_made_is_up_to_date` makes.
                assert kind in {"text", "yaml", "ts"}, f"README.md:{line}: a block of {kind}"
    assert ran >= 8
    assert '"busiest": "margaret"' in capfd.readouterr().out


def _command(command: str) -> bool:
    """Run a line of a shell block; whether it is one that runs here."""
    if command.startswith(ELSEWHERE):
        return False
    program, *arguments = shlex.split(command)
    assert program == "tsbind"
    assert main(arguments) == 0, command
    return True


def compile_at(source: str, line: int) -> CodeType:
    """Compile a block so that its errors point into the README."""
    return builtins.compile("\n" * line + source, str(README), "exec")


def test_ci_runs_what_does_not_run_here() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for block in BLOCK.finditer(README.read_text("utf-8")):
        for command in block[2].splitlines() if block[1] == "sh" else ():
            if command.startswith("make "):
                assert f"\n{command.removeprefix('make ')}:" in makefile
    assert "-m pytest" in script


def test_updating_is_refused_in_ci() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", __file__],
        env={**os.environ, "UPDATE": "1", "CI": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "not for CI" in run.stderr
