"""The metrics table: every indicator per period, unit and segment, with its parts and its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liuke.metrics.bases import MARKET_SQL, RANKINGS_SQL, register_market_periods, register_rankings
from liuke.metrics.dictionary import INDICATORS, Indicator
from liuke.metrics.flows import flows, forget_steps, prepare
from liuke.metrics.intervals import wilson_interval
from liuke.metrics.outcomes import register_reasons
from liuke.metrics.periods import Grid, monthly, yearly
from liuke.metrics.units import CROSSED_UNITS

if TYPE_CHECKING:
    from datetime import date

    from liuke.engines.engine import Engine

SCHEMA = pa.schema(
    [
        ("metric", pa.string()),
        ("period_start", pa.date32()),
        ("period_end", pa.date32()),
        ("org_unit", pa.string()),
        ("segment", pa.string()),
        ("segment_value", pa.string()),
        ("numerator", pa.decimal128(38, 2)),
        ("denominator", pa.decimal128(38, 2)),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)
_KEY = ("metric", "period_start", "period_end", "org_unit", "segment", "segment_value")

PRESENT_SQL = """
SELECT (SELECT min(started_on) FROM spells) AS first_on,
       EXISTS (SELECT 1 FROM loss_reasons) AS reasons,
       EXISTS (SELECT 1 FROM metric_streams) AS revenue,
       EXISTS (SELECT 1 FROM metric_spend) AS sales,
       EXISTS (SELECT 1 FROM metric_spend WHERE margin IS NOT NULL) AS cost
"""
MARKET_ROWS_SQL = f"""
SELECT *, '' AS org_unit, CASE region WHEN '' THEN '' ELSE 'region' END AS segment, region AS value
FROM ({MARKET_SQL}) WHERE period_end <= CAST($as_of AS DATE) + INTERVAL 1 DAY
"""
RANKED_ROWS_SQL = f"""
SELECT *, ranked_on AS period_start, CAST(ranked_on + INTERVAL 1 DAY AS DATE) AS period_end, '' AS org_unit,
       'body' AS segment, body AS value
FROM ({RANKINGS_SQL}) WHERE ranked_on <= $as_of
"""
FIRST_SQL = "SELECT min(started_on) AS first_on FROM spells"


def metrics_table(
    engine: Engine,
    *,
    as_of: date,
    first_period: date | None = None,
    at_most: int = 24,
    reasons: pa.Table | None = None,
    rankings: pa.Table | None = None,
    crossed_units: int = CROSSED_UNITS,
) -> pa.Table:
    """Return every indicator of the dictionary that the data can answer.

    Parameters
    ----------
    engine : Engine
        Holds `spells` and the canonical tables, cut to what was known on `as_of`.
    as_of : date
        Only periods complete at the end of this day are shown; losses not certain on it are provisional.
    first_period : date, optional
        A day of the first month to show; by default the month in which the first customer began.
    at_most : int
        How many months to show at most, the latest.
    reasons : pyarrow.Table, optional
        Reasons of the lost, as for `outcomes.register_reasons`.
    rankings : pyarrow.Table, optional
        External rankings, as for `bases.ranking_trend`.
    crossed_units : int
        Segments within units are shown for whole levels of units while there are no more units than this.

    Returns
    -------
    pyarrow.Table
        metric, period_start, period_end (excluded), org_unit (``''`` is the whole company, ``<path>/·`` those who
        sit directly on a parent), segment (``all``, ``kind``, ``region``, ``plan``, ``newness``, ``role``; ``body`` for
        rankings), segment_value, numerator, denominator, value, low, high; sorted by its key. Months, and years of
        twelve months ending with the last complete one.

    Notes
    -----
    Numerator and denominator are exact and additive: over the children of a unit and over the values of a segment
    they sum to the parent's, except where the dictionary says otherwise. A rate whose base is not positive is null.
    """
    register_reasons(engine, reasons)
    first = first_period or engine.one(FIRST_SQL)["first_on"]
    tables = _outside(engine, as_of, rankings)
    if first is not None:
        tables += _inside(engine, as_of, monthly(first, as_of, at_most=at_most), yearly(first, as_of), crossed_units)
    rows = pa.concat_tables(tables)
    return _with_intervals(rows).sort_by([(name, "ascending") for name in _KEY])


def _inside(engine: Engine, as_of: date, months: Grid, years: Grid, crossed_units: int) -> list[pa.Table]:
    """Return the indicators that come from customers' lives, fees and purchases."""
    grids = [grid for grid in (months, years) if grid.n_periods]
    if not grids:
        return []
    prepare(
        engine,
        as_of=as_of,
        since=min(grids, key=lambda grid: grid.origin),
        until=months,
        crossed_units=crossed_units,
    )
    present = engine.one(PRESENT_SQL)
    shown = [each for each in INDICATORS.values() if each.needs == "lives" or present.get(each.needs)]
    tables = []
    for grid in grids:
        flows(engine, grid)
        tables.append(engine.table(_long_sql(shown, "metric_flows")).cast(SCHEMA))
    forget_steps(engine)
    return tables


def _outside(engine: Engine, as_of: date, rankings: pa.Table | None) -> list[pa.Table]:
    """Return the indicators of market and rankings."""
    register_market_periods(engine)
    engine.create("metric_market", MARKET_ROWS_SQL, as_of=as_of)
    register_rankings(engine, rankings)
    engine.create("metric_ranked", RANKED_ROWS_SQL, as_of=as_of)
    tables = []
    for needs, source in (("market", "metric_market"), ("rankings", "metric_ranked")):
        shown = [each for each in INDICATORS.values() if each.needs == needs]
        tables.append(engine.table(_long_sql(shown, source)).cast(SCHEMA))
    return tables


def _long_sql(shown: list[Indicator], source: str) -> str:
    """Return SQL that turns `source`, one column per part, into one row per indicator."""
    return "\nUNION ALL\n".join(_rows_sql(each, source) for each in shown)


def _rows_sql(indicator: Indicator, source: str) -> str:
    above, below = indicator.numerator, indicator.denominator
    value = f"CAST({above} AS DOUBLE)"
    if below:
        value = f"CASE WHEN {below} > 0 THEN {value} / CAST({below} AS DOUBLE) END"
    parts = (above, below or "NULL") if indicator.is_additive else ("NULL", "NULL")
    where = "" if indicator.is_core else "AND (segment = '' OR org_unit = '')"
    return f"""
SELECT '{indicator.code}' AS metric, period_start, period_end, org_unit,
       CASE segment WHEN '' THEN 'all' ELSE segment END AS segment, value AS segment_value,
       CAST({parts[0]} AS DECIMAL(38, 2)) AS numerator, CAST({parts[1]} AS DECIMAL(38, 2)) AS denominator,
       {value} AS value, CAST(NULL AS DOUBLE) AS low, CAST(NULL AS DOUBLE) AS high
FROM {source} WHERE {above} IS NOT NULL {where}"""


def _with_intervals(rows: pa.Table) -> pa.Table:
    """Return `rows` with Wilson's interval where the value is a share of customers."""
    codes = [code for code, indicator in INDICATORS.items() if indicator.has_interval]
    is_share = pc.is_in(rows["metric"], value_set=pa.array(codes, pa.string()))
    count, total = (
        pc.if_else(is_share, rows[name].cast(pa.float64()), None).to_numpy() for name in ("numerator", "denominator")
    )
    low, high = wilson_interval(count, total)
    for name, ends in (("low", low), ("high", high)):
        rows = rows.set_column(rows.schema.get_field_index(name), name, pa.array(ends, mask=np.isnan(ends)))
    return rows
