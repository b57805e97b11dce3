"""From evidence to reasons: up to three per customer with shares, one of the four types, voluntary or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from liuke.reasons import anchors, taxonomy, wording

if TYPE_CHECKING:
    from liuke.engines.engine import Engine

CAP = 0.95
"""No combination of evidence is more certain than this."""

SCORES_SQL = """
WITH pieces AS (
    SELECT e.customer_id, e.code, r.level_1, e.kind, e.confidence, k.is_stated,
           starts_with(e.kind, 'complaint_') AND e.happened_on <= a.anchor_on AND e.happened_on > a.anchor_on - 60
               AS is_recent_complaint,
           a.has_open_complaint
    FROM evidence e
    JOIN evidence_kinds k ON k.kind = e.kind
    JOIN reason_codes r ON r.code = e.code
    JOIN reason_anchors a ON a.customer_id = e.customer_id
    WHERE e.code <> 'X'
),
strongest AS (
    SELECT customer_id, level_1, code FROM pieces WHERE code <> level_1
    QUALIFY row_number() OVER (PARTITION BY customer_id, level_1 ORDER BY confidence DESC, code) = 1
),
placed AS (
    SELECT p.* REPLACE (CASE WHEN p.code = p.level_1 THEN coalesce(s.code, p.code) ELSE p.code END AS code)
    FROM pieces p LEFT JOIN strongest s ON s.customer_id = p.customer_id AND s.level_1 = p.level_1
),
combined AS (
    SELECT customer_id, code, level_1,
           least(round(1 - list_reduce(list_sort(list(1 - confidence)), lambda x, y: x * y), 6), $cap) AS confidence,
           max(confidence) FILTER (WHERE is_recent_complaint) AS complaint_confidence,
           bool_or(is_stated) AS is_stated, bool_or(NOT is_stated) AS is_derived
    FROM placed GROUP BY customer_id, code, level_1
),
politely_price AS (
    SELECT DISTINCT customer_id FROM placed WHERE has_open_complaint AND is_stated AND level_1 = 'P'
),
behind_price AS (
    SELECT c.customer_id, c.code, greatest(c.confidence, $behind_price) AS confidence
    FROM combined c JOIN politely_price p ON p.customer_id = c.customer_id
    WHERE c.complaint_confidence IS NOT NULL AND c.level_1 <> 'P'
    QUALIFY row_number() OVER (PARTITION BY c.customer_id ORDER BY c.complaint_confidence DESC, c.code) = 1
),
scored AS (
    SELECT c.customer_id, c.code, c.level_1, c.is_stated, c.is_derived, c.code IS NOT DISTINCT FROM b.code AS is_behind,
           CASE WHEN c.code = b.code THEN b.confidence
                WHEN c.level_1 = 'P' AND c.is_stated THEN least(c.confidence, coalesce(b.confidence, c.confidence))
                ELSE c.confidence END AS confidence
    FROM combined c LEFT JOIN behind_price b ON b.customer_id = c.customer_id
)
SELECT customer_id, code, level_1, confidence, is_stated, is_derived,
       is_stated OR confidence >= $confirmed_from AS is_confirmed,
       round(confidence / CAST(sum(CAST(confidence AS DECIMAL(18, 6))) OVER whole AS DOUBLE), 6) AS share,
       row_number() OVER (PARTITION BY customer_id ORDER BY is_behind DESC, confidence DESC, code) AS place
