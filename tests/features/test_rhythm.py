from __future__ import annotations

import numpy as np
import pytest
from feature_stories import company, day, every, purchases

from liuke.features import gaps, rhythm

AS_OF = day("2024-12-31")


def rhythms(engine, **more):
    rhythm.create_rhythm(engine, AS_OF, **more)
    return {row["customer_id"]: row for row in engine.table("SELECT * FROM rhythm").to_pylist()}


def test_each_length_of_history_has_its_rule():
    engine = company(
        transactions=[
            *purchases("Once", "2024-10-01"),
            *purchases("Twice", "2024-08-01", "2024-10-01"),
            *purchases("Thrice", "2024-07-01", "2024-08-01", "2024-10-01"),
            *purchases("Seven", *every(10, "2024-10-01", "2024-11-30")),
            *purchases("Often", *every(10, "2024-06-01", "2024-11-30")),
        ],
    )
    found = rhythms(engine)
    assert {name: row["rule"] for name, row in found.items()} == {
        "Once": "population",
        "Twice": "population",
        "Thrice": "poisson",
        "Seven": "gamma",
        "Often": "own_quantile",
    }
    assert found["Thrice"]["threshold_days"] == pytest.approx(-np.log(0.05) * 46, abs=1e-3)
    assert found["Often"]["threshold_days"] == pytest.approx(12.0)
    assert found["Often"]["n_purchase_days"] == 19
    assert found["Often"]["overdue_ratio"] == pytest.approx(found["Often"]["silence_days"] / 12.0)


def test_the_regular_customer_of_cm_11_is_judged_by_the_own_quantile():
    steps = np.cumsum([0, 7, 6, 8, 7, 9, 6, 7, 8])
    days = [np.datetime64("2024-10-01") + int(step) for step in steps]
    found = rhythms(company(transactions=purchases("Nora", *map(str, days))))["Nora"]
    assert found["threshold_days"] == pytest.approx(8.65 * rhythm.SAFETY)
    assert found["mean_gap_days"] == 7.25
    assert found["gap_variation"] == pytest.approx(np.std([7, 6, 8, 7, 9, 6, 7, 8]) / 7.25)


def test_two_purchases_on_one_day_are_one_occasion():
    engine = company(transactions=[*purchases("Olga", "2024-10-01"), *purchases("Olga", "2024-10-01", amount=5)])
    assert rhythms(engine)["Olga"]["n_purchase_days"] == 1


def test_the_shrunk_rate_is_used_once_enough_customers_came_back():
    rng = np.random.default_rng(11)
    rows = []
    for number in range(200):
        when = np.cumsum(rng.exponential(rng.choice([10, 60]), size=rng.integers(1, 12))).astype(int)
        rows += purchases(f"C{number}", *sorted({str(np.datetime64("2023-01-01") + int(d)) for d in when}))
    engine = company(transactions=rows)
    found = rhythms(engine)
    counts = engine.table(rhythm.COUNTS_SQL, as_of=AS_OF, population_days=365)
    prior = gaps.fit_rate_prior(*(counts.column(name).to_numpy() for name in ("x", "observed", "customers")))
    shrunk = [row for row in found.values() if row["rule"] == "nbd"]
    assert shrunk
    assert prior is not None
    assert "poisson" not in {row["rule"] for row in found.values()}


def test_a_customer_is_never_overdue_before_the_own_mean_gap():
    rng = np.random.default_rng(13)
    rows = []
    for number in range(100):
        when = np.cumsum(rng.integers(1, 200, size=rng.integers(1, 15)))
        rows += purchases(f"C{number}", *(str(np.datetime64("2019-01-01") + int(d)) for d in when))
    found = rhythms(company(transactions=rows)).values()
    assert all(row["threshold_days"] >= (row["mean_gap_days"] or 1) - 1e-4 for row in found)


def test_a_stricter_tail_waits_longer():
    rows = purchases("Pia", *every(10, "2024-01-01", "2024-12-01")) + purchases(
        "Quin", "2024-01-01", "2024-02-01", "2024-04-01"
    )
    usual, strict = rhythms(company(transactions=rows)), rhythms(company(transactions=rows), tail=0.01)
    assert strict["Quin"]["threshold_days"] > usual["Quin"]["threshold_days"]
