"""action.yml and .pre-commit-hooks.yaml, tested by running what they run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tsbind.resources import specs

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with one API, and the folder that the action installs into."""
    folder = tmp_path / "repository"
    folder.mkdir()
    shutil.copy(specs() / "chat.yaml", folder / "openapi.yaml")
    (folder / "tsbind.toml").write_text('[apis.chat]\ndocument = "openapi.yaml"\nbudget = 400\n')
    programs = tmp_path / "runner" / "tsbind" / "bin"
    programs.mkdir(parents=True)
    # What the installing step leaves there, without installing.
    script = f'#!/bin/sh\nexec "{sys.executable}" -m tsbind "$@"\n'
    (programs / "tsbind").write_text(script)
    (programs / "tsbind").chmod(0o755)
    return folder


def step(name: str) -> dict[str, Any]:
    (found,) = (each for each in ACTION["runs"]["steps"] if each["name"] == name)
    assert isinstance(found, dict)
    return found


def act(project: Path, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run one step as GitHub does: inputs and defaults in the environment, a script in bash."""
    given = {key: str(each["default"]) for key, each in ACTION["inputs"].items()} | inputs
    variables = {
        key: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: given[found[1]], value)
        for key, value in step(name)["env"].items()
    }
    runner = {
        "RUNNER_TEMP": str(project.parent / "runner"),
        "GITHUB_STEP_SUMMARY": str(project / "summary.md"),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step(name)["run"]],
        env={**os.environ, **variables, **runner},
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_no_input_is_pasted_into_a_script() -> None:
    for each in ACTION["runs"]["steps"]:
        assert "${{" not in each["run"]
        assert set(each["env"]) <= set(re.findall(r"\$([A-Z]+)", each["run"]))


def test_the_action_holds_budgets_and_writes_the_summary(project: Path) -> None:
    done = act(project, "Hold the budgets")
    assert done.returncode == 0, done.stderr
    assert "::warning file=tsbind.toml,line=1" in done.stdout
    assert "all within" in (project / "summary.md").read_text("utf-8")
    (project / "tsbind.toml").write_text('[apis.chat]\ndocument = "openapi.yaml"\nbudget = 4\n')
    done = act(project, "Hold the budgets")
    assert done.returncode == 5
    assert "::error file=tsbind.toml,line=3" in done.stdout


def test_the_actions_inputs_become_options(project: Path) -> None:
    (project / "tsbind.toml").rename(project / "a b.toml")
    done = act(project, "Hold the budgets", config="a b.toml", apis="chat", locked="true")
    assert done.returncode == 1, done.stderr
    assert "tsbind.lock is not up to date: chat" in done.stderr


@pytest.mark.parametrize("name", ["apis", "config", "locked"])
def test_an_input_cannot_become_a_command(name: str, project: Path) -> None:
    evil = "$(touch pwned) `touch pwned`; touch pwned \"' --update"
    done = act(project, "Hold the budgets", **{name: evil})
    assert not (project / "pwned").exists()
    assert not (project / "tsbind.lock").exists()
    assert (done.returncode == 0) == (name == "locked")


def test_the_installing_step_installs_what_it_is_told(project: Path, tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "none"\nbackend-path = ["."]\n'
    )
    (package / "none.py").write_text("raise SystemExit('this backend was asked')\n")
    shutil.rmtree(tmp_path / "runner" / "tsbind")
    done = act(project, "Install tsbind", requirement=str(package))
    assert "this backend was asked" in done.stdout + done.stderr
    assert (tmp_path / "runner" / "tsbind" / "bin" / "python").exists()


def hook(project: Path, name: str, *files: str) -> subprocess.CompletedProcess[str]:
    """Run a hook as pre-commit does: its entry, then the files of its kind that are staged."""
    given = HOOKS[name]
    wanted = [file for file in files if re.search(given["files"], file)]
    command = [*shlex.split(given["entry"]), *given.get("args", ())]
    if given.get("pass_filenames", True):
        command += wanted
    path = f"{project.parent / 'runner' / 'tsbind' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_ci_hook_wants_the_baseline_committed(project: Path) -> None:
    missing = hook(project, "tsbind-ci")
    assert missing.returncode == 1
    assert "run `tsbind ci --update`" in missing.stderr
    program = project.parent / "runner" / "tsbind" / "bin" / "tsbind"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([program, "ci", "--update"], cwd=project, check=True, env=environment)
    done = hook(project, "tsbind-ci", "openapi.yaml")
    assert done.returncode == 0, done.stderr


def test_the_check_hook_looks_at_all_documents_that_are_staged(project: Path) -> None:
    (project / "swagger.json").write_text("{")
    done = hook(project, "tsbind-check", "openapi.yaml", "other.yaml", "setup.json")
    assert done.returncode == 0, done.stderr
    done = hook(project, "tsbind-check", "openapi.yaml", "swagger.json")
    assert done.returncode == 3
    assert "swagger.json:" in done.stdout


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("api/openapi.v2.YAML", True),
        ("swagger.json", True),
        ("tsbind.lock", True),
        ("sub/pyproject.toml", True),
        ("src/openapi.py", False),
        ("mytsbind.toml", False),
    ],
)
def test_the_ci_hook_runs_for_what_can_change_its_answer(name: str, run: bool) -> None:
    assert bool(re.search(HOOKS["tsbind-ci"]["files"], name)) == run
