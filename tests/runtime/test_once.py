"""A snapshot that is claimed is gone on with once, by whatever process and however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runtime.test_snapshot import BUNDLE, KEY, OTHER, Doubler, put_off
from tsbind.errors import ProgramError, SnapshotError
from tsbind.runtime import Claims, resume_sync

ROOT = Path(__file__).parents[2]
# Goes on with a snapshot, and tells what came of it and what it asked the API for.
SCRIPT = """
import json, os, signal, sys
from tests.runtime.test_snapshot import BUNDLE, KEY, Doubler
from tsbind.errors import SnapshotError
from tsbind.runtime import Claims, resume_sync
snapshot, claims, dies = open(sys.argv[1], "rb").read(), Claims(sys.argv[2]), sys.argv[3:]
class Host(Doubler):
    async def double(self, args):
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        return await super().double(args)
host = Host()
sys.stdin.read()
try:
    value = resume_sync(snapshot, BUNDLE, host=host, snapshot_key=KEY, once=claims).value
except SnapshotError as error:
    value = error.code
print(json.dumps([value, host.asked]))
"""


class Process:
    """One that goes on with a snapshot when it is told to."""

    def __init__(self, folder: Path, *dies: str) -> None:
        command = [sys.executable, "-c", SCRIPT, str(folder / "snapshot"), str(folder / "claims")]
        pipe = subprocess.PIPE
        self._child = subprocess.Popen([*command, *dies], cwd=ROOT, stdin=pipe, stdout=pipe)

    def end(self) -> object:
        """Return what it told, or by which signal it ended."""
        told, _ = self._child.communicate()
        return json.loads(told) if told else -self._child.returncode


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "snapshot").write_bytes(put_off().snapshot)
    return tmp_path


def test_of_many_processes_one_goes_on(folder: Path) -> None:
    processes = [Process(folder) for _ in range(3)]
    ended = [process.end() for process in processes]
    assert sorted(ended, key=str) == [["snapshot-used", []], ["snapshot-used", []], [42, [21]]]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL")
def test_who_is_killed_while_it_calls_makes_nobody_call_again(folder: Path) -> None:
    assert Process(folder, "dies").end() == signal.SIGKILL
    assert Process(folder).end() == ["snapshot-used", []]
    (claim,) = (folder / "claims").iterdir()
    claim.unlink()  # whoever knows that nothing was sent
    assert Process(folder).end() == [42, [21]]


def test_another_snapshot_is_another_claim(tmp_path: Path) -> None:
    once = Claims(tmp_path)
    for _ in range(2):
        host, snapshot = Doubler(), put_off().snapshot
        result = resume_sync(snapshot, BUNDLE, host=host, snapshot_key=KEY, once=once)
        assert (result.value, host.asked) == (42, [21])
        with pytest.raises(SnapshotError) as caught:
            resume_sync(snapshot, BUNDLE, host=host, snapshot_key=KEY, once=once)
        assert str(caught.value) == (
            "it was gone on with already [snapshot-used]\n"
            "fix: go on with what that run saved, or run the program again"
        )
        assert host.asked == [21]


def test_a_run_that_fails_was_gone_on_with() -> None:
    claimed: list[str] = []

    def once(name: str) -> bool:
        claimed.append(name)
        return claimed.count(name) == 1

    snapshot = put_off("await api.put({ n: 1 }); throw new Error('after')").snapshot
    with pytest.raises(ProgramError):
        resume_sync(snapshot, BUNDLE, host=Doubler(), snapshot_key=KEY, once=once)
    with pytest.raises(SnapshotError):
        resume_sync(snapshot, BUNDLE, host=Doubler(), snapshot_key=KEY, once=once)
    assert [len(name) for name in claimed] == [64, 64]


def test_what_cannot_go_on_is_not_claimed() -> None:
    def never(_name: str) -> bool:
        raise AssertionError

    snapshot, host = put_off().snapshot, Doubler()
    with pytest.raises(SnapshotError, match="another key"):
        resume_sync(snapshot, BUNDLE, host=host, snapshot_key=b"-" * 32, once=never)
    with pytest.raises(SnapshotError, match="other Bundles"):
        resume_sync(snapshot, OTHER, snapshot_key=KEY, once=never)
    assert host.asked == []


@pytest.mark.skipif(os.name == "nt", reason="other permissions")
def test_a_claim_that_cannot_be_kept_lets_nobody_go_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    host, once = Doubler(), Claims(tmp_path / "file")
    with pytest.raises(SnapshotError, match=r"it cannot be claimed: .* \[unwritable\]"):
        resume_sync(put_off().snapshot, BUNDLE, host=host, snapshot_key=KEY, once=once)
    assert host.asked == []
