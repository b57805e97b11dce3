"""The months of an invented company, as days since 1970-01-01."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

EPOCH = date(1970, 1, 1)
FUTURE_DAYS = 30
FUTURE_PERIODS = 3


@dataclass(frozen=True, slots=True)
class Period:
    """One month: days ``[start, end)``, its number, and whether it lies behind the last day of the company's data."""

    number: int
    start: int
    end: int
    is_future: bool

    @property
    def days(self) -> int:
        """Return how many days it has."""
        return self.end - self.start

    @property
    def first_on(self) -> date:
        """Return its first day as a date."""
        return EPOCH + timedelta(days=self.start)


def day_number(day: date) -> int:
    """Return days since 1970-01-01.

    Examples
    --------
    >>> day_number(date(1970, 1, 11))
    10
    """
    return (day - EPOCH).days


def months_before(day: date, months: int) -> date:
    """Return the day `months` calendar months before `day`, or the last of that month.

    Examples
    --------
    >>> months_before(date(2025, 3, 31), 1)
    datetime.date(2025, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def periods(ends_on: date, months: int) -> list[Period]:
    """Return the `months` months that end on `ends_on`, and three future periods of thirty days behind them."""
    behind = ends_on + timedelta(days=1)
    edges = [day_number(months_before(behind, months - m)) for m in range(months + 1)]
    past = [Period(m, edges[m], edges[m + 1], is_future=False) for m in range(months)]
    future = [
        Period(months + k, edges[-1] + FUTURE_DAYS * k, edges[-1] + FUTURE_DAYS * (k + 1), is_future=True)
        for k in range(FUTURE_PERIODS)
    ]
    return past + future
