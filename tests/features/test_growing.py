"""An attribute without a date that counts up with a customer's life is found out; others are left alone."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from liuke.engines import duckdb
from liuke.features.growing import growing_attributes
from liuke.features.spells import ChurnRule, create_spells

AS_OF = date(2025, 6, 30)


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    """Four hundred customers, half of them lost: what each paid in all, beside a score and a fee that say nothing."""
    rng = np.random.default_rng(7)
    n = 400
    days, age = rng.integers(30, 900, n), rng.integers(0, 400, n)
    is_lost = rng.random(n) < 0.5
    ended = [AS_OF - timedelta(days=int(ago)) for ago in age]
    started = [end - timedelta(days=int(long)) for end, long in zip(ended, days, strict=True)]
    life = np.where(is_lost, days, days + age)
    fee = rng.integers(20, 120, n)
    ids = [f"C{number:03d}" for number in range(n)]
    subscriptions = pa.table(
        {
            "subscription_id": ids,
            "customer_id": ids,
            "started_on": started,
            "ended_on": pa.array(
                [end if lost else None for end, lost in zip(ended, is_lost, strict=True)], pa.date32()
            ),
            "monthly_fee": pa.array(fee, pa.int32()).cast(pa.decimal128(18, 2)),
            "paid_in_all": fee * life / 30 * rng.normal(1, 0.03, n),
        }
    )
    customers = pa.table({"customer_id": ids, "months_here": life // 30, "score": rng.normal(0, 1, n)})
    engine = duckdb.open_tables({"subscriptions": subscriptions, "customers": customers})
    create_spells(engine, ChurnRule("contractual"), AS_OF)
    return growing_attributes(engine, AS_OF)


def test_what_was_paid_in_all_and_the_months_so_far_are_found(found: dict[str, float]) -> None:
    assert set(found) == {"paid_in_all", "months_here"}


def test_how_closely_they_follow_life_is_told(found: dict[str, float]) -> None:
    assert found["months_here"] > 0.99 and found["paid_in_all"] > 0.97


def test_too_few_customers_show_nothing() -> None:
    few = pa.table({"subscription_id": ["a"], "customer_id": ["a"], "started_on": [date(2025, 1, 1)], "total": [3.0]})
    engine = duckdb.open_tables({"subscriptions": few})
    create_spells(engine, ChurnRule("contractual"), AS_OF)
    assert growing_attributes(engine, AS_OF) == {}
