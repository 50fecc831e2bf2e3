"""tsbind.lock: what is written is read back, merges as text, and is refused when damaged."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbind.budgets.baseline import Baseline, Cost, read_baseline, spell, write_baseline
from tsbind.errors import ConfigError

COUNTS = st.integers(0, 10**9)
APIS = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
COSTS = st.builds(Cost, COUNTS, st.dictionaries(st.text(min_size=1), COUNTS), st.just("o200k_base"))


def test_it_is_plain_sorted_lines() -> None:
    baseline = {
        "shop": Cost(20, {"find": 7}, "words:count"),
        "chat": Cost(135, {"rooms.list": 14, "rooms.a b": 3}, "o200k_base"),
    }
    assert spell(baseline).splitlines()[1:] == [
        '"chat.rooms.a b" 3 o200k_base',
        "chat 135 o200k_base",
        "chat.rooms.list 14 o200k_base",
        "shop 20 words:count",
        "shop.find 7 words:count",
    ]


@given(st.dictionaries(APIS, COSTS, max_size=3))
def test_what_is_written_is_read_back(baseline: Baseline) -> None:
    assert spell(baseline).isascii()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tsbind.lock"
        assert read_baseline(path) is None
        write_baseline(path, baseline)
        assert read_baseline(path) == baseline


def test_an_equal_baseline_is_not_written_again(tmp_path: Path) -> None:
    baseline = {"chat": Cost(135, {"rooms.list": 14}, "o200k_base")}
    path = tmp_path / "tsbind.lock"
    assert write_baseline(path, baseline)
    before = path.stat().st_mtime_ns
    assert not write_baseline(path, baseline)
    assert path.stat().st_mtime_ns == before
    assert read_baseline(path) == baseline


def test_two_branches_merge_as_lines(tmp_path: Path) -> None:
    ours = spell({"chat": Cost(140, {"a": 1, "b": 2}, "o200k_base")})
    theirs = spell({"chat": Cost(150, {"a": 1, "c": 3}, "o200k_base")})
    (tmp_path / "tsbind.lock").write_text(ours + theirs)
    merged = read_baseline(tmp_path / "tsbind.lock")
    assert merged == {"chat": Cost(150, {"a": 1, "b": 2, "c": 3}, "o200k_base")}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("chat 3 o200k_base\n<<<<<<< ours\n", 2),
        ("chat three o200k_base\n", 1),
        ("chat -3 o200k_base\n", 1),
        ('"chat\\q" 3 o200k_base\n', 1),
        ("chat 3\n", 1),
    ],
)
def test_damage_is_told_with_its_line(text: str, line: int, tmp_path: Path) -> None:
    path = tmp_path / "tsbind.lock"
    path.write_text(text)
    with pytest.raises(ConfigError, match="is no line of a baseline") as caught:
        read_baseline(path)
    assert caught.value.where == f"{path}:{line}:1"
    assert "--update" in caught.value.fix


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "tsbind.lock").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="it is not UTF-8"):
        read_baseline(tmp_path / "tsbind.lock")
