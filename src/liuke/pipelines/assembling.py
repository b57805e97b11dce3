"""The snapshot's customers, signals and reasons, brought together from what each pillar says."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liuke.features.dictionary import Feature, feature
from liuke.pipelines.steps import Job
from liuke.pipelines.valuing import Valued
from liuke.pipelines.warning import Warned
from liuke.risk.levels import CutPoints, Memory, cut_points_for, levels, percentile

PROFILE_SQL = """
WITH owed AS (
    SELECT customer_id, arg_max(owed, "on") AS owed, arg_max(overdue_days, "on") AS overdue_days
    FROM (SELECT customer_id, "on", max(owed) AS owed, max(overdue_days) AS overdue_days FROM balances GROUP BY ALL)
    GROUP BY customer_id
),
opened AS (SELECT DISTINCT customer_id FROM complaints WHERE resolved_at IS NULL),
products AS (
    SELECT customer_id, min(plan ORDER BY started_on DESC, subscription_id) AS plan
    FROM subscriptions WHERE ended_on IS NULL GROUP BY customer_id
),
friends AS (SELECT referrer_id AS customer_id, count(*) AS n FROM referrals GROUP BY 1),
confirmed AS (
    SELECT DISTINCT customer_id FROM events WHERE kind IN ('malice_confirmed', 'fraud_confirmed', '恶意已确认')
),
scales AS (SELECT question, max(score) AS top FROM survey_answers GROUP BY question HAVING max(score) > 0),
attitudes AS (
    SELECT customer_id, round(avg(round(score / top, 6)::DECIMAL(9, 6)), 6) AS attitude
    FROM survey_answers JOIN scales USING (question)
    WHERE answered_on > $as_of::DATE - 365 AND score IS NOT NULL GROUP BY customer_id
),
last_lost AS (SELECT customer_id, max(certain_on) AS lost_on FROM spells WHERE certain_on <= $as_of GROUP BY 1)
SELECT current_states.customer_id, current_states.state, current_states.since_on,
       current_states.evidence AS state_evidence,
       customers.org_unit, customers.kind, customers.region, customers.manager_id,
       customers.consent_sms, customers.consent_email, customers.consent_phone, customers.preferred_channel,
       customers.preferred_from_hour, customers.preferred_to_hour, products.plan,
       owed.owed, owed.overdue_days, opened.customer_id IS NOT NULL AS has_open_complaint,
       CASE WHEN current_states.state IN ('lost', 'abandoned') THEN date_diff('day', last_lost.lost_on, $as_of) END
           AS days_lost,
       valued.* EXCLUDE (customer_id),
       scored.churn_probability, scored.expected_days_left, scored.urgency,
       reasons.reason_1, reasons.reason_1_share, reasons.reason_2, reasons.reason_2_share, reasons.reason_3,
       reasons.reason_3_share, reasons.churn_type, reasons.is_voluntary, reasons.intent,
       confirmed.customer_id IS NOT NULL AS malicious_confirmed,
       CASE WHEN current_states.state IN ('lost', 'abandoned') THEN NULL
            WHEN coalesce(rhythm.n_purchase_days, 1) >= 4 AND valued.tenure_days >= 365
                 AND coalesce(rhythm.overdue_ratio, 0) < 1
                 THEN CASE WHEN coalesce(friends.n, 0) > 0 THEN 'advocate' ELSE 'client' END
            WHEN coalesce(rhythm.n_purchase_days, 1) >= 2 THEN 'repeat_customer'
            ELSE 'first_time_customer' END AS ladder_stage,
       CASE WHEN attitudes.attitude IS NULL OR current_states.state IN ('lost', 'abandoned') THEN NULL
            WHEN attitude >= 0.6 AND coalesce(rhythm.n_purchase_days, 1) >= 2 AND coalesce(rhythm.overdue_ratio, 0) < 1
                 THEN 'true'
            WHEN attitude >= 0.6 THEN 'latent'
            WHEN coalesce(rhythm.n_purchase_days, 1) >= 2 AND coalesce(rhythm.overdue_ratio, 0) < 1 THEN 'spurious'
            ELSE 'none' END AS loyalty_type
