"""Ties: the account manager, those a customer recommended or lives with, and the rivals around."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liuke.engines.engine import Engine

MANAGER_SQL = """
WITH filler AS (SELECT CASE WHEN EXISTS (SELECT 1 FROM staff_links) OR EXISTS (SELECT 1 FROM staff)
                            THEN 0 END AS nothing),
links AS (
    SELECT customer_id, staff_id, started_on, CASE WHEN ended_on <= $as_of THEN ended_on END AS ended_on
    FROM staff_links SEMI JOIN feature_actives USING (customer_id) WHERE started_on <= $as_of
    UNION ALL
    SELECT customer_id, manager_id, DATE '1900-01-01', NULL
    FROM customers SEMI JOIN feature_actives USING (customer_id)
    WHERE manager_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM staff_links)
),
per_customer AS (
    SELECT customer_id, count(*) AS n_links, count(*) FILTER (ended_on IS NULL AND left_on IS NULL) AS n_live,
           max(started_on) AS newest_on, max(left_on) AS left_on
    FROM links LEFT JOIN (SELECT staff_id, max(left_on) AS left_on FROM staff WHERE left_on <= $as_of GROUP BY staff_id)
         USING (staff_id)
    GROUP BY customer_id
)
SELECT customer_id,
       coalesce((date_diff('day', left_on, $as_of) < 90)::INTEGER, nothing) AS manager_left_90d,
       coalesce((n_links > 1 AND date_diff('day', newest_on, $as_of) < 90)::INTEGER, nothing) AS manager_changed_90d,
       CASE WHEN n_links > 0 THEN (n_live = 0)::INTEGER END AS is_orphaned
FROM feature_actives CROSS JOIN filler LEFT JOIN per_customer USING (customer_id)
"""

NEIGHBOURS_SQL = """
WITH filler AS (SELECT CASE WHEN EXISTS (SELECT 1 FROM referrals) THEN 0 END AS nothing),
linked AS (
    SELECT referrer_id AS customer_id, referred_id AS other_id, occurred_on, 1 AS is_referrer FROM referrals
    WHERE occurred_on <= $as_of
    UNION ALL
    SELECT referred_id, referrer_id, occurred_on, 0 FROM referrals WHERE occurred_on <= $as_of
),
gone AS (
    SELECT customer_id AS other_id, arg_max(lost_on, spell_no) FILTER (lost_on IS NOT NULL) AS lost_on
    FROM spells GROUP BY customer_id HAVING bool_and(lost_on IS NOT NULL)
),
per_customer AS (
    SELECT customer_id, count(DISTINCT other_id) AS n_linked,
           count(DISTINCT other_id) FILTER (lost_on IS NOT NULL) AS n_lost,
           count(DISTINCT other_id) FILTER (date_diff('day', lost_on, $as_of) < 90) AS n_lost_90d,
           count(*) FILTER (is_referrer = 1 AND date_diff('day', occurred_on, $as_of) < 365) AS n_made,
           max(1 - is_referrer) AS was_referred
    FROM linked SEMI JOIN feature_actives USING (customer_id) LEFT JOIN gone USING (other_id)
    GROUP BY customer_id
),
homes AS (
    SELECT household, count(*) AS members, count(lost_on) AS lost_members
    FROM customers LEFT JOIN gone ON other_id = customer_id
    WHERE household IS NOT NULL GROUP BY household
)
SELECT customer_id, n_lost / nullif(n_linked, 0) AS neighbours_lost_share,
       coalesce(n_lost_90d, nothing) AS neighbours_lost_90d, coalesce(n_made, nothing) AS referrals_365d,
       coalesce(was_referred, nothing) AS was_referred, members AS household_size,
       lost_members / nullif(members - 1, 0) AS household_lost_share
FROM feature_actives CROSS JOIN filler LEFT JOIN per_customer USING (customer_id) LEFT JOIN homes USING (household)
"""

RIVALS_SQL = """
WITH filler AS (SELECT CASE WHEN EXISTS (SELECT 1 FROM rival_offers) THEN 0 END AS nothing),
live AS (
    SELECT region, rival, price, started_on FROM rival_offers
    WHERE started_on <= $as_of AND (ended_on IS NULL OR ended_on > $as_of)
),
regions AS (SELECT DISTINCT region FROM feature_actives),
per_region AS (
    SELECT regions.region, count(rival) AS n_live, min(price) AS best_price,
           count(rival) FILTER (date_diff('day', started_on, $as_of) < 60) AS n_new
    FROM regions LEFT JOIN live ON live.region IS NULL OR live.region = regions.region
    GROUP BY regions.region
)
SELECT customer_id, n_live + nothing AS rival_offers, n_new + nothing AS rival_offers_60d,
       CASE WHEN monthly_fee > 0 THEN (monthly_fee - best_price) / monthly_fee END AS rival_price_gap
FROM feature_actives CROSS JOIN filler
     LEFT JOIN per_region ON per_region.region IS NOT DISTINCT FROM feature_actives.region
     LEFT JOIN (SELECT customer_id, monthly_fee FROM feature_contract) USING (customer_id)
"""


def create(engine: Engine, as_of: date) -> tuple[str, ...]:
    """Keep the families manager, neighbours and rival of `feature_actives`; return their tables' names.

    Needs `feature_contract` for the price gap to the rivals' best live offer in the customer's region.
    """
    engine.create("feature_manager", MANAGER_SQL, as_of=as_of)
    engine.create("feature_neighbours", NEIGHBOURS_SQL, as_of=as_of)
    engine.create("feature_rival", RIVALS_SQL, as_of=as_of)
    return ("feature_manager", "feature_neighbours", "feature_rival")
