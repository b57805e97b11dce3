from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from metric_lives import company, spells, subscriptions, transactions

from liuke.metrics.churn import NobodyToCount
from liuke.metrics.revenue import gross_revenue_retention, net_revenue_retention, revenue_movement

EARLY, START, WITHIN, END = date(2024, 1, 5), date(2024, 6, 1), date(2024, 6, 15), date(2024, 7, 1)
CHANGE = date(2024, 6, 10)


def company_of_cm_30() -> object:
    """Monthly fees: S=100,000, e=8,000, c=3,000, x=5,000, new 9,000, won back 500."""
    lives = spells(
        [
            ("steady", 1, EARLY, None),
            ("growing", 1, EARLY, None),
            ("shrinking", 1, EARLY, None),
            ("lost", 1, EARLY, WITHIN),
            ("new", 1, WITHIN, None),
            ("back", 1, EARLY, date(2024, 2, 1)),
            ("back", 2, WITHIN, None),
        ]
    )
    fees = subscriptions(
        [
            ("steady", "A", EARLY, None, 55_000),
            ("growing", "A", EARLY, CHANGE, 20_000),
            ("growing", "B", CHANGE, None, 28_000),
            ("shrinking", "A", EARLY, None, 17_000),
            ("shrinking", "B", EARLY, CHANGE, 3_000),
            ("lost", "A", EARLY, WITHIN, 5_000),
            ("new", "A", WITHIN, None, 9_000),
            ("back", "A", EARLY, date(2024, 2, 1), 700),
            ("back", "A", WITHIN, None, 500),
        ]
    )
    return company(lives, subscriptions=fees)


def test_revenue_retention_equals_cm_30() -> None:
    moved = revenue_movement(company_of_cm_30(), start=START, end=END)  # type: ignore[arg-type]
    assert moved.revenue_start == 12 * 100_000
    assert (moved.revenue_expanded, moved.revenue_contracted) == (12 * 8_000, 12 * 3_000)
    assert (moved.revenue_lost, moved.revenue_new, moved.revenue_won_back) == (12 * 5_000, 12 * 9_000, 12 * 500)
    assert moved.revenue_end == 12 * 109_500
    assert moved.gross_revenue_retention == pytest.approx(0.92)
    assert moved.net_revenue_retention == pytest.approx(1.00)
    assert moved.quick_ratio == pytest.approx(2.1875)


def test_gross_retention_never_profits_from_another_customers_growth() -> None:
    engine = company_of_cm_30()
    assert gross_revenue_retention(engine, start=START, end=END) == pytest.approx(0.92)  # type: ignore[arg-type]
    assert net_revenue_retention(engine, start=START, end=END) == pytest.approx(1.0)  # type: ignore[arg-type]


def test_without_contracts_revenue_is_the_spend_of_the_last_twelve_months() -> None:
    lives = spells(
        [("Anna", 1, date(2023, 6, 5), None), ("Ben", 1, EARLY, WITHIN), ("Chen", 1, WITHIN, None)], kind="dormant"
    )
    bought = transactions(
        [
            ("Anna", date(2023, 6, 5), 300),
            ("Anna", date(2024, 6, 2), 100),
            ("Ben", EARLY, 50),
            ("Chen", WITHIN, "19.99"),
        ]
    )
    moved = revenue_movement(company(lives, transactions=bought), start=START, end=END)
    assert (moved.revenue_start, moved.revenue_lost, moved.revenue_new) == (350, 50, Decimal("19.99"))
    assert (moved.revenue_expanded, moved.revenue_contracted) == (0, 200)
    assert moved.gross_revenue_retention == pytest.approx(100 / 350)


def test_retention_of_no_revenue_is_refused() -> None:
    with pytest.raises(NobodyToCount, match="2024-06-01"):
        gross_revenue_retention(company(spells([])), start=START, end=END)
