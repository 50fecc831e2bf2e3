"""What the command line reads and writes: whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsbind.cli.files import read, write_together
from tsbind.errors import TsbindError


def test_files_are_written_together(tmp_path: Path) -> None:
    files = {tmp_path / "new" / "a": b"1", tmp_path / "new" / "b": b"2"}
    write_together(files)
    assert {path: path.read_bytes() for path in (tmp_path / "new").iterdir()} == files


def test_one_that_cannot_be_written_leaves_all_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"before")
    (tmp_path / "c").mkdir()
    with pytest.raises(TsbindError) as caught:
        write_together({tmp_path / "a": b"1", tmp_path / "b": b"2", tmp_path / "c": b"3"})
    assert caught.value.code == "unwritable"
    assert str(caught.value).startswith(f"{tmp_path / 'c'}: nothing was written: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c"]
    assert (tmp_path / "a").read_bytes() == b"before"


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(TsbindError, match="nothing was written"):
        write_together({tmp_path / "file" / "a": b"1"})


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(TsbindError) as caught:
        read(str(tmp_path / "absent"), limit=10, what="program")
    assert str(caught.value) == (
        f"{tmp_path / 'absent'}: the program cannot be read: No such file or directory "
        "[unreadable]\nfix: check the path and its permissions"
    )


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"12345678901")
    assert read(str(tmp_path / "large"), limit=11, what="program") == b"12345678901"
    with pytest.raises(TsbindError, match="the program has more than 10 bytes"):
        read(str(tmp_path / "large"), limit=10, what="program")
    with pytest.raises(TsbindError, match="more than 10 bytes"):
        read("/dev/zero", limit=10, what="program")
