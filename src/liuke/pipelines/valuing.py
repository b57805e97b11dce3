"""Future value of every customer: purchases to come without contracts, fees to come with them, friends included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from liuke.features.spells import ChurnRule
from liuke.lifetime import facts, summary, tiers, value
from liuke.lifetime.beta_geometric import BetaGeometric
from liuke.lifetime.gamma_gamma import GammaGamma
from liuke.lifetime.histories import ImpossibleHistory
from liuke.pipelines.steps import Job
from liuke.risk.horizon import Window
from liuke.survival.curves import kaplan_meier

Vector = NDArray[np.float64]

VALUE_SQL = """
WITH lives AS (
    SELECT customer_id, max(started_on) AS started_on, max(spell_no) AS n_lives FROM spells GROUP BY customer_id
),
last_fees AS (
    SELECT customer_id, sum(monthly_fee) AS last_fee
    FROM (SELECT *, max(ended_on) OVER (PARTITION BY customer_id) AS last_end FROM subscriptions)
    WHERE ended_on = last_end
    GROUP BY customer_id
)
SELECT value_facts.*, current_states.state, scored.churn_probability, last_fee::DOUBLE AS last_fee,
       date_diff('day', lives.started_on, $as_of) AS tenure_days,
       least(date_diff('day', lives.started_on, $as_of), 365) AS paid_days
FROM current_states
JOIN lives USING (customer_id)
LEFT JOIN value_facts USING (customer_id)
LEFT JOIN last_fees USING (customer_id)
LEFT JOIN scored USING (customer_id)
ORDER BY customer_id
"""
LIVES_SQL = """
SELECT date_diff('day', started_on, coalesce(lost_on, $as_of)) AS days, lost_on IS NOT NULL AS lost
FROM spells ORDER BY days, lost
"""


@dataclass(frozen=True, slots=True)
class Valued:
    """Everybody's value.

    Parameters
    ----------
    customers : pyarrow.Table
        customer_id, residual_lifetime_value, value_own, value_referral, value_passed_on, value_past, value_past_365,
        value_if_kept, tier and the facts they rest on.
    tiers, concentration : pyarrow.Table
        For the report.
    model : dict
        What the value model is, its parameters and how it fits.
    """

    customers: pa.Table
    tiers: pa.Table
    concentration: pa.Table
    model: dict[str, Any]


def value_customers(job: Job, rule: ChurnRule, scored: pa.Table, window: Window) -> Valued:
    """Return future value, its parts and tiers.

    Parameters
    ----------
    job : Job
        Its engine holds `spells` and `current_states`.
    rule : ChurnRule
        Contractual or not.
    scored : pyarrow.Table
        customer_id and churn_probability.
    window : Window
        What the probability speaks of.

    Notes
    -----
    ``residual_lifetime_value`` is expected as things stand, the risk of loss included, and unknown for the lost.
    ``value_if_kept`` is what a customer who stays, or a lost one who returns, is worth at average risk: what is at
    stake. Tiers, the value axis of the warning and the decision's sum rest on it; else the risk would count twice.
    """
    terms = job.definitions.value
    facts.create_value_facts(
        job.engine, job.as_of, default_margin_rate=terms.margin_rate, referral_share=terms.referral_share
    )
    job.engine.register("scored", scored)
    table = job.engine.table(VALUE_SQL, as_of=job.as_of)
    lost = pc.is_in(table["state"], value_set=pa.array(["lost", "abandoned"])).to_numpy(zero_copy_only=False)
    told = value.Terms(float(terms.value_horizon_days), terms.annual_discount_rate, 1.0)
    if rule.kind == "contractual":
        worth = _from_fees(job, table, lost, window, told)
    else:
        worth = _from_purchases(job, table, told)
    return _tiered(job, table, worth, lost)


@dataclass(frozen=True, slots=True)
class Worth:
    """Own future value: as things stand, and for a customer who stays (or returns) like an average one."""

    expected: Vector
    if_kept: Vector
    model: dict[str, Any]


def _numbers(table: pa.Table, name: str) -> Vector:
    return np.asarray(table[name].cast(pa.float64()).to_numpy(), dtype=float)


def _margin_rate(table: pa.Table, default: float) -> Vector:
    """Return the margin per yuan of sales of each customer: the company's, where own sales say nothing."""
    spend, margin = _numbers(table, "spend_all_time"), _numbers(table, "margin_all_time")
    known = np.isfinite(margin) & (spend > 0)
    company = float(margin[known].sum() / spend[known].sum()) if known.any() else default
    own = np.divide(margin, spend, out=np.full(len(spend), company), where=known)
    return np.clip(np.where(known, own, company), 0.0, 1.0)