FROM scored
WINDOW whole AS (PARTITION BY customer_id)
ORDER BY customer_id, place
"""

REASONS_SQL = """
WITH known AS (
    SELECT customer_id
    FROM reason_scores GROUP BY customer_id
    HAVING round(1 - list_reduce(list_sort(list(1 - confidence)), lambda x, y: x * y), 6) >= $known_from
),
named AS (
    SELECT customer_id,
           max(code) FILTER (WHERE place = 1) AS reason_1, max(share) FILTER (WHERE place = 1) AS reason_1_share,
           max(code) FILTER (WHERE place = 2) AS reason_2, max(share) FILTER (WHERE place = 2) AS reason_2_share,
           max(code) FILTER (WHERE place = 3) AS reason_3, max(share) FILTER (WHERE place = 3) AS reason_3_share
    FROM reason_scores SEMI JOIN known USING (customer_id)
    WHERE place <= 3
    GROUP BY customer_id
),
candidates AS (
    SELECT s.customer_id, s.code, s.place, r.churn_type, r.intent, r.is_voluntary,
           CASE WHEN r.churn_type = 'MAL' THEN if(s.is_confirmed, 1, 8)
                WHEN r.churn_type = 'NAT' THEN if(s.is_confirmed, 2, 6)
                WHEN r.intent = 'INV' AND s.is_confirmed THEN 3
                WHEN r.churn_type = 'NEG' THEN 4
                WHEN r.churn_type = 'COM' THEN 5
                ELSE 7 END AS precedence
    FROM reason_scores s JOIN reason_codes r ON r.code = s.code
    WHERE s.place <= 3 AND (s.place = 1 OR s.confidence >= $coded_from)
),
deciding AS (
    SELECT * FROM candidates
    QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY precedence, place) = 1
)
SELECT a.customer_id, coalesce(n.reason_1, 'X') AS reason_1, coalesce(n.reason_1_share, 1.0) AS reason_1_share,
       n.reason_2, n.reason_2_share, n.reason_3, n.reason_3_share,
       CASE WHEN n.reason_1 IS NULL OR d.precedence = 8 THEN 'UNK' ELSE d.churn_type END AS churn_type,
       CASE WHEN n.reason_1 IS NOT NULL AND d.precedence < 8 THEN d.is_voluntary END AS is_voluntary,
       CASE WHEN n.reason_1 IS NULL OR d.precedence = 8 THEN 'UNK' ELSE d.intent END AS intent
FROM reason_anchors a
LEFT JOIN named n ON n.customer_id = a.customer_id
LEFT JOIN deciding d ON d.customer_id = a.customer_id
ORDER BY a.customer_id
"""


@dataclass(frozen=True, slots=True)
class CombiningRules:
    """How sure one must be.

    Parameters
    ----------
    known_from : float, default 0.3
        Below this total confidence the reason stays unknown (``X``).
    coded_from : float, default 0.3
        A second or third reason below this does not take part in choosing the type.
    confirmed_from : float, default 0.7
        From here on, or when somebody said it, a reason is confirmed.
    behind_price : float, default 0.6
        Confidence of the complaint behind a politely stated price.
    """

    known_from: float = 0.3
    coded_from: float = 0.3
    confirmed_from: float = 0.7
    behind_price: float = 0.6


DEFAULT_RULES = CombiningRules()


def noisy_or(confidences: Sequence[float]) -> float:
    """Return the confidence of independent pieces of evidence for one code together.

    Parameters
    ----------
    confidences : sequence of float
        Each in [0, 1].

    Returns
    -------
    float
        ``1 − Π(1 − c)``, at most 0.95, rounded to six decimals; 0 for no evidence.

    References
    ----------
    .. [1] Pearl, J. (1988). Probabilistic Reasoning in Intelligent Systems, section 4.3.2.

    Examples
    --------
    >>> noisy_or([0.6, 0.5]), noisy_or([0.5, 0.5, 0.5])
    (0.8, 0.875)
    """
    miss = 1.0
    for rest in sorted(1 - confidence for confidence in confidences):
        miss *= rest
    return min(round(1 - miss, 6), CAP)


def create_reasons(engine: Engine, as_of: date, *, rules: CombiningRules = DEFAULT_RULES) -> None:
    """Create `reasons`: up to three reasons with shares, the type and the intent of every customer with a life.

    Parameters
    ----------
    engine : Engine
        Holds `evidence`, `spells` and `complaints`. Besides `reasons` it gets `reason_scores` (confidence, share, place
        and whether stated, derived and confirmed, per customer and code), `reason_anchors`, `reason_codes` and
        `evidence_kinds`.
    as_of : date
        The day we look from.
    rules : CombiningRules
        How sure one must be.

    Notes
    -----
    Pieces for one code combine by noisy-or; evidence for a whole group strengthens the customer's strongest code of the
    group. A reason's share is its confidence over the sum of all. A stated price with an open complaint of at
    most 60 days keeps its place as stated, but the complaint comes first ("price" is the polite answer).

    The type follows the first that is there: malicious (confirmed), natural (confirmed), ended by the firm or by a
    failed payment (confirmed), fault, competition, natural. Unconfirmed malice never names a type, and what is unknown
    stays unknown.

    Columns: customer_id, reason_1, reason_1_share … reason_3, reason_3_share, churn_type, is_voluntary, intent.
    """
    anchors.create_anchors(engine, as_of)
    engine.register("evidence_kinds", wording.kinds_table())
    engine.register("reason_codes", taxonomy.reason_codes())
    engine.create(
        "reason_scores", SCORES_SQL, cap=CAP, behind_price=rules.behind_price, confirmed_from=rules.confirmed_from
    )
    engine.create("reasons", REASONS_SQL, known_from=rules.known_from, coded_from=rules.coded_from)
