"""Where evidence comes from: one query per source, each of the same columns.

Every query selects customer_id, code, kind, happened_on, weight (null: the kind's own), value, detail. All of them
look back from ``anchor_on`` and see nothing after ``seen_until`` (`liuke.reasons.anchors`).
"""

from __future__ import annotations

PRICE_RISE = """
SELECT a.customer_id, 'P2' AS code, 'price_rise' AS kind, p.effective_on AS happened_on, NULL::DOUBLE AS weight,
       round(100 * CAST(p.new_price - p.old_price AS DOUBLE) / CAST(p.old_price AS DOUBLE), 1) AS value,
       p.plan AS detail
FROM reason_anchors a
JOIN subscriptions s ON s.customer_id = a.customer_id
JOIN prices p ON p.plan = s.plan
WHERE p.new_price > p.old_price AND p.old_price > 0
  AND p.effective_on <= a.anchor_on AND p.effective_on > a.anchor_on - CAST($price_days AS INTEGER)
  AND s.started_on < p.effective_on AND (s.ended_on IS NULL OR s.ended_on >= p.effective_on)
"""

COMPLAINT_HANDLING = """
WITH seen AS (
    SELECT a.customer_id, a.anchor_on, a.seen_until, c.occurred_on, c.is_satisfied,
           CASE WHEN c.resolved_on <= a.seen_until THEN c.resolved_on END AS resolved_on,
           coalesce(c.category, c.complaint_id) AS detail
    FROM reason_anchors a JOIN complaints c ON c.customer_id = a.customer_id
    WHERE c.occurred_on <= a.seen_until AND c.occurred_on > a.anchor_on - 2 * CAST($complaint_days AS INTEGER)
)
SELECT customer_id, 'R1' AS code, 'complaint_late' AS kind, occurred_on AS happened_on, NULL::DOUBLE AS weight,
       CAST(anchor_on - occurred_on AS DOUBLE) AS value, detail
FROM seen
WHERE occurred_on <= anchor_on AND (resolved_on IS NULL OR resolved_on > anchor_on)
  AND anchor_on - occurred_on > $sla_days
UNION ALL
SELECT customer_id, 'R1', 'complaint_slow', occurred_on, NULL, CAST(resolved_on - occurred_on AS DOUBLE), detail
FROM seen
WHERE resolved_on <= anchor_on AND resolved_on > anchor_on - CAST($complaint_days AS INTEGER)
  AND resolved_on - occurred_on > $sla_days
UNION ALL
SELECT customer_id, 'R2', 'complaint_unsatisfied', resolved_on, NULL, NULL, detail
FROM seen
WHERE NOT is_satisfied AND resolved_on > anchor_on - CAST($complaint_days AS INTEGER)
UNION ALL
SELECT customer_id, 'Q2', 'complaint_repeated', max(occurred_on), NULL, CAST(count(*) AS DOUBLE), NULL
FROM seen
WHERE occurred_on <= anchor_on AND occurred_on > anchor_on - CAST($complaint_days AS INTEGER)
GROUP BY customer_id
HAVING count(*) >= 3
"""

COMPLAINT_CONTENT = """
SELECT customer_id, code, kind, occurred_on AS happened_on,
       CASE WHEN is_satisfied THEN confidence / 2 ELSE confidence END AS weight, NULL::DOUBLE AS value, detail
FROM reason_complaints
"""

SURVEY_TEXT = """
SELECT a.customer_id, t.code, 'survey_text' AS kind, s.answered_on AS happened_on, t.confidence AS weight,
       NULL::DOUBLE AS value, t.keyword AS detail
FROM reason_anchors a
JOIN survey_answers s ON s.customer_id = a.customer_id
JOIN reason_texts t ON t.text = s.text
WHERE s.answered_on <= a.seen_until AND s.answered_on > a.anchor_on - CAST($complaint_days AS INTEGER)
"""

STATED = """
SELECT a.customer_id, w.code, 'stated_end' AS kind, s.ended_on AS happened_on, w.confidence AS weight,
       NULL::DOUBLE AS value, s.end_reason AS detail
FROM reason_anchors a
JOIN subscriptions s ON s.customer_id = a.customer_id
JOIN reason_labels w ON w.source = 'stated_end' AND w.label = s.end_reason
WHERE s.ended_on <= a.seen_until AND s.ended_on > a.anchor_on - 31
UNION ALL
SELECT a.customer_id, w.code,
       CASE WHEN a.is_lost AND c.occurred_on >= a.anchor_on THEN 'stated_contact' ELSE w.kind END, c.occurred_on,
       CASE WHEN w.kind = 'stated_contact' OR (a.is_lost AND c.occurred_on >= a.anchor_on) THEN w.confidence END,
       NULL, c.reason
FROM reason_anchors a
JOIN contacts c ON c.customer_id = a.customer_id
JOIN reason_labels w ON w.source = 'stated_contact' AND w.label = c.reason
WHERE c.occurred_on <= a.seen_until AND c.occurred_on > a.anchor_on - CAST($complaint_days AS INTEGER)
"""