def _from_fees(job: Job, table: pa.Table, lost: NDArray[np.bool_], window: Window, terms: value.Terms) -> Worth:
    """Return the future value of customers under contract."""
    monthly = _monthly_margin(table, job.definitions.value.margin_rate)
    lives = job.engine.table(LIVES_SQL, as_of=job.as_of)
    curve = kaplan_meier(np.maximum(_numbers(lives, "days"), 1.0), lives["lost"].to_numpy())
    hazard = value.hazard_of_curve(curve, unit_months=12 / 365.25) if curve.n_events.sum() else None
    chance, tenure = _numbers(table, "churn_probability"), _numbers(table, "tenure_days")
    base = float(np.nanmean(chance)) if np.isfinite(chance).any() else 0.0
    at_risk = np.where(np.isnan(chance), base, np.minimum(chance, 0.999))

    def worth(risk: Vector) -> Vector:
        found = value.with_contract(
            risk,
            monthly,
            probability_days=float(window.end),
            terms=terms,
            tenure_days=np.where(lost, 0.0, tenure),
            segment_hazard=hazard,
        )
        return np.asarray(found.residual_lifetime_value, dtype=float)

    model = {"name": "survival_margin", "median_life_days": _finite(curve.median()), "base_churn": round(base, 6)}
    return Worth(worth(at_risk), worth(np.full(len(lost), base)), model)


def _monthly_margin(table: pa.Table, default_rate: float) -> Vector:
    """Return margin per month: as paid in the last year where there are sales, else the fee times the margin rate."""
    paid_months = np.maximum(_numbers(table, "paid_days"), 30.4375) / 30.4375
    margin, spend = _numbers(table, "margin_365"), _numbers(table, "spend_365")
    fee, is_live = _numbers(table, "monthly_fee"), _numbers(table, "n_live_subscriptions") > 0
    fee = np.where(is_live & np.isfinite(fee), fee, _numbers(table, "last_fee"))
    by_fee = fee * default_rate
    by_sales = np.where(spend > 0, margin / paid_months, np.nan)
    return np.where(np.isfinite(by_sales), by_sales, by_fee)


def _from_purchases(job: Job, table: pa.Table, terms: value.Terms) -> Worth:
    """Return the future value of those who buy freely."""
    summary.create_summary(job.engine, job.as_of)
    found = job.engine.table("SELECT * FROM summary WHERE T > 0 ORDER BY customer_id")
    nothing = np.full(table.num_rows, np.nan)
    if found.num_rows == 0:
        return Worth(nothing, nothing, {"name": "none"})
    try:
        histories = summary.histories_of(found)
        once = float((histories[0] == 0).mean())
        purchases = BetaGeometric(modified=once > 0.3).fit(*histories)
    except ImpossibleHistory:
        return Worth(nothing, nothing, {"name": "none"})
    spend = _spend_model(found)
    got = value.without_contract(
        histories, found["monetary_value"], purchases=purchases, spend=spend, terms=terms, unit_days=1.0
    )
    place = pc.index_in(table["customer_id"], value_set=found["customer_id"].combine_chunks())
    at = place.fill_null(-1).to_numpy()
    residual = np.where(at >= 0, got.residual_lifetime_value[at], np.nan)
    alive = np.where(at >= 0, got.probability_alive[at], np.nan)
    rate = _margin_rate(table, job.definitions.value.margin_rate)
    parameters = {name: round(float(getattr(purchases.parameters_, name)), 6) for name in ("r", "alpha", "a", "b")}
    model = {"name": "mbg_nbd" if once > 0.3 else "bg_nbd", "parameters": parameters, "gamma_gamma": spend is not None}
    return Worth(residual * rate, residual / np.maximum(alive, 0.05) * rate, model)


