from __future__ import annotations

from datetime import date

import pyarrow as pa
from metric_lives import Life, company, spells

from liuke.engines.duckdb import DuckDBEngine
from liuke.metrics.types import order_findings

LONG_AGO, LATELY, START, WITHIN, END = (
    date(2022, 1, 1), date(2024, 1, 1), date(2024, 6, 1), date(2024, 6, 15), date(2024, 7, 1)
)  # fmt: skip


def town(old_lost: int, new_lost: int, dealers_lost: int = 0) -> DuckDBEngine:
    groups = [("old", LONG_AGO, old_lost, "consumer"), ("new", LATELY, new_lost, "consumer"),
              ("dealer", LONG_AGO, dealers_lost, "经销商")]  # fmt: skip
    lives: list[Life] = []
    kinds, regions, names = [], [], []
    for group, begin, n_lost, kind in groups:
        for i in range(100):
            lives.append((f"{group} {i}", 1, begin, WITHIN if i < n_lost else None))
            names.append(f"{group} {i}")
            kinds.append(kind)
            regions.append("south" if i < 50 else "north")
    customers = pa.table({"customer_id": names, "kind": kinds, "region": regions})
    return company(spells(lives), customers=customers)


def test_the_expected_order_is_reported_as_holding() -> None:
    newness, role = order_findings(town(2, 10), start=START, end=END)
    assert newness.holds
    assert role.holds
    assert "符合预期" in newness.words.zh
    assert newness.steadier_counts == (2, 200)
    assert newness.responsible == ()


def test_old_customers_leaving_faster_than_new_ones_is_an_alert_with_the_responsible_segment() -> None:
    newness, role = order_findings(town(45, 5), start=START, end=END)
    assert not newness.holds
    assert role.holds
    assert [part[:2] for part in newness.responsible] == [("kind", "consumer"), ("region", "south")]
    assert newness.words.en.startswith("Old customers leave faster")
    assert "south" in newness.words.zh


def test_intermediaries_are_told_by_their_kind_in_both_languages() -> None:
    _, role = order_findings(town(0, 0, dealers_lost=30), start=START, end=END)
    assert role.steadier_counts == (30, 100)
    assert not role.holds


def test_a_pair_without_one_of_its_types_is_not_judged() -> None:
    assert order_findings(company(spells([("Anna", 1, LATELY, None)])), start=START, end=END) == []
