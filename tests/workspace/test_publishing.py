from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from liuke.workspace import publishing


def write_two(folder: Path) -> None:
    (folder / "a.txt").write_text("a")
    (folder / "b.txt").write_text("b")


def test_a_folder_is_there_whole_after_the_block(tmp_path: Path) -> None:
    with publishing.staged(tmp_path / "out") as folder:
        write_two(folder)
        assert not (tmp_path / "out").exists()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.txt", "b.txt"]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), publishing.staged(tmp_path / "out") as folder:
        write_two(folder)
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_what_is_published_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsError), publishing.staged(tmp_path / "out"):
        pass


def test_a_file_is_replaced_at_once_or_stays_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "manifest.json"
    target.write_text("old")
    with pytest.raises(RuntimeError), publishing.staged_file(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    with publishing.staged_file(target) as temporary:
        temporary.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]
    assert target.read_text() == "new"


def test_everything_is_synced_before_the_rename_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deeds: list[str] = []
    rename = os.rename
    monkeypatch.setattr(publishing, "sync", lambda path: deeds.append(f"sync {path.name[:3]}"))
    monkeypatch.setattr(publishing.os, "rename", lambda a, b: (deeds.append("rename"), rename(a, b)))
    with publishing.staged(tmp_path / "out") as folder:
        write_two(folder)
    assert deeds == ["sync b.t", "sync a.t", "sync .st", "rename", f"sync {tmp_path.name[:3]}"]


def test_a_full_disk_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(publishing.NoRoom, match="nothing was changed"), publishing.staged(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_a_killed_run_are_swept(tmp_path: Path) -> None:
    (tmp_path / (publishing.STAGED + "abc")).mkdir()
    (tmp_path / (publishing.STAGED + "abc") / "x").write_text("x")
    (tmp_path / "kept").mkdir()
    publishing.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
