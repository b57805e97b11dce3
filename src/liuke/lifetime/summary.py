"""Frequency, recency, T and monetary_value per customer, straight from the purchases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from liuke.engines import duckdb
from liuke.engines.engine import Engine
from liuke.survival import arrays
from liuke.survival.arrays import Floats, table_of

Refunds = Literal["net", "ignore"]
"""What a negative amount does: ``net`` takes it off the day's and the customer's spend, ``ignore`` leaves it out."""

SUMMARY_SQL = """
WITH days AS (
    SELECT
        customer_id,
        occurred_on,
        sum(amount) AS spend,
        sum(amount) > 0 OR min(amount) >= 0 AS is_purchase
    FROM transactions
    WHERE occurred_on <= $as_of AND (amount >= 0 OR $is_net)
    GROUP BY customer_id, occurred_on
),
purchases AS (
    SELECT
        customer_id,
        min(occurred_on) AS first_on,
        max(occurred_on) AS last_on,
        count(*) - 1 AS frequency,
        sum(spend) - arg_min(spend, occurred_on) AS repeat_spend
    FROM days
    WHERE is_purchase
    GROUP BY customer_id
),
taken_back AS (
    SELECT customer_id, sum(spend) AS spend
    FROM days
    JOIN purchases USING (customer_id)
    WHERE NOT days.is_purchase AND days.occurred_on > purchases.first_on
    GROUP BY customer_id
)
SELECT
    customer_id,
    frequency::BIGINT AS frequency,
    (last_on - first_on) / $unit_days::DOUBLE AS recency,
    ($as_of::DATE - first_on) / $unit_days::DOUBLE AS T,
    CASE WHEN frequency > 0 THEN (repeat_spend + coalesce(taken_back.spend, 0))::DOUBLE / frequency END
        AS monetary_value,
    first_on,
    last_on
FROM purchases
LEFT JOIN taken_back USING (customer_id)
ORDER BY customer_id
"""

COUNTS_SQL = """
WITH seen AS (
    SELECT
        count(*) AS n_rows,
        count(*) FILTER (WHERE amount < 0) AS n_refunds,
        coalesce(sum(amount) FILTER (WHERE amount < 0), 0) AS refunded,
        count(DISTINCT customer_id) AS n_customers_seen
    FROM transactions
    WHERE occurred_on <= $as_of
)
SELECT
    n_rows,
    n_refunds,
    -refunded AS refunded,
    (SELECT count(*) FROM summary) AS n_customers,
    n_customers_seen - (SELECT count(*) FROM summary) AS n_without_purchase,
    (SELECT count(*) FROM summary WHERE frequency = 0) AS n_bought_once
FROM seen
"""


@dataclass(frozen=True, slots=True)
class SummaryCounts:
    """What went into the summary and what did not.

    Attributes
    ----------
    n_rows, n_refunds : int
        Transactions up to `as_of`, and those with a negative amount.
    refunded : Decimal
        Money paid back, positive.
    n_customers, n_bought_once : int
        In the summary, and those among them without a repeat purchase.
    n_without_purchase : int
        Seen only with refunds or purchases taken back in full: not in the summary.
    """

    n_rows: int
    n_refunds: int
    refunded: Any
    n_customers: int
    n_without_purchase: int
    n_bought_once: int


def create_summary(engine: Engine, as_of: date, *, unit_days: float = 1.0, refunds: Refunds = "net") -> SummaryCounts:
    """Create table `summary`, one row per customer who ever bought, and return what went into it.

    Parameters
    ----------
    engine : Engine
        Holds `transactions` (customer_id, occurred_on, amount).
    as_of : date
        The end of observation, inclusive.
    unit_days : float, default 1
        Days per unit of `recency` and `T`; 7 for weeks on a day grid, as in the papers.
    refunds : {'net', 'ignore'}, default 'net'
        With ``net`` a day counts as a purchase unless refunds take back all of it, and refunds after the first
        purchase lower `monetary_value` but not `frequency`; refunds dated before the first purchase belong to
        purchases outside the data and are left out.

    Returns
    -------
    SummaryCounts
        Rows, refunds and customers.

    Notes
    -----
    Columns of `summary`: customer_id, frequency (purchase days after the first), recency (first to last
    purchase), T (first purchase to `as_of`), monetary_value (mean spend per repeat day after refunds; NULL
    without one), first_on, last_on. A purchase for nothing is a purchase.
    """
    engine.create("summary", SUMMARY_SQL, as_of=as_of, unit_days=unit_days, is_net=refunds == "net")
    return SummaryCounts(**engine.one(COUNTS_SQL, as_of=as_of))


def summary_of(transactions: Any, as_of: date, *, unit_days: float = 1.0, refunds: Refunds = "net") -> Any:
    """Return the summary of a table of transactions (Arrow, pandas, Polars), without an engine of one's own.

    Parameters
    ----------
    transactions : table of any kind
        Columns customer_id, occurred_at (or occurred_on as well), amount.
    as_of, unit_days, refunds
        As in `create_summary`.

    Returns
    -------
    pa.Table
        Columns as in `create_summary`, ordered by customer.
    """
    engine = duckdb.open_tables({"transactions": table_of(transactions)})
    create_summary(engine, as_of, unit_days=unit_days, refunds=refunds)
    result = engine.table("SELECT * FROM summary ORDER BY customer_id")
    engine.close()
    return result


def histories_of(summary: Any) -> tuple[Floats, Floats, Floats]:
    """Return frequency, recency and T of a summary, ready for ``BetaGeometric().fit(*histories_of(summary))``."""
    frequency, recency, age = arrays.columns(summary, "frequency", "recency", "T")
    return frequency, recency, age
