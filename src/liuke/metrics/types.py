"""Kinds of customers: new and old, intermediate and final, and whether they leave in the expected order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from liuke.kernel.words import Words
from liuke.metrics.churn import check_period
from liuke.metrics.flows import ROLE_SQL

if TYPE_CHECKING:
    from datetime import date

    from liuke.engines.engine import Engine

OLD_SQL = """
WITH first_life AS (
    SELECT customer_id, min(started_on) AS first_on FROM spells GROUP BY customer_id
),
life AS (
    SELECT started_on < $start AND (lost_on IS NULL OR lost_on >= $start) AS is_at_start,
           started_on < $end AND (lost_on IS NULL OR lost_on >= $end) AS is_at_end,
           first_on <= CAST($start AS DATE) - INTERVAL 12 MONTH AS is_old_at_start,
           first_on <= CAST($end AS DATE) - INTERVAL 12 MONTH AS is_old_at_end
    FROM spells JOIN first_life USING (customer_id)
)
SELECT count(*) FILTER (WHERE is_at_start) AS n_start,
       count(*) FILTER (WHERE is_at_start AND is_old_at_start) AS n_old_start,
       count(*) FILTER (WHERE is_at_end) AS n_end,
       count(*) FILTER (WHERE is_at_end AND is_old_at_end) AS n_old_end
FROM life
"""

TYPES_SQL = f"""
WITH first_life AS (
    SELECT customer_id, min(started_on) AS first_on FROM spells GROUP BY customer_id
),
described AS (
    SELECT customer_id, {ROLE_SQL} AS role, region, org_unit, kind FROM customers
),
base AS (
    SELECT CASE WHEN f.first_on <= CAST($start AS DATE) - INTERVAL 12 MONTH THEN 'old' ELSE 'new' END AS newness,
           coalesce(d.role, 'unknown') AS role, coalesce(d.region, '') AS region, coalesce(d.org_unit, '') AS org_unit,
           coalesce(d.kind, '') AS kind, coalesce(s.lost_on < $end, false) AS is_lost
    FROM spells s JOIN first_life f USING (customer_id) LEFT JOIN described d USING (customer_id)
    WHERE s.started_on < $start AND (s.lost_on IS NULL OR s.lost_on >= $start)
)
SELECT CASE WHEN grouping(newness) = 0 THEN 'newness' ELSE 'role' END AS typology, coalesce(newness, role) AS type,
       CASE WHEN grouping(region) = 0 THEN 'region' WHEN grouping(org_unit) = 0 THEN 'org_unit'
            WHEN grouping(kind) = 0 THEN 'kind' ELSE 'all' END AS segment,
       coalesce(region, org_unit, kind, '') AS segment_value,
       count(*) AS n_start, count(*) FILTER (WHERE is_lost) AS n_lost
FROM base
GROUP BY GROUPING SETS ((newness), (role), (newness, region), (newness, org_unit), (newness, kind),
                        (role, region), (role, org_unit))
ORDER BY typology, type, segment, segment_value
"""

EXPECTED = {"newness": ("old", "new"), "role": ("intermediate", "final")}
"""Per typology, the type expected to leave less and the one expected to leave more."""

NAMES = {
    "old": Words("老客户", "old customers"),
    "new": Words("新客户", "new customers"),
    "intermediate": Words("中间客户", "intermediate customers"),
    "final": Words("最终客户", "final customers"),
}
FEW = 30


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether an expected order of two churn rates holds.

    Parameters
    ----------
    typology : str
        ``newness`` or ``role``.
    steadier, looser : str
        The type expected to leave less, and the other.
    steadier_counts, looser_counts : tuple of int
        Lost and present at the start, of each.
    holds : bool
        Whether the steadier one leaves no faster.
    responsible : tuple of tuple
        Where it does not: up to three (segment, value, excess losses) that break the order most.
    words : Words
        The finding as a sentence.
    """

    typology: str
    steadier: str
    looser: str
    steadier_counts: tuple[int, int]
    looser_counts: tuple[int, int]
    holds: bool
    responsible: tuple[tuple[str, str, float], ...]
    words: Words


def order_findings(engine: Engine, *, start: date, end: date) -> list[Finding]:
    """Return whether old customers leave less than new, and intermediate less than final ones.

    A pair is left out where one of its types has nobody at the start.

    Parameters
    ----------
    engine : Engine
        Holds `spells` and `customers`.
    start, end : date
        The period, end excluded.

    Notes
    -----
    Checks to be reported, never constraints on a model. Rates are closed churn; old means twelve months or more at
    the start. Excess losses of a segment: (r_steadier − r_looser) × n_steadier, in segments where both types have at
    least 30 customers.
    """
    check_period(start, end)
    rows = engine.table(TYPES_SQL, start=start, end=end).to_pylist()
    counts = {
        (row["typology"], row["type"], row["segment"], row["segment_value"]): (row["n_lost"], row["n_start"])
        for row in rows
    }
    found = []
    for typology, (steadier, looser) in EXPECTED.items():
        first, second = (counts.get((typology, each, "all", "")) for each in (steadier, looser))
        if first and second:
            found.append(_finding(typology, first, second, _excesses(counts, typology)))
    return found


def _excesses(
    counts: dict[tuple[str, str, str, str], tuple[int, int]], typology: str
) -> tuple[tuple[str, str, float], ...]:
    steadier, looser = EXPECTED[typology]
    found = []
    for (kind, of_type, segment, value), (lost, n) in counts.items():
        other = counts.get((typology, looser, segment, value))
        if (kind, of_type) != (typology, steadier) or segment == "all" or not value or other is None:
            continue
        excess = (lost / n - other[0] / other[1]) * n
        if excess > 0 and min(n, other[1]) >= FEW:
            found.append((segment, value, excess))
    return tuple(sorted(found, key=lambda each: (-each[2], each[0], each[1]))[:3])


def _finding(
    typology: str,
    first: tuple[int, int],
    second: tuple[int, int],
    responsible: tuple[tuple[str, str, float], ...],
) -> Finding:
    steadier, looser = EXPECTED[typology]
    holds = first[0] * second[1] <= second[0] * first[1]
    rates = [f"{lost / n:.1%}" for lost, n in (first, second)]
    blamed = () if holds else responsible
    where = [f"{value}（{segment}）" for segment, value, _ in blamed], [f"{value} ({seg})" for seg, value, _ in blamed]
    a, b = NAMES[steadier], NAMES[looser]
    if holds:
        words = Words(
            f"{a.zh}流失率{rates[0]}，不高于{b.zh}的{rates[1]}，符合预期。",
            f"{a.en.capitalize()} leave at {rates[0]}, no faster than {b.en} at {rates[1]}, as expected.",
        )
    else:
        words = Words(
            f"{a.zh}流失率{rates[0]}，高于{b.zh}的{rates[1]}"
            + (f"，主要在：{'、'.join(where[0])}。" if blamed else "。"),
            f"{a.en.capitalize()} leave faster ({rates[0]}) than {b.en} ({rates[1]})"
            + (f", above all in {', '.join(where[1])}." if blamed else "."),
        )
    return Finding(typology, steadier, looser, first, second, holds, blamed, words)
