"""How far reasons can be trusted, what they cost, and who else is exposed to them."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from liuke.kernel.errors import InvalidInput

if TYPE_CHECKING:
    from liuke.engines.engine import Engine

Z_95 = 1.959963984540054
COMPETITION_LIMIT = 0.3
"""Above this share of losses to competition a sample of cases is to be checked again."""

SHARED_CONDITIONS = (
    "price_rise", "manager_left", "manager_left_with_customers", "manager_changed", "rival_offer", "complaint_category",
    "complaint_text", "market_fell", "event",
)  # fmt: skip
"""Kinds of evidence that may befall several customers at once, unlike a move or a death."""


class NotATable(InvalidInput):
    """A table of agreement is not square, is empty or holds negative counts."""


class NobodyLost(InvalidInput):
    """Nobody is lost: shares of losses are undefined, not zero."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share of losses with its Wilson interval of 95 %."""

    numerator: int
    denominator: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """What customers say against what the data show.

    Parameters
    ----------
    pairs : pa.Table
        stated, derived (letters of level 1), n_customers.
    n_customers : int
        Lost customers with both.
    same_share : float or None
        Share of them in which both name the same group; None where there are none.
    kappa : float or None
        Cohen's κ of the two; None where it is undefined.
    """

    pairs: pa.Table
    n_customers: int
    same_share: float | None
    kappa: float | None


def cohen_kappa(counts: ArrayLike) -> float:
    """Return Cohen's κ, the agreement of two coders beyond chance.

    Parameters
    ----------
    counts : array_like of shape (n_codes, n_codes)
        Cases that the first coder gave the row's code and the second the column's.

    Returns
    -------
    float
        1 for full agreement, 0 for that of chance; NaN where both gave everybody one and the same code.

    Raises
    ------
    NotATable
        If `counts` is not square, is empty or holds a negative number.

    Notes
    -----
    ``κ = (p_o − p_e) / (1 − p_e)`` with ``p_o = Σ n_ii / n`` and ``p_e = Σ n_i. n_.i / n²``.

    References
    ----------
    .. [1] Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological
       Measurement 20(1), 37-46.

    Examples
    --------
    >>> round(cohen_kappa([[30, 6], [4, 60]]), 6)
    0.780316
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or (table < 0).any() or table.sum() == 0:
        raise NotATable("a table of agreement is square, with counts of at least 0 and a positive sum")
    total = table.sum()
    observed = np.trace(table) / total
    expected = float(table.sum(axis=1) @ table.sum(axis=0)) / total**2
    return float("nan") if expected == 1 else float((observed - expected) / (1 - expected))


def _share(numerator: int, denominator: int) -> Share:
    """Return the share with its Wilson interval."""
    if denominator == 0:
        raise NobodyLost("nobody is lost by then, so there is no share of losses; choose a later day")
    value = numerator / denominator
    spread = Z_95**2 / denominator
    centre = (value + spread / 2) / (1 + spread)
    half = Z_95 * sqrt(value * (1 - value) / denominator + spread / (4 * denominator)) / (1 + spread)
    return Share(numerator, denominator, value, max(0.0, centre - half), min(1.0, centre + half))


LOST_COUNTS_SQL = """
SELECT count(*) AS n_lost, count(*) FILTER (WHERE r.reason_1 <> 'X') AS n_known,
       count(*) FILTER (WHERE r.reason_1 <> 'X' AND s.is_confirmed) AS n_confirmed