EVENTS = """
WITH seen AS (
    SELECT a.customer_id, a.anchor_on, w.code, w.kind, e.occurred_on, w.confidence, e.kind AS detail
    FROM reason_anchors a
    JOIN events e ON e.customer_id = a.customer_id
    JOIN reason_labels w ON w.source = 'events' AND w.label = e.kind
    WHERE e.occurred_on <= a.seen_until
      AND e.occurred_on > a.anchor_on
          - CAST(CASE WHEN w.kind = 'life_event' THEN $life_days ELSE $complaint_days END AS INTEGER)
),
owing AS (
    SELECT DISTINCT s.customer_id
    FROM seen s JOIN balances b ON b.customer_id = s.customer_id
    WHERE s.kind = 'suspended' AND b.owed > 0 AND b."on" <= s.anchor_on AND b."on" > s.occurred_on - 62
),
complained AS (
    SELECT DISTINCT s.customer_id
    FROM seen s JOIN complaints c ON c.customer_id = s.customer_id
    WHERE s.kind = 'payment_failed' AND c.occurred_on <= s.occurred_on AND c.occurred_on > s.occurred_on - 60
)
SELECT s.customer_id,
       CASE WHEN s.kind = 'suspended' AND owing.customer_id IS NOT NULL THEN 'F2' ELSE s.code END AS code,
       s.kind, s.occurred_on AS happened_on,
       CASE WHEN s.kind = 'payment_failed' AND complained.customer_id IS NOT NULL THEN 0.5 ELSE s.confidence END
           AS weight,
       NULL::DOUBLE AS value, s.detail
FROM seen s
LEFT JOIN complained ON complained.customer_id = s.customer_id
LEFT JOIN owing ON owing.customer_id = s.customer_id
"""

ARREARS = """
WITH cycles AS (
    SELECT customer_id, "on" AS billed_on, max(owed) AS owed FROM balances GROUP BY ALL
),
known AS (
    SELECT a.customer_id, a.is_lost, a.anchor_on, c.billed_on, c.owed,
           c.owed > lag(c.owed, 1, 0) OVER (PARTITION BY a.customer_id ORDER BY c.billed_on) AS rose,
           row_number() OVER (PARTITION BY a.customer_id ORDER BY c.billed_on DESC) AS back
    FROM reason_anchors a JOIN cycles c ON c.customer_id = a.customer_id
    WHERE c.billed_on <= a.anchor_on
),
runs AS (
    SELECT customer_id, is_lost, anchor_on,
           coalesce(min(back) FILTER (WHERE NOT rose), max(back) + 1) - 1 AS n_cycles,
           max(billed_on) AS billed_on
    FROM known GROUP BY customer_id, is_lost, anchor_on
),
rising AS (
    SELECT r.*, last_cycle.owed, first_cycle.billed_on AS began_on
    FROM runs r
    JOIN known last_cycle ON last_cycle.customer_id = r.customer_id AND last_cycle.back = 1
    JOIN known first_cycle ON first_cycle.customer_id = r.customer_id AND first_cycle.back = r.n_cycles
    WHERE r.n_cycles >= $arrears_cycles AND r.billed_on > r.anchor_on - 62 AND last_cycle.owed > 0
),
fees AS (
    SELECT r.customer_id, max(s.monthly_fee) AS fee
    FROM rising r JOIN subscriptions s ON s.customer_id = r.customer_id AND s.started_on <= r.anchor_on
    GROUP BY r.customer_id
),
disputes AS (
    SELECT r.customer_id, c.occurred_on, c.category, c.complaint_id, w.confidence,
           CASE WHEN w.code IN ('Q5', 'P3', 'P4', 'I1', 'I2') THEN w.code ELSE 'R2' END AS code
    FROM rising r
    JOIN complaints c ON c.customer_id = r.customer_id
    LEFT JOIN reason_complaints w ON w.customer_id = c.customer_id AND w.complaint_id = c.complaint_id
    WHERE c.occurred_on <= r.began_on AND c.occurred_on > r.began_on - CAST($complaint_days AS INTEGER)
      AND (c.resolved_on IS NULL OR c.resolved_on > r.began_on OR c.is_satisfied IS NOT TRUE
           OR w.code IN ('Q5', 'P3', 'P4', 'I1', 'I2'))
),
disputed AS (
    SELECT customer_id, occurred_on, code, coalesce(category, complaint_id) AS detail
    FROM disputes
    QUALIFY row_number() OVER (PARTITION BY customer_id
        ORDER BY code = 'R2', confidence DESC NULLS LAST, code, occurred_on DESC, complaint_id) = 1
)
SELECT r.customer_id, 'F1' AS code,
       CASE WHEN r.is_lost AND 10 * r.owed >= 15 * f.fee * r.n_cycles THEN 'arrears_left' ELSE 'arrears_rising' END
           AS kind,
       r.billed_on AS happened_on, NULL::DOUBLE AS weight, CAST(r.owed AS DOUBLE) AS value,
       CAST(r.n_cycles AS VARCHAR) AS detail
FROM rising r LEFT JOIN fees f ON f.customer_id = r.customer_id
WHERE r.customer_id NOT IN (SELECT customer_id FROM disputed)
UNION ALL
SELECT r.customer_id, d.code, 'arrears_disputed', d.occurred_on, NULL, CAST(r.owed AS DOUBLE), d.detail
FROM rising r JOIN disputed d ON d.customer_id = r.customer_id
"""

