"""Every customer's own rhythm of buying, and how long a silence still fits it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from liuke.features import gaps

if TYPE_CHECKING:
    from liuke.engines.engine import Engine

SAFETY = 1.2
"""A raw own quantile fires on ordinary noise: it is stretched by this."""

NOBODY_RETURNED_DAYS = 365.0
"""The population's threshold where no customer has ever come back."""

MOST_REGULAR = 50
"""No customer is taken for more regular than this Erlang shape."""

PURCHASE_DAYS_SQL = """
SELECT customer_id, occurred_on AS bought_on
FROM transactions
WHERE occurred_on <= $as_of
GROUP BY customer_id, occurred_on
HAVING max(amount) > 0 AND sum(amount) <> 0
"""

PURCHASE_GAPS_SQL = """
SELECT customer_id, bought_on, lead(bought_on) OVER own AS next_on,
       row_number() OVER own - 1 AS n_gaps, first_value(bought_on) OVER own AS first_on,
       date_diff('day', lag(bought_on) OVER own, bought_on) AS gap_days
FROM purchase_days
WINDOW own AS (PARTITION BY customer_id ORDER BY bought_on)
"""

FIRST_GAPS_SQL = """
SELECT date_diff('day', bought_on, coalesce(next_on, $as_of)) AS gap_days,
       count(next_on) AS ended, count(*) - count(next_on) AS kept
FROM purchase_gaps
WHERE n_gaps <= 1
GROUP BY 1 ORDER BY 1
"""

COUNTS_SQL = """
WITH by_customer AS (
    SELECT count(*) - 1 AS x, min(bought_on) AS first_on, max(bought_on) AS last_on
    FROM purchase_days GROUP BY customer_id
)
SELECT x, least(date_diff('day', first_on, $as_of), date_diff('day', first_on, last_on) + $population_days) AS observed,
       count(*) AS customers
FROM by_customer GROUP BY 1, 2 ORDER BY 1, 2
"""

THRESHOLDS_SQL = """
WITH under_contract AS (
    SELECT DISTINCT customer_id FROM subscriptions WHERE $by_contract AND started_on <= $as_of
),
at_every_purchase AS (
    SELECT customer_id, bought_on, next_on, first_on, n_gaps,
           sum(CAST(ln(gap_days) AS DECIMAL(18, 9))) OVER until_now AS sum_of_logs,
           sum(gap_days * gap_days) OVER until_now AS sum_of_squares,
           quantile_cont(gap_days, $level) OVER (PARTITION BY customer_id ORDER BY bought_on
                                                 ROWS BETWEEN 19 PRECEDING AND CURRENT ROW) AS own_quantile
    FROM purchase_gaps ANTI JOIN under_contract USING (customer_id)
    WINDOW until_now AS (PARTITION BY customer_id ORDER BY bought_on
                         ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
ends AS (
    SELECT customer_id, max(n_gaps) AS last_gap
    FROM purchase_gaps SEMI JOIN under_contract USING (customer_id) GROUP BY customer_id
),
at_the_newest AS (
    SELECT customer_id, max(bought_on) AS bought_on, NULL::DATE AS next_on, min(bought_on) AS first_on,
           max(n_gaps) AS n_gaps, sum(CAST(ln(gap_days) AS DECIMAL(18, 9))) AS sum_of_logs,
           sum(gap_days * gap_days) AS sum_of_squares,
           quantile_cont(gap_days, $level) FILTER (n_gaps > last_gap - 20) AS own_quantile
    FROM purchase_gaps JOIN ends USING (customer_id) GROUP BY customer_id
),
so_far AS (
    SELECT *, date_diff('day', first_on, bought_on) AS span_days
    FROM (SELECT * FROM at_every_purchase UNION ALL SELECT * FROM at_the_newest)
),
means AS (
    SELECT *, CASE WHEN n_gaps > 0 THEN span_days::DOUBLE / n_gaps END AS mean_gap_days,
           CASE WHEN n_gaps > 0 THEN ln(span_days::DOUBLE / n_gaps) - sum_of_logs::DOUBLE / n_gaps END AS s
    FROM so_far
),
shapes AS (
    SELECT *, CASE WHEN n_gaps < 5 THEN NULL
                   WHEN s <= 1e-7 THEN $most_regular
                   ELSE (3 - s + sqrt((s - 3) * (s - 3) + 24 * s)) / (12 * s) * (n_gaps - 3) / n_gaps
                        + 2.0 / (3 * n_gaps) END AS k
    FROM means
),
candidates AS (
    SELECT shapes.*, mean_gap_days * multiplier AS gamma_days,
           coalesce(($alpha + span_days) * (pow($tail, -1.0 / ($r + n_gaps)) - 1),
                    -ln($tail) * mean_gap_days) AS nbd_days
    FROM shapes LEFT JOIN erlang_multipliers
      ON k100 = CAST(round(least(greatest(k, 0.5), $most_regular) * 100) AS BIGINT)
),
ruled AS (
    SELECT *, CASE WHEN n_gaps < 2 THEN 'population'
                   WHEN n_gaps >= 8 AND own_quantile * $safety <= nbd_days THEN 'own_quantile'
                   WHEN n_gaps BETWEEN 5 AND 7 AND k > 1 THEN 'gamma'
                   WHEN $r IS NULL THEN 'poisson'
                   ELSE 'nbd' END AS rule
    FROM candidates
)
SELECT customer_id, bought_on, next_on, first_on, n_gaps, mean_gap_days,
       CASE WHEN n_gaps > 1 THEN sqrt(greatest(sum_of_squares::DOUBLE / n_gaps - mean_gap_days * mean_gap_days, 0))
                                 / mean_gap_days END AS gap_variation,
       round(greatest(1, coalesce(mean_gap_days, 1),
                      CASE rule WHEN 'population' THEN $population_days WHEN 'own_quantile' THEN own_quantile * $safety
                                WHEN 'gamma' THEN gamma_days ELSE nbd_days END), 4) AS threshold_days,
       rule
FROM ruled
"""

