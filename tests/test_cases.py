"""Each file in tests/cases: a document, and what becomes of it at every stage.

The `yaml` block is the document; the `ir` block its Api after lowering, `ts` the declarations,
`python` the stubs, and `text` what is reported.  A case holds those blocks that its point needs.
`UPDATE=1` writes what is got, for a person to read; CI refuses it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.golden import golden
from tsbind.ir.dump import dump
from tsbind.lower import lower
from tsbind.pipeline import Options, compile
from tsbind.spec.load import load

CASES = sorted((Path(__file__).parent / "cases").glob("*.md"))
BLOCK = re.compile(r"^```(yaml|ir|ts|python|text)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    written = path.read_text("utf-8")
    documents = [match[3] for match in BLOCK.finditer(written) if match[1] == "yaml"]
    assert len(documents) == 1, "a case has one document"
    golden(path, BLOCK.sub(lambda match: _block(match, documents[0].encode()), written))


def _block(match: re.Match[str], document: bytes) -> str:
    kind, level = match[1], match[2] or ""
    opened = " ".join(filter(None, (kind, level)))
    return f"```{opened}\n{_made(kind, level, match[3], document)}```"


def _made(kind: str, level: str, written: str, document: bytes) -> str:
    options = Options(docs="full" if level == "full" else "brief" if level == "brief" else "none")
    match kind:
        case "ir":
            return dump(lower(load(document, name="api.yaml"))[0])
        case "ts":
            return compile(document, options).declarations
        case "python":
            return compile(document, options).stubs
        case "text":
            found = compile(document, Options(name="api.yaml")).diagnostics
            return "".join(f"{diagnostic}\n" for diagnostic in found)
    return written


def test_every_small_document_has_a_case() -> None:
    specs = {path.stem for path in (Path(__file__).parent.parent / "specs").glob("*.[yj]*")}
    assert specs <= {path.stem for path in CASES}