FROM reasons r
JOIN reason_anchors a ON a.customer_id = r.customer_id AND a.is_lost
LEFT JOIN reason_scores s ON s.customer_id = r.customer_id AND s.place = 1
"""


def known_share(engine: Engine) -> Share:
    """Return the share of losses whose reason is known; the goal is at least 0.8.

    Raises
    ------
    NobodyLost
        If nobody is lost.
    """
    counts = engine.one(LOST_COUNTS_SQL)
    return _share(counts["n_known"], counts["n_lost"])


def confirmed_share(engine: Engine) -> Share:
    """Return the share of losses whose first reason is confirmed: said by somebody, or strongly shown.

    Raises
    ------
    NobodyLost
        If nobody is lost.
    """
    counts = engine.one(LOST_COUNTS_SQL)
    return _share(counts["n_confirmed"], counts["n_lost"])


STATED_DERIVED_SQL = """
WITH pieces AS (
    SELECT e.customer_id, r.level_1, k.is_stated, max(e.confidence) AS confidence
    FROM evidence e
    JOIN evidence_kinds k ON k.kind = e.kind
    JOIN reason_codes r ON r.code = e.code
    JOIN reason_anchors a ON a.customer_id = e.customer_id AND a.is_lost
    WHERE e.code <> 'X' AND e.kind <> 'model_signal'
    GROUP BY ALL
),
firsts AS (
    SELECT customer_id, is_stated, level_1 FROM pieces
    QUALIFY row_number() OVER (PARTITION BY customer_id, is_stated ORDER BY confidence DESC, level_1) = 1
)
SELECT s.level_1 AS stated, d.level_1 AS derived, count(*) AS n_customers
FROM firsts s JOIN firsts d ON d.customer_id = s.customer_id
WHERE s.is_stated AND NOT d.is_stated
GROUP BY ALL
ORDER BY stated, derived
"""


def stated_and_derived(engine: Engine) -> Agreement:
    """Return how far what lost customers say agrees with what the data show, by groups of level 1."""
    pairs = engine.table(STATED_DERIVED_SQL)
    rows = pairs.to_pylist()
    total = sum(row["n_customers"] for row in rows)
    if total == 0:
        return Agreement(pairs, 0, None, None)
    letters = sorted({row[side] for row in rows for side in ("stated", "derived")})
    counts = np.zeros((len(letters), len(letters)))
    for row in rows:
        counts[letters.index(row["stated"]), letters.index(row["derived"])] = row["n_customers"]
    kappa = cohen_kappa(counts)
    return Agreement(pairs, total, float(np.trace(counts)) / total, None if np.isnan(kappa) else kappa)


TYPOLOGIES_SQL = """
SELECT r.churn_type, r.intent, count(*) AS n_customers
FROM reasons r JOIN reason_anchors a ON a.customer_id = r.customer_id AND a.is_lost
GROUP BY ALL
ORDER BY r.churn_type, r.intent
"""


def typologies(engine: Engine) -> pa.Table:
    """Return losses by the four types and by intent: churn_type, intent, n_customers."""
    return engine.table(TYPOLOGIES_SQL)


def type_shares(engine: Engine) -> pa.Table:
    """Return the share of each type among the losses.

    Returns
    -------
    pa.Table
        churn_type, n_customers, share, low, high (Wilson, 95 %), needs_check: true for competition above 30 %, which
        asks whether a sample of those customers was dissatisfied first.
    """
    counts = {"NAT": 0, "MAL": 0, "COM": 0, "NEG": 0, "UNK": 0}
    for row in typologies(engine).to_pylist():
        counts[row["churn_type"]] += row["n_customers"]
    shares = [_share(count, sum(counts.values())) for count in counts.values()]
    return pa.table(
        {
            "churn_type": list(counts),
            "n_customers": list(counts.values()),
            "share": [share.value for share in shares],
            "low": [share.low for share in shares],
            "high": [share.high for share in shares],
            "needs_check": [
                churn_type == "COM" and share.value > COMPETITION_LIMIT
                for churn_type, share in zip(counts, shares, strict=True)
            ],
        }
    )


PARETO_SQL = """
WITH counted AS (
    SELECT r.reason_1 AS code, count(*) FILTER (WHERE a.is_lost) AS customers_lost,
           count(*) FILTER (WHERE NOT a.is_lost) AS customers_leaving,
           sum(CAST(v.value AS DECIMAL(18, 2))) FILTER (WHERE a.is_lost) AS value_lost
    FROM reasons r
    JOIN reason_anchors a ON a.customer_id = r.customer_id
    LEFT JOIN reason_values v ON v.customer_id = r.customer_id
    WHERE a.is_lost OR r.reason_1 <> 'X'
    GROUP BY r.reason_1
),
placed AS (
    SELECT *, row_number() OVER (ORDER BY coalesce(value_lost, 0) DESC, customers_lost DESC, customers_leaving DESC,
                                          code) AS place
    FROM counted
),
ranked AS (
    SELECT *, sum(customers_lost) OVER () AS lost_all, sum(customers_lost) OVER so_far AS lost_so_far,
           coalesce(sum(value_lost) OVER (), 0) AS value_all, coalesce(sum(value_lost) OVER so_far, 0) AS value_so_far
    FROM placed
    WINDOW so_far AS (ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
SELECT p.code, c.level_1 AS letter, c.zh, c.en, c.churn_type, c.controllable, p.customers_lost, p.customers_leaving,
       CASE WHEN p.lost_all > 0 THEN CAST(p.customers_lost AS DOUBLE) / CAST(p.lost_all AS DOUBLE) END AS share,
       CASE WHEN p.lost_all > 0 THEN CAST(p.lost_so_far AS DOUBLE) / CAST(p.lost_all AS DOUBLE) END AS cumulative_share,
       CAST(p.value_lost AS DECIMAL(18, 2)) AS value_lost,
       CASE WHEN p.value_all > 0 THEN CAST(p.value_so_far AS DOUBLE) / CAST(p.value_all AS DOUBLE) END
           AS cumulative_value_share
FROM ranked p JOIN reason_codes c ON c.code = p.code
ORDER BY p.place
"""


def pareto(engine: Engine, values: pa.Table | None = None) -> pa.Table:
    """Return first reasons with the customers and the value lost to them, the dearest first.

    Parameters
    ----------
    engine : Engine
        Holds `reasons` and its steps; gets `reason_values`.
    values : pa.Table, optional
        customer_id, value: what each customer was worth, in money. Without it reasons are ordered by customers lost.

    Returns
    -------
    pa.Table
        code, letter, zh, en, churn_type, controllable, customers_lost, customers_leaving (still here, with evidence
        for this reason first), share and cumulative_share of the lost (null where nobody is lost), value_lost,
        cumulative_value_share (both null where no value is known).
    """
    empty = pa.table({"customer_id": pa.array([], pa.string()), "value": pa.array([], pa.decimal128(18, 2))})
    engine.register("reason_values", empty if values is None else values.select(["customer_id", "value"]))
    return engine.table(PARETO_SQL)


EXPOSED_SQL = """
WITH conditions AS (
    SELECT e.code, e.kind, e.detail, count(DISTINCT e.customer_id) AS n_lost
    FROM evidence e
    JOIN reason_anchors a ON a.customer_id = e.customer_id AND a.is_lost
    JOIN reason_scores s ON s.customer_id = e.customer_id AND s.code = e.code AND s.is_confirmed AND s.place <= 3
    WHERE e.detail IS NOT NULL AND list_contains($shared, e.kind)
    GROUP BY e.code, e.kind, e.detail
)
SELECT e.customer_id, c.code, c.kind, c.detail, max(e.happened_on) AS happened_on, max(c.n_lost) AS n_lost
FROM evidence e
JOIN reason_anchors a ON a.customer_id = e.customer_id AND NOT a.is_lost
JOIN conditions c ON c.code = e.code AND c.kind = e.kind AND c.detail = e.detail
WHERE c.n_lost >= $at_least
GROUP BY e.customer_id, c.code, c.kind, c.detail
ORDER BY n_lost DESC, e.customer_id, c.code, c.kind, c.detail
"""


def exposed(engine: Engine, *, at_least: int = 1) -> pa.Table:
    """Return present customers under the same condition that confirmedly drove others away.

    The same plan that rose in price, the same manager who left, the same rival's offer, the same complaint.

    Parameters
    ----------
    engine : Engine
        Holds `evidence`, `reasons` and their steps.
    at_least : int, default 1
        How many customers must have been lost under the condition.

    Returns
    -------
    pa.Table
        customer_id, code, kind, detail, happened_on, n_lost: the most dangerous conditions first.
    """
    return engine.table(EXPOSED_SQL, shared=list(SHARED_CONDITIONS), at_least=at_least)
