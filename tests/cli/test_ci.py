"""`tsbind ci` as a project meets it: within, over, grown, moved, broken."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tsbind.budgets.summary import HEADER
from tsbind.cli import main
from tsbind.resources import specs

Capture = pytest.CaptureFixture[str]

LONGER = "name: theGreatestNumberOfMessagesThatAreWantedAtOnceByWhoeverAsks"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with two APIs, from which tsbind is called."""
    for name in ("chat.yaml", "parcels.yaml"):
        shutil.copy(specs() / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    configure(tmp_path)
    return tmp_path


def configure(folder: Path, *, chat: str = "budget = 400", more: str = "") -> None:
    (folder / "tsbind.toml").write_text(
        f'[apis.chat]\ndocument = "chat.yaml"\n{chat}\n'
        f'[apis.parcels]\ndocument = "parcels.yaml"\n{more}\n'
    )


def grow(folder: Path) -> None:
    path = folder / "chat.yaml"
    path.write_text(path.read_text("utf-8").replace("name: limit", LONGER))


def test_within_its_budget_it_ends_with_0(project: Path, capfd: Capture) -> None:
    assert main(["ci"]) == 0
    told = capfd.readouterr()
    lines = told.out.splitlines()
    assert lines[0].split() == list(HEADER)
    assert lines[1].startswith("chat ")
    assert lines[1].endswith(" within")
    assert lines[2].endswith(" no budget")
    assert 'warning: tsbind.toml:1:1: "chat" is not in the baseline [no-baseline]' in told.err


def test_over_it_it_ends_with_5_and_points_at_the_budget(project: Path, capfd: Capture) -> None:
    configure(project, chat="budget = 100")
    assert main(["ci"]) == 5
    told = capfd.readouterr()
    assert " over budget" in told.out
    assert 'error: tsbind.toml:3:1: the declarations of "chat" take ' in told.err
    assert "100 are allowed [over-budget]\nfix: " in told.err


def test_fit_gives_up_detail_instead(project: Path, capfd: Capture) -> None:
    configure(project, chat="docs = 'full'\nbudget = 140\nfit = true")
    assert main(["ci"]) == 0
    assert "chat gives up, to fit: " in capfd.readouterr().out


def test_the_baseline_tells_what_changed(project: Path, capfd: Capture) -> None:
    assert main(["ci", "--update"]) == 0
    assert capfd.readouterr().err == "tsbind.lock: written\n"
    lock = (project / "tsbind.lock").read_text("utf-8")
    assert "://" not in lock
    assert "chat.messages.list " in lock
    assert main(["ci", "--locked"]) == 0
    assert capfd.readouterr().err == ""
    grow(project)
    assert main(["ci"]) == 0
    assert "chat: 1 operation changed\n  messages.list: " in capfd.readouterr().out
    assert main(["ci", "--locked"]) == 1
    assert "tsbind.lock is not up to date: chat; " in capfd.readouterr().err
    assert (project / "tsbind.lock").read_text("utf-8") == lock, "only --update writes"


def test_growth_is_allowed_in_per_cent(project: Path, capfd: Capture) -> None:
    configure(project, chat="growth = 0.5")
    main(["ci", "--update"])
    grow(project)
    assert main(["ci"]) == 5
    told = capfd.readouterr()
    assert " grew too much" in told.out
    assert "error: tsbind.toml:3:1: " in told.err
    configure(project, chat="growth = 50")
    assert main(["ci"]) == 0
    configure(project, chat="growth = 0")
    assert main(["ci", "--update"]) == 0, "updating agrees to growth"
    assert main(["ci"]) == 0


def test_updating_makes_no_budget_hold(project: Path) -> None:
    configure(project, chat="budget = 100")
    assert main(["ci", "--update"]) == 5


def test_some_apis_are_updated_and_gone_ones_dropped(project: Path, capfd: Capture) -> None:
    (project / "tsbind.lock").write_text("parcels 7 o200k_base\nolder 7 o200k_base\n")
    assert main(["ci", "chat", "--update"]) == 0
    lines = (project / "tsbind.lock").read_text("utf-8").splitlines()
    assert "parcels 7 o200k_base" in lines
    assert not [line for line in lines if line.startswith("older")]
    assert [line for line in lines if line.startswith("chat ")]
    assert main(["ci", "char"]) == 9
    assert 'names no API "char" (did you mean "chat"?)' in capfd.readouterr().err


def test_one_that_does_not_compile_hides_no_other(project: Path, capfd: Capture) -> None:
    (project / "chat.yaml").write_text("openapi: 3.1.0\npaths: [\n")
    configure(project, more="budget = 10")
    assert main(["ci", "--json"]) == 3
    report = json.loads(capfd.readouterr().out)
    assert [each["state"] for each in report["apis"]] == ["failed", "over"]
    assert report["apis"][0]["findings"][0]["where"]["file"] == "chat.yaml"


def test_an_unfinished_merge_is_told_and_can_be_updated(project: Path, capfd: Capture) -> None:
    (project / "tsbind.lock").write_text("<<<<<<< ours\nchat 3 o200k_base\n")
    assert main(["ci"]) == 9
    assert "tsbind.lock:1:1: " in capfd.readouterr().err
    assert main(["ci", "chat", "--update"]) == 9, "the others' lines would be lost"
    assert main(["ci", "--update"]) == 0
    assert main(["ci", "--locked"]) == 0


def test_another_tokenizers_baseline_is_not_compared(project: Path, capfd: Capture) -> None:
    main(["ci", "--update"])
    configure(project, chat='tokenizer = "cl100k_base"')
    capfd.readouterr()
    assert main(["ci"]) == 0
    assert 'the baseline of "chat" was counted with o200k_base' in capfd.readouterr().err


def test_github_is_told_in_its_own_words(
    project: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(project, chat="budget = 10")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "summary.md"))
    (project / "summary.md").write_text("before\n")
    assert main(["ci"]) == 5
    assert "::error file=tsbind.toml,line=3,col=1,title=over-budget::" in capfd.readouterr().out
    summary = (project / "summary.md").read_text("utf-8")
    assert summary.startswith("before\n### Token budgets: 1 of 2 fail\n")
    assert "| chat | 5 | " in summary
    assert "| over budget |\n" in summary


def test_without_a_configuration_it_says_how_to_begin(
    tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["ci"]) == 9
    assert "fix: name an API: `[apis.chat]`" in capfd.readouterr().err
