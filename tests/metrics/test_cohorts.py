from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from metric_lives import Life, company, spells, subscriptions, transactions
from metric_town import AS_OF, town

from liuke.metrics.cohorts import cohort_table, pooled_steps

JAN, FEB, MAR, APR = (date(2024, month, 1) for month in (1, 2, 3, 4))


def contracts_of_cm_20() -> list[Life]:
    """Cohorts 200→140→112→98, 180→135→111, 220→154."""
    lives: list[Life] = []
    for start, kept in ((JAN, [200, 140, 112, 98]), (FEB, [180, 135, 111]), (MAR, [220, 154])):
        for i in range(kept[0]):
            last = max(age for age, n in enumerate(kept) if i < n)
            lost = None if last == len(kept) - 1 else date(2024, start.month + last, 20)
            lives.append((f"{start} {i}", 1, date(2024, start.month, 10), lost))
    return lives


def cells(found: pa.Table, reading: str) -> dict[tuple[date, int], dict[str, Any]]:
    return {(row["cohort"], row["age"]): row for row in found.to_pylist() if row["reading"] == reading}


def test_cohorts_and_pooled_steps_equal_cm_20() -> None:
    found = cohort_table(company(spells(contracts_of_cm_20())), as_of=date(2024, 4, 30))
    rows = cells(found, "rolling")
    assert [rows[JAN, age]["rate"] for age in range(4)] == [1, 0.7, 0.56, 0.49]
    assert rows[FEB, 2]["rate"] == pytest.approx(0.6167, abs=1e-4)
    assert rows[MAR, 1]["rate"] == pytest.approx(0.70)
    steps = pooled_steps(found)
    assert [(step.n_after, step.n_before) for step in steps] == [(429, 600), (223, 275), (98, 112)]
    assert [step.chained for step in steps] == pytest.approx([0.715, 0.5798, 0.507325], abs=1e-4)


def test_only_months_that_are_over_are_shown() -> None:
    engine = company(spells(contracts_of_cm_20()))
    found = cells(cohort_table(engine, as_of=date(2024, 4, 29)), "rolling")
    assert max(found) == (MAR, 0)
    assert (JAN, 3) not in found


def test_strict_counts_who_buys_in_the_month_and_rolling_who_is_not_yet_lost() -> None:
    lives = spells([("Anna", 1, date(2024, 1, 5), None), ("Ben", 1, date(2024, 1, 9), MAR)], kind="dormant")
    bought = transactions([("Anna", date(2024, 1, 5), 10), ("Anna", date(2024, 3, 2), 4), ("Ben", date(2024, 1, 9), 7)])
    found = cohort_table(company(lives, transactions=bought), as_of=date(2024, 3, 31))
    strict, rolling = cells(found, "strict"), cells(found, "rolling")
    assert [strict[JAN, age]["n_retained"] for age in range(3)] == [2, 0, 1]
    assert [rolling[JAN, age]["n_retained"] for age in range(3)] == [2, 2, 1]
    assert [strict[JAN, age]["money_retained"] for age in range(3)] == [17, 0, 4]


def test_money_of_contracts_is_the_fees_in_force_at_the_end_of_the_month() -> None:
    lives = spells([("Anna", 1, date(2024, 1, 5), date(2024, 3, 5))])
    fees = subscriptions(
        [("Anna", "A", date(2024, 1, 5), date(2024, 2, 10), 30), ("Anna", "B", date(2024, 2, 10), date(2024, 3, 5), 20)]
    )
    found = cells(cohort_table(company(lives, subscriptions=fees), as_of=date(2024, 3, 31)), "rolling")
    assert [found[JAN, age]["money_retained"] for age in range(3)] == [30, 20, 0]


def test_who_comes_back_is_active_again_and_counts_once() -> None:
    lives = [("Anna", 1, date(2024, 1, 5), date(2024, 1, 20)), ("Anna", 2, date(2024, 3, 1), date(2024, 3, 10)),
             ("Anna", 3, date(2024, 3, 20), None)]  # fmt: skip
    found = cohort_table(company(spells(lives)), as_of=date(2024, 4, 30))
    assert [cells(found, "strict")[JAN, age]["n_retained"] for age in range(4)] == [1, 0, 1, 1]
    assert [cells(found, "rolling")[JAN, age]["n_retained"] for age in range(4)] == [1, 1, 1, 1]


def test_strict_never_exceeds_rolling_and_both_begin_whole() -> None:
    engine = town()
    found = cohort_table(engine, as_of=AS_OF, at_most=48)
    strict, rolling = cells(found, "strict"), cells(found, "rolling")
    assert strict.keys() == rolling.keys()
    for key, row in rolling.items():
        assert strict[key]["n_retained"] <= row["n_retained"] <= row["size"]
        assert key[1] or strict[key]["n_retained"] == row["size"]
    engine.close()


def test_a_cohort_table_of_nobody_has_no_steps() -> None:
    found = cohort_table(company(spells([])), as_of=AS_OF)
    assert found.num_rows == 0
    assert pooled_steps(found) == []
