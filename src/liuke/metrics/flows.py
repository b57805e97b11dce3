"""Additive flows of customers and money per period, unit and segment, in one pass over the lives.

Nothing here grows with customers × months × dimensions. A life adds one to the stock when it begins and takes one away
when it ends; a stream of money (a subscription, or a month's spend that counts for twelve months) does the same with
its amount. Those few dated changes are summed per unit and segment, and running sums over the periods give every stock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from liuke.metrics.periods import Grid, month_start
from liuke.metrics.units import CROSSED_UNITS, units

if TYPE_CHECKING:
    from datetime import date

    from liuke.engines.engine import Engine

STOCKS = ("n_start", "n_old_start", "n_old_end", "n_under_contract", "revenue_start")
FLOWS = (
    "n_new", "n_won_back", "n_lost", "n_lost_of_start", "n_to_rival", "n_left_market", "n_involuntary", "n_provisional",
    "n_buying", "revenue_expanded", "revenue_contracted", "revenue_lost", "revenue_new", "revenue_won_back", "sales",
    "margin", "sales_with_cost",
)  # fmt: skip
INTERMEDIARIES = (
    "dealer", "agent", "distributor", "wholesaler", "retailer", "reseller", "intermediary", "intermediate",
    "经销商", "代理商", "批发商", "零售商", "分销商", "中间商", "中间客户", "渠道商",
)  # fmt: skip
SEGMENT_LIMIT = 50
OLD_AFTER_MONTHS = 12
"""From which age on, in whole months at the start of a period, a customer counts as old."""


def _month(column: str) -> str:
    return f"(year({column}) * 12 + month({column}) - 1)"


def _period(month: str) -> str:
    return f"(CASE WHEN {month} < $origin THEN -1 ELSE ({month} - $origin) // $months END)"


ROLE_SQL = f"""CASE WHEN kind IS NULL THEN NULL
                 WHEN lower(kind) IN ({", ".join(f"'{word}'" for word in INTERMEDIARIES)}) THEN 'intermediate'
                 ELSE 'final' END"""

VALUES_SQL = f"""
WITH counted AS (
    SELECT 'kind' AS segment, kind AS value, count(*) AS n FROM customers GROUP BY kind
    UNION ALL SELECT 'region', region, count(*) FROM customers GROUP BY region
    UNION ALL SELECT 'role', {ROLE_SQL}, count(*) FROM customers GROUP BY ALL
    UNION ALL SELECT 'plan', plan, count(*) FROM subscriptions GROUP BY plan
),
placed AS (
    SELECT segment, value, row_number() OVER (PARTITION BY segment ORDER BY n DESC, value) AS place,
           count(*) OVER (PARTITION BY segment) AS n_values
    FROM counted WHERE value IS NOT NULL
)
SELECT segment, value FROM placed WHERE n_values <= {SEGMENT_LIMIT} OR place < {SEGMENT_LIMIT}
"""

MEMBERS_SQL = f"""
WITH life AS (
    SELECT customer_id, spell_no, kind = 'contractual' AS has_contract, started_on, lost_on,
           lost_on IS NOT NULL AND (certain_on IS NULL OR certain_on > $as_of) AS is_provisional,
           min(started_on) OVER (PARTITION BY customer_id) AS first_on,
           CASE WHEN spell_no > 1 THEN started_on ELSE DATE '0001-01-01' END AS reach_from,
           lead(started_on) OVER (PARTITION BY customer_id ORDER BY spell_no) AS reach_until
    FROM spells
),
described AS (
    SELECT customer_id, kind, region, {ROLE_SQL} AS role, coalesce(org_unit, '') AS unit FROM customers
)
SELECT CAST(row_number() OVER (ORDER BY l.customer_id, l.spell_no) AS INTEGER) AS member,
       l.customer_id, l.spell_no, l.has_contract, l.reach_from,
       coalesce(l.reach_until, DATE '9999-12-31') AS reach_until,
       {_month("l.started_on")} AS started_month, {_month("l.lost_on")} AS lost_month,
       {_month("l.first_on")} + CASE WHEN day(l.first_on) > 1 THEN 1 ELSE 0 END AS old_from_month,
       coalesce(d.unit, '') AS unit,
       CASE WHEN d.kind IS NULL THEN 'unknown' WHEN k.value IS NULL THEN 'other' ELSE d.kind END AS kind,
       CASE WHEN d.region IS NULL THEN 'unknown' WHEN r.value IS NULL THEN 'other' ELSE d.region END AS region,
       coalesce(d.role, 'unknown') AS role,
       coalesce(o.destination = 'to_rival' AND l.reach_until IS NULL, false) AS is_to_rival,
       coalesce(o.destination = 'left_market' AND l.reach_until IS NULL, false) AS is_left_market,
       coalesce(o.is_involuntary AND l.reach_until IS NULL, false) AS is_involuntary,
       l.is_provisional
