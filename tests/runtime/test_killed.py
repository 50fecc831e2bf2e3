"""Processes that are killed at any moment leave nothing half written behind."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.killed import KINDS, SIZE
from tests.runtime.test_snapshot import KEY
from tsbind.bundle import Json, write_whole
from tsbind.cache import Cache
from tsbind.cli.results import kept
from tsbind.runtime.codecache import cached_code
from tsbind.runtime.snapshot import unseal

KILLS = 25  # of each kind
ROOT = Path(__file__).parents[2]


def check_code(folder: Path) -> int:
    found = list(folder.glob("*.cwasm"))
    for path in found:
        assert path.stem.endswith("-" + hashlib.sha256(path.read_bytes()).hexdigest())
    return len(found)


def check_compiled(folder: Path) -> int:
    found = list(folder.glob("*.entry"))
    for path in found:
        value: Json = Cache(folder).get(path.stem, list)
        assert value == [f"{int(path.stem, 16)}", "x" * SIZE]
    return len(found)


def check_snapshot(folder: Path) -> int:
    saved, pages = unseal((folder / "run.snapshot").read_bytes(), KEY)
    assert saved.open.calls
    assert pages
    return 1


def check_result(folder: Path) -> int:
    found = list(folder.glob("*.json"))
    for path in found:
        assert kept(path.stem, folder=folder)[1] == "x" * SIZE
    return len(found)


CHECKS: dict[str, Callable[[Path], int]] = {
    "code": check_code,
    "compiled": check_compiled,
    "snapshot": check_snapshot,
    "result": check_result,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_there_after_a_kill_is_whole(kind: str, tmp_path: Path) -> None:
    chance = random.Random(kind)
    whole = cut = 0
    for _ in range(KILLS):
        command = [sys.executable, "-m", "tests.runtime.killed", kind, str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"begun\n"
            time.sleep(chance.uniform(0, 0.1))
            child.kill()
        whole += CHECKS[kind](tmp_path)
        cut += len(list(tmp_path.glob(".*")))
    assert whole >= KILLS
    assert cut > 0  # some were killed while they wrote


@pytest.mark.parametrize("kind", ["code", "compiled"])
def test_what_a_kill_cut_short_is_swept_away(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    old, new = folder / ".key.cwasm.old", folder / ".key.cwasm.new"
    old.write_bytes(b"half")
    new.write_bytes(b"somebody may be writing it")
    os.utime(old, (1, 1))
    if kind == "code":
        assert cached_code(b"module", "settings", lambda module: module, folder=folder)
    else:
        Cache(folder).put("0", [1], {})
    assert (old.exists(), new.exists()) == (False, True)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"before")
    with pytest.raises(TypeError):
        write_whole(path, "text")  # type: ignore[arg-type]
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
