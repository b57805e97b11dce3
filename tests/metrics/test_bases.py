from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from metric_lives import company, spells, subscriptions, transactions
from metric_town import AS_OF, BEGIN, town

from liuke.engines.duckdb import DuckDBEngine
from liuke.metrics.bases import Measure, market_position, money_change, ranking_trend

YEARS = [date(2022, 1, 1), date(2023, 1, 1), date(2024, 1, 1)]


def market(size: list[int], own: list[int | None], region: list[str | None] | None = None) -> pa.Table:
    money = pa.decimal128(18, 2)
    n = len(size)
    return pa.table(
        {
            "period": pa.array((YEARS * n)[:n], pa.date32()),
            "size": pa.array([Decimal(s) for s in size], money),
            "own_sales": pa.array([None if o is None else Decimal(o) for o in own], money),
            "region": pa.array(region or [None] * n, pa.string()),
        }
    )


def test_the_market_position_equals_cm_31() -> None:
    first, second = market_position(company(spells([]), market=market([4000, 4600], [480, 520])))
    assert first.share == pytest.approx(0.12)
    assert second.share == pytest.approx(0.113043, abs=1e-6)
    assert (second.own_growth, second.market_growth) == pytest.approx((0.08333, 0.15), abs=1e-5)
    assert second.relative_growth_index == pytest.approx(0.942029, abs=1e-6)
    assert (second.from_market, second.from_share) == (72, -32)
    assert not second.has_hidden_churn


def test_hidden_churn_needs_two_periods_in_a_row() -> None:
    found = market_position(company(spells([]), market=market([4000, 4600, 5400], [480, 520, 560])))
    assert [period.has_hidden_churn for period in found] == [False, False, True]


def test_regions_add_up_to_the_market_and_own_sales_come_from_transactions_where_not_stated() -> None:
    table = market([100, 200, 300, 50, 60, 70], [None] * 6, ["south"] * 3 + ["north"] * 3)
    sold = transactions([("Anna", date(2022, 5, 1), 30), ("Ben", date(2023, 5, 1), 9)])
    people = pa.table({"customer_id": ["Anna", "Ben"], "region": ["south", "north"]})
    found = market_position(company(spells([]), market=table, transactions=sold, customers=people))
    whole = [period for period in found if period.region == ""]
    assert [period.size for period in whole] == [150, 260, 370]
    assert [period.own_sales for period in whole] == [30, 9, None]
    assert [period.own_sales for period in found if period.region == "south"] == [30, None, None]


def test_without_a_market_table_there_is_no_position() -> None:
    assert market_position(company(spells([]))) == []


def test_a_change_of_sales_is_split_as_by_hand() -> None:
    before, start, end = date(2023, 1, 1), date(2023, 7, 1), date(2024, 1, 1)
    lives = spells(
        [
            ("lost", 1, before, date(2023, 9, 1)),
            ("shrinks", 1, before, None),
            ("grows", 1, before, None),
            ("new", 1, date(2023, 8, 1), None),
            ("back", 1, before, date(2023, 3, 1)),
            ("back", 2, date(2023, 8, 1), None),
        ],
        kind="dormant",
    )
    early, late = date(2023, 2, 1), date(2023, 8, 1)
    bought = transactions(
        [
            ("lost", early, 100), ("lost", late, 20), ("shrinks", early, 50), ("shrinks", late, 30),
            ("grows", early, 10), ("grows", late, 25), ("new", late, 40), ("back", early, 5), ("back", late, 11),
        ]
    )  # fmt: skip
    change = money_change(company(lives, transactions=bought), start=start, end=end, before=before)
    assert (change.before, change.after) == (165, 126)
    assert (change.lost, change.shrinking, change.growing, change.new, change.won_back) == (-80, -20, 15, 40, 6)
    assert change.price is None


def test_another_fee_for_the_same_plan_is_price() -> None:
    start, end = date(2023, 7, 1), date(2024, 1, 1)
    rise = date(2023, 9, 1)
    lives = spells([("Anna", 1, BEGIN, None), ("Ben", 1, BEGIN, None)])
    fees = subscriptions(
        [
            ("Anna", "gold", BEGIN, rise, 50),
            ("Anna", "gold", rise, None, 60),
            ("Ben", "gold", BEGIN, rise, 50),
            ("Ben", "basic", rise, None, 20),
        ]
    )
    change = money_change(
        company(lives, subscriptions=fees), start=start, end=end, before=BEGIN, measure="monthly_fees"
    )
    assert (change.before, change.after) == (100, 80)
    assert (change.price, change.shrinking, change.growing) == (10, -30, 0)


@pytest.fixture(scope="module")
def engine() -> DuckDBEngine:
    return town()


@pytest.mark.parametrize("measure", ["sales", "margin", "monthly_fees"])
@pytest.mark.parametrize("start", [date(2023, 3, 1), date(2023, 8, 15), date(2024, 1, 1)])
def test_the_parts_of_a_change_sum_to_it(engine: DuckDBEngine, measure: Measure, start: date) -> None:
    change = money_change(engine, start=start, end=AS_OF, before=date(2022, 9, 1), measure=measure)
    parts = change.lost + change.shrinking + change.growing + change.new + change.won_back + (change.price or 0)
    assert parts == change.after - change.before
    assert change.after != 0 or measure == "margin"


def test_a_fall_in_a_ranking_is_flagged() -> None:
    rankings = pa.table(
        {"ranked_on": YEARS, "body": ["行业协会"] * 3, "position": [38, 4, 6], "score": [61.5, 92.0, 90.0]}
    )
    found = ranking_trend(company(spells([])), rankings).to_pylist()
    assert [row["has_fallen"] for row in found] == [False, False, True]
    assert found[2]["position_before"] == 4


def test_without_rankings_the_trend_is_empty() -> None:
    assert ranking_trend(company(spells([])), None).num_rows == 0
