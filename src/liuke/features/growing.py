"""Attributes that count up with a customer's life: seen from an earlier day they tell how long the life would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from liuke.engines.duckdb import quoted
from liuke.tables.contract import TABLES

if TYPE_CHECKING:
    from datetime import date

    from liuke.engines.engine import Engine

GROWS = 0.9
"""Rank correlation with the length of life, or with length × fee, from which an attribute counts up with it."""

ENOUGH = 100
SAMPLE = 50_000

LENGTHS_SQL = """
WITH lives AS (
    SELECT customer_id, sum(date_diff('day', started_on, coalesce(lost_on, $as_of))) AS days,
           bool_or(lost_on IS NOT NULL) AS was_lost
    FROM spells GROUP BY customer_id
),
fees AS (SELECT customer_id, max(monthly_fee) AS fee FROM subscriptions GROUP BY customer_id)
SELECT customer_id, days::DOUBLE AS days, (days * coalesce(fee, 1))::DOUBLE AS paid
FROM lives LEFT JOIN fees USING (customer_id)
ORDER BY was_lost DESC, md5(customer_id), customer_id LIMIT $most
"""
_NUMERIC = ("DOUBLE", "FLOAT", "BIGINT", "INTEGER", "HUGEINT", "SMALLINT", "TINYINT")


def growing_attributes(engine: Engine, as_of: date) -> dict[str, float]:
    """Return the undated attributes that count up with the customer's life, such as all that was ever paid.

    Parameters
    ----------
    engine : Engine
        Holds `spells`, `customers` and `subscriptions`.
    as_of : date
        The day we look from.

    Returns
    -------
    dict of str to float
        Attribute → rank correlation with the days of life, or with days × fee, whichever is higher.

    Notes
    -----
    An attribute bears no date: its value is that of the day the file was written, for the lost that of their last
    day. A model trained on earlier days would read from it who left soon after. What it says is in tenure and fee,
    which are known on every day.
    """
    engine.create("growing_lengths", LENGTHS_SQL, as_of=as_of, most=SAMPLE)
    found: dict[str, float] = {}
    for table in ("customers", "subscriptions"):
        names = _numeric(engine, table)
        if not names:
            continue
        cells = ", ".join(f"max(TRY_CAST({quoted(name)} AS DOUBLE)) AS {quoted(name)}" for name in names)
        values = engine.table(
            f"SELECT growing_lengths.customer_id, any_value(days) AS days, any_value(paid) AS paid, {cells} "
            f"FROM growing_lengths JOIN {table} USING (customer_id) GROUP BY growing_lengths.customer_id "
            "ORDER BY growing_lengths.customer_id"
        )
        for name in names:
            strength = max(_alike(values[name], values[length]) for length in ("days", "paid"))
            if strength >= GROWS:
                found[name] = round(strength, 6)
    return found


def _numeric(engine: Engine, table: str) -> list[str]:
    known = TABLES[table].stored_types()
    return [
        name
        for name, kind in sorted(engine.columns(table).items())
        if name not in known and not name.startswith("_") and (kind in _NUMERIC or kind.startswith("DECIMAL"))
    ]


def _alike(one: pa.ChunkedArray, other: pa.ChunkedArray) -> float:
    """Return Spearman's rank correlation of two columns where both are known; 0 where there is nothing to compare."""
    known = pc.and_(pc.is_valid(one), pc.is_valid(other))
    first, second = _ranks(one.filter(known)), _ranks(other.filter(known))
    if len(first) < ENOUGH or np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _ranks(values: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return ranks, ties at their middle."""
    _, place, times = np.unique(values.to_numpy(), return_inverse=True, return_counts=True)
    ends = np.cumsum(times)
    return np.asarray(((ends - times) + (ends - 1)) / 2, dtype=float)[place]
