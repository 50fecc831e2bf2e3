"""The same bytes in give the same bytes out, whatever the hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tsbind.resources import specs

SCRIPT = """
import hashlib, sys
import msgspec
from tsbind.pipeline import Options, compile
for path in sys.argv[1:]:
    digest = hashlib.sha256()
    for docs in ("none", "full"):
        compiled = compile(path, Options(docs=docs))
        digest.update(msgspec.json.encode(compiled.bundle) + compiled.stubs.encode())
        digest.update("".join(map(str, compiled.diagnostics)).encode())
    print(path, digest.hexdigest())
"""


def _digests(seed: str, paths: list[Path]) -> str:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, paths)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_small_documents_compile_the_same_under_any_hash_seed() -> None:
    paths = sorted(path for path in specs().iterdir() if path.suffix in {".yaml", ".json"})
    assert len(paths) >= 5
    assert _digests("1", paths) == _digests("2", paths)


@pytest.mark.slow
def test_large_documents_compile_the_same_under_any_hash_seed(corpus: Path) -> None:
    names = ("discord.json", "box.json", "slack-swagger2.json", "openai.yaml")
    paths = [corpus / "openapi" / name for name in names]
    assert _digests("1", paths) == _digests("2", paths)
