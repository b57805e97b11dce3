"""Cohorts: how many of those who began in the same month are still there, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from liuke.metrics.periods import last_complete_month, month_start

if TYPE_CHECKING:
    from datetime import date

    from liuke.engines.engine import Engine

Reading = Literal["rolling", "strict"]
"""``rolling``: active in month `age` or any later one; ``strict``: active in month `age` itself. Never mixed."""


def _month(column: str) -> str:
    return f"(year({column}) * 12 + month({column}) - 1)"


COHORTS_SQL = f"""
WITH life AS (
    SELECT customer_id, spell_no, kind = 'contractual' AS has_contract, {_month("started_on")} AS from_m,
           CASE WHEN lost_on IS NULL THEN $last
                WHEN lost_on <= started_on THEN {_month("started_on")}
                ELSE {_month("CAST(lost_on - INTERVAL 1 DAY AS DATE)")} END AS to_m
    FROM spells
),
beginner AS (
    SELECT customer_id, min(from_m) AS cohort, max(to_m) AS last_m, bool_or(has_contract) AS has_contract
    FROM life GROUP BY customer_id HAVING min(from_m) BETWEEN $first AND $last
),
under_contract AS (
    SELECT customer_id, to_m,
           greatest(from_m, coalesce(lag(to_m) OVER (PARTITION BY customer_id ORDER BY spell_no) + 1, from_m)) AS from_m
    FROM life WHERE has_contract
),
bought AS (
    SELECT customer_id, {_month("occurred_on")} AS m, sum(amount) AS amount
    FROM transactions GROUP BY customer_id, {_month("occurred_on")}
),
presence AS (
    SELECT 'rolling' AS reading, cohort, cohort AS lo, last_m AS hi, 1 AS n, 0 AS money FROM beginner
    UNION ALL
    SELECT 'strict', b.cohort, u.from_m, u.to_m, 1, 0 FROM under_contract u JOIN beginner b USING (customer_id)
    UNION ALL
    SELECT 'strict', b.cohort, t.m, t.m, 1, 0 FROM bought t JOIN beginner b USING (customer_id) WHERE NOT b.has_contract
    UNION ALL
    SELECT 'money', b.cohort, t.m, t.m, 0, t.amount FROM bought t JOIN beginner b USING (customer_id)
    WHERE NOT b.has_contract
    UNION ALL
    SELECT 'money', b.cohort, {_month("s.started_on")},
           CASE WHEN s.ended_on IS NULL THEN $last ELSE {_month("s.ended_on")} - 1 END, 0, s.monthly_fee
    FROM subscriptions s JOIN beginner b USING (customer_id) WHERE b.has_contract AND s.monthly_fee IS NOT NULL
),
change AS (
    SELECT reading, cohort, CASE WHEN side = 0 THEN greatest(lo, cohort) ELSE hi + 1 END AS m,
           sum(CASE WHEN side = 0 THEN n ELSE -n END) AS n, sum(CASE WHEN side = 0 THEN money ELSE -money END) AS money
    FROM presence CROSS JOIN (SELECT unnest([0, 1]) AS side)
    WHERE greatest(lo, cohort) <= hi
    GROUP BY ALL
),
cell AS (
    SELECT r.reading, c.cohort, c.size, m.m, m.month_start
    FROM (SELECT cohort, count(*) AS size FROM beginner GROUP BY cohort) c
    JOIN metric_months m ON m.m >= c.cohort
    CROSS JOIN (SELECT unnest(['rolling', 'strict', 'money']) AS reading) r
),
counted AS (
    SELECT e.reading, e.cohort, e.size, e.m, sum(coalesce(x.n, 0)) OVER line AS n,
           sum(coalesce(x.money, 0)) OVER line AS money
    FROM cell e LEFT JOIN change x ON x.reading = e.reading AND x.cohort = e.cohort AND x.m = e.m
    WINDOW line AS (PARTITION BY e.reading, e.cohort ORDER BY e.m)
)
SELECT d.month_start AS cohort, c.m - c.cohort AS age, c.size, c.size AS n_observed, CAST(c.n AS BIGINT) AS n_retained,
       CAST(c.n AS DOUBLE) / c.size AS rate, c.reading, CAST(w.money AS DECIMAL(38, 2)) AS money_retained
FROM counted c
JOIN counted w ON w.reading = 'money' AND w.cohort = c.cohort AND w.m = c.m
JOIN metric_months d ON d.m = c.cohort
WHERE c.reading <> 'money'
ORDER BY c.reading, cohort, age
"""


def cohort_table(engine: Engine, *, as_of: date, at_most: int = 36) -> pa.Table:
    """Return, per cohort and age, how many are retained and what they bring.

    Parameters
    ----------
    engine : Engine
        Holds `spells`, `subscriptions`, `transactions`, cut to what was known on `as_of`.
    as_of : date
        Only cells whose month was over at the end of this day are shown.
    at_most : int
        How many cohorts, the latest.

    Returns
    -------
    pyarrow.Table
        cohort (first day of the month of the first start), age (months since), size, n_observed, n_retained, rate,
        reading, money_retained; sorted by reading, cohort, age.

    Notes
    -----
    Active in a month: under contract on at least one of its days, or, without contracts, a purchase in it. Rolling
    counts who is not yet lost, or came back later, too. Money: purchases of the month, or monthly fees in force at its
    end; the same in both readings.
    """
    last = last_complete_month(as_of)
    first = last - at_most + 1
    months = range(first, last + 1)
    engine.register(
        "metric_months",
        pa.table(
            {
                "m": pa.array(months, pa.int64()),
                "month_start": pa.array([month_start(m) for m in months], pa.date32()),
            }
        ),
    )
    return engine.table(COHORTS_SQL, first=first, last=last)


@dataclass(frozen=True, slots=True)
class PooledStep:
    """One step of the pooled retention curve.

    Parameters
    ----------
    age : int
        Reached by this step, from ``age - 1``.
    n_before, n_after : int
        Retained at both ages, of the cohorts observed at both.
    rate : float
        n_after / n_before.
    chained : float
        Product of all rates so far.
    """

    age: int
    n_before: int
    n_after: int
    rate: float
    chained: float


def pooled_steps(cohorts: pa.Table, *, reading: Reading = "rolling") -> list[PooledStep]:
    """Return one-step retention pooled over all cohorts observed at both ages, until nobody is left.

    Parameters
    ----------
    cohorts : pyarrow.Table
        Of the shape of `cohort_table`.
    reading : {'rolling', 'strict'}
        Which reading to pool.

    Notes
    -----
    With the rolling reading the chained steps are the discrete Kaplan-Meier estimate.
    """
    retained = {
        (row["cohort"], row["age"]): int(row["n_retained"])
        for row in cohorts.select(["cohort", "age", "n_retained", "reading"]).to_pylist()
        if row["reading"] == reading
    }
    steps: list[PooledStep] = []
    chained = 1.0
    for age in range(1, max((age for _, age in retained), default=0) + 1):
        both = [cohort for cohort, a in retained if a == age and (cohort, age - 1) in retained]
        before = sum(retained[cohort, age - 1] for cohort in both)
        after = sum(retained[cohort, age] for cohort in both)
        if before == 0:
            break
        chained *= after / before
        steps.append(PooledStep(age, before, after, after / before, chained))
    return steps
