"""Early warning end to end: past days as then known, what became of them, a model, today's customers warned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from liuke.engines.duckdb import quoted
from liuke.engines.engine import Engine
from liuke.features import growing, labels, spells, table, usage, windows
from liuke.kernel.words import Words
from liuke.lifetime import summary
from liuke.lifetime.beta_geometric import BetaGeometric
from liuke.lifetime.histories import ImpossibleHistory
from liuke.pipelines.steps import Job
from liuke.risk import horizon
from liuke.risk.early_warning import EarlyWarning
from liuke.risk.examples import Examples
from liuke.tables.contract import TABLES

Vector = NDArray[np.float64]

MOST_CUSTOMERS = 60_000
"""Customers learned from per past day: a fixed sample by hash, so that learning does not grow with the company."""
MOST_EXPLAINED = 200_000
LONGEST_DAYS = 730

SAMPLE_SQL = """
SELECT customer_id FROM (SELECT DISTINCT customer_id FROM spells)
ORDER BY md5(customer_id), customer_id LIMIT $most
"""
FEATURES_SQL = "SELECT * FROM features ORDER BY customer_id"
LABELS_SQL = "SELECT customer_id, churned FROM labels WHERE NOT lost_in_gap ORDER BY customer_id"
FOLLOW_UP_SQL = """
SELECT least(date_diff('day', $since, coalesce(lost_on, $as_of)), $longest) AS days,
       coalesce(lost_on <= $since + $longest::INTEGER, false) AS lost
FROM spells
WHERE started_on <= $since AND (lost_on IS NULL OR lost_on > $since)
ORDER BY days, lost
"""
IN_GRACE_SQL = """
WITH ends AS (
    SELECT customer_id, ended_on,
           lead(started_on) OVER (PARTITION BY customer_id ORDER BY started_on, subscription_id) AS next_on
    FROM subscriptions WHERE ended_on IS NOT NULL
)
SELECT count(*) FILTER (WHERE next_on > ended_on AND next_on <= ended_on + $grace_days::INTEGER) AS n_renewed,
       (SELECT count(*) FROM spells WHERE certain_on <= $as_of AND kind = 'contractual') AS n_lost
