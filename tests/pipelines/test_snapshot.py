from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from liuke.pipelines.snapshot import NoSnapshot, Snapshot, SnapshotDamaged, SnapshotTooNew, find, publish, snapshots
from liuke.workspace.folder import Workspace, new_workspace

AS_OF = date(2024, 6, 30)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return new_workspace(tmp_path / "acme")


def published(workspace: Workspace, n: int = 1000, as_of: date = AS_OF) -> Snapshot:
    customers = pa.table({"customer_id": [f"{i:06}" for i in range(n)], "value": [i / 7 for i in range(n)]})
    return publish(
        workspace,
        as_of=as_of,
        tables={"customers": customers, "plan": customers.slice(0, 10)},
        documents={"model": {"used": "model", "名": "留客"}},
        facts={"seed": 1},
    )


def test_a_snapshot_reads_back_as_it_was_written(workspace: Workspace) -> None:
    snapshot = published(workspace)
    assert snapshot.name == "2024-06-30.001"
    assert snapshot.table("customers").num_rows == snapshot.manifest["rows"]["customers.parquet"] == 1000
    assert snapshot.document("model")["名"] == "留客"
    snapshot.verify()


def test_the_same_content_gives_the_same_hash_in_another_run(workspace: Workspace) -> None:
    first, second = published(workspace), published(workspace)
    assert (first.name, second.name) == ("2024-06-30.001", "2024-06-30.002")
    assert first.manifest["content_hash"] == second.manifest["content_hash"]
    assert published(workspace, n=999).manifest["content_hash"] != first.manifest["content_hash"]


def test_the_newest_day_is_found_not_the_latest_written(workspace: Workspace) -> None:
    published(workspace, as_of=date(2024, 7, 31))
    published(workspace, as_of=date(2024, 5, 31))
    assert find(workspace).name == "2024-07-31.001"
    assert [one.name for one in snapshots(workspace)] == ["2024-05-31.001", "2024-07-31.001"]


def test_a_missing_snapshot_is_told_with_those_there_are(workspace: Workspace) -> None:
    with pytest.raises(NoSnapshot, match="liuke run"):
        find(workspace)
    published(workspace)
    with pytest.raises(NoSnapshot, match=r"there are 2024-06-30\.001"):
        find(workspace, "2020-01-01.001")


def flip_a_bit(folder: Path, rng: random.Random) -> str:
    path = folder / rng.choice(["customers.parquet", "plan.parquet", "model.json"])
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    return path.name


def cut_short(folder: Path, rng: random.Random) -> str:
    path = folder / rng.choice(["customers.parquet", "plan.parquet", "model.json"])
    path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])
    return path.name


def swap_two(folder: Path, rng: random.Random) -> str:
    a, b = folder / "customers.parquet", folder / "plan.parquet"
    content = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(content)
    return "customers.parquet"


def delete_one(folder: Path, rng: random.Random) -> str:
    path = folder / rng.choice(["customers.parquet", "plan.parquet", "model.json"])
    path.unlink()
    return path.name


def add_one(folder: Path, rng: random.Random) -> str:
    (folder / "extra.parquet").write_bytes(b"")
    return "extra.parquet"


def change_the_manifest(folder: Path, rng: random.Random) -> str:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["content_hash"] = "0" * 64
    path.write_text(json.dumps(manifest))
    return "manifest.json"


@pytest.mark.parametrize("damage", [flip_a_bit, cut_short, swap_two, delete_one, add_one, change_the_manifest])
def test_t26_every_damage_is_detected_and_its_file_named(
    workspace: Workspace, damage: Callable[[Path, random.Random], str]
) -> None:
    rng = random.Random(26)
    for trial in range(34):
        snapshot = published(workspace, n=200 + trial)
        name = damage(snapshot.path, rng)
        with pytest.raises(SnapshotDamaged, match=name):
            Snapshot(snapshot.path).verify()


def test_a_snapshot_of_a_newer_version_is_refused_in_words(workspace: Workspace) -> None:
    path = published(workspace).path / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(SnapshotTooNew, match="upgrade"):
        find(workspace).as_of  # noqa: B018
