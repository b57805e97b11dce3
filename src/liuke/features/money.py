"""Money and breadth: what a customer spent, on how much, and whether it shrinks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liuke.engines.engine import Engine

MONEY_SQL = """
WITH filler AS (SELECT CASE WHEN EXISTS (SELECT 1 FROM transactions) THEN 0 END AS nothing),
lines AS (
    SELECT customer_id, amount, category, is_essential, date_diff('day', occurred_on, $as_of) AS age,
           12 * (year($month_end) - year(occurred_on)) + month($month_end) - month(occurred_on) AS months_back
    FROM transactions SEMI JOIN feature_actives USING (customer_id)
    WHERE occurred_on <= $as_of
),
sums AS (
    SELECT customer_id, sum(amount) AS spend_all,
           sum(amount) FILTER (age < 30) AS spend_30d, sum(amount) FILTER (age < 90) AS spend_90d,
           sum(amount) FILTER (age BETWEEN 90 AND 179) AS spend_before,
           sum(amount) FILTER (age < 365) AS spend_365d,
           sum(amount) FILTER (age < 365 AND amount > 0) AS paid_365d,
           -sum(amount) FILTER (age < 365 AND amount < 0) AS refunded_365d,
           sum(amount) FILTER (age < 365 AND is_essential) AS essential_365d,
           sum(amount) FILTER (age < 365 AND is_essential IS NOT NULL) AS sorted_365d,
           sum(amount) FILTER (age < 90 AND NOT is_essential) AS optional_90d,
           sum(amount) FILTER (age BETWEEN 90 AND 179 AND NOT is_essential) AS optional_before,
           count(DISTINCT category) FILTER (age < 90 AND amount > 0) AS lines_90d,
           count(DISTINCT category) FILTER (age BETWEEN 90 AND 179 AND amount > 0) AS lines_before,
           count(DISTINCT category) FILTER (amount > 0) AS lines_bought,
           sum(amount) FILTER (months_back = 0) AS month_0, sum(amount) FILTER (months_back = 1) AS month_1,
           sum(amount) FILTER (months_back = 2) AS month_2, sum(amount) FILTER (months_back = 3) AS month_3,
           sum(amount) FILTER (months_back = 4) AS month_4, sum(amount) FILTER (months_back = 5) AS month_5,
           sum(amount) FILTER (months_back = 6) AS month_6
    FROM lines GROUP BY customer_id
),
filled AS (
    SELECT feature_actives.customer_id, first_on, sums.* EXCLUDE (customer_id), nothing,
           coalesce(month_0, nothing) AS m0, coalesce(month_1, nothing) AS m1, coalesce(month_2, nothing) AS m2,
           coalesce(month_3, nothing) AS m3, coalesce(month_4, nothing) AS m4, coalesce(month_5, nothing) AS m5,
           coalesce(month_6, nothing) AS m6
    FROM feature_actives CROSS JOIN filler LEFT JOIN sums USING (customer_id)
),
months AS (
    SELECT *, CASE WHEN first_on <= $six_months_from THEN m0 + m1 + m2 + m3 + m4 + m5 END AS six_months,
           CASE WHEN first_on <= $seven_months_from
                THEN list_aggregate([m1, m2, m3, m4, m5, m6]::DOUBLE[], 'median') END AS usual_month
    FROM filled
)
SELECT customer_id,
       coalesce(spend_30d, nothing) AS spend_30d, coalesce(spend_90d, nothing) AS spend_90d,
       coalesce(spend_365d, nothing) AS spend_365d, coalesce(spend_all, nothing) AS spend_all,
       coalesce(spend_90d, 0) / nullif(spend_before, 0) AS spend_ratio_90d,
       CASE WHEN spend_before > 0
            THEN (coalesce(spend_90d, 0) <= (1 - $partial_drop) * spend_before)::INTEGER END AS is_partial_defection,
       CASE WHEN six_months > 0
            THEN (5 * (m0 - m5) + 3 * (m1 - m4) + (m2 - m3)) / 35.0 / (six_months / 6.0) END AS spend_slope,
       CASE WHEN six_months IS NOT NULL
            THEN (m0 + m1 + m2) / nullif(m3 + m4 + m5, 0) END AS spend_recent_ratio,
       CASE WHEN usual_month > 0
            THEN (m0::DOUBLE - usual_month) / usual_month END AS bill_shock,
       CASE WHEN first_on <= $year_from
            THEN coalesce(spend_365d, 0) / nullif(spend_all * 365.0 / (date_diff('day', first_on, $as_of) + 1), 0)
            END AS spend_year_ratio,
       refunded_365d / nullif(paid_365d, 0) AS refund_share_365d,
       essential_365d / nullif(sorted_365d, 0) AS essential_share_365d,
       coalesce(optional_90d, 0) / nullif(optional_before, 0) AS optional_ratio_90d,
       nullif(lines_bought, 0) AS lines_bought,
       1 - lines_90d / nullif(lines_before, 0) AS breadth_drop
