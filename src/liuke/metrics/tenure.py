"""How long customers have been with us, and how many of them stay another year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from liuke.metrics.churn import check_period
from liuke.survival.curves import kaplan_meier

if TYPE_CHECKING:
    from datetime import date

    import pyarrow as pa

    from liuke.engines.engine import Engine

YEAR_DAYS = 365.25


def _full_years(since: str, until: str) -> str:
    day = f"CAST({until} AS DATE)"
    is_before_the_day = f"month({day}) * 100 + day({day}) < month({since}) * 100 + day({since})"
    return f"(year({day}) - year({since}) - CASE WHEN {is_before_the_day} THEN 1 ELSE 0 END)"


STRUCTURE_SQL = f"""
WITH member AS (
    SELECT customer_id, min(started_on) AS first_on, bool_or(kind = 'contractual') AS has_contract,
           bool_or(started_on < $on AND (lost_on IS NULL OR lost_on >= $on)) AS is_here,
           bool_or(started_on < $before AND (lost_on IS NULL OR lost_on >= $before)) AS was_here
    FROM spells GROUP BY customer_id
),
paid AS (
    SELECT customer_id, sum(monthly_fee * 12) AS yearly FROM subscriptions
    WHERE started_on < $on AND (ended_on IS NULL OR ended_on >= $on) GROUP BY customer_id
),
spent AS (
    SELECT customer_id, sum(amount) AS yearly FROM transactions
    WHERE occurred_on >= CAST($on AS DATE) - INTERVAL 12 MONTH AND occurred_on < $on GROUP BY customer_id
),
aged AS (
    SELECT CASE WHEN m.is_here THEN {_full_years("m.first_on", "$on")} END AS years_now,
           CASE WHEN m.was_here THEN {_full_years("m.first_on", "$before")} END AS years_then,
           CASE WHEN m.has_contract THEN p.yearly ELSE s.yearly END AS yearly
    FROM member m LEFT JOIN paid p USING (customer_id) LEFT JOIN spent s USING (customer_id)
),
counted AS (
    SELECT years_now AS tenure_years, 1 AS n, 0 AS n_before, coalesce(yearly, 0) AS yearly FROM aged
    WHERE years_now IS NOT NULL
    UNION ALL
    SELECT years_then, 0, 1, 0 FROM aged WHERE years_then IS NOT NULL
)
SELECT CAST(tenure_years AS INTEGER) AS tenure_years, CAST(sum(n) AS BIGINT) AS n_customers,
       CAST(sum(n) AS DOUBLE) / nullif(sum(sum(n)) OVER (), 0) AS share,
       CAST(sum(yearly) AS DECIMAL(38, 2)) AS yearly_value,
       CAST(sum(n_before) AS BIGINT) AS n_customers_before, CAST(sum(n) - sum(n_before) AS BIGINT) AS change
FROM counted GROUP BY tenure_years ORDER BY tenure_years
"""

EXPOSURE_SQL = """
WITH seen AS (
    SELECT greatest(CAST($start AS DATE) - started_on - 1, 0) AS entry_days,
           greatest(least(coalesce(lost_on, CAST($end AS DATE)), CAST($end AS DATE)) - started_on, 1) AS duration_days,
           coalesce(lost_on < $end, false) AS is_lost
    FROM spells WHERE started_on < $end AND (lost_on IS NULL OR lost_on >= $start)
)
SELECT entry_days, duration_days, is_lost, count(*) AS n FROM seen
WHERE duration_days > entry_days
GROUP BY entry_days, duration_days, is_lost ORDER BY entry_days, duration_days, is_lost
"""


@dataclass(frozen=True, slots=True)
class TenureYear:
    """One year of customers' lives, as lived in the period.

    Parameters
    ----------
    year : int
        1 for the first year with us.
    n_observed : int
        Lives seen for some of their `year`.
    n_lost : int
        Lives that ended in it.
    retention : float or None
        Share of those who begin the year that complete it; None where nobody was seen to its end.
    survival : float or None
        Share of starters that complete it.
    """

    year: int
    n_observed: int
    n_lost: int
    retention: float | None
    survival: float | None


def tenure_structure(engine: Engine, *, on: date, before: date) -> pa.Table:
    """Return the base by full years since the first start: customers, their yearly value, and the change.

    Parameters
    ----------
    engine : Engine
        Holds `spells`, `subscriptions`, `transactions`.
    on : date
        The base at the opening of this day.
    before : date
        An earlier day to compare with.

    Returns
    -------
    pyarrow.Table
        tenure_years, n_customers, share, yearly_value (twelve fees, or spend of the last twelve months),
        n_customers_before, change.
    """
    check_period(before, on)
    return engine.table(STRUCTURE_SQL, on=on, before=before)


def tenure_retention(engine: Engine, *, start: date, end: date) -> list[TenureYear]:
    """Return retention by year of tenure, from what was seen in ``[start, end)``.

    Parameters
    ----------
    engine : Engine
        Holds `spells`.
    start, end : date
        The period, end excluded. Lives begun before it count from the age they had on `start`.

    Notes
    -----
    The product-limit curve S with late entry at `start` and censoring at `end`, read at whole years of 365.25 days;
    retention of year y is S(y) / S(y−1).
    """
    check_period(start, end)
    exposure = engine.table(EXPOSURE_SQL, start=start, end=end)
    if exposure.num_rows == 0:
        return []
    entry, duration, n = (exposure[name].to_numpy() for name in ("entry_days", "duration_days", "n"))
    lost = exposure["is_lost"].to_numpy(zero_copy_only=False)
    curve = kaplan_meier(duration, lost, entry=entry, weights=n)
    years = range(1, int(np.ceil(duration.max() / YEAR_DAYS)) + 1)
    found = []
    for year in years:
        opens, closes = (year - 1) * YEAR_DAYS, year * YEAR_DAYS
        within = (entry < closes) & (duration > opens)
        reached = duration.max() >= closes
        before, after = (float(share) for share in curve.at([opens, closes]))
        found.append(
            TenureYear(
                year=year,
                n_observed=int(n[within].sum()),
                n_lost=int(n[lost & (duration > opens) & (duration <= closes)].sum()),
                retention=after / before if reached and before > 0 else None,
                survival=after if reached else None,
            )
        )
    return found