RHYTHM_SQL = """
SELECT customer_id, n_gaps + 1 AS n_purchase_days, first_on, bought_on AS last_on, mean_gap_days, threshold_days,
       date_diff('day', bought_on, $as_of) AS silence_days,
       date_diff('day', bought_on, $as_of) / threshold_days AS overdue_ratio, rule, gap_variation
FROM purchase_rhythm
WHERE next_on IS NULL
ORDER BY customer_id
"""


def create_rhythm(engine: Engine, as_of: date, tail: float = 0.05, *, by_contract: bool = False) -> None:
    """Keep table `rhythm`: one row per customer who ever bought, with the silence that still fits them.

    Beside it stay `purchase_days` (customer_id, bought_on) and `purchase_rhythm`, the same limits as they stood at
    every single purchase, from what the customer had done until then; `purchase_gaps`, the time before each purchase.

    Parameters
    ----------
    engine : Engine
        Holds `transactions`; refunds and days that net to nothing are not purchases.
    as_of : date
        The day we look from, inclusive.
    tail : float, default 0.05
        How often a customer who is still there may be taken for gone.
    by_contract : bool, default False
        Whether contracts tell who was lost: then `purchase_rhythm` holds only the newest purchase of those who ever had
        one, for nobody asks about the earlier ones.

    Notes
    -----
    With x gaps so far: 0 or 1 the population's threshold (`gaps.population_threshold` over everyone's first two gaps);
    2 to 4 the shrunk rate (`gaps.lomax_threshold`; Poisson where too few customers returned to fit a prior); 5 to 7
    gamma gaps where they are regular (k > 1, the estimate corrected for few gaps by ``k (x - 3) / x + 2 / (3 x)``);
    from 8 on the own type-7 quantile of the last 20 gaps times `SAFETY`, never above the shrunk rate's. A limit is
    never below the customer's own mean gap. The prior counts nobody's silence beyond the population's threshold, so
    that the long gone do not pass for slow buyers.
    """
    engine.create("purchase_days", PURCHASE_DAYS_SQL, as_of=as_of)
    engine.create("purchase_gaps", PURCHASE_GAPS_SQL)
    first = engine.table(FIRST_GAPS_SQL, as_of=as_of)
    durations, ended, kept = (first.column(name).to_numpy() for name in ("gap_days", "ended", "kept"))
    limit = gaps.population_threshold(durations, ended, kept, tail)
    population_days = limit or NOBODY_RETURNED_DAYS
    counts = engine.table(COUNTS_SQL, as_of=as_of, population_days=int(population_days))
    prior = gaps.fit_rate_prior(*(counts.column(name).to_numpy() for name in ("x", "observed", "customers")))
    engine.register("erlang_multipliers", _erlang_multipliers(tail))
    engine.create(
        "purchase_rhythm",
        THRESHOLDS_SQL,
        as_of=as_of,
        by_contract=by_contract,
        level=1 - tail,
        tail=tail,
        safety=SAFETY,
        most_regular=MOST_REGULAR,
        population_days=population_days,
        r=prior.r if prior else None,
        alpha=prior.alpha if prior else None,
    )
    engine.create("rhythm", RHYTHM_SQL, as_of=as_of)


def _erlang_multipliers(tail: float) -> pa.Table:
    """Return thresholds in units of the mean gap for every shape from 0.50 in steps of 0.01."""
    k100 = np.arange(50, MOST_REGULAR * 100 + 1)
    return pa.table({"k100": k100, "multiplier": gaps.erlang_threshold(1.0, k100 / 100, tail)})
