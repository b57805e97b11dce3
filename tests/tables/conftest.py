from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from liuke.tables import loading, sandbox
from liuke.tables.loading import Loaded
from liuke.tables.store import Store

DATA = Path(__file__).resolve().parents[2] / "../shared/data"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "acme" / "tables", "Asia/Shanghai")


@pytest.fixture
def load(store: Store, tmp_path: Path) -> Callable[..., Loaded]:
    """Load bytes, text, a path or a table; parsed in this process, since most of these files are harmless."""

    def loads(source: Any, table: str = "transactions", name: str = "orders.csv", **options: Any) -> Loaded:
        if isinstance(source, str):
            source = source.encode()
        if isinstance(source, bytes):
            file = tmp_path / name
            file.write_bytes(source)
            source = file
        options.setdefault("parse", sandbox.read_here)
        return loading.load(store, table, source, rejected_dir=tmp_path / "acme" / "rejected", **options)

    return loads
