"""A load killed at any point leaves the tables as they were, or as they are after it (T14)."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from liuke.tables import loading, sandbox
from liuke.tables.store import Store

SCRIPT = """
import os, signal, sys
from pathlib import Path
from liuke.tables import loading, sandbox
from liuke.tables.store import Store
folder, source, point = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def checkpoint(name):
    if name == point:
        os.kill(os.getpid(), signal.SIGKILL)
print("ready", flush=True)
loading.load(Store(folder / "tables", "Asia/Shanghai"), "transactions", source, rejected_dir=folder / "rejected",
             checkpoint=checkpoint, parse=sandbox.read_here)
"""
POINTS = (
    "begun", "source_read", "cast", "matched", "rejected_written", "file_written", "file_in_place", "manifest_written",
    "manifest_in_place",
)  # fmt: skip


def orders(path: Path, count: int, first: int = 0) -> Path:
    lines = (f"C{i % 997},2026-01-{1 + i % 28:02d},{i}.25,{i}" for i in range(first, first + count))
    path.write_text("customer_id,date,amount,line\n" + "\n".join(lines) + "\n,2026-01-01,1,x\n")
    return path


def load(folder: Path, source: Path) -> None:
    loading.load(
        Store(folder / "tables", "Asia/Shanghai"),
        "transactions",
        source,
        rejected_dir=folder / "rejected",
        parse=sandbox.read_here,
    )


def content(folder: Path) -> str:
    store = Store(folder / "tables", "Asia/Shanghai")
    store.verify()
    rows = sorted(map(str, store.read("transactions").to_pylist()))
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Path]:
    """Return the content before and after the second file, and where the two files are."""
    place = tmp_path_factory.mktemp("kills")
    orders(place / "first.csv", 2_000)
    orders(place / "second.csv", 20_000, 2_000)
    load(place, place / "first.csv")
    before = content(place)
    load(place, place / "second.csv")
    return before, content(place), place


def killed(folder: Path, source: Path, point: str, delay: float | None = None) -> int:
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, str(folder), str(source), point]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        if delay is not None:
            time.sleep(delay)
            child.send_signal(signal.SIGKILL)
        return child.wait()


@pytest.mark.parametrize("point", POINTS)
def test_a_load_killed_at_a_named_point_leaves_the_tables_whole(
    point: str, states: tuple[str, str, Path], tmp_path: Path
) -> None:
    before, after, place = states
    load(tmp_path, place / "first.csv")
    assert killed(tmp_path, place / "second.csv", point) == -signal.SIGKILL
    assert content(tmp_path) == (after if point == "manifest_in_place" else before)
    load(tmp_path, place / "second.csv")
    assert content(tmp_path) == after
    assert {path.name for path in (tmp_path / "tables").iterdir()} == {"manifest.json", "transactions"}


@pytest.mark.slow
def test_a_load_killed_at_random_moments_leaves_the_tables_whole(states: tuple[str, str, Path], tmp_path: Path) -> None:
    before, after, place = states
    chance, seen = random.Random(14), set()
    for round_number in range(20):
        folder = tmp_path / str(round_number)
        load(folder, place / "first.csv")
        killed(folder, place / "second.csv", "never", delay=chance.uniform(0, 1.2))
        found = content(folder)
        assert found in (before, after), f"round {round_number}, seed 14"
        seen.add(found)
        load(folder, place / "second.csv")
        assert content(folder) == after
    assert before in seen


def test_an_error_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    source = orders(tmp_path / "first.csv", 50)

    def fail(name: str) -> None:
        if name == "file_written":
            raise OSError(28, "No space left on device")

    store = Store(tmp_path / "tables", "Asia/Shanghai")
    with pytest.raises(Exception, match="nothing was changed"):
        loading.load(
            store, "transactions", source, rejected_dir=tmp_path / "rejected", checkpoint=fail, parse=sandbox.read_here
        )
    assert store.loads() == []
    assert os.listdir(tmp_path / "tables") == []
