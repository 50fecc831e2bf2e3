"""Compares a file with what it should be now; `UPDATE=1` rewrites it for a person to read."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import pytest


def golden(path: Path, got: str) -> None:
    """Fail unless the file at `path` holds `got`; with UPDATE=1 write it instead."""
    want = path.read_text("utf-8") if path.exists() else ""
    if got == want:
        return
    if os.environ.get("UPDATE"):
        path.write_text(got, "utf-8")
        return
    lines = difflib.unified_diff(want.splitlines(), got.splitlines(), "expected", "got", n=1)
    pytest.fail(f"{path.name}: run with UPDATE=1 if this is meant\n" + "\n".join(lines))
