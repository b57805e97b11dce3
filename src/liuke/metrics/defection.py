"""Complete and partial defection: how much of their former spend customers keep with us, and in which categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from liuke.kernel.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    import pyarrow as pa

    from liuke.engines.engine import Engine

DEFECTION_SQL = """
WITH bought AS (
    SELECT customer_id, coalesce(category, '') AS category,
           sum(CASE WHEN occurred_on <= CAST($as_of AS DATE) - $window_days THEN amount ELSE 0 END) AS before,
           sum(CASE WHEN occurred_on > CAST($as_of AS DATE) - $window_days THEN amount ELSE 0 END) AS now,
           count(DISTINCT CASE WHEN occurred_on <= CAST($as_of AS DATE) - $window_days THEN occurred_on END)
               AS days_before
    FROM transactions
    WHERE occurred_on > CAST($as_of AS DATE) - 2 * $window_days AND occurred_on <= $as_of
    GROUP BY customer_id, coalesce(category, '')
),
subscribed AS (
    SELECT customer_id, coalesce(plan, '') AS category,
           sum(CASE WHEN started_on <= CAST($as_of AS DATE) - $window_days
                     AND (ended_on IS NULL OR ended_on > CAST($as_of AS DATE) - $window_days)
                    THEN monthly_fee ELSE 0 END) AS before,
           sum(CASE WHEN ended_on IS NULL OR ended_on > $as_of THEN monthly_fee ELSE 0 END) AS now, 2 AS days_before
    FROM subscriptions WHERE started_on <= $as_of AND monthly_fee IS NOT NULL
    GROUP BY customer_id, coalesce(plan, '')
),
contract AS (
    SELECT DISTINCT customer_id FROM spells WHERE kind = 'contractual'
),
by_category AS (
    SELECT * FROM bought ANTI JOIN contract USING (customer_id)
    UNION ALL
    SELECT * FROM subscribed SEMI JOIN contract USING (customer_id)
),
by_customer AS (
    SELECT customer_id, sum(before) AS spend_before, sum(now) AS spend_now,
           count(*) FILTER (WHERE before > 0) AS n_categories_before,
           count(*) FILTER (WHERE before > 0 AND now <= 0 AND days_before >= 2) AS n_categories_dropped,
           coalesce(sum(before) FILTER (WHERE before > 0 AND now <= 0 AND days_before >= 2), 0) AS spend_dropped
    FROM by_category GROUP BY customer_id HAVING sum(before) > 0
),
here AS (
    SELECT DISTINCT customer_id FROM spells WHERE started_on <= $as_of AND (lost_on IS NULL OR lost_on > $as_of)
)
SELECT b.customer_id, CAST(b.spend_before AS DECIMAL(18, 2)) AS spend_before,
       CAST(b.spend_now AS DECIMAL(18, 2)) AS spend_now,
       CAST(b.spend_now AS DOUBLE) / CAST(b.spend_before AS DOUBLE) AS share_kept,
       b.n_categories_before, b.n_categories_dropped, CAST(b.spend_dropped AS DECIMAL(18, 2)) AS spend_dropped,
       CASE WHEN b.spend_now <= 0 OR h.customer_id IS NULL THEN 'complete'
            WHEN b.spend_now <= b.spend_before * (1 - CAST($partial_drop AS DECIMAL(9, 4))) THEN 'partial'
            ELSE 'none' END AS defection,
       h.customer_id IS NOT NULL AND b.spend_now > 0 AND b.n_categories_dropped > 0 AS has_dropped_category
FROM by_customer b LEFT JOIN here h USING (customer_id)
ORDER BY b.customer_id
"""

SUMMARY_SQL = """
SELECT count(*) AS n_customers, count(*) FILTER (WHERE defection = 'complete') AS n_complete,
       count(*) FILTER (WHERE defection = 'partial') AS n_partial,
       count(*) FILTER (WHERE has_dropped_category) AS n_dropped_category,
       CAST(coalesce(sum(spend_before), 0) AS DECIMAL(38, 2)) AS spend_before,
       CAST(coalesce(sum(spend_before) FILTER (WHERE defection = 'complete'), 0) AS DECIMAL(38, 2)) AS spend_complete,
       CAST(coalesce(sum(spend_before - spend_now) FILTER (WHERE defection = 'partial'), 0) AS DECIMAL(38, 2))
           AS spend_partial
FROM metric_defection
"""


@dataclass(frozen=True, slots=True)
class DefectionSummary:
    """Defection of the customers who spent in the earlier window.

    Parameters
    ----------
    n_customers : int
        Customers with spend in the earlier window.
    n_complete, n_partial : int
        Of them: gone with all of their spend; still here with a clear fall.
    n_dropped_category : int
        Still here, yet gave up a category they used to buy: an early warning.
    spend_before, spend_complete, spend_partial : Decimal
        Their earlier spend; the part that left with the complete; the part the partial took away.
    """

    n_customers: int
    n_complete: int
    n_partial: int
    n_dropped_category: int
    spend_before: Decimal
    spend_complete: Decimal
    spend_partial: Decimal


def defection_table(engine: Engine, *, as_of: date, window_days: int = 365, partial_drop: float = 0.5) -> pa.Table:
    """Return, per customer who spent in the earlier window, what share of the spend is kept.

    Parameters
    ----------
    engine : Engine
        Holds `spells`, `transactions`, `subscriptions`.
    as_of : date
        Last day of the current window.
    window_days : int
        Length of the current window and of the one before it. Customers with contracts: fees in force now and
        `window_days` ago, by plan.
    partial_drop : float
        Fall of spend from which on defection is partial, in (0, 1).

    Returns
    -------
    pyarrow.Table
        customer_id, spend_before, spend_now, share_kept, n_categories_before, n_categories_dropped (bought on two days
        or more before, not at all now), spend_dropped, defection (complete, partial, none), has_dropped_category;
        sorted by customer_id.

    Raises
    ------
    InvalidInput
        If `partial_drop` or `window_days` is out of range.
    """
    if not 0 < partial_drop < 1 or window_days < 1:
        raise InvalidInput(
            f"partial_drop lies between 0 and 1 and window_days is at least 1, got {partial_drop} and {window_days}"
        )
    engine.create(
        "metric_defection", DEFECTION_SQL, as_of=as_of, window_days=window_days, partial_drop=f"{partial_drop:.4f}"
    )
    return engine.table("SELECT * FROM metric_defection ORDER BY customer_id")


def defection_summary(
    engine: Engine, *, as_of: date, window_days: int = 365, partial_drop: float = 0.5
) -> DefectionSummary:
    """Return how many defected completely and partially, and with how much spend.

    Parameters
    ----------
    engine, as_of, window_days, partial_drop
        As for `defection_table`.
    """
    defection_table(engine, as_of=as_of, window_days=window_days, partial_drop=partial_drop)
    return DefectionSummary(**engine.one(SUMMARY_SQL))
