"""The periods that measures are shown for: complete calendar months, and years of twelve of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise


def month_index(day: date) -> int:
    """Return the number of the month of `day`, counted from January of year 0."""
    return day.year * 12 + day.month - 1


def month_start(index: int) -> date:
    """Return the first day of the month numbered `index`."""
    return date(index // 12, index % 12 + 1, 1)


def last_complete_month(as_of: date) -> int:
    """Return the number of the last month that was over at the end of `as_of`."""
    return month_index(as_of + timedelta(days=1)) - 1


@dataclass(frozen=True, slots=True)
class Grid:
    """Consecutive periods of whole months.

    Parameters
    ----------
    origin : int
        Number of the first month.
    months : int
        Months in each period.
    n_periods : int
        How many periods.
    """

    origin: int
    months: int
    n_periods: int

    def bounds(self) -> list[tuple[date, date]]:
        """Return ``[start, end)`` of every period."""
        edges = [month_start(self.origin + self.months * p) for p in range(self.n_periods + 1)]
        return list(pairwise(edges))


def monthly(first: date, as_of: date, *, at_most: int = 24) -> Grid:
    """Return the last months complete by `as_of`, none before the month of `first`."""
    last = last_complete_month(as_of)
    n = max(0, min(at_most, last - month_index(first) + 1))
    return Grid(last - n + 1, 1, n)


def yearly(first: date, as_of: date, *, at_most: int = 2) -> Grid:
    """Return years of twelve months, the last ending with the last complete month, none reaching before `first`."""
    last = last_complete_month(as_of)
    n = max(0, min(at_most, (last - month_index(first) + 1) // 12))
    return Grid(last - 12 * n + 1, 12, n)
