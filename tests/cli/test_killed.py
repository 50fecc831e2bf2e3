"""A compile that is killed leaves whole files, and a run says when they are not of one compile."""

from __future__ import annotations

import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from tsbind.bundle import Bundle
from tsbind.cli import main
from tsbind.resources import specs

ROOT = Path(__file__).parents[2]
NAMES = ("chat.d.ts", "chat.py", "chat.bundle.json")  # in the order in which they appear
Capture = pytest.CaptureFixture[str]


def compile_until(fatal: int, folder: Path) -> subprocess.CompletedProcess[str]:
    select = ["--select", "rooms.*"]
    arguments = ["compile", str(specs() / "chat.yaml"), "-o", str(folder), *select, "--no-cache"]
    command = [sys.executable, "-m", "tests.cli.killed", str(fatal), str(folder), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def contents(folder: Path) -> tuple[bytes, ...]:
    return tuple((folder / name).read_bytes() for name in NAMES)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL")
@pytest.mark.slow
def test_what_a_killed_compile_leaves(tmp_path: Path, capsys: Capture) -> None:
    new = tmp_path / "new"
    assert compile_until(0, new).returncode == 0
    mixed = 0
    for fatal in count(1):
        folder = tmp_path / str(fatal)
        assert main(["compile", str(specs() / "chat.yaml"), "-o", str(folder)]) == 0
        old = contents(folder)
        code = compile_until(fatal, folder).returncode
        if code == 0:  # there is no such point
            assert contents(folder) == contents(new)
            break
        assert code == -signal.SIGKILL
        found = contents(folder)
        fresh = [one == other for one, other in zip(found, contents(new), strict=True)]
        stale = [one == other for one, other in zip(found, old, strict=True)]
        assert [a != b for a, b in zip(fresh, stale, strict=True)] == [True, True, True]
        assert fresh == sorted(fresh, reverse=True)  # those that come first, and the Bundle last
        capsys.readouterr()
        (tmp_path / "program.ts").write_text("return 1")
        bundle = folder / "chat.bundle.json"
        assert main(["run", str(tmp_path / "program.ts"), "--bundle", str(bundle)]) == 0
        warned = "chat.d.ts is of the Bundle" in capsys.readouterr().err
        assert warned == (fresh[0] != fresh[2])
        mixed += warned
    assert mixed == 4  # before each of the second and third file, when it is read and replaced


def test_a_run_says_which_declarations_are_not_of_its_bundle(
    tmp_path: Path, capsys: Capture
) -> None:
    assert main(["compile", str(specs() / "chat.yaml"), "-o", str(tmp_path)]) == 0
    path, declarations = tmp_path / "chat.bundle.json", tmp_path / "chat.d.ts"
    mine = Bundle.open(path).fingerprint
    program = tmp_path / "program.ts"
    program.write_text("return 1")
    text = declarations.read_text()
    for there, warned in {
        text: False,
        text.replace(mine, "0123456789ab"): True,
        text.replace(mine, "0123456789ab").rstrip(): True,
        text.replace(f"// 1.0 {mine}", ""): False,
        "": False,
    }.items():
        declarations.write_text(there)
        capsys.readouterr()
        assert main(["run", str(program), "--bundle", str(path)]) == 0
        said = f'warning: {declarations} is of the Bundle "0123456789ab", and {path} is "{mine}"'
        assert (f"{said}; fix: run `tsbind compile` again\n" in capsys.readouterr().err) == warned
    declarations.unlink()
    assert main(["run", str(program), "--bundle", str(path)]) == 0
    assert "warning" not in capsys.readouterr().err
