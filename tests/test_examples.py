"""The example of a whole program: typed throughout, and it runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tsbind.pipeline import compile
from tsbind.resources import specs

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "tests" / "examples" / "two_apis.py"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with what `tsbind compile` writes for the two APIs."""
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("chat.yaml", "weather.json"):
        compiled = compile(specs() / name)
        stem = Path(name).stem
        compiled.bundle.save(folder / f"{stem}.bundle.json")
        (folder / f"{stem}.py").write_text(compiled.stubs, "utf-8")
    return folder


def python(words: Sequence[object], out: Path, **variables: str) -> str:
    """Run Python in the folder above `out`; returns what it printed, with nothing on stderr."""
    path = os.pathsep.join([str(ROOT), str(out)])
    run = subprocess.run(
        [sys.executable, "-W", "error", *map(str, words)],
        env={**os.environ, "PYTHONPATH": path, **variables},
        cwd=out.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert (run.returncode, run.stderr) == (0, ""), run.stdout + run.stderr
    return run.stdout


def test_the_example_runs(out: Path) -> None:
    said = python([EXAMPLE], out)
    assert "'said': 'It is warm today. (a program)'" in said
    assert "'refused': 'PolicyError', 'unknown': 'nothing is that cold'" in said


def test_the_example_is_typed_throughout(out: Path) -> None:
    pytest.importorskip("mypy")
    cache = f"--cache-dir={ROOT / '.mypy_cache' / 'examples'}"
    options = ["--strict", "--python-version=3.11", "--no-error-summary", cache]
    assert python(["-m", "mypy", *options, EXAMPLE], out, MYPYPATH=str(out)) == ""


def test_a_wrong_program_is_not(out: Path, tmp_path: Path) -> None:
    """The check above is awake: the stubs' types reach the one who uses them."""
    pytest.importorskip("mypy")
    wrong = tmp_path / "wrong.py"
    wrong.write_text(EXAMPLE.read_text("utf-8").replace('{**args, "text"', '{**args, "txt"'))
    cache = f"--cache-dir={ROOT / '.mypy_cache' / 'examples'}"
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", cache, wrong],
        env={**os.environ, "PYTHONPATH": str(ROOT), "MYPYPATH": str(out)},
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert 'Extra key "txt" for TypedDict "MessagesPostArgs"' in run.stdout
