"""Complaints, contacts and answers: how a customer was treated and whether there is still an echo."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liuke.engines.engine import Engine

COMPLAINTS_SQL = """
WITH filler AS (SELECT CASE WHEN EXISTS (SELECT 1 FROM complaints) THEN 0 END AS nothing),
heard AS (
    SELECT customer_id, coalesce(severity, 1) AS weight, date_diff('day', occurred_on, $as_of) AS age,
           CASE WHEN resolved_on <= $as_of THEN date_diff('day', occurred_on, resolved_on) END AS days_to_answer,
           CASE WHEN resolved_on <= $as_of THEN is_satisfied END AS is_satisfied
    FROM complaints SEMI JOIN feature_actives USING (customer_id) WHERE occurred_on <= $as_of
),
per_customer AS (
    SELECT customer_id, sum(CAST(weight * pow(2.0, -age / 90.0) AS DECIMAL(18, 6))) AS complaint_load,
           count(*) FILTER (age < 90) AS n_90d, count(*) FILTER (age < 365) AS n_365d,
           count(*) FILTER (days_to_answer IS NULL) AS n_open, max(age) FILTER (days_to_answer IS NULL) AS open_days,
           count(*) FILTER (NOT is_satisfied AND age < 365) AS n_unsatisfied,
           count(*) FILTER (days_to_answer > 15 AND age < 365) AS n_late, min(age) AS days_since
    FROM heard GROUP BY customer_id
)
SELECT customer_id, coalesce(complaint_load, nothing) AS complaint_load, coalesce(n_90d, nothing) AS complaints_90d,
       coalesce(n_365d, nothing) AS complaints_365d, coalesce(n_open, nothing) AS complaints_open,
       open_days AS complaint_open_days, coalesce(n_unsatisfied, nothing) AS complaints_unsatisfied_365d,
       coalesce(n_late, nothing) AS complaints_late_365d, days_since AS days_since_complaint
FROM feature_actives CROSS JOIN filler LEFT JOIN per_customer USING (customer_id)
"""

CONTACTS_SQL = """
WITH filler AS (SELECT CASE WHEN EXISTS (SELECT 1 FROM contacts) THEN 0 END AS nothing),
touches AS (
    SELECT customer_id, channel, direction, answered, date_diff('day', occurred_on, $as_of) AS age,
           max(CASE WHEN answered OR direction = 'in' THEN occurred_at END)
               OVER (PARTITION BY customer_id) AS last_echo_at, occurred_at
    FROM contacts SEMI JOIN feature_actives USING (customer_id) WHERE occurred_on <= $as_of
),
per_customer AS (
    SELECT customer_id,
           count(*) FILTER (direction = 'out' AND age < 365) AS n_out,
           count(*) FILTER (direction = 'out' AND age < 365 AND answered) AS n_answered,
           count(*) FILTER (direction = 'in' AND age < 90) AS n_in,
           count(*) FILTER (direction = 'out' AND (last_echo_at IS NULL OR occurred_at > last_echo_at)) AS n_unanswered,
           count(DISTINCT channel) FILTER (direction = 'out' AND (last_echo_at IS NULL OR occurred_at > last_echo_at))
               AS n_silent_channels,
           min(age) AS days_since
    FROM touches GROUP BY customer_id
)
SELECT customer_id, coalesce(n_out, nothing) AS contacts_out_365d, coalesce(n_in, nothing) AS contacts_in_90d,
       CASE WHEN n_out >= 3 THEN 1 - n_answered / n_out END AS non_response,
       coalesce(n_unanswered, nothing) AS unanswered_run, coalesce(n_silent_channels, nothing) AS unanswered_channels,
       days_since AS days_since_contact
FROM feature_actives CROSS JOIN filler LEFT JOIN per_customer USING (customer_id)
"""


def create(engine: Engine, as_of: date) -> tuple[str, ...]:
    """Keep the families complaint and contact of `feature_actives`; return their tables' names.

    Notes
    -----
    ``complaint_load = sum(severity * 2 ** (-age_days / 90))``, rounded to six places per complaint so that the sum is
    exact; a complaint without a severity weighs 1.
    """
    engine.create("feature_complaint", COMPLAINTS_SQL, as_of=as_of)
    engine.create("feature_contact", CONTACTS_SQL, as_of=as_of)
    return ("feature_complaint", "feature_contact")
