"""The day from which each customer's reasons are looked for: the loss, or `as_of` for those still here."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liuke.engines.engine import Engine

ANCHORS_SQL = """
WITH last_life AS (
    SELECT customer_id, CASE WHEN lost_on <= $as_of THEN lost_on END AS lost_on
    FROM spells
    WHERE started_on <= $as_of
    QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY spell_no DESC, started_on DESC) = 1
),
anchored AS (
    SELECT customer_id, lost_on IS NOT NULL AS is_lost,
           CAST(coalesce(lost_on, $as_of) AS DATE) AS anchor_on,
           CAST(least(lost_on + CAST($after_days AS INTEGER), $as_of) AS DATE) AS seen_until
    FROM last_life
),
open_complaints AS (
    SELECT DISTINCT customer_id
    FROM anchored JOIN complaints USING (customer_id)
    WHERE occurred_on <= anchor_on AND occurred_on > anchor_on - CAST($open_days AS INTEGER)
      AND (resolved_on IS NULL OR resolved_on > anchor_on)
)
SELECT anchored.*, open_complaints.customer_id IS NOT NULL AS has_open_complaint
FROM anchored LEFT JOIN open_complaints USING (customer_id)
ORDER BY customer_id
"""


def create_anchors(engine: Engine, as_of: date, *, after_days: int = 90, open_days: int = 60) -> None:
    """Create `reason_anchors`: one row per customer with a life begun by `as_of`.

    Parameters
    ----------
    engine : Engine
        Holds `spells` and `complaints`.
    as_of : date
        The day we look from; nothing later is seen.
    after_days : int, default 90
        For how long after a loss evidence still counts.
    open_days : int, default 60
        How old a complaint open at the anchor may be to count as open.

    Notes
    -----
    Columns: customer_id, is_lost, anchor_on (the loss, or `as_of`), seen_until (the last day from which evidence
    counts), has_open_complaint.
    """
    engine.create("reason_anchors", ANCHORS_SQL, as_of=as_of, after_days=after_days, open_days=open_days)
