"""`docs/guide/snapshot.md` names every file and column of a real snapshot."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import liuke

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "snapshot.md"


def _orders() -> pa.Table:
    """Return orders of forty customers, every third of whom stops half way."""
    rows = [
        (f"{customer:03d}", f"2024-{1 + month:02d}-{1 + customer % 28:02d}", "25.00")
        for customer in range(40)
        for month in range(6 if customer % 3 == 0 else 12)
    ]
    customer, day, amount = zip(*rows, strict=True)
    return pa.table({"customer_id": customer, "occurred_at": day, "amount": amount})


def test_every_file_and_column_is_named(tmp_path: Path) -> None:
    liuke.new(tmp_path / "acme")
    liuke.load(tmp_path / "acme", "transactions", _orders(), accept=True)
    snapshot = liuke.run(tmp_path / "acme").snapshot
    text = GUIDE.read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w.]+)`", text)) | set(re.findall(r"^## (\w+\.parquet)$", text, re.MULTILINE))
    wanted = {path.name for path in snapshot.path.iterdir()}
    for path in snapshot.path.glob("*.parquet"):
        wanted |= set(pq.read_schema(path).names)
    assert wanted - named - {"reason_2", "reason_2_share"} == set()
    assert {name for name in named if name.endswith(".parquet")} == {
        name for name in wanted if name.endswith(".parquet")
    }
