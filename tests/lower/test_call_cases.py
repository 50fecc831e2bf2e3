"""Documents whose operations are called: what TypeScript takes, and what it refuses.

Each entry of tests/cases/calls is a document, with expressions that call its operations by their
`operationId`.  TypeScript's own compiler judges them, over the declarations as all passes leave
them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tsc import misjudged, tsc
from tsbind.emit.typescript import print_declarations
from tsbind.ir.check import check
from tsbind.lower import lower
from tsbind.passes import passes
from tsbind.spec import load

FOLDER = Path(__file__).parent.parent / "cases/calls"
LISTS = ("accepts", "refuses")
CASES: list[dict[str, Any]] = [
    entry
    for file in sorted(FOLDER.glob("*.yaml"))
    for entry in yaml.safe_load(file.read_text("utf-8"))
]


def declarations(entry: dict[str, Any]) -> str:
    whole = {key: value for key, value in entry.items() if key not in ("title", *LISTS)}
    if "swagger" not in whole:
        whole.setdefault("openapi", "3.1.1")
    whole["info"] = {"title": entry["title"], "version": "1"}
    api, _ = lower(load(json.dumps(whole).encode(), name="calls.json"))
    check(api)
    for step in passes("none"):
        api = step(api)
    called = [f"const {each.name[-1]}=api.{each.id}\n" for each in api.operations]
    return print_declarations(api) + "".join(called)


@pytest.mark.tsc
def test_calls(tmp_path: Path) -> None:
    tsc()
    expected: dict[tuple[str, int], tuple[bool, str]] = {}
    for number, entry in enumerate(CASES):
        text = declarations(entry)
        line, name = text.count("\n"), f"calls{number}.ts"
        for kind in LISTS:
            for call in entry[kind]:
                line += 1
                text += f"{call};\n"
                expected[name, line] = (kind == "accepts", f"{entry['title']}: {call}")
        (tmp_path / name).write_text(text, "utf-8")
    assert not misjudged(tmp_path, expected)
    assert len(expected) > 150
