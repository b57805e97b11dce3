from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from liuke.kernel.errors import InvalidInput
from liuke.tables.store import NoSuchLoad, Store, StoreDamaged

A = "customer_id,date,amount\nC1,2026-01-02,10\nC2,2026-01-03,20\n"
B = "customer_id,date,amount\nC3,2026-01-04,30\n"


def customers(store: Store) -> list[str]:
    return sorted(store.read("transactions")["customer_id"].to_pylist())


def test_a_table_never_loaded_exists_and_is_empty(store: Store) -> None:
    assert store.read("complaints").num_rows == 0
    assert "occurred_on" in store.read("complaints").column_names
    assert store.files("complaints") == []


def test_unloading_takes_a_load_back_whole_and_leaves_later_ones(load: Any, store: Store) -> None:
    first, second = load(A), load(B, name="b.csv")
    store.unload(first.load)
    assert customers(store) == ["C3"]
    assert [entry["load"] for entry in store.loads()] == [second.load]
    assert len(list((store.path / "transactions").iterdir())) == 1
    assert load(A).load == "0003-transactions"
    with pytest.raises(NoSuchLoad, match="0002-transactions"):
        store.unload("0009-orders")


def test_unloading_a_revision_brings_the_earlier_content_back(load: Any, store: Store) -> None:
    load("customer_id,region\nC1,广东\n", "customers")
    store.unload(load("customer_id,region\nC1,湖南\n", "customers", name="b.csv").load)
    assert store.read("customers").to_pylist() == [{"customer_id": "C1", "region": "广东"}]


def test_tables_of_another_time_zone_are_refused(load: Any, store: Store) -> None:
    load(A)
    with pytest.raises(InvalidInput, match="Asia/Shanghai"):
        Store(store.path, "UTC")


def test_what_the_manifest_does_not_list_is_not_there_and_is_swept(load: Any, store: Store) -> None:
    load(A)
    stray = store.path / "transactions" / "0099.parquet"
    shutil.copy(store.files("transactions")[0], stray)
    (store.path / ".load-0007").mkdir()
    assert customers(store) == ["C1", "C2"]
    load(B, name="b.csv")
    assert not stray.exists() and not (store.path / ".load-0007").exists()


def test_verify_finds_every_flipped_bit_and_names_the_file(load: Any, store: Store) -> None:
    load(A)
    file = store.files("transactions")[0]
    good = file.read_bytes()
    store.verify()
    chance = random.Random(26)
    for _ in range(60):
        place, bit = chance.randrange(len(good)), chance.randrange(8)
        bad = bytearray(good)
        bad[place] ^= 1 << bit
        file.write_bytes(bytes(bad))
        with pytest.raises(StoreDamaged, match=r"0001\.parquet was altered"):
            store.verify()
    file.write_bytes(good[:-1])
    with pytest.raises(StoreDamaged, match="bytes instead of"):
        store.verify()
    file.unlink()
    with pytest.raises(StoreDamaged, match="is missing"):
        store.verify()


def test_a_damaged_manifest_is_said(load: Any, store: Store) -> None:
    load(A)
    (store.path / "manifest.json").write_text("{")
    with pytest.raises(StoreDamaged, match=r"manifest\.json"):
        store.loads()


def test_the_manifest_says_what_was_read_and_lists_every_file(load: Any, store: Store) -> None:
    load(A)
    found = json.loads((store.path / "manifest.json").read_text("utf-8"))
    entry = found["loads"][0]
    assert found["format"] == 1 and found["time_zone"] == "Asia/Shanghai"
    assert (entry["load"], entry["seq"], entry["source"], entry["encoding"], entry["read"]) == (
        "0001-transactions", 1, "orders.csv", "utf-8", 2,
    )  # fmt: skip
    assert entry["files"][0]["path"] == "transactions/0001.parquet" and entry["files"][0]["rows"] == 2
    assert set(entry["files"][0]) >= {"table", "path", "rows", "bytes", "sha256", "columns"}


def test_stored_files_carry_page_checksums_and_hidden_columns(load: Any, store: Store) -> None:
    import pyarrow.parquet as pq

    load(A)
    table = pq.read_table(store.files("transactions")[0], page_checksum_verification=True)
    assert {"_load", "_row", "occurred_on"} <= set(table.column_names)
    assert table["_load"].to_pylist() == [1, 1]
    assert not any(name.startswith("_") for name in store.read("transactions").column_names)


def test_paths_with_quotes_are_read(tmp_path: Path) -> None:
    from liuke.tables import loading, sandbox

    store = Store(tmp_path / "it's" / "tables", "UTC")
    file = tmp_path / "o'rders.csv"
    file.write_text(A)
    loading.load(store, "transactions", file, rejected_dir=tmp_path / "rejected", parse=sandbox.read_here)
    assert customers(store) == ["C1", "C2"]
