"""Churn and retention of customers between two days, for every base one may divide by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from liuke.kernel.errors import InvalidInput
from liuke.metrics.intervals import wilson_interval

if TYPE_CHECKING:
    from liuke.engines.engine import Engine

Base = Literal["closed", "open", "mid", "end", "consuming"]
"""What is divided by what.

``closed`` losses among those present at the start ÷ those present (newcomers excluded; the only base whose
complement is retention); ``open`` all losses ÷ those present at the start; ``mid`` all losses ÷ the mean of start
and end; ``end`` all losses ÷ those present at the end, for reconciliation only; ``consuming`` all losses ÷ customers
who consumed in the period.
"""

FLOW_SQL = """
WITH spell AS (
    SELECT spell_no,
           started_on < $start AND (lost_on IS NULL OR lost_on >= $start) AS is_at_start,
           started_on >= $start AND started_on < $end AS has_begun,
           coalesce(lost_on >= $start AND lost_on < $end, false) AS is_lost,
           started_on < $end AND (lost_on IS NULL OR lost_on >= $end) AS is_at_end
    FROM spells
)
SELECT count(*) FILTER (WHERE is_at_start) AS n_start,
       count(*) FILTER (WHERE has_begun AND spell_no = 1) AS n_new,
       count(*) FILTER (WHERE has_begun AND spell_no > 1) AS n_won_back,
       count(*) FILTER (WHERE is_lost) AS n_lost,
       count(*) FILTER (WHERE is_lost AND is_at_start) AS n_lost_of_start,
       count(*) FILTER (WHERE is_at_start AND is_at_end) AS n_kept,
       count(*) FILTER (WHERE is_at_end) AS n_end
FROM spell
"""

CONSUMING_SQL = """
WITH under_contract AS (
    SELECT count(*) AS n FROM spells
    WHERE kind = 'contractual' AND started_on < $end AND (lost_on IS NULL OR lost_on >= $start)
),
buying AS (
    SELECT count(DISTINCT (s.customer_id, s.spell_no)) AS n
    FROM spells s JOIN transactions t USING (customer_id)
    WHERE s.kind <> 'contractual' AND t.occurred_on >= $start AND t.occurred_on < $end
      AND (s.spell_no = 1 OR t.occurred_on >= s.started_on)
      AND NOT EXISTS (
          SELECT 1 FROM spells later
          WHERE later.customer_id = s.customer_id AND later.spell_no > s.spell_no AND later.started_on <= t.occurred_on
      )
)
SELECT under_contract.n + buying.n AS n_consuming, (
    SELECT count(*) FROM spells WHERE lost_on >= $start AND lost_on < $end
) AS n_lost
FROM under_contract, buying
"""


class NobodyToCount(InvalidInput):
    """The base of a rate is empty: the rate is undefined, not zero."""


class NotAPeriod(InvalidInput):
    """The start of a period is not before its end."""


@dataclass(frozen=True, slots=True)
class CustomerFlow:
    """Customers' lives at the start, in and out during, and at the end of a period.

    Parameters
    ----------
    n_start, n_end : int
        Present at the opening of `start` and of `end` (B, E).
    n_new, n_won_back : int
        First lives begun (N) and later lives begun (R).
    n_lost, n_lost_of_start : int
        Lives ended in the period (L), and those of them present at the start (L∩B).
    n_kept : int
        Present at the start and, in the same life, at the end (B∩E).
    start, end : date
        The period ``[start, end)``.

    Notes
    -----
    Counted are lives: who is lost and won back within one period is one loss and one win-back. So
    |E| = |B| + |N| + |R| − |L| and |B| = |B∩E| + |L∩B| always hold.
    """

    n_start: int
    n_new: int
    n_won_back: int
    n_lost: int
    n_lost_of_start: int
    n_kept: int
    n_end: int
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with everything needed to read it.

    Parameters
    ----------
    numerator, denominator : Fraction
        Exact; the denominator of base ``mid`` may be a half.
    value : float
        Their quotient, per the period's length, never annualised.
    low, high : float or None
        Wilson's 95 % interval; None where the rate exceeds one.
    base : str
        What was divided by.
    start, end : date
        The period ``[start, end)``.
    """

    numerator: Fraction
    denominator: Fraction
    value: float
    low: float | None
    high: float | None
    base: str
    start: date
    end: date


def customer_flow(engine: Engine, *, start: date, end: date) -> CustomerFlow:
    """Return who was there, came, left and stayed in ``[start, end)``.

    Parameters
    ----------
    engine : Engine
        Holds `spells`.
    start, end : date
        The period, end excluded.

    Raises
    ------
    NotAPeriod
        If `start` is not before `end`.
    """
    check_period(start, end)
    return CustomerFlow(**engine.one(FLOW_SQL, start=start, end=end), start=start, end=end)


def churn_rate(engine: Engine, *, start: date, end: date, base: Base = "closed") -> Rate:
    """Return the share of customers lost in ``[start, end)``.

    Parameters
    ----------
    engine : Engine
        Holds `spells`, and `transactions` for base ``consuming``.
    start, end : date
        The period, end excluded.
    base : {'closed', 'open', 'mid', 'end', 'consuming'}
        What is divided by, see `Base`.

    Raises
    ------
    NobodyToCount
        If the base is empty.
    NotAPeriod
        If `start` is not before `end`.

    References
    ----------
    .. [1] Gold, C. (2020). Fighting Churn with Data, ch. 2. Manning.
    """
    if base == "consuming":
        check_period(start, end)
        counts = engine.one(CONSUMING_SQL, start=start, end=end)
        return rate_of(counts["n_lost"], Fraction(counts["n_consuming"]), base, start, end)
    flow = customer_flow(engine, start=start, end=end)
    denominators = {
        "closed": Fraction(flow.n_start),
        "open": Fraction(flow.n_start),
        "mid": Fraction(flow.n_start + flow.n_end, 2),
        "end": Fraction(flow.n_end),
    }
    if base not in denominators:
        raise InvalidInput(f"no base is called {base!r}; known are {', '.join(denominators)} and consuming")
    lost = flow.n_lost_of_start if base == "closed" else flow.n_lost
    return rate_of(lost, denominators[base], base, start, end)


def retention_rate(engine: Engine, *, start: date, end: date) -> Rate:
    """Return the share of customers present on `start` whose life lasts beyond the period: 1 − closed churn.

    Parameters
    ----------
    engine : Engine
        Holds `spells`.
    start, end : date
        The period, end excluded.

    Raises
    ------
    NobodyToCount
        If nobody was there on `start`.
    """
    flow = customer_flow(engine, start=start, end=end)
    return rate_of(flow.n_kept, Fraction(flow.n_start), "closed", start, end)


def check_period(start: date, end: date) -> None:
    """Refuse a period that has no days."""
    if start >= end:
        raise NotAPeriod(f"a period needs its start before its end, got {start} to {end}; the end day is excluded")


def rate_of(count: int, total: Fraction, base: str, start: date, end: date) -> Rate:
    """Return `count` ÷ `total` with its interval.

    Raises
    ------
    NobodyToCount
        If `total` is zero.
    """
    if total == 0:
        raise NobodyToCount(
            f"no customer to divide by from {start} to {end} (base {base}); choose a period in which there were some"
        )
    low, high = wilson_interval(count, float(total))
    fits = 0 <= count <= total
    return Rate(
        numerator=Fraction(count),
        denominator=total,
        value=float(Fraction(count) / total),
        low=float(low) if fits else None,
        high=float(high) if fits else None,
        base=base,
        start=start,
        end=end,
    )
