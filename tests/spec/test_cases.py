"""Each file in tests/cases/spec: a document, the shape it becomes, and what is reported.

The first `yaml` block is the document; further ones (```yaml models/pet.yaml) are files beside it.
The `json` block is the root afterwards without version and info, the `text` block the diagnostics.
`UPDATE=1` writes what is got, for a person to read; CI refuses it.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tsbind.spec import Document, load

CASES = sorted((Path(__file__).parent.parent / "cases/spec").glob("*.md"))
BLOCK = re.compile(r"^```(yaml|json|text)(?: (\S+))?\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
OMITTED = {"openapi", "swagger", "info"}


def got(document: Document) -> str:
    root = {key: value for key, value in document.root.items() if key not in OMITTED}
    text = f"```json\n{json.dumps(root, indent=2, ensure_ascii=False)}\n```\n"
    if document.diagnostics:
        lines = "\n".join(str(diagnostic) for diagnostic in document.diagnostics)
        text += f"\n```text\n{lines}\n```\n"
    return text


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    want = path.read_text("utf-8")
    blocks = list(BLOCK.finditer(want))
    for block in blocks:
        if block[1] == "yaml":
            file = tmp_path / (block[2] or "api.yaml")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block[3], "utf-8")
    head = want[: [block for block in blocks if block[1] == "yaml"][-1].end()]
    monkeypatch.chdir(tmp_path)
    document = load("api.yaml")
    _every_reference_leads_somewhere(document)
    result = f"{head}\n{got(document)}"
    if os.environ.get("UPDATE") and not os.environ.get("CI"):
        path.write_text(result, "utf-8")
    assert result == want or os.environ.get("UPDATE")


def _every_reference_leads_somewhere(document: Document) -> None:
    for ref in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document.root, ensure_ascii=False)):
        assert document.resolve(ref) is not None


def test_there_are_cases() -> None:
    assert len(CASES) >= 20