FROM months
"""

FREQUENCY_SQL = """
WITH filler AS (SELECT CASE WHEN EXISTS (SELECT 1 FROM purchase_days) THEN 0 END AS nothing),
days AS (
    SELECT customer_id, date_diff('day', bought_on, $as_of) AS age
    FROM purchase_days SEMI JOIN feature_actives USING (customer_id)
),
counts AS (
    SELECT customer_id, count(*) FILTER (age < 30) AS n_30d, count(*) FILTER (age < 90) AS n_90d,
           count(*) FILTER (age BETWEEN 90 AND 179) AS n_before, count(*) FILTER (age < 365) AS n_365d
    FROM days GROUP BY customer_id
)
SELECT feature_actives.customer_id, coalesce(n_purchase_days, nothing) AS n_purchase_days,
       coalesce(n_30d, nothing) AS purchase_days_30d, coalesce(n_90d, nothing) AS purchase_days_90d,
       coalesce(n_365d, nothing) AS purchase_days_365d,
       n_90d / nullif(n_before, 0) AS purchase_ratio_90d,
       silence_days AS days_since_last_purchase, mean_gap_days, threshold_days,
       overdue_ratio, gap_variation,
       silence_days / nullif(mean_gap_days, 0) AS silence_in_own_gaps
FROM feature_actives CROSS JOIN filler LEFT JOIN counts USING (customer_id) LEFT JOIN rhythm USING (customer_id)
"""


def create(engine: Engine, as_of: date, partial_drop: float) -> tuple[str, ...]:
    """Keep the families recency, frequency, money and breadth of `feature_actives`; return their tables' names.

    Parameters
    ----------
    engine : Engine
        Holds `transactions`, `purchase_days`, `rhythm` and `feature_actives`.
    as_of : date
        The day we look from, inclusive.
    partial_drop : float
        Fall of spend, as a share, that counts as partial defection.

    Notes
    -----
    The monthly series runs over complete calendar months, so that bills written on the last of a month fall one into
    each. The slope over the last six (m0 the latest) is the least-squares one, per mean:
    ``(5 (m0 - m5) + 3 (m1 - m4) + (m2 - m3)) / 35 / mean``.
    """
    month_end = last_complete_month(as_of)
    engine.create(
        "feature_money",
        MONEY_SQL,
        as_of=as_of,
        month_end=month_end,
        six_months_from=first_of_month(month_end, 5),
        seven_months_from=first_of_month(month_end, 6),
        year_from=as_of - timedelta(days=364),
        partial_drop=partial_drop,
    )
    engine.create("feature_frequency", FREQUENCY_SQL, as_of=as_of)
    return ("feature_money", "feature_frequency")


def last_complete_month(as_of: date) -> date:
    """Return the last day of the last calendar month that is over at the end of `as_of`."""
    tomorrow = as_of + timedelta(days=1)
    return tomorrow.replace(day=1) - timedelta(days=1)


def first_of_month(day: date, months_back: int) -> date:
    """Return the first day of the month `months_back` months before that of `day`."""
    months = day.year * 12 + day.month - 1 - months_back
    return date(months // 12, months % 12 + 1, 1)
