"""Compares a file with what it should be now; `UPDATE=1` rewrites it for a person to read."""

from __future__ import annotations

import os
from pathlib import Path


def golden(path: Path, got: str) -> None:
    """Fail unless the file at `path` holds `got`; with UPDATE=1 write it instead."""
    want = path.read_text("utf-8") if path.exists() else ""
    if os.environ.get("UPDATE") and got != want:
        path.write_text(got, "utf-8")
    else:
        assert got == want
