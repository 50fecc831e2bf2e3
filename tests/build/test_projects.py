"""A project of each build backend, built with its hook, installed, and used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tsbind.resources import specs

ROOT = Path(__file__).parent.parent.parent
PROJECTS = Path(__file__).parent / "examples"
GENERATED = {f"shop/apis/chat{suffix}" for suffix in (".d.ts", ".py", ".bundle.json")}

pytestmark = pytest.mark.slow
Pip = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=["hatchling", "setuptools"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a copy of an example, with the document that it names."""
    folder = tmp_path / "project"
    shutil.copytree(PROJECTS / request.param, folder)
    shutil.copy(specs() / "chat.yaml", folder)
    return folder


@pytest.fixture
def pip(tmp_path: Path) -> Pip:
    """Return pip as a build environment with tsbind in it would run it, without a network."""
    path = [str(ROOT), *_registered(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def _registered(folder: Path) -> list[str]:
    """Where tsbind is not installed, register its entry points as an installation would."""
    if entry_points(group="hatch", name="tsbind"):
        return []
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    home = folder / "registered" / "tsbind-0.dist-info"
    home.mkdir(parents=True)
    (home / "METADATA").write_text("Metadata-Version: 2.1\nName: tsbind\nVersion: 0\n")
    lines = []
    for group, names in declared["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in names.items())]
    (home / "entry_points.txt").write_text("\n".join(lines))
    return [str(home.parent)]


def build(pip: Pip, project: Path, kind: str = "wheel") -> subprocess.CompletedProcess[str]:
    return pip(
        kind, "--no-build-isolation", "--no-deps", "--wheel-dir", project.parent / "dist", project
    )


def test_it_is_built_installed_and_imported(project: Path, pip: Pip) -> None:
    built = build(pip, project)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = (project.parent / "dist").glob("shop_*.whl")
    assert {*zipfile.ZipFile(wheel).namelist()} >= GENERATED
    installed = project.parent / "installed"
    done = pip("install", "--no-deps", "--target", installed, wheel)
    assert done.returncode == 0, done.stderr
    program = "import shop; print(shop.__file__, shop.rooms(), 'rooms:{' in shop.DECLARATIONS)"
    used = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(installed), str(ROOT)))},
        cwd=project.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert used.stdout == f"{installed}/shop/__init__.py ['general'] True\n", used.stderr


def test_a_second_build_leaves_what_is_right_alone(project: Path, pip: Pip) -> None:
    assert build(pip, project).returncode == 0
    files = sorted((project / "src/shop/apis").iterdir())
    before = [path.stat().st_mtime_ns for path in files]
    assert build(pip, project).returncode == 0
    assert [path.stat().st_mtime_ns for path in files] == before


def test_an_editable_install_has_the_files(project: Path, pip: Pip) -> None:
    done = pip("install", "--no-build-isolation", "--no-deps", "-e", project,
               "--target", project.parent / "editable")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    made = {path.name for path in (project / "src/shop/apis").glob("chat*")}
    assert made == {Path(name).name for name in GENERATED}


def test_a_budget_that_does_not_hold_fails_the_build(project: Path, pip: Pip) -> None:
    path = project / "pyproject.toml"
    path.write_text(path.read_text("utf-8").replace("budget = 400", "budget = 4"))
    built = build(pip, project)
    assert built.returncode == 1
    told = built.stdout + built.stderr
    assert 'the declarations of "chat" take ' in told
    assert "4 are allowed [over-budget]" in told
    assert not (project / "src/shop/apis").exists()
    assert "Traceback" not in told


def test_a_broken_document_fails_the_build_with_its_place(project: Path, pip: Pip) -> None:
    (project / "chat.yaml").write_text("openapi: 3.1.0\npaths: [\n")
    built = build(pip, project)
    assert built.returncode == 1
    assert "chat.yaml:" in built.stdout + built.stderr
    assert "fix: " in built.stdout + built.stderr
