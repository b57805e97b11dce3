from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import get_args

import pytest

from liuke.kernel.errors import InvalidInput
from liuke.workspace.definitions import Definitions, Industry
from liuke.workspace.folder import AlreadyThere, NoWorkspace, WorkspaceBusy, new_workspace, open_workspace


@pytest.mark.parametrize("industry", get_args(Industry))
def test_the_commented_file_of_every_industry_says_what_it_means(tmp_path: Path, industry: Industry) -> None:
    definitions = new_workspace(tmp_path / "acme", industry=industry).definitions
    assert definitions.company.industry == industry
    assert definitions.company.name == "acme"
    assert definitions.tiers == Definitions().tiers
    assert definitions.contact == Definitions().contact


def test_a_name_with_quotes_and_chinese_survives(tmp_path: Path) -> None:
    assert new_workspace(tmp_path / "a", name='留客"商"\\行').definitions.company.name == '留客"商"\\行'


def test_a_name_with_a_line_break_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        new_workspace(tmp_path / "a", name="a\nb")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("do not touch")
    with pytest.raises(AlreadyThere):
        new_workspace(tmp_path)


def test_a_folder_without_definitions_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(NoWorkspace, match="liuke new"):
        open_workspace(tmp_path)


def test_two_writers_are_kept_apart_and_a_killed_one_frees_the_lock(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path / "acme")
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        with workspace.locked():
            os.write(tell, b"x")
            time.sleep(60)
        os._exit(0)
    os.read(ready, 1)
    try:
        with pytest.raises(WorkspaceBusy, match="try again"), workspace.locked():
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    with workspace.locked():
        pass
