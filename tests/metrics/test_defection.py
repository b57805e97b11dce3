from __future__ import annotations

from datetime import date

import pytest
from metric_lives import company, spells, subscriptions, transactions

from liuke.engines.duckdb import DuckDBEngine
from liuke.kernel.errors import InvalidInput
from liuke.metrics.defection import defection_summary, defection_table

AS_OF = date(2024, 12, 31)
BEFORE, BEFORE_TOO, NOW = date(2023, 3, 1), date(2023, 9, 1), date(2024, 5, 1)


@pytest.fixture
def laboratories() -> DuckDBEngine:
    bought = [
        ("complete", BEFORE, 500, "glass"),
        ("partial", BEFORE, 300, "glass"),
        ("partial", BEFORE_TOO, 300, "glass"),
        ("partial", BEFORE, 400, "reagents"),
        ("partial", NOW, 400, "reagents"),
        ("loyal", BEFORE, 100, "glass"),
        ("loyal", NOW, 120, "glass"),
        ("new", NOW, 90, "glass"),
    ]
    names = ["complete", "partial", "loyal", "new"]
    lives = spells(
        [(name, 1, BEFORE, date(2024, 1, 5) if name == "complete" else None) for name in names], kind="dormant"
    )
    table = transactions([row[:3] for row in bought], category=[row[3] for row in bought])
    return company(lives, transactions=table)


def test_defection_is_complete_partial_or_none(laboratories: DuckDBEngine) -> None:
    found = {row["customer_id"]: row for row in defection_table(laboratories, as_of=AS_OF).to_pylist()}
    assert {name: row["defection"] for name, row in found.items()} == {
        "complete": "complete",
        "partial": "partial",
        "loyal": "none",
    }
    assert found["partial"]["share_kept"] == pytest.approx(0.4)


def test_a_category_given_up_is_an_early_warning(laboratories: DuckDBEngine) -> None:
    partial = defection_table(laboratories, as_of=AS_OF).to_pylist()[2]
    assert (partial["customer_id"], partial["n_categories_before"], partial["n_categories_dropped"]) == (
        "partial",
        2,
        1,
    )
    assert partial["has_dropped_category"]
    assert partial["spend_dropped"] == 600


def test_the_summary_counts_customers_and_their_money(laboratories: DuckDBEngine) -> None:
    found = defection_summary(laboratories, as_of=AS_OF)
    assert (found.n_customers, found.n_complete, found.n_partial, found.n_dropped_category) == (3, 1, 1, 1)
    assert (found.spend_before, found.spend_complete, found.spend_partial) == (1600, 500, 600)


def test_contracts_are_compared_by_the_fees_in_force() -> None:
    lives = spells([("Anna", 1, BEFORE, None)])
    fees = subscriptions([("Anna", "phone", BEFORE, None, 10), ("Anna", "internet", BEFORE, NOW, 30)])
    row = defection_table(company(lives, subscriptions=fees), as_of=AS_OF).to_pylist()[0]
    assert (row["defection"], row["spend_before"], row["spend_now"]) == ("partial", 40, 10)
    assert row["has_dropped_category"]


def test_a_drop_that_is_no_share_is_refused(laboratories: DuckDBEngine) -> None:
    with pytest.raises(InvalidInput):
        defection_table(laboratories, as_of=AS_OF, partial_drop=1.0)
