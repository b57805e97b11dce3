from __future__ import annotations

import itertools
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from liuke.simulation.periods import FUTURE_DAYS, FUTURE_PERIODS, day_number, periods


def test_calendar_months_end_on_the_last_day() -> None:
    months = periods(date(2024, 2, 29), 2)
    assert [month.first_on for month in months[:2]] == [date(2024, 1, 1), date(2024, 2, 1)]
    assert [month.days for month in months] == [31, 29, FUTURE_DAYS, FUTURE_DAYS, FUTURE_DAYS]


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(1, 60))
def test_months_follow_each_other_without_a_gap_up_to_the_last_day(ends_on: date, count: int) -> None:
    months = periods(ends_on, count)
    assert len(months) == count + FUTURE_PERIODS
    assert all(one.end == next_.start for one, next_ in itertools.pairwise(months))
    assert months[count - 1].end == day_number(ends_on) + 1
    assert all(27 <= month.days <= 32 for month in months)
    assert [month.is_future for month in months] == [False] * count + [True] * FUTURE_PERIODS