def _spend_model(found: pa.Table) -> GammaGamma | None:
    money = found.filter(pc.and_(pc.greater(found["frequency"], 0), pc.greater(found["monetary_value"], 0)))
    try:
        return GammaGamma().fit(money["frequency"], money["monetary_value"])
    except ImpossibleHistory:
        return None


def _finite(number: float | None) -> float | None:
    return round(float(number), 3) if number is not None and np.isfinite(number) else None


def _tiered(job: Job, table: pa.Table, worth: Worth, lost: NDArray[np.bool_]) -> Valued:
    """Return the customers' values with referral credit, tiers and concentration."""
    share = job.definitions.value.referral_share
    place = pc.index_in(table["referred_by"], value_set=table["customer_id"].combine_chunks())
    referrer = np.where(
        table["referred_by"].is_null().to_numpy(zero_copy_only=False), -1, place.fill_null(-1).to_numpy()
    )
    present = np.where(lost, np.nan, worth.expected)
    credit, passed = value.referral_credit(present, referrer, share=share)
    residual = np.round(present + credit - passed, 2)
    future = np.round(worth.if_kept, 2)
    points = job.definitions.tiers.cut_points
    tier = tiers.tiers_by_value(future, points) if len(points) else np.ones(len(future), np.int8)
    past = _numbers(table, "margin_all_time")
    customers = pa.table(
        {
            "customer_id": table["customer_id"],
            "tenure_days": table["tenure_days"],
            "residual_lifetime_value": pa.array(residual, from_pandas=True),
            "value_own": pa.array(np.round(present, 2), from_pandas=True),
            "value_referral": pa.array(np.round(np.where(np.isnan(present), np.nan, credit), 2), from_pandas=True),
            "value_passed_on": pa.array(np.round(np.where(np.isnan(present), np.nan, passed), 2), from_pandas=True),
            "value_if_kept": pa.array(future, from_pandas=True),
            "value_past": pa.array(np.round(past, 2), from_pandas=True),
            **{f"value_{name}": pa.array(np.round(_numbers(table, name), 4), from_pandas=True) for name in _PARTS},
            "tier": pa.array(np.where(tier > 0, tier, 0).astype(np.int8), mask=tier <= 0),
        }
    )
    return Valued(customers, _tier_rows(job, tier, future, past), _curve(future), worth.model)


_PARTS = (
    "margin_365", "spend_essential_365", "spend_optional_365", "spend_365", "spend_all_time", "trend_ratio",
    "n_purchases_365", "interval_days", "interval_variation", "silence_in_intervals", "n_friends", "monthly_fee",
    "months_committed",
)  # fmt: skip


def _tier_rows(job: Job, tier: NDArray[np.int8], future: Vector, past: Vector) -> pa.Table:
    found = tiers.tier_table(tier, future, past_value=past)
    names = job.definitions.tiers.names
    numbers = found["tier"].to_pylist()
    zh = [names[number - 1].zh if number else "未知" for number in numbers]
    en = [names[number - 1].en if number else "unknown" for number in numbers]
    return pa.table(
        {
            "tier": found["tier"].cast(pa.int8()),
            "zh": pa.array(zh, pa.string()),
            "en": pa.array(en, pa.string()),
            "customers": found["n_customers"],
            "share_of_customers": _rounded(found["share_of_customers"], 6),
            "value": _rounded(found["future_value"], 2),
            "share_of_value": _rounded(found["share_of_value"], 6),
            "past_value": _rounded(found["past_value"], 2),
        }
    )


def _rounded(column: pa.ChunkedArray, digits: int) -> pa.Array:
    return pa.array(np.round(column.to_numpy(), digits))


def _curve(future: Vector) -> pa.Table:
    """Return the concentration curve at a hundred points."""
    found = tiers.concentration(future)
    grid = np.unique(np.linspace(0, len(found.share_of_customers) - 1, 101).astype(int))
    return pa.table(
        {
            "share_of_customers": np.round(found.share_of_customers[grid], 6),
            "share_of_value": np.round(found.share_of_value[grid], 6),
        }
    )