FROM ends
"""
DEADLINE_SQL = """
SELECT customer_id, min(days) AS days FROM (
    SELECT customer_id, date_diff('day', $as_of, committed_until) AS days FROM subscriptions
    WHERE ended_on IS NULL AND committed_until >= $as_of
    UNION ALL
    SELECT customer_id, greatest(threshold_days - silence_days, 0) FROM rhythm
    WHERE $by_silence AND threshold_days IS NOT NULL
) GROUP BY customer_id ORDER BY customer_id
"""


@dataclass(frozen=True, slots=True)
class Warned:
    """Today's customers with their risk.

    Parameters
    ----------
    customers : pyarrow.Table
        customer_id, churn_probability, expected_days_left, urgency; sorted by customer_id.
    signals : pyarrow.Table
        customer_id, rank, feature, value, value_text, typical, contribution, share.
    card : dict
        The model card.
    window : horizon.Window
        Lead time and horizon the probabilities speak of.
    """

    customers: pa.Table
    signals: pa.Table
    card: dict[str, Any]
    window: horizon.Window


def warn(job: Job, rule: spells.ChurnRule, flat: Mapping[str, Any] | None) -> Warned:
    """Return everybody's risk of loss within the horizon, by the model or by the simple rule that beats it.

    Parameters
    ----------
    job : Job
        Its engine holds `spells`.
    rule : ChurnRule
        What counts as leaving.
    flat : mapping or None
        What is known of a flat file: one cross-section with a label and no history.
    """
    if flat is not None and flat.get("observed_on"):
        return _cross_section(job, rule, flat)
    churn = job.definitions.churn
    history = windows.loss_history(job.engine, job.as_of)
    planned: windows.Windows | windows.TooShort | None = None
    if history is not None:
        planned = windows.plan_windows(
            history.first_on,
            history.last_on,
            job.as_of,
            churn.lead_days,
            churn.horizon_days,
            observed_from=history.observed_from,
        )
    if isinstance(planned, windows.Windows):
        return _learned(job, rule, planned)
    why = planned.why if planned else Words("还没有客户历史", "there is no history of customers yet")
    return _without_learning(job, rule, why)


def _learned(job: Job, rule: spells.ChurnRule, planned: windows.Windows) -> Warned:
    kinds = usage.event_kinds(job.engine, job.as_of)
    with job.step("windows"):
        days = [*planned.train, planned.calibration, planned.test]
        grown = growing.growing_attributes(job.engine, job.as_of)
        excluded = (*grown, *_known_of_nobody(job.engine))
        examples = [_examples(job, rule, day, planned, kinds, excluded) for day in days]
    with job.step("learn"):
        model = EarlyWarning(seed=job.seed, horizon_days=planned.horizon_days, lead_days=planned.lead_days)
        model.fit(examples[:-2], calibration=examples[-2], test=examples[-1])
        window = horizon.Window(planned.lead_days, planned.horizon_days)
        baseline = _baseline(job.engine, planned.train[0], job.as_of, window, float(examples[-1].churned.mean()))
        del examples
    with job.step("warn"):
        features = _features_on(job.engine, job.as_of, rule, kinds, None, excluded)
        forecast = model.predict(features)
        signals = model.signals(features, riskiest=MOST_EXPLAINED, forecast=forecast)
        card = model.card(forecast) | {"windows": {"zh": planned.why.zh, "en": planned.why.en}}
        card["refused"] = [*card["refused"], *_refusals(grown)]
        scored = _spread_over_time(job, rule, features["customer_id"], forecast.probability, baseline, window)
    return Warned(_with_those_in_grace(job, rule, scored), signals, card, window)


def _known_of_nobody(engine: Engine) -> list[str]:
    """Return the attributes that came with later customers only: on this day nobody could have told of them."""
    unknown = []
    for name in ("customers", "subscriptions"):
        attributes = sorted(set(engine.columns(name)) - set(TABLES[name].stored_types()))
        counts = ", ".join(f"count({quoted(one)}) AS {quoted(one)}" for one in attributes)
        if attributes:
            unknown += [one for one, n in engine.one(f"SELECT {counts} FROM {name}").items() if not n]
    return unknown


def _refusals(grown: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return why attributes that count up with the customer's life are no features, as the card has it."""
    return [
        {
            "feature": name,
            "auc": None,
            "zh": f"“{name}”随在网时间累积且没有日期(秩相关 {alike:.2f}):它泄露客户后来留了多久,不作为特征",
            "en": f"{name} counts up with the customer's life and bears no date (rank correlation {alike:.2f}): "
            "it tells how long they would stay, so it is no feature",
        }
        for name, alike in sorted(grown.items())
    ]


def _examples(
    job: Job, rule: spells.ChurnRule, day: date, planned: windows.Windows, kinds: Sequence[str],
    excluded: Sequence[str],
) -> Examples:  # fmt: skip
    """Return the customers there on `day` as then known, with what became of them."""
    then = job.everything.known(day)
    spells.create_spells(then, rule, day)
    then.create("learned_from", SAMPLE_SQL, most=MOST_CUSTOMERS)
    features = _features_on(then, day, rule, kinds, "learned_from", excluded)
    then.forget()
    labels.create_labels(job.engine, day, planned.lead_days, planned.horizon_days)
    known = job.engine.table(LABELS_SQL)
    place = pc.index_in(features["customer_id"], value_set=known["customer_id"].combine_chunks())
    labelled = pc.is_valid(place)
    features = features.filter(labelled)
    churned = known["churned"].take(place.filter(labelled)).to_numpy(zero_copy_only=False).astype(bool)
    return Examples(features, churned, day)


def _features_on(
    engine: Engine, day: date, rule: spells.ChurnRule, kinds: Sequence[str], customers: str | None,
    excluded: Sequence[str] = (),
) -> pa.Table:  # fmt: skip
    table.create_features(engine, day, rule, customers, event_kinds=kinds, excluded=excluded)
    features = engine.table(FEATURES_SQL)
    if rule.kind == "non_contractual":
        features = features.append_column("p_alive", _alive(engine, day, features["customer_id"]))
    return features


