from __future__ import annotations

from datetime import date, timedelta

import pytest
from metric_lives import Life, company, spells, subscriptions

from liuke.metrics.tenure import tenure_retention, tenure_structure

NOW = date(2024, 6, 1)


def test_the_base_is_counted_by_full_years_with_its_change() -> None:
    lives: list[Life] = [
        ("a day short of two years", 1, date(2022, 6, 2), None),
        ("two years today", 1, date(2022, 6, 1), None),
        ("new", 1, date(2024, 3, 1), None),
        ("lost", 1, date(2023, 2, 1), date(2024, 1, 1)),
    ]
    fees = subscriptions(
        [("new", "A", date(2024, 3, 1), None, 10), ("lost", "A", date(2023, 2, 1), date(2024, 1, 1), 5)]
    )
    found = tenure_structure(company(spells(lives), subscriptions=fees), on=NOW, before=date(2023, 6, 1)).to_pylist()
    assert [(row["tenure_years"], row["n_customers"], row["n_customers_before"]) for row in found] == [
        (0, 1, 2),
        (1, 1, 1),
        (2, 1, 0),
    ]
    assert [row["yearly_value"] for row in found] == [120, 0, 0]
    assert sum(row["share"] for row in found) == pytest.approx(1)


def test_retention_by_year_is_the_share_of_those_who_complete_it() -> None:
    begin = date(2020, 1, 1)
    lives: list[Life] = [(f"first {i}", 1, begin, begin + timedelta(days=100)) for i in range(20)]
    lives += [(f"second {i}", 1, begin, begin + timedelta(days=500)) for i in range(20)]
    lives += [(f"stays {i}", 1, begin, None) for i in range(60)]
    years = tenure_retention(company(spells(lives)), start=begin, end=date(2023, 1, 5))
    assert [(year.n_observed, year.n_lost) for year in years[:3]] == [(100, 20), (80, 20), (60, 0)]
    assert [year.retention for year in years[:3]] == pytest.approx([0.8, 0.75, 1.0])
    assert [year.survival for year in years[:3]] == pytest.approx([0.8, 0.6, 0.6])
    assert years[3].retention is None


def test_lives_begun_before_the_period_enter_at_the_age_they_had() -> None:
    old: list[Life] = [(f"old {i}", 1, date(2020, 6, 1), None if i else date(2024, 3, 1)) for i in range(10)]
    young: list[Life] = [(f"young {i}", 1, date(2023, 6, 1), None if i else date(2023, 9, 1)) for i in range(4)]
    years = tenure_retention(company(spells([*old, *young])), start=date(2023, 6, 1), end=date(2024, 6, 2))
    assert years[0].retention == pytest.approx(0.75)
    assert (years[3].n_observed, years[3].n_lost) == (10, 1)
    assert years[3].retention == pytest.approx(0.9)


def test_a_loss_on_the_day_of_the_start_is_a_loss() -> None:
    lives: list[Life] = [("same day", 1, NOW, NOW), ("stays", 1, NOW, None)]
    years = tenure_retention(company(spells(lives)), start=NOW, end=date(2025, 7, 1))
    assert years[0].n_lost == 1
    assert years[0].retention == pytest.approx(0.5)


def test_nobody_has_no_tenure() -> None:
    assert tenure_retention(company(spells([])), start=NOW, end=date(2025, 7, 1)) == []
