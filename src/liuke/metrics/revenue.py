"""Revenue kept from the customers of the start: gross and net revenue retention, quick ratio."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from liuke.metrics.churn import NobodyToCount, check_period

if TYPE_CHECKING:
    from datetime import date

    from liuke.engines.engine import Engine

MOVEMENT_SQL = """
WITH life AS (
    SELECT customer_id, spell_no, kind = 'contractual' AS has_contract, started_on, lost_on,
           CASE WHEN spell_no > 1 THEN started_on ELSE DATE '0001-01-01' END AS reach_from,
           coalesce(lead(started_on) OVER (PARTITION BY customer_id ORDER BY spell_no),
                    DATE '9999-12-31') AS reach_until
    FROM spells
),
yearly_fees AS (
    SELECT l.customer_id, l.spell_no,
           sum(CASE WHEN s.started_on < $start AND (s.ended_on IS NULL OR s.ended_on >= $start)
                    THEN s.monthly_fee * 12 ELSE 0 END) AS before,
           sum(CASE WHEN s.started_on < $end AND (s.ended_on IS NULL OR s.ended_on >= $end)
                    THEN s.monthly_fee * 12 ELSE 0 END) AS after
    FROM life l JOIN subscriptions s
      ON s.customer_id = l.customer_id AND s.started_on >= l.reach_from AND s.started_on < l.reach_until
    WHERE l.has_contract GROUP BY l.customer_id, l.spell_no
),
spend_of_12_months AS (
    SELECT l.customer_id, l.spell_no,
           sum(CASE WHEN t.occurred_on >= CAST($start AS DATE) - INTERVAL 12 MONTH AND t.occurred_on < $start
                    THEN t.amount ELSE 0 END) AS before,
           sum(CASE WHEN t.occurred_on >= CAST($end AS DATE) - INTERVAL 12 MONTH AND t.occurred_on < $end
                    THEN t.amount ELSE 0 END) AS after
    FROM life l JOIN transactions t
      ON t.customer_id = l.customer_id AND t.occurred_on >= l.reach_from AND t.occurred_on < l.reach_until
    WHERE NOT l.has_contract GROUP BY l.customer_id, l.spell_no
),
yearly AS (
    SELECT * FROM yearly_fees UNION ALL SELECT * FROM spend_of_12_months
),
moved AS (
    SELECT l.spell_no, y.before, y.after,
           l.started_on < $start AND (l.lost_on IS NULL OR l.lost_on >= $start) AS is_at_start,
           l.started_on >= $start AND l.started_on < $end AS has_begun,
           l.started_on < $end AND (l.lost_on IS NULL OR l.lost_on >= $end) AS is_at_end
    FROM life l JOIN yearly y USING (customer_id, spell_no)
)
SELECT coalesce(sum(before) FILTER (WHERE is_at_start), 0)::DECIMAL(38, 2) AS revenue_start,
       coalesce(sum(greatest(after - before, 0)) FILTER (WHERE is_at_start AND is_at_end), 0)::DECIMAL(38, 2)
           AS revenue_expanded,
       coalesce(sum(greatest(before - after, 0)) FILTER (WHERE is_at_start AND is_at_end), 0)::DECIMAL(38, 2)
           AS revenue_contracted,
       coalesce(sum(before) FILTER (WHERE is_at_start AND NOT is_at_end), 0)::DECIMAL(38, 2) AS revenue_lost,
       coalesce(sum(after) FILTER (WHERE has_begun AND is_at_end AND spell_no = 1), 0)::DECIMAL(38, 2) AS revenue_new,
       coalesce(sum(after) FILTER (WHERE has_begun AND is_at_end AND spell_no > 1), 0)::DECIMAL(38, 2)
           AS revenue_won_back
FROM moved
"""

SALES_SQL = """
SELECT coalesce(sum(t.amount), 0)::DECIMAL(38, 2) AS sales,
       coalesce(sum(t.amount - t.cost), 0)::DECIMAL(38, 2) AS margin,
       coalesce(sum(CASE WHEN t.cost IS NOT NULL THEN t.amount END), 0)::DECIMAL(38, 2) AS sales_with_cost
FROM transactions t SEMI JOIN spells USING (customer_id)
WHERE t.occurred_on >= $start AND t.occurred_on < $end
"""


@dataclass(frozen=True, slots=True)
class RevenueMovement:
    """How the yearly revenue of the customers moved in a period.

    Parameters
    ----------
    revenue_start : Decimal
        Yearly revenue of those present at the start (S): twelve monthly fees of the subscriptions in force, or,
        without contracts, the spend of the last twelve months.
    revenue_expanded, revenue_contracted : Decimal
        Rise (e) and fall (c) of those who stayed.
    revenue_lost : Decimal
        What those had at the start who were lost (x).
    revenue_new, revenue_won_back : Decimal
        What newcomers and the won-back have at the end; in neither retention.
    start, end : date
        The period ``[start, end)``.

    Notes
    -----
    Without contracts a customer in the first year still fills the window of twelve months, which counts as
    expansion: gross retention is untouched by it, net retention is flattered in a young base.
    """

    revenue_start: Decimal
    revenue_expanded: Decimal
    revenue_contracted: Decimal
    revenue_lost: Decimal
    revenue_new: Decimal
    revenue_won_back: Decimal
    start: date
    end: date

    @property
    def revenue_end(self) -> Decimal:
        """S + e − c − x + new + won back."""
        kept = self.revenue_start + self.revenue_expanded - self.revenue_contracted - self.revenue_lost
        return kept + self.revenue_new + self.revenue_won_back

    @property
    def gross_revenue_retention(self) -> float:
        """(S − c − x) / S."""
        return self._of_start(self.revenue_start - self.revenue_contracted - self.revenue_lost)

    @property
    def net_revenue_retention(self) -> float:
        """(S + e − c − x) / S."""
        return self._of_start(self.revenue_start + self.revenue_expanded - self.revenue_contracted - self.revenue_lost)

    @property
    def quick_ratio(self) -> float | None:
        """(new + expansion + win-back) / (contraction + churn); None if nothing shrank."""
        shrunk = self.revenue_contracted + self.revenue_lost
        grown = self.revenue_new + self.revenue_expanded + self.revenue_won_back
        return float(grown / shrunk) if shrunk else None

    def _of_start(self, part: Decimal) -> float:
        if self.revenue_start <= 0:
            raise NobodyToCount(f"no revenue to divide by on {self.start}; nobody paid a fee or bought before it")
        return float(part / self.revenue_start)


def revenue_movement(engine: Engine, *, start: date, end: date) -> RevenueMovement:
    """Return how yearly revenue moved in ``[start, end)``, by fees with and by spend without contracts.

    Parameters
    ----------
    engine : Engine
        Holds `spells`, `subscriptions`, `transactions`.
    start, end : date
        The period, end excluded.

    Raises
    ------
    NotAPeriod
        If `start` is not before `end`.
    """
    check_period(start, end)
    return RevenueMovement(**engine.one(MOVEMENT_SQL, start=start, end=end), start=start, end=end)


def gross_revenue_retention(engine: Engine, *, start: date, end: date) -> float:
    """Return (S − c − x) / S of the customers present at the start, at most one.

    Raises
    ------
    NobodyToCount
        If they brought no revenue.
    """
    return revenue_movement(engine, start=start, end=end).gross_revenue_retention


def net_revenue_retention(engine: Engine, *, start: date, end: date) -> float:
    """Return (S + e − c − x) / S of the customers present at the start.

    Raises
    ------
    NobodyToCount
        If they brought no revenue.
    """
    return revenue_movement(engine, start=start, end=end).net_revenue_retention