FROM life l
LEFT JOIN described d USING (customer_id)
LEFT JOIN metric_values k ON k.segment = 'kind' AND k.value = d.kind
LEFT JOIN metric_values r ON r.segment = 'region' AND r.value = d.region
LEFT JOIN loss_destinations o ON o.customer_id = l.customer_id
"""

SPEND_SQL = f"""
SELECT m.member, m.has_contract, {_month("t.occurred_on")} AS month, sum(t.amount) AS sales,
       sum(t.amount - t.cost) AS margin, sum(CASE WHEN t.cost IS NOT NULL THEN t.amount END) AS sales_with_cost
FROM transactions t
JOIN metric_members m
  ON t.customer_id = m.customer_id AND t.occurred_on >= m.reach_from AND t.occurred_on < m.reach_until
WHERE t.occurred_on >= $since AND t.occurred_on < $until
GROUP BY ALL
"""

STREAMS_SQL = f"""
SELECT m.member, s.monthly_fee * 12 AS amount,
       {_month("s.started_on")} AS from_month, {_month("s.ended_on")} AS to_month
FROM subscriptions s
JOIN metric_members m
  ON s.customer_id = m.customer_id AND s.started_on >= m.reach_from AND s.started_on < m.reach_until
WHERE m.has_contract AND s.monthly_fee IS NOT NULL
UNION ALL
SELECT member, sales, month, month + 12 FROM metric_spend WHERE NOT has_contract
"""

DIMENSIONS_SQL = """
SELECT CAST(row_number() OVER (ORDER BY unit, kind, region, role) AS INTEGER) AS place, unit, kind, region, role
FROM (SELECT DISTINCT unit, kind, region, role FROM metric_members)
"""

PLACED_SQL = f"""
SELECT member, customer_id, spell_no, has_contract, reach_from, reach_until, place,
       is_to_rival, is_left_market, is_involuntary, is_provisional,
       {_period("started_month")} AS p_start,
       CASE WHEN lost_month IS NULL THEN $n_periods ELSE least({_period("lost_month")}, $n_periods) END AS p_lost,
       CASE WHEN old_from_month + $old_after <= $origin THEN 0
            ELSE least((old_from_month + $old_after - $origin + $months - 1) // $months, $n_periods + 1) END AS p_old
FROM metric_members JOIN metric_dimensions USING (unit, kind, region, role)
WHERE started_month < $origin + $months * $n_periods
"""

PIECES_SQL = f"""
WITH reign AS (
    SELECT m.member, CASE WHEN s.plan IS NULL THEN 'unknown' WHEN v.value IS NULL THEN 'other' ELSE s.plan END AS plan,
           {_period(_month("s.started_on"))} AS p_taken,
           row_number() OVER line AS place, lead({_period(_month("s.started_on"))}) OVER line AS p_next
    FROM subscriptions s
    JOIN metric_placed m
      ON s.customer_id = m.customer_id AND s.started_on >= m.reach_from AND s.started_on < m.reach_until
    LEFT JOIN metric_values v ON v.segment = 'plan' AND v.value = s.plan
    WHERE EXISTS (SELECT 1 FROM metric_values WHERE segment = 'plan')
    WINDOW line AS (PARTITION BY m.member ORDER BY s.started_on, s.subscription_id, s.plan)
),
piece AS (
    SELECT member, 'newness' AS segment, 'new' AS value, 0 AS from_p, least(p_old, $n_periods) - 1 AS to_p
    FROM metric_placed
    UNION ALL
    SELECT member, 'newness', 'old', p_old, $n_periods - 1 FROM metric_placed
    UNION ALL
    SELECT member, 'plan', plan, CASE WHEN place = 1 THEN 0 ELSE p_taken + 1 END, coalesce(p_next, $n_periods - 1)
    FROM reign
    UNION ALL
    SELECT member, 'plan', 'unknown', 0, $n_periods - 1 FROM metric_placed ANTI JOIN reign USING (member)
    WHERE EXISTS (SELECT 1 FROM metric_values WHERE segment = 'plan')
)
SELECT i.segment, i.value, i.from_p, i.to_p, m.* EXCLUDE (customer_id, reach_from, reach_until)
FROM piece i JOIN metric_placed m USING (member)
WHERE i.from_p <= i.to_p
"""

RATES_SQL = f"""
SELECT s.member, s.amount, {_period("s.from_month")} AS p_from,
       CASE WHEN s.to_month IS NULL THEN $n_periods ELSE least({_period("s.to_month")}, $n_periods) END AS p_to
FROM metric_streams s SEMI JOIN metric_placed USING (member)
WHERE s.from_month < $origin + $months * $n_periods AND (s.to_month IS NULL OR s.to_month >= $origin)
"""

MOVES_SQL = """
WITH change AS (
    SELECT member, p_from AS p, amount FROM metric_rates WHERE p_from >= 0 AND p_from < p_to
    UNION ALL
    SELECT member, p_to, -amount FROM metric_rates WHERE p_from < p_to
),
net AS (
    SELECT member, p, sum(amount) AS amount FROM change GROUP BY member, p
),
moved AS (
    SELECT m.member, n.p, n.amount,
           CASE WHEN n.p > m.p_start AND n.amount > 0 THEN 'revenue_expanded' WHEN n.p > m.p_start
           THEN 'revenue_contracted' WHEN m.spell_no = 1 THEN 'revenue_new' ELSE 'revenue_won_back' END AS measure
    FROM net n JOIN metric_placed m USING (member)
    WHERE n.p >= m.p_start AND n.p < m.p_lost AND n.amount <> 0
)
SELECT member, p, measure, CASE WHEN measure = 'revenue_contracted' THEN -amount ELSE amount END AS quantity FROM moved
UNION ALL
SELECT m.member, m.p_lost, 'revenue_lost', sum(s.amount)
FROM metric_placed m JOIN metric_rates s ON s.member = m.member AND s.p_from < m.p_lost AND s.p_to >= m.p_lost
WHERE m.p_start < m.p_lost AND m.p_lost < $n_periods GROUP BY m.member, m.p_lost
UNION ALL
SELECT member, (month - $origin) // $months, 'sales', sales FROM metric_spend WHERE month >= $origin
UNION ALL
SELECT member, (month - $origin) // $months, 'margin', margin FROM metric_spend
WHERE month >= $origin AND margin IS NOT NULL
UNION ALL
SELECT member, (month - $origin) // $months, 'sales_with_cost', sales_with_cost FROM metric_spend
WHERE month >= $origin AND sales_with_cost IS NOT NULL
UNION ALL
SELECT DISTINCT member, (month - $origin) // $months, 'n_buying', 1 FROM metric_spend
WHERE NOT has_contract AND month >= $origin
"""

EVENTS_SQL = f"""
WITH fact AS (
    SELECT *, 'n_start' AS measure, greatest(from_p, p_start + 1) AS lo, least(to_p, p_lost) AS hi, 1 AS quantity
    FROM metric_pieces
    UNION ALL
    SELECT *, 'n_old_start', greatest(from_p, p_start + 1, p_old), least(to_p, p_lost), 1 FROM metric_pieces
    UNION ALL
    SELECT *, 'n_old_end', greatest(from_p, p_start, p_old - 1), least(to_p, p_lost - 1), 1 FROM metric_pieces
    UNION ALL
    SELECT *, 'n_under_contract', greatest(from_p, p_start), least(to_p, p_lost), 1
    FROM metric_pieces WHERE has_contract
    UNION ALL
    SELECT *, CASE WHEN spell_no = 1 THEN 'n_new' ELSE 'n_won_back' END, p_start, p_start, 1
    FROM metric_pieces WHERE p_start BETWEEN from_p AND to_p
    UNION ALL
    SELECT *, 'n_lost', p_lost, p_lost, 1 FROM metric_pieces WHERE p_lost BETWEEN from_p AND to_p
    UNION ALL
    SELECT *, unnest(['n_lost_of_start', CASE WHEN is_to_rival THEN 'n_to_rival' END,
                      CASE WHEN is_left_market THEN 'n_left_market' END,
                      CASE WHEN is_involuntary THEN 'n_involuntary' END,
                      CASE WHEN is_provisional THEN 'n_provisional' END]), p_lost, p_lost, 1
    FROM metric_pieces WHERE p_lost BETWEEN from_p AND to_p AND p_start < p_lost
    UNION ALL
    SELECT i.*, 'revenue_start', greatest(i.from_p, i.p_start + 1, s.p_from + 1),
           least(i.to_p, i.p_lost, s.p_to), s.amount
    FROM metric_pieces i JOIN metric_rates s USING (member)
    UNION ALL
    SELECT i.*, v.measure, v.p, v.p, v.quantity
    FROM metric_pieces i JOIN metric_moves v ON v.member = i.member AND v.p BETWEEN i.from_p AND i.to_p
)
SELECT place, segment, value, measure, CASE WHEN side = 0 THEN lo ELSE hi + 1 END AS p,
       sum(CASE WHEN side = 0 THEN quantity ELSE -quantity END) AS quantity
FROM fact JOIN (SELECT unnest([0, 1]) AS side) ON side = 0 OR measure IN ({", ".join(f"'{name}'" for name in STOCKS)})
WHERE lo <= hi AND measure IS NOT NULL
GROUP BY ALL
"""

ROLLED_SQL = """
WITH described AS (
    SELECT * FROM metric_events JOIN metric_dimensions USING (place)
),
by_unit AS (
    SELECT unit, CASE WHEN grouping(kind) = 0 THEN 'kind' WHEN grouping(region) = 0 THEN 'region'
                      WHEN grouping(role) = 0 THEN 'role' ELSE '' END AS segment,
           coalesce(kind, region, role, '') AS value, measure, p, sum(quantity) AS quantity
    FROM described WHERE segment = 'newness'
    GROUP BY GROUPING SETS ((unit, measure, p), (unit, measure, p, kind), (unit, measure, p, region),
                            (unit, measure, p, role))
    UNION ALL
    SELECT unit, segment, value, measure, p, sum(quantity) FROM described
    GROUP BY unit, segment, value, measure, p
),
shown AS (
    SELECT DISTINCT segment FROM metric_values UNION ALL SELECT unnest(['', 'newness'])
)
SELECT a.org_unit, b.segment, b.value, b.measure, b.p, sum(b.quantity) AS quantity
FROM by_unit b SEMI JOIN shown USING (segment)
JOIN metric_units a ON a.unit = b.unit AND (b.segment = '' OR a.is_crossed)
GROUP BY ALL
"""

_COLUMNS = ",\n       ".join(
    f"coalesce(sum(r.quantity) FILTER (WHERE r.measure = '{name}'), 0) AS {name}" for name in (*STOCKS, *FLOWS)
)
_RUNNING = ",\n       ".join(f"sum({name}) OVER line AS {name}" for name in STOCKS)

FLOWS_SQL = f"""
WITH wide AS (
    SELECT k.org_unit, k.segment, k.value, t.p, t.period_start, t.period_end,
       {_COLUMNS}
    FROM (SELECT DISTINCT org_unit, segment, value FROM metric_rolled) k
    CROSS JOIN metric_periods t
    LEFT JOIN metric_rolled r
      ON r.org_unit = k.org_unit AND r.segment = k.segment AND r.value = k.value AND r.p = t.p
    GROUP BY k.org_unit, k.segment, k.value, t.p, t.period_start, t.period_end
),
stood AS (
    SELECT * EXCLUDE ({", ".join(STOCKS)}),
       {_RUNNING}
    FROM wide WINDOW line AS (PARTITION BY org_unit, segment, value ORDER BY p)
)
SELECT *, n_start - n_lost_of_start AS n_kept, n_start + n_new + n_won_back - n_lost AS n_end,
       n_lost_of_start - n_to_rival - n_left_market AS n_undecided,
       n_under_contract + n_buying AS n_consuming
FROM stood
WHERE n_start + n_new + n_won_back > 0 OR sales <> 0
"""


def prepare(engine: Engine, *, as_of: date, since: Grid, until: Grid, crossed_units: int = CROSSED_UNITS) -> None:
    """Keep in `engine` what all grids share: members, their units, spend per month, streams of money.

    Parameters
    ----------
    engine : Engine
        Holds `spells`, `customers`, `subscriptions`, `transactions` and `loss_destinations`.
    as_of : date
        Losses not certain on it are provisional.
    since, until : Grid
        The grids that begin first and end last.
    crossed_units : int
        As for `units`.
    """
    engine.create("metric_values", VALUES_SQL)
    engine.create("metric_members", MEMBERS_SQL, as_of=as_of)
    engine.create("metric_dimensions", DIMENSIONS_SQL)
    found = engine.table("SELECT DISTINCT unit FROM metric_members ORDER BY unit")
    engine.register("metric_units", units(found["unit"].to_pylist(), crossed_units=crossed_units))
    last = until.origin + until.months * until.n_periods
    engine.create("metric_spend", SPEND_SQL, since=month_start(since.origin - 12), until=month_start(last))
    engine.create("metric_streams", STREAMS_SQL)


def flows(engine: Engine, grid: Grid) -> None:
    """Keep in `engine`, as ``metric_flows``, every count and sum per period of `grid`, unit and segment value.

    Parameters
    ----------
    engine : Engine
        After `prepare`.
    grid : Grid
        The periods.

    Notes
    -----
    A customer's segment value in a period is the one at its opening (for newcomers, at their start), so that
    E = B + N + R − L holds in every segment. Kind, region and role do not change; newness and plan do. The plan is
    that of the subscription begun last.
    """
    bounds = grid.bounds()
    engine.register(
        "metric_periods",
        pa.table(
            {
                "p": pa.array(range(grid.n_periods), pa.int32()),
                "period_start": pa.array([start for start, _ in bounds], pa.date32()),
                "period_end": pa.array([end for _, end in bounds], pa.date32()),
            }
        ),
    )
    scale = {"origin": grid.origin, "months": grid.months}
    sized = {**scale, "n_periods": grid.n_periods}
    engine.create("metric_placed", PLACED_SQL, **sized, old_after=OLD_AFTER_MONTHS)
    engine.create("metric_pieces", PIECES_SQL, **sized)
    engine.create("metric_rates", RATES_SQL, **sized)
    engine.create("metric_moves", MOVES_SQL, **sized)
    engine.create("metric_events", EVENTS_SQL)
    engine.create("metric_rolled", ROLLED_SQL)
    engine.create("metric_flows", FLOWS_SQL)


def forget_steps(engine: Engine) -> None:
    """Empty the steps kept by `prepare` and `flows`; they can be large."""
    for name in (
        "metric_members",
        "metric_spend",
        "metric_streams",
        "metric_pieces",
        "metric_rates",
        "metric_moves",
        "metric_placed",
    ):
        engine.create(name, "SELECT 1 AS done")
