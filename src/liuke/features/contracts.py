"""Contract, price and payment: what a customer is bound by, pays, and owes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liuke.engines.engine import Engine

CONTRACT_SQL = """
WITH live AS (
    SELECT customer_id, subscription_id, plan, started_on, monthly_fee, exit_fee, committed_until,
           row_number() OVER (PARTITION BY customer_id ORDER BY started_on DESC, subscription_id DESC, plan,
                              monthly_fee, exit_fee, committed_until) AS newest
    FROM subscriptions SEMI JOIN feature_actives USING (customer_id)
    WHERE started_on <= $as_of AND (ended_on IS NULL OR ended_on > $as_of)
),
per_customer AS (
    SELECT customer_id, count(*) AS n_live_subscriptions, sum(monthly_fee) AS monthly_fee, sum(exit_fee) AS exit_fee,
           max(committed_until) AS committed_until, max(plan) FILTER (newest = 1) AS plan, max(started_on) AS plan_since
    FROM live GROUP BY customer_id
),
ever AS (
    SELECT customer_id, count(*) AS n_subscriptions, count(*) FILTER (ended_on <= $as_of) AS n_ended_subscriptions
    FROM subscriptions SEMI JOIN feature_actives USING (customer_id) WHERE started_on <= $as_of GROUP BY customer_id
),
steps AS (
    SELECT plan, effective_on, (new_price - old_price) / nullif(old_price, 0) AS rise,
           row_number() OVER (PARTITION BY plan ORDER BY effective_on DESC, new_price DESC, old_price) AS newest
    FROM prices WHERE effective_on <= $as_of
),
last_step AS (SELECT * FROM steps WHERE newest = 1),
priced AS (SELECT CASE WHEN EXISTS (SELECT 1 FROM prices) THEN 0 END AS nothing)
SELECT customer_id, n_live_subscriptions, n_subscriptions, n_ended_subscriptions, monthly_fee, exit_fee,
       date_diff('day', plan_since, $as_of) AS plan_age_days,
       CASE WHEN committed_until > $as_of THEN date_diff('day', $as_of, committed_until) / 30.4375
            WHEN committed_until IS NOT NULL THEN 0 END AS months_to_commitment_end,
       CASE WHEN n_live_subscriptions > 0 THEN coalesce(committed_until > $as_of, FALSE)::INTEGER END AS is_committed,
       CASE WHEN date_diff('day', effective_on, $as_of) < 60 THEN rise ELSE nothing END AS price_rise_60d,
       CASE WHEN rise > 0 THEN date_diff('day', effective_on, $as_of) END AS days_since_price_rise
FROM feature_actives CROSS JOIN priced LEFT JOIN per_customer USING (customer_id) LEFT JOIN ever USING (customer_id)
     LEFT JOIN last_step USING (plan)
"""

PAYMENT_SQL = """
WITH filler AS (SELECT CASE WHEN EXISTS (SELECT 1 FROM balances) THEN 0 END AS nothing),
readings AS (
    SELECT customer_id, owed, overdue_days, date_diff('day', "on", $as_of) AS age,
           row_number() OVER (PARTITION BY customer_id ORDER BY "on" DESC, owed DESC, overdue_days DESC) AS newest
    FROM balances SEMI JOIN feature_actives USING (customer_id) WHERE "on" <= $as_of
),
per_customer AS (
    SELECT customer_id, max(owed) FILTER (newest = 1) AS owed, max(overdue_days) FILTER (newest = 1) AS overdue_days,
           max(owed) FILTER (newest = 2) AS owed_before, max(owed) FILTER (age < 365) AS owed_peak_365d,
           count(*) FILTER (owed > 0 AND age < 180) AS arrears_180d
    FROM readings GROUP BY customer_id
)
SELECT customer_id, coalesce(owed, nothing) AS owed, coalesce(overdue_days, nothing) AS overdue_days,
       coalesce(owed - coalesce(owed_before, 0), nothing) AS owed_change,
       coalesce(owed_peak_365d, nothing) AS owed_peak_365d, coalesce(arrears_180d, nothing) AS arrears_180d
FROM feature_actives CROSS JOIN filler LEFT JOIN per_customer USING (customer_id)
"""


def create(engine: Engine, as_of: date) -> tuple[str, ...]:
    """Keep the families contract, price and payment of `feature_actives`; return their tables' names."""
    engine.create("feature_contract", CONTRACT_SQL, as_of=as_of)
    engine.create("feature_payment", PAYMENT_SQL, as_of=as_of)
    return ("feature_contract", "feature_payment")