def _alive(engine: Engine, day: date, customer_id: pa.ChunkedArray) -> pa.Array:
    """Return each customer's chance of being alive by MBG/NBD; null where it cannot be fitted."""
    summary.create_summary(engine, day)
    found = engine.table("SELECT customer_id, frequency, recency, T FROM summary WHERE T > 0 ORDER BY customer_id")
    try:
        histories = summary.histories_of(found)
        alive = BetaGeometric(modified=True).fit(*histories).probability_alive(*histories)
    except ImpossibleHistory:
        return pa.nulls(len(customer_id), pa.float64())
    place = pc.index_in(customer_id, value_set=found["customer_id"].combine_chunks())
    return pa.chunked_array([pa.array(np.round(alive, 9))]).take(place)


def _baseline(engine: Engine, since: date, as_of: date, window: horizon.Window, rate: float) -> horizon.Baseline | None:
    """Return the hazard everybody shares, from the follow-up of those there on `since`."""
    followed = engine.table(FOLLOW_UP_SQL, since=since, as_of=as_of, longest=LONGEST_DAYS)
    try:
        found = horizon.Baseline.of_follow_up(followed["days"].to_numpy(), followed["lost"].to_numpy())
        if found.hazard_by(window.end) > found.hazard_by(window.lead_days):
            return found
    except horizon.NoFollowUp:
        pass
    inside = 0 < rate < 1
    return horizon.Baseline.constant(rate, window.horizon_days, LONGEST_DAYS) if inside else None


def _spread_over_time(
    job: Job,
    rule: spells.ChurnRule,
    customer_id: pa.ChunkedArray,
    probability: Vector,
    baseline: horizon.Baseline | None,
    window: horizon.Window,
) -> pa.Table:
    """Return customer_id, churn_probability, expected_days_left, urgency."""
    nothing = np.full(len(probability), np.nan)
    days, pressing = nothing, nothing
    if baseline is not None:
        found = job.engine.table(DEADLINE_SQL, as_of=job.as_of, by_silence=rule.kind == "non_contractual")
        place = pc.index_in(customer_id, value_set=found["customer_id"].combine_chunks())
        deadline = found["days"].cast(pa.float64()).take(place).to_numpy()
        days = horizon.expected_days_left(probability, baseline, window, LONGEST_DAYS)
        pressing = horizon.urgency(probability, baseline, window, deadline)
    return pa.table(
        {
            "customer_id": customer_id,
            "churn_probability": pa.array(probability),
            "expected_days_left": pa.array(np.round(days, 1), from_pandas=True),
            "urgency": pa.array(np.round(pressing, 9), from_pandas=True),
        }
    )


def _with_those_in_grace(job: Job, rule: spells.ChurnRule, scored: pa.Table) -> pa.Table:
    """Add those whose contract has ended but may still be renewed: as many are lost as of those before them."""
    counts = job.engine.one(IN_GRACE_SQL, grace_days=rule.grace_days, as_of=job.as_of)
    share = counts["n_lost"] / max(counts["n_lost"] + counts["n_renewed"], 1)
    job.engine.register("scored", scored)
    return job.engine.table(
        """
        SELECT customer_id, churn_probability, expected_days_left, urgency FROM scored
        UNION ALL
        SELECT customer_id, $share::DOUBLE, 0.0, 1.0 FROM current_states
        WHERE state = 'leaving' AND customer_id NOT IN (SELECT customer_id FROM scored)
        ORDER BY customer_id
        """,
        share=round(share, 9),
    )