MANAGERS = """
WITH links AS (
    SELECT customer_id, staff_id, started_on, ended_on FROM staff_links
    UNION ALL
    SELECT customer_id, manager_id, DATE '0001-01-01', NULL
    FROM customers WHERE manager_id IS NOT NULL AND customer_id NOT IN (SELECT customer_id FROM staff_links)
),
orphaned AS (
    SELECT DISTINCT l.customer_id, l.staff_id, st.left_on
    FROM links l JOIN staff st ON st.staff_id = l.staff_id
    WHERE l.started_on <= st.left_on AND (l.ended_on IS NULL OR l.ended_on >= st.left_on - 7)
),
taken AS (
    SELECT o.staff_id, o.left_on, count(*) FILTER (
               WHERE a.is_lost AND a.anchor_on >= o.left_on
                 AND a.anchor_on <= o.left_on + CAST($manager_days AS INTEGER)) AS n_lost
    FROM orphaned o JOIN reason_anchors a ON a.customer_id = o.customer_id
    GROUP BY o.staff_id, o.left_on
)
SELECT a.customer_id, CASE WHEN t.n_lost >= $manager_losses THEN 'E1' ELSE 'E2' END AS code,
       CASE WHEN t.n_lost >= $manager_losses THEN 'manager_left_with_customers' ELSE 'manager_left' END AS kind,
       o.left_on AS happened_on, NULL::DOUBLE AS weight, CAST(t.n_lost AS DOUBLE) AS value, o.staff_id AS detail
FROM reason_anchors a
JOIN orphaned o ON o.customer_id = a.customer_id
JOIN taken t ON t.staff_id = o.staff_id AND t.left_on = o.left_on
WHERE o.left_on <= a.anchor_on AND o.left_on > a.anchor_on - CAST($manager_days AS INTEGER)
UNION ALL
SELECT a.customer_id, 'E2', 'manager_changed', l.ended_on, NULL, CAST(a.anchor_on - l.ended_on AS DOUBLE), l.staff_id
FROM reason_anchors a
JOIN staff_links l ON l.customer_id = a.customer_id
WHERE l.ended_on <= a.anchor_on - 45 AND l.ended_on > a.anchor_on - CAST($manager_days AS INTEGER)
  AND NOT EXISTS (SELECT 1 FROM orphaned o WHERE o.customer_id = l.customer_id AND o.staff_id = l.staff_id)
  AND NOT EXISTS (SELECT 1 FROM contacts c WHERE c.customer_id = a.customer_id AND c.occurred_on > l.ended_on
                  AND c.occurred_on <= a.anchor_on)
"""

RIVAL_OFFERS = """
WITH fees AS (
    SELECT a.customer_id, a.anchor_on, c.region, s.plan, s.monthly_fee AS fee
    FROM reason_anchors a
    JOIN subscriptions s ON s.customer_id = a.customer_id
    LEFT JOIN customers c ON c.customer_id = a.customer_id
    WHERE s.started_on <= a.anchor_on AND (s.ended_on IS NULL OR s.ended_on >= a.anchor_on) AND s.monthly_fee > 0
),
own_plans AS (SELECT DISTINCT plan FROM subscriptions WHERE plan IS NOT NULL),
offers AS (
    SELECT r.rival, r.region, r.started_on, r.ended_on, r.price, own_plans.plan
    FROM rival_offers r LEFT JOIN own_plans ON own_plans.plan = r.plan
    WHERE r.price IS NOT NULL
)
SELECT f.customer_id, 'C1' AS code, 'rival_offer' AS kind, o.started_on AS happened_on,
       CASE WHEN o.started_on > f.anchor_on - CAST($rival_days AS INTEGER) THEN 0.4 ELSE 0.2 END AS weight,
       round(100 * CAST(f.fee - o.price AS DOUBLE) / CAST(f.fee AS DOUBLE), 1) AS value, o.rival AS detail
FROM fees f
JOIN offers o ON o.started_on <= f.anchor_on AND (o.ended_on IS NULL OR o.ended_on > f.anchor_on - 60)
             AND (o.region IS NULL OR o.region = f.region) AND (o.plan IS NULL OR o.plan = f.plan)
WHERE o.price < f.fee
QUALIFY row_number() OVER (PARTITION BY f.customer_id
    ORDER BY o.started_on > f.anchor_on - CAST($rival_days AS INTEGER) DESC, f.fee - o.price DESC, o.started_on DESC,
             o.rival) = 1
"""

