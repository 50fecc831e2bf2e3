"""Each file in tests/cases/lower: a document, the Api it becomes, and what is reported.

`UPDATE=1` writes what is got, for a person to read; CI refuses it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tsbind.ir.check import check
from tsbind.ir.dump import dump
from tsbind.lower import lower
from tsbind.spec import load

CASES = sorted((Path(__file__).parent.parent / "cases/lower").glob("*.md"))
SOURCE = re.compile(r"^```yaml\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


def got(source: str) -> str:
    document = load(source.encode(), name="api.yaml")
    api, diagnostics = lower(document)
    check(api)
    text = f"```text\n{dump(api)}```\n"
    if diagnostics:
        lines = "\n".join(str(diagnostic) for diagnostic in diagnostics)
        text += f"\n```diagnostics\n{lines}\n```\n"
    return text


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    want = path.read_text("utf-8")
    source = SOURCE.search(want)
    assert source, "a case needs a yaml block"
    result = f"{want[: source.end()]}\n{got(source[1])}"
    if os.environ.get("UPDATE") and not os.environ.get("CI"):
        path.write_text(result, "utf-8")
        return
    assert result == want


def test_there_are_cases() -> None:
    assert len(CASES) >= 10
