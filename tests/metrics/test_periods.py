from __future__ import annotations

from datetime import date

import pytest

from liuke.metrics.periods import last_complete_month, month_start, monthly, yearly


@pytest.mark.parametrize(
    ("as_of", "last"),
    [
        (date(2024, 2, 28), date(2024, 1, 1)),
        (date(2024, 2, 29), date(2024, 2, 1)),
        (date(2024, 12, 31), date(2024, 12, 1)),
    ],
)
def test_a_month_is_complete_at_the_end_of_its_last_day(as_of: date, last: date) -> None:
    assert month_start(last_complete_month(as_of)) == last


def test_months_begin_with_the_first_customer_and_are_at_most_24() -> None:
    assert monthly(date(2024, 5, 20), date(2024, 6, 30)).bounds() == [
        (date(2024, 5, 1), date(2024, 6, 1)),
        (date(2024, 6, 1), date(2024, 7, 1)),
    ]
    assert monthly(date(2010, 1, 1), date(2024, 6, 30)).n_periods == 24


def test_years_are_whole_and_end_with_the_last_complete_month() -> None:
    assert yearly(date(2023, 7, 1), date(2024, 7, 15)).bounds() == [(date(2023, 7, 1), date(2024, 7, 1))]
    assert yearly(date(2023, 8, 1), date(2024, 7, 15)).n_periods == 0


def test_a_first_day_after_as_of_has_no_periods() -> None:
    assert monthly(date(2025, 1, 1), date(2024, 6, 30)).n_periods == 0
