from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from liuke.engines import duckdb
from liuke.lifetime import facts

AS_OF = date(2025, 12, 31)


def table(columns: str, rows: list[tuple[Any, ...]]) -> pa.Table:
    return pa.table(dict(zip(columns.split(), map(list, zip(*rows, strict=True)), strict=True)))


SALES = table(
    "customer_id occurred_at amount cost category",
    [
        ("Ana", datetime(2023, 12, 31), 100, 60, "food"),
        ("Ana", datetime(2024, 12, 31), 200, 120, "games"),
        ("Ana", datetime(2025, 1, 1), 50, 20, "food"),
        ("Ana", datetime(2025, 1, 11), 30, 10, "games"),
        ("Bo", datetime(2025, 3, 1), 80, 30, "games"),
        ("Bo", datetime(2025, 3, 2), 20, None, None),
        ("Chen", datetime(2025, 4, 1), 1000, 500, "food"),
        ("Dai", datetime(2025, 5, 1), 40, 20, "food"),
        ("Eve", datetime(2026, 5, 1), 40, 20, "food"),
    ],
)
REFERRALS = table(
    "referrer_id referred_id occurred_at",
    [
        ("Ana", "Bo", datetime(2025, 2, 1)),
        ("Dai", "Bo", datetime(2025, 2, 2)),
        ("Bo", "Chen", datetime(2025, 3, 20)),
        ("Chen", "Ana", datetime(2025, 6, 1)),
        ("Dai", "Dai", datetime(2025, 1, 1)),
    ],
)
SUBSCRIPTIONS = table(
    "subscription_id customer_id started_on ended_on monthly_fee exit_fee committed_until",
    [
        ("s1", "Fay", date(2025, 1, 1), None, Decimal("30.00"), Decimal("99.00"), date(2026, 6, 30)),
        ("s2", "Fay", date(2024, 1, 1), date(2024, 7, 1), Decimal("10.00"), None, None),
        ("s3", "Gus", date(2025, 1, 1), date(2025, 12, 31), Decimal("20.00"), None, None),
        ("s4", "Hal", date(2025, 1, 1), None, None, None, None),
    ],
)


def people(**arguments: Any) -> dict[str, dict[str, Any]]:
    tables = {"transactions": SALES, "referrals": REFERRALS, "subscriptions": SUBSCRIPTIONS}
    engine = duckdb.open_tables(tables)
    facts.create_value_facts(engine, AS_OF, **arguments)
    rows = engine.table("SELECT * FROM value_facts").to_pylist()
    return {row["customer_id"]: row for row in rows}


def test_the_last_365_days_stand_beside_all_years() -> None:
    """S2-71: the window is 1 January to 31 December, both included."""
    ana = people()["Ana"]
    assert (ana["spend_all_time"], ana["spend_365"]) == (380, 80)
    assert (ana["margin_all_time"], ana["margin_365"]) == (170, 50)
    assert ana["trend_ratio"] == pytest.approx(80 / (380 * 365 / 732))
    assert people()["Bo"]["trend_ratio"] is None


def test_necessary_and_optional_spend_are_kept_apart() -> None:
    """S2-70."""
    known = people(essential_categories=["food"])
    assert (known["Ana"]["spend_essential_365"], known["Ana"]["spend_optional_365"]) == (50, 30)
    assert (known["Bo"]["spend_optional_365"], known["Bo"]["spend_unmarked_365"]) == (80, 20)
    assert people()["Ana"]["spend_essential_365"] is None


def test_number_and_interval_of_purchases_are_the_customers_own() -> None:
    """S2-72: gaps of 366, 1 and 10 days, then 354 days of silence."""
    ana = people()["Ana"]
    assert (ana["n_purchases"], ana["n_purchases_365"]) == (4, 2)
    assert ana["interval_days"] == pytest.approx(377 / 3)
    assert ana["interval_variation"] == pytest.approx(1.3526, abs=1e-4)
    assert ana["silence_in_intervals"] == pytest.approx(354 * 3 / 377)


def test_an_unknown_cost_leaves_the_margin_unknown_unless_a_rate_is_stated() -> None:
    assert people()["Bo"]["margin_365"] is None
    assert people(default_margin_rate=0.25)["Bo"]["margin_365"] == 50 + 5


def test_a_friends_margin_is_credited_once_and_taken_off_the_friend() -> None:
    """S2-74: Ana to Bo to Chen is a chain; Dai's later claim, Chen's old friend and Dai's own name count nothing."""
    known = people(default_margin_rate=0.25, referral_share=0.2)
    assert known["Ana"]["referral_margin_365"] == Decimal("11.00")
    assert known["Bo"]["referral_margin_365"] == Decimal("100.00")
    assert known["Bo"]["margin_passed_on_365"] == Decimal("11.00")
    assert known["Dai"]["referral_margin_365"] == known["Chen"]["referral_margin_365"] == 0
    assert [known[name]["referred_by"] for name in ("Ana", "Bo", "Chen", "Dai")] == [None, "Ana", "Bo", None]
    credited = sum(row["referral_margin_365"] for row in known.values())
    passed_on = sum(row["margin_passed_on_365"] for row in known.values() if row["margin_passed_on_365"])
    assert credited == passed_on


def test_live_subscriptions_give_the_fee_and_the_commitment() -> None:
    known = people(default_margin_rate=0.5)
    assert known["Fay"]["monthly_fee"] == 30
    assert known["Fay"]["exit_fee"] == 99
    assert known["Fay"]["months_committed"] == pytest.approx(181 / 30.4375)
    assert known["Fay"]["fees_365"] == Decimal("359.75")
    assert known["Fay"]["margin_365"] == Decimal("179.88")
    assert (known["Gus"]["monthly_fee"], known["Gus"]["n_live_subscriptions"]) == (0, 0)
    assert known["Hal"]["monthly_fee"] is None
    assert known["Ana"]["monthly_fee"] is None


def test_what_happens_after_the_day_is_not_known_on_it() -> None:
    assert "Eve" not in people()


def test_a_company_with_contracts_only_has_unknown_spend_not_zero() -> None:
    engine = duckdb.open_tables({"subscriptions": SUBSCRIPTIONS})
    facts.create_value_facts(engine, AS_OF)
    rows = engine.table("SELECT * FROM value_facts").to_pylist()
    assert all(row["spend_365"] is None and row["referral_margin_365"] is None for row in rows)


def test_yearly_totals_add_up() -> None:
    engine = duckdb.open_tables({"transactions": SALES})
    facts.create_yearly_spend(engine, AS_OF, essential_categories=["food"])
    rows = engine.table("SELECT * FROM yearly_spend WHERE customer_id = 'Ana' ORDER BY year").to_pylist()
    assert [(row["year"], row["spend"], row["spend_essential"]) for row in rows] == [
        (2023, 100, 100),
        (2024, 200, None),
        (2025, 80, 50),
    ]
