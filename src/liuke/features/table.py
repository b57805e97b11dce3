"""The features table: everything known on a day about each customer who was there, one row each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import TYPE_CHECKING

from liuke.engines.duckdb import quoted
from liuke.features import care, contracts, money, profile, ties, usage
from liuke.features.profile import BARRED

if TYPE_CHECKING:
    from liuke.engines.engine import Engine
    from liuke.features.spells import ChurnRule

RELATIVE = ("bill_shock", "silence_in_own_gaps", "refund_share_365d", "rival_price_gap", "spend_slope")
"""Ratios, beside those called so, that may be below 0."""

ACTIVES_SQL = """
WITH firsts AS (SELECT customer_id, min(started_on) AS first_on FROM spells GROUP BY customer_id),
known_customers AS (
    SELECT customer_id, max(region) AS region, max(household) AS household,
           min(joined_on) FILTER (joined_on <= $as_of) AS joined_on
    FROM customers GROUP BY customer_id
)
SELECT spells.customer_id, spells.started_on, spells.spell_no, region, household,
       least(first_on, coalesce(joined_on, first_on)) AS first_on
FROM spells JOIN firsts USING (customer_id) LEFT JOIN known_customers USING (customer_id)
WHERE spells.started_on <= $as_of
  AND (lost_on IS NULL OR lost_on > $as_of OR (spells.kind = 'dormant' AND certain_on > $as_of))
"""


def create_features(
    engine: Engine,
    as_of: date,
    rule: ChurnRule,
    customers: str | None = None,
    *,
    excluded: Collection[str] = (),
    barred: Collection[str] = BARRED,
    event_kinds: Sequence[str] | None = None,
) -> None:
    """Keep table `features`: one row per customer in a life on `as_of`, ordered by customer_id.

    A customer whose silence has crossed the own limit but who may still buy late (in grace) is in it; one whose
    contract has ended is not, renewed or not.

    Parameters
    ----------
    engine : Engine
        Already cut to what was known on `as_of` (`Engine.known`), with `spells`, `rhythm` and `purchase_days` created
        there (`spells.create_spells`).
    as_of : date
        The day we look from, inclusive.
    rule : ChurnRule
        Says how deep a fall of spend is a partial defection.
    customers : str, optional
        Name of a table whose customer_id restrict the work to a sample; nobody's features change by it.
    excluded : collection of str
        Features and attributes that must not appear: known only afterwards, or refused.
    barred : collection of str, default gender and born_on
        Columns, and their like under other names, that decide about nobody.
    event_kinds : sequence of str, optional
        Kinds of events to tell apart (`usage.event_kinds`): give the ones of the training days to keep columns alike.

    Notes
    -----
    Numbers are DOUBLE, words VARCHAR; null is unknown: a table that is not there, a ratio without a denominator. A
    count is 0 for a customer without rows in a table that has rows. Ratios are clipped to [0, 10]. Windows are of
    whole days and end on `as_of`; ``_30d`` covers the last 30 days. Sums are exact and divided once, so order and
    threads do not matter.
    """
    sample = f"SELECT * FROM ({ACTIVES_SQL}) SEMI JOIN {quoted(customers)} USING (customer_id)" if customers else None
    engine.create("feature_actives", sample or ACTIVES_SQL, as_of=as_of)
    who, attributes = profile.create(engine, as_of, excluded, barred)
    families = (
        who,
        *money.create(engine, as_of, rule.partial_drop),
        *contracts.create(engine, as_of),
        *care.create(engine, as_of),
        *usage.create(engine, as_of, event_kinds),
        *ties.create(engine, as_of),
        attributes,
    )
    engine.create("features", _joined(engine, families, {name.lower() for name in (*excluded, *barred)}))


def _joined(engine: Engine, families: Sequence[str], refused: Collection[str]) -> str:
    """Return the query that joins the families; an attribute that bears the name of a feature is marked."""
    columns, unwanted, taken = ["feature_actives.customer_id"], {"customer_id", *refused}, set[str]()
    joins = []
    for family in families:
        joins.append(f"LEFT JOIN {family} ON {family}.customer_id = feature_actives.customer_id")
        for name, kind in engine.columns(family).items():
            if name.lower() in unwanted:
                continue
            feature = f"{name}_attribute" if name.lower() in taken else name
            taken.add(feature.lower())
            value = f"{family}.{quoted(name)}"
            value = value if kind == "VARCHAR" else _clipped(f"CAST({value} AS DOUBLE)", name)
            columns.append(f"{value} AS {quoted(feature)}")
    return f"SELECT {', '.join(columns)} FROM feature_actives {' '.join(joins)} ORDER BY feature_actives.customer_id"


def _clipped(value: str, name: str) -> str:
    """Return `value` kept within the bounds of ratios, where `name` is one; null stays null."""
    if "ratio" not in name and name not in RELATIVE:
        return value
    lowest = -10 if name in RELATIVE else 0
    return f"CASE WHEN {value} > 10 THEN 10 WHEN {value} < {lowest} THEN {lowest} ELSE {value} END"
