"""The other three bases of measurement beside customers: market, money, and rankings."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from liuke.metrics.churn import check_period
from liuke.metrics.periods import month_index, month_start

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from liuke.engines.engine import Engine

MARKET_SQL = """
WITH stated AS (
    SELECT p.p, coalesce(m.region, '') AS region, sum(m.size) AS size, sum(m.own_sales) AS own_sales
    FROM market m JOIN market_periods p ON m.period = p.period_start
    GROUP BY p.p, coalesce(m.region, '')
),
whole AS (
    SELECT * FROM stated
    UNION ALL
    SELECT p, '', sum(size), CASE WHEN count(own_sales) = count(*) THEN sum(own_sales) END
    FROM stated WHERE p NOT IN (SELECT p FROM stated WHERE region = '') GROUP BY p
),
by_region AS (
    SELECT p.p, coalesce(c.region, '') AS region, sum(t.amount) AS sold
    FROM transactions t JOIN market_periods p ON t.occurred_on >= p.period_start AND t.occurred_on < p.period_end
    LEFT JOIN customers c USING (customer_id)
    GROUP BY p.p, coalesce(c.region, '')
),
sold AS (
    SELECT p, region, sold FROM by_region WHERE region <> ''
    UNION ALL
    SELECT p, '', sum(sold) FROM by_region GROUP BY p
),
known AS (
    SELECT w.p, w.region, w.size, coalesce(w.own_sales, s.sold) AS own_sales
    FROM whole w LEFT JOIN sold s USING (p, region)
)
SELECT t.period_start, t.period_end, n.region,
       CAST(n.size AS DECIMAL(38, 2)) AS size, CAST(n.own_sales AS DECIMAL(38, 2)) AS own_sales,
       CAST(b.size AS DECIMAL(38, 2)) AS size_before, CAST(b.own_sales AS DECIMAL(38, 2)) AS own_before
