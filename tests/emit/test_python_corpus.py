"""Stubs of every document of the corpus, as Python's own tools see them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tsbind.emit.python import print_stubs
from tsbind.errors import SpecError
from tsbind.ir.api import Api
from tsbind.lower import lower
from tsbind.spec.load import load

ROOT = Path(__file__).parents[2]


def documents(corpus: Path) -> list[Path]:
    listed = json.loads((corpus / "openapi/index.json").read_text("utf-8"))
    return [corpus / "openapi" / each["file"] for each in listed]


def lowered(path: Path) -> Api | None:
    try:
        return lower(load(path))[0]
    except SpecError:
        return None  # whether that is right is for the tests of `spec` to say


@pytest.mark.slow
def test_python_tools_accept_every_document(corpus: Path, tmp_path: Path) -> None:
    """Compiles all stubs, and gives them to ruff and mypy in one go each."""
    printed = 0
    for number, path in enumerate(documents(corpus)):
        api = lowered(path)
        if api is None:
            continue
        stubs = print_stubs(api, "0" * 12)
        compile(stubs, str(path), "exec")
        (tmp_path / f"stubs{number}.py").write_text(stubs, "utf-8")
        printed += 1
    assert printed > 450
    folder = str(tmp_path)
    for tool in (
        ["ruff", "check", "--isolated", "--no-cache", folder],
        ["ruff", "format", "--isolated", "--no-cache", "--diff", folder],
        ["mypy", "--strict", "--python-version=3.11", folder],
    ):
        ran = subprocess.run(
            [sys.executable, "-m", *tool], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, (ran.stdout + ran.stderr)[:5000]