PEOPLE_NEARBY = """
WITH friends AS (
    SELECT DISTINCT referrer_id AS customer_id, referred_id AS other_id FROM referrals
    UNION
    SELECT DISTINCT referred_id, referrer_id FROM referrals
),
household AS (
    SELECT c.customer_id, o.customer_id AS other_id
    FROM customers c JOIN customers o ON o.household = c.household AND o.customer_id <> c.customer_id
),
linked AS (
    SELECT *, 'friend_left' AS kind FROM friends
    UNION ALL
    SELECT *, 'household_left' FROM household
)
SELECT a.customer_id, 'C4' AS code, l.kind, max(o.anchor_on) AS happened_on, NULL::DOUBLE AS weight,
       CAST(count(*) AS DOUBLE) AS value, NULL::VARCHAR AS detail
FROM reason_anchors a
JOIN linked l ON l.customer_id = a.customer_id AND l.other_id <> a.customer_id
JOIN reason_anchors o ON o.customer_id = l.other_id AND o.is_lost
WHERE o.anchor_on < a.anchor_on AND o.anchor_on > a.anchor_on - CAST($friend_days AS INTEGER)
GROUP BY a.customer_id, l.kind
"""

MARKET = """
WITH years AS (
    SELECT now.region, now.period, CAST(before.size AS DOUBLE) AS before, CAST(now.size AS DOUBLE) AS size
    FROM market now
    JOIN market before ON before.region IS NOT DISTINCT FROM now.region
     AND before.period <= now.period - 350 AND before.period >= now.period - 380
    WHERE before.size > 0
    QUALIFY row_number() OVER (PARTITION BY now.region, now.period
                               ORDER BY before.period DESC, before.size, now.size) = 1
),
falls AS (
    SELECT region, period, round(100 * (before - size) / before, 1) AS fall
    FROM years WHERE 100 * (before - size) >= $market_fall_percent * before
)
SELECT a.customer_id, 'M1' AS code, 'market_fell' AS kind, m.period AS happened_on, NULL::DOUBLE AS weight,
       m.fall AS value, m.region AS detail
FROM reason_anchors a
LEFT JOIN customers c ON c.customer_id = a.customer_id
JOIN falls m ON m.period <= a.anchor_on AND m.period > a.anchor_on - 92 AND (m.region IS NULL OR m.region = c.region)
QUALIFY row_number() OVER (PARTITION BY a.customer_id ORDER BY m.period DESC, m.fall DESC, m.region) = 1
"""

SATISFIED_LEAVERS = """
WITH last_score AS (
    SELECT a.customer_id, a.anchor_on, s.answered_on, s.score
    FROM reason_anchors a JOIN survey_answers s ON s.customer_id = a.customer_id
    WHERE a.is_lost AND s.answered_on <= a.anchor_on AND s.answered_on > a.anchor_on - 365 AND s.score IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY a.customer_id ORDER BY s.answered_on DESC, s.score) = 1
)
SELECT customer_id, 'V1' AS code, 'satisfied_leaver' AS kind, answered_on AS happened_on, NULL::DOUBLE AS weight,
       CAST(score AS DOUBLE) AS value, NULL::VARCHAR AS detail
FROM last_score l
WHERE score BETWEEN 9 AND 10
  AND NOT EXISTS (SELECT 1 FROM complaints c WHERE c.customer_id = l.customer_id AND c.occurred_on <= l.anchor_on
                  AND c.occurred_on > l.anchor_on - 365)
"""

SOURCES: tuple[str, ...] = (
    PRICE_RISE,
    COMPLAINT_HANDLING,
    COMPLAINT_CONTENT,
    SURVEY_TEXT,
    STATED,
    EVENTS,
    ARREARS,
    MANAGERS,
    RIVAL_OFFERS,
    PEOPLE_NEARBY,
    MARKET,
    SATISFIED_LEAVERS,
)
"""All of them, in no particular order."""