FROM known n JOIN market_periods t USING (p) LEFT JOIN known b ON b.region = n.region AND b.p = n.p - 1
ORDER BY n.region, t.period_start
"""


@dataclass(frozen=True, slots=True)
class MarketPeriod:
    """Our place in the market in one period and region.

    Parameters
    ----------
    start, end : date
        The period ``[start, end)``.
    region : str
        ``''`` for the whole market.
    size, own_sales : Decimal
        The market and our part; `own_sales` None where unknown.
    share, market_growth, own_growth, relative_growth_index : float or None
        own/market; change on the period before; (own growth + 1) / (market growth + 1).
    from_market, from_share : Decimal or None
        The change of our sales had we kept our share (the market's doing), and the rest (customers lost or won).
    has_hidden_churn : bool
        Our sales rise, yet slower than the market, for the second period in a row.
    """

    start: date
    end: date
    region: str
    size: Decimal
    own_sales: Decimal | None
    share: float | None
    market_growth: float | None
    own_growth: float | None
    relative_growth_index: float | None
    from_market: Decimal | None
    from_share: Decimal | None
    has_hidden_churn: bool


def register_market_periods(engine: Engine) -> None:
    """Keep in `engine`, as ``market_periods``, the periods that `market` speaks of; each lasts until the next."""
    starts = engine.table("SELECT DISTINCT period FROM market WHERE period IS NOT NULL ORDER BY period")["period"]
    days: Sequence[date] = starts.to_pylist()
    months = month_index(days[-1]) - month_index(days[-2]) if len(days) > 1 else 1
    ends = [*days[1:], month_start(month_index(days[-1]) + max(months, 1))] if days else []
    engine.register(
        "market_periods",
        pa.table(
            {
                "p": pa.array(range(len(days)), pa.int32()),
                "period_start": pa.array(days, pa.date32()),
                "period_end": pa.array(ends, pa.date32()),
            }
        ),
    )


def market_position(engine: Engine) -> list[MarketPeriod]:
    """Return share and growth against the market per region and period, oldest first.

    Parameters
    ----------
    engine : Engine
        Holds `market`; our sales are its `own_sales` or, where absent, the sum of `transactions` in the period.

    Notes
    -----
    Relative growth index = (own_t / own_t−1) / (market_t / market_t−1). Below one, customers are being lost to the
    market even while sales rise (hidden churn, 隐性流失).
    """
    register_market_periods(engine)
    found: list[MarketPeriod] = []
    before_was_hidden: dict[str, bool] = {}
    for row in engine.table(MARKET_SQL).to_pylist():
        is_hidden, period = _market_period(row, was_hidden=before_was_hidden.get(row["region"], False))
        before_was_hidden[row["region"]] = is_hidden
        found.append(period)
    return found


def _market_period(row: dict[str, object], *, was_hidden: bool) -> tuple[bool, MarketPeriod]:
    size, own, size0, own0 = (
        value if isinstance(value, Decimal) else None
        for value in (row["size"], row["own_sales"], row["size_before"], row["own_before"])
    )
    size = size or Decimal(0)
    market_growth = float(size / size0 - 1) if size0 else None
    own_growth = float(own / own0 - 1) if own is not None and own0 else None
    index = float((own / own0) / (size / size0)) if own is not None and own0 and size0 and size else None
    from_market = None
    if own is not None and own0 is not None and size0:
        from_market = (own0 * (size - size0) / size0).quantize(Decimal("0.01"))
    is_hidden = own_growth is not None and index is not None and own_growth > 0 and index < 1
    return is_hidden, MarketPeriod(
        start=row["period_start"],  # type: ignore[arg-type]
        end=row["period_end"],  # type: ignore[arg-type]
        region=str(row["region"]),
        size=size,
        own_sales=own,
        share=float(own / size) if own is not None and size else None,
        market_growth=market_growth,
        own_growth=own_growth,
        relative_growth_index=index,
        from_market=from_market,
        from_share=own - own0 - from_market
        if own is not None and own0 is not None and from_market is not None
        else None,
        has_hidden_churn=is_hidden and was_hidden,
    )


_PARTS = """
, life AS (
    SELECT customer_id,
           coalesce(bool_or(started_on < $start AND (lost_on IS NULL OR lost_on >= $start)), false) AS is_at_start,
           coalesce(bool_or(started_on < $end AND (lost_on IS NULL OR lost_on >= $end)), false) AS is_at_end,
           coalesce(min(started_on) >= $start, false) AS is_new
    FROM spells GROUP BY customer_id
),
split AS (
    SELECT s.before, s.after, s.price, s.after - s.before - s.price AS rest,
           CASE WHEN l.is_new THEN 'new' WHEN NOT l.is_at_end THEN 'lost' WHEN NOT l.is_at_start THEN 'won_back'
                WHEN s.after - s.before - s.price < 0 THEN 'shrinking' ELSE 'growing' END AS part
    FROM of_customer s JOIN life l USING (customer_id)
)
SELECT coalesce(sum(before), 0)::DECIMAL(38, 2) AS before, coalesce(sum(after), 0)::DECIMAL(38, 2) AS after,
       coalesce(sum(after - before) FILTER (WHERE part = 'lost'), 0)::DECIMAL(38, 2) AS lost,
       coalesce(sum(rest) FILTER (WHERE part = 'shrinking'), 0)::DECIMAL(38, 2) AS shrinking,
       coalesce(sum(rest) FILTER (WHERE part = 'growing'), 0)::DECIMAL(38, 2) AS growing,
       coalesce(sum(after - before) FILTER (WHERE part = 'new'), 0)::DECIMAL(38, 2) AS new,
       coalesce(sum(after - before) FILTER (WHERE part = 'won_back'), 0)::DECIMAL(38, 2) AS won_back,
       coalesce(sum(price) FILTER (WHERE part IN ('shrinking', 'growing')), 0)::DECIMAL(38, 2) AS price
FROM split
"""

_TRADED = """
WITH of_customer AS (
    SELECT customer_id, sum(CASE WHEN occurred_on < $start THEN {what} ELSE 0 END) AS before,
           sum(CASE WHEN occurred_on >= $start THEN {what} ELSE 0 END) AS after, 0 AS price
    FROM transactions WHERE occurred_on >= $before AND occurred_on < $end AND {what} IS NOT NULL
    GROUP BY customer_id
)
"""

SALES_CHANGE_SQL = _TRADED.replace("{what}", "amount") + _PARTS
MARGIN_CHANGE_SQL = _TRADED.replace("{what}", "(amount - cost)") + _PARTS

FEES_CHANGE_SQL = (
    """
WITH of_plan AS (
    SELECT customer_id, plan,
           sum(CASE WHEN started_on < $start AND (ended_on IS NULL OR ended_on >= $start)
                    THEN monthly_fee END) AS before,
           count(*) FILTER (WHERE started_on < $start AND (ended_on IS NULL OR ended_on >= $start)) AS n_before,
           sum(CASE WHEN started_on < $end AND (ended_on IS NULL OR ended_on >= $end) THEN monthly_fee END) AS after,
           count(*) FILTER (WHERE started_on < $end AND (ended_on IS NULL OR ended_on >= $end)) AS n_after
    FROM subscriptions WHERE monthly_fee IS NOT NULL GROUP BY customer_id, plan
),
of_customer AS (
    SELECT customer_id, sum(coalesce(before, 0)) AS before, sum(coalesce(after, 0)) AS after,
           sum(CASE WHEN plan IS NOT NULL AND n_before = n_after AND n_before > 0
                    THEN after - before ELSE 0 END) AS price
    FROM of_plan GROUP BY customer_id
)
"""
    + _PARTS
)


@dataclass(frozen=True, slots=True)
class MoneyChange:
    """A change of revenue or profit, split into parts that sum to it.

    Parameters
    ----------
    before, after : Decimal
        The two figures.
    lost, shrinking, growing, new, won_back : Decimal
        The change because of customers lost, shrinking, growing, new, won back.
    price : Decimal or None
        The change because those who stayed pay another fee for the same plan; None where prices are not known (sales).
    """

    before: Decimal
    after: Decimal
    lost: Decimal
    shrinking: Decimal
    growing: Decimal
    new: Decimal
    won_back: Decimal
    price: Decimal | None


Measure = Literal["sales", "margin", "monthly_fees"]
_CHANGE_SQL: dict[Measure, str] = {
    "sales": SALES_CHANGE_SQL,
    "margin": MARGIN_CHANGE_SQL,
    "monthly_fees": FEES_CHANGE_SQL,
}


def money_change(engine: Engine, *, start: date, end: date, before: date, measure: Measure = "sales") -> MoneyChange:
    """Return why money changed: customers lost, shrinking, growing, new, won back, and price.

    Parameters
    ----------
    engine : Engine
        Holds `spells`, and `transactions` or `subscriptions`.
    start, end : date
        The period, end excluded.
    before : date
        Start of the period compared with, ``[before, start)``.
    measure : {'sales', 'margin', 'monthly_fees'}
        What is compared: sums of the two periods, or monthly fees in force on `start` and on `end`.
    """
    check_period(start, end)
    check_period(before, start)
    window = {"start": start, "end": end} | ({"before": before} if measure != "monthly_fees" else {})
    parts = engine.one(_CHANGE_SQL[measure], **window)
    if measure != "monthly_fees":
        parts["price"] = None
    return MoneyChange(**parts)


RANKINGS_SQL = """
SELECT ranked_on, body, position, score,
       lag(position) OVER line AS position_before,
       coalesce(position > lag(position) OVER line, false) AS has_fallen
FROM metric_rankings WINDOW line AS (PARTITION BY body ORDER BY ranked_on)
ORDER BY body, ranked_on
"""

_RANKING_COLUMNS = {
    "ranked_on": pa.date32(),
    "body": pa.string(),
    "position": pa.int64(),
    "score": pa.float64(),
}


def register_rankings(engine: Engine, rankings: pa.Table | None) -> None:
    """Keep external rankings in `engine` as ``metric_rankings``, empty without `rankings`."""
    given = rankings if rankings is not None else pa.table({})
    columns = {
        name: given[name].cast(kind) if name in given.column_names else pa.nulls(given.num_rows, kind)
        for name, kind in _RANKING_COLUMNS.items()
    }
    engine.register("metric_rankings", pa.table(columns))


def ranking_trend(engine: Engine, rankings: pa.Table | None) -> pa.Table:
    """Return external rankings with the place before and whether we fell; empty without `rankings`.

    Parameters
    ----------
    engine : Engine
        Where it is computed.
    rankings : pyarrow.Table, optional
        Columns ranked_on, body, position (1 is best), score; one row per body and day.
    """
    register_rankings(engine, rankings)
    return engine.table(RANKINGS_SQL)
