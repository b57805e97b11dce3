"""Who had left by then: the label of every customer who was there on an earlier day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liuke.engines.engine import Engine

LABELS_SQL = """
WITH at_risk AS (
    SELECT customer_id, kind, lost_on FROM spells
    WHERE started_on <= $as_of
      AND (lost_on IS NULL OR lost_on > $as_of OR (kind = 'dormant' AND certain_on > $as_of))
),
bought_again AS (
    SELECT DISTINCT customer_id FROM purchase_days
    WHERE bought_on > $gap_end AND bought_on <= $window_end
)
SELECT customer_id,
       CASE WHEN at_risk.kind = 'contractual' THEN coalesce(lost_on > $gap_end AND lost_on <= $window_end, FALSE)
            ELSE bought_again.customer_id IS NULL END AS churned,
       at_risk.kind = 'contractual' AND coalesce(lost_on <= $gap_end, FALSE) AS lost_in_gap,
       lost_on
FROM at_risk LEFT JOIN bought_again USING (customer_id)
ORDER BY customer_id
"""


def create_labels(engine: Engine, as_of: date, lead_days: int, horizon_days: int) -> None:
    """Keep table `labels`: who of those there on `as_of` was lost in ``(as_of + lead, as_of + lead + horizon]``.

    Parameters
    ----------
    engine : Engine
        With later knowledge: holds `spells` and `purchase_days` (`spells.create_spells`) of a day not before the end
        of the window; customers whose window is not over yet must not be labelled.
    as_of : date
        The earlier day.
    lead_days, horizon_days : int
        Gap left to act; length of the window.

    Notes
    -----
    With a contract the label is the event: the contract ended inside the window and was not renewed in its grace
    period. Who was lost in the gap is flagged ``lost_in_gap`` ("too late to save") and no example of anything.
    Without a contract a loss has no day, so the label is "no purchase inside the window", given that the customer was
    not certainly lost on `as_of`; a purchase in the gap does not count, and nobody is lost in the gap.
    """
    gap_end = as_of + timedelta(days=lead_days)
    engine.create("labels", LABELS_SQL, as_of=as_of, gap_end=gap_end, window_end=gap_end + timedelta(days=horizon_days))
