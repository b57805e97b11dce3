"""Where the lost went: to a rival, out of the market, or nobody knows yet."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import pyarrow as pa

from liuke.metrics.churn import Rate, check_period, rate_of

if TYPE_CHECKING:
    from datetime import date

    from liuke.engines.engine import Engine

REASON_COLUMNS = {
    "customer_id": pa.string(),
    "reason_1": pa.string(),
    "churn_type": pa.string(),
    "is_voluntary": pa.bool_(),
    "intent": pa.string(),
}

DESTINATIONS_SQL = """
SELECT customer_id, coalesce(is_voluntary = false, false) AS is_involuntary,
       CASE WHEN churn_type = 'COM' OR reason_1 LIKE 'C%' OR reason_1 = 'V1' THEN 'to_rival'
            WHEN intent = 'UNI' OR reason_1 LIKE 'U%' OR reason_1 LIKE 'M%' THEN 'left_market'
            ELSE 'undecided' END AS destination
FROM loss_reasons
"""

OUTCOME_SQL = """
WITH lost AS (
    SELECT customer_id, spell_no, certain_on FROM spells
    WHERE started_on < $start AND lost_on >= $start AND lost_on < $end
),
last_life AS (
    SELECT customer_id, max(spell_no) AS spell_no FROM spells GROUP BY customer_id
),
told AS (
    SELECT lost.certain_on, d.destination, d.is_involuntary
    FROM lost
    LEFT JOIN last_life USING (customer_id, spell_no)
    LEFT JOIN loss_destinations d ON d.customer_id = last_life.customer_id
)
SELECT count(*) AS n_lost_of_start,
       count(*) FILTER (WHERE destination = 'to_rival') AS n_to_rival,
       count(*) FILTER (WHERE destination = 'left_market') AS n_left_market,
       count(*) FILTER (WHERE coalesce(destination, 'undecided') = 'undecided') AS n_undecided,
       count(*) FILTER (WHERE is_involuntary) AS n_involuntary,
       count(*) FILTER (WHERE certain_on IS NULL OR certain_on > $as_of) AS n_provisional,
       (SELECT count(*) FROM spells
        WHERE started_on < $start AND (lost_on IS NULL OR lost_on >= $start)) AS n_start
FROM told
"""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of those present at the start and lost in the period.

    Parameters
    ----------
    n_start, n_lost_of_start : int
        The base and its losses.
    n_to_rival, n_left_market, n_undecided : int
        Their parts: to a rival (the strict meaning of churn); moved, died, stopped trading; dormant or unknown.
    n_involuntary : int
        Of all losses, those the customer did not choose (payment failed, ended by the firm).
    n_provisional : int
        Of all losses, those that may still be renewed within the grace period.
    start, end : date
        The period ``[start, end)``.
    """

    n_start: int
    n_lost_of_start: int
    n_to_rival: int
    n_left_market: int
    n_undecided: int
    n_involuntary: int
    n_provisional: int
    start: date
    end: date

    @property
    def strict_churn_rate(self) -> Rate:
        """Losses known to have gone to a rival ÷ present at the start."""
        return self._share(self.n_to_rival)

    @property
    def wide_churn_rate(self) -> Rate:
        """All losses ÷ present at the start."""
        return self._share(self.n_lost_of_start)

    @property
    def voluntary_churn_rate(self) -> Rate:
        """Losses without the involuntary ones ÷ present at the start."""
        return self._share(self.n_lost_of_start - self.n_involuntary)

    def _share(self, count: int) -> Rate:
        return rate_of(count, Fraction(self.n_start), "closed", self.start, self.end)


def register_reasons(engine: Engine, reasons: pa.Table | None) -> None:
    """Keep the destinations of lost customers in `engine` as ``loss_destinations``, empty without `reasons`.

    Parameters
    ----------
    engine : Engine
        Where the step is kept.
    reasons : pyarrow.Table, optional
        Columns customer_id, reason_1, churn_type, is_voluntary, intent; one row per customer, of the last loss.
        Missing columns count as unknown.
    """
    given = reasons if reasons is not None else pa.table({"customer_id": pa.array([], pa.string())})
    columns = {
        name: given[name].cast(kind) if name in given.column_names else pa.nulls(given.num_rows, kind)
        for name, kind in REASON_COLUMNS.items()
    }
    engine.register("loss_reasons", pa.table(columns))
    engine.create("loss_destinations", DESTINATIONS_SQL)


def outcomes(engine: Engine, *, start: date, end: date, as_of: date, reasons: pa.Table | None = None) -> Outcomes:
    """Return where those lost in ``[start, end)`` went, as far as is known.

    Parameters
    ----------
    engine : Engine
        Holds `spells`.
    start, end : date
        The period, end excluded.
    as_of : date
        The day we look from: losses not yet certain on it are provisional.
    reasons : pyarrow.Table, optional
        As for `register_reasons`; without it every loss is undecided.

    Raises
    ------
    NobodyToCount
        By the rates, if nobody was there on `start`.
    """
    check_period(start, end)
    register_reasons(engine, reasons)
    counts = engine.one(OUTCOME_SQL, start=start, end=end, as_of=as_of)
    return Outcomes(**counts, start=start, end=end)