def _cross_section(job: Job, rule: spells.ChurnRule, flat: Mapping[str, Any]) -> Warned:
    """Return out-of-fold probabilities of one cross-section: nobody is judged by a model that saw them."""
    observed_on = date.fromisoformat(str(flat["observed_on"]))
    eve = observed_on - timedelta(days=1)
    with job.step("windows"):
        then = job.everything.known(eve)
        spells.create_spells(then, rule, eve)
        features = _features_on(then, eve, rule, usage.event_kinds(then, eve), None, tuple(flat["not_features"]))
        lost = job.engine.table(
            "SELECT DISTINCT customer_id FROM spells WHERE lost_on IS NOT NULL ORDER BY customer_id"
        )
        churned = pc.is_in(features["customer_id"], value_set=lost["customer_id"].combine_chunks())
        examples = Examples(features, churned.to_numpy(zero_copy_only=False), eve)
    with job.step("learn"):
        churn = job.definitions.churn
        model = EarlyWarning(seed=job.seed, horizon_days=churn.horizon_days, lead_days=churn.lead_days)
        fitted = model.cross_fit(examples, folds=5)
    with job.step("warn"):
        window = horizon.Window(churn.lead_days, churn.horizon_days)
        rate = float(examples.churned.mean())
        baseline = horizon.Baseline.constant(rate, window.end, LONGEST_DAYS) if 0 < rate < 1 else None
        present = ~examples.churned
        signals = model.signals(examples.features.filter(pa.array(present)), riskiest=MOST_EXPLAINED)
        scored = _spread_over_time(job, rule, fitted.customer_id, fitted.probability, baseline, window)
        card = model.card() | {"flat": {"not_features": list(flat["not_features"]), "observed_on": str(observed_on)}}
    return Warned(scored.filter(pa.array(present)), signals, card, window)


def _without_learning(job: Job, rule: spells.ChurnRule, why: Words) -> Warned:
    """Return what can be said without past windows: the buying rhythm, or the share lost so far."""
    churn = job.definitions.churn
    window = horizon.Window(churn.lead_days, churn.horizon_days)
    with job.step("warn"):
        features = _features_on(job.engine, job.as_of, rule, usage.event_kinds(job.engine, job.as_of), None)
        chance, used = _rhythm_chance(job, rule, features["customer_id"], window)
        rate = float(np.nanmean(chance)) if len(chance) and np.isfinite(chance).any() else 0.0
        baseline = horizon.Baseline.constant(rate, window.horizon_days, LONGEST_DAYS) if 0 < rate < 1 else None
        scored = _spread_over_time(job, rule, features["customer_id"], np.nan_to_num(chance), baseline, window)
    untested = dict.fromkeys(("roc_auc", "top_decile_lift", "calibration_error", "log_loss", "n", "n_lost"))
    card = {
        "used": used,
        "horizon_days": window.horizon_days,
        "lead_days": window.lead_days,
        "trained_on": [],
        "test": untested,
        "baselines": {used: untested},
        "warnings": [{"code": "too_short", "zh": why.zh, "en": why.en}],
    }
    nobody = pa.schema([("customer_id", pa.string()), ("rank", pa.int8()), ("feature", pa.string()),
                        ("value", pa.float64()), ("value_text", pa.string()), ("typical", pa.float64()),
                        ("contribution", pa.float64()), ("share", pa.float64())])  # fmt: skip
    return Warned(_with_those_in_grace(job, rule, scored), nobody.empty_table(), card, window)


def _rhythm_chance(
    job: Job, rule: spells.ChurnRule, customer_id: pa.ChunkedArray, window: horizon.Window
) -> tuple[Vector, str]:
    if rule.kind == "non_contractual":
        summary.create_summary(job.engine, job.as_of)
        found = job.engine.table("SELECT * FROM summary WHERE T > 0 ORDER BY customer_id")
        try:
            histories = summary.histories_of(found)
            model = BetaGeometric(modified=True).fit(*histories)
            stays = model.probability_of_purchase(*histories, horizon=float(window.end))
        except ImpossibleHistory:
            stays = None
        if stays is not None:
            place = pc.index_in(customer_id, value_set=found["customer_id"].combine_chunks())
            chance = pa.array(np.round(1 - stays, 9)).take(place.combine_chunks()).to_numpy(zero_copy_only=False)
            return np.asarray(chance, dtype=float), "p_alive"
    lost = job.engine.one(
        "SELECT count(*) FILTER (WHERE lost_on IS NOT NULL) AS n, "
        "sum(greatest(date_diff('day', started_on, coalesce(lost_on, $as_of)), 1))::BIGINT AS days FROM spells",
        as_of=job.as_of,
    )
    rate = 1 - np.exp(-(lost["n"] or 0) / max(lost["days"] or 1, 1) * window.horizon_days)
    return np.full(len(customer_id), round(float(rate), 9)), "base_rate"