FROM current_states
LEFT JOIN customers USING (customer_id)
LEFT JOIN products USING (customer_id)
LEFT JOIN owed USING (customer_id)
LEFT JOIN opened USING (customer_id)
LEFT JOIN last_lost USING (customer_id)
LEFT JOIN confirmed USING (customer_id)
LEFT JOIN attitudes USING (customer_id)
LEFT JOIN valued USING (customer_id)
LEFT JOIN scored USING (customer_id)
LEFT JOIN reasons USING (customer_id)
LEFT JOIN rhythm USING (customer_id)
LEFT JOIN friends USING (customer_id)
ORDER BY current_states.customer_id
"""
CONTACTS_SQL = "SELECT * FROM contacts WHERE occurred_on > $as_of::DATE - 120 ORDER BY contact_id"

LEVEL_COLUMNS = ("risk_level", "value_level", "urgency_level", "warning")
MEMORY_COLUMNS = ("was_high", "was_red", "runs_below")


def assembled(job: Job, warned: Warned, valued: Valued, before: pa.Table | None) -> pa.Table:
    """Return one row per customer: profile, state, risk, value, reasons, and the warning on three axes.

    Parameters
    ----------
    job : Job
        Its engine holds `current_states`, `reasons`, `rhythm`.
    warned, valued
        What the pillars found.
    before : pyarrow.Table or None
        customers of the previous snapshot: high risk is left later than it is entered.
    """
    job.engine.register("scored", warned.customers)
    job.engine.register("valued", valued.customers)
    table = job.engine.table(PROFILE_SQL, as_of=job.as_of)
    return _warned(job, table, warned, before)


def _warned(job: Job, table: pa.Table, warned: Warned, before: pa.Table | None) -> pa.Table:
    lost = pc.is_in(table["state"], value_set=pa.array(["lost", "abandoned"])).to_numpy(zero_copy_only=False)
    chance = np.where(lost, np.nan, table["churn_probability"].to_numpy())
    worth = np.where(lost, np.nan, table["value_if_kept"].to_numpy())
    leaving = pc.equal(table["state"], "leaving").to_numpy(zero_copy_only=False)
    pressing = np.where(leaving, 1.0, table["urgency"].to_numpy())
    found = levels(chance, percentile(worth), pressing, _cuts(job, warned), _memory(table, before))
    for name, column in zip(LEVEL_COLUMNS, found.to_table().select(LEVEL_COLUMNS).columns, strict=True):
        gone = pa.chunked_array([pc.if_else(pa.array(lost), None, column.combine_chunks())])
        table = table.append_column(name, gone)
    memory = (found.memory.is_high, found.memory.is_red, found.memory.runs_below)
    for name, values in zip(MEMORY_COLUMNS, memory, strict=True):
        table = table.append_column(name, pa.array(values))
    return table


def _cuts(job: Job, warned: Warned) -> CutPoints:
    own = job.definitions.warning
    suited = cut_points_for(float(warned.card.get("base_rate") or 0.1))
    risk = (own.risk_mid or suited.risk[0], own.risk_high or suited.risk[1])
    return CutPoints(
        risk=risk,
        risk_leave=risk[0],
        value=(own.value_mid, own.value_high),
        urgency=(own.urgency_mid, own.urgency_high),
    )


def _memory(table: pa.Table, before: pa.Table | None) -> Memory | None:
    if before is None or not set(MEMORY_COLUMNS) <= set(before.column_names):
        return None
    place = pc.index_in(table["customer_id"], value_set=before["customer_id"].combine_chunks())
    high, red, runs = (
        before[name].take(place).fill_null(0 if name == "runs_below" else False) for name in MEMORY_COLUMNS
    )
    return Memory(
        high.to_numpy(zero_copy_only=False).astype(bool),
        red.to_numpy(zero_copy_only=False).astype(bool),
        runs.to_numpy(zero_copy_only=False).astype(np.int16),
    )


def signals_in_words(signals: pa.Table) -> pa.Table:
    """Return the signals with their sentences in Chinese and English, rendered per feature, not per customer."""
    names = signals["feature"].unique().to_pylist()
    known = {name: feature(name) for name in names}
    columns = {language: _sentences(signals, known, language) for language in ("zh", "en")}
    return pa.table(
        {
            "customer_id": signals["customer_id"],
            "rank": signals["rank"],
            "feature": signals["feature"],
            "value": signals["value"],
            "contribution": pa.array(np.round(signals["contribution"].to_numpy(), 6)),
            "share": pa.array(np.round(signals["share"].to_numpy(), 6)),
            "text_zh": columns["zh"],
            "text_en": columns["en"],
        }
    )


def _sentences(signals: pa.Table, known: dict[str, Feature], language: str) -> pa.Array:
    """Return every signal's sentence: each feature's template once, its values filled in together."""
    told = np.full(signals.num_rows, None, dtype=object)
    features = signals["feature"].to_numpy(zero_copy_only=False)
    values, words = signals["value"].to_numpy(), signals["value_text"].to_numpy(zero_copy_only=False)
    for name, meaning in known.items():
        at = np.flatnonzero(features == name)
        sentence = meaning.sentence.zh if language == "zh" else meaning.sentence.en
        distinct, which = np.unique(np.round(np.nan_to_num(values[at], nan=-9e99), 4), return_inverse=True)
        shown = np.array([_shown(number, meaning.unit, language) for number in distinct], dtype=object)[which]
        text = np.where(words[at] == None, shown, words[at])  # noqa: E711
        told[at] = [sentence.replace("{value}", str(one)) for one in text]
    return pa.array(told, pa.string())


_UNKNOWN = {"zh": "未知", "en": "unknown"}
_FLAG = {("zh", True): "是", ("zh", False): "否", ("en", True): "yes", ("en", False): "no"}


def _shown(number: float, unit: str, language: str) -> str:
    if number < -1e99 / 2:
        return _UNKNOWN[language]
    if unit == "share":
        return f"{number:.0%}"
    if unit == "flag":
        return _FLAG[language, bool(number)]
    if unit == "times":
        return f"{number:.1f}"
    if unit in ("days", "months", "count"):
        return f"{number:,.0f}"
    return f"{number:,.2f}".rstrip("0").rstrip(".")
