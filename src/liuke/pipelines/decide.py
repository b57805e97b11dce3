"""Whom to keep, win back, calm or let go, with which remedy, when and over which channel, inside budget and rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liuke.budget.contact import ContactRules, column
from liuke.budget.contact_access import Access, Audience, access, audience
from liuke.budget.contact_plan import COMFORT, Chosen, ContactPlan, contact_plan, deliverable, held_table
from liuke.budget.letting_go import review_on
from liuke.budget.policy import EFFORTS, Policy
from liuke.budget.remedies import LETTERS, Remedy
from liuke.kernel.errors import InvalidInput
from liuke.kernel.words import Language
from liuke.pipelines import deciding_summary as summing
from liuke.pipelines.deciding_choice import Choice, Offers, choose, kept, marginal, offers, spend_curve
from liuke.pipelines.deciding_facts import Facts, draws, facts
from liuke.pipelines.deciding_rules import (
    DECISIONS,
    RULES,
    Ruling,
    calm_ways,
    let_go_rules,
    needs_confirmation,
    review_days,
    ruling,
    why_held,
)
from liuke.pipelines.deciding_words import explain, whys
from liuke.reasons import taxonomy

__all__ = ["CannotDecide", "Decisions", "decide", "explain"]

PLAN_COLUMNS = [
    "customer_id", "wave", "channel", "due_on", "from_hour", "to_hour", "staff_id", "script", "condition", "remedy",
]  # fmt: skip
VALUE_CV = 0.5
"""Standard deviation of a customer's value over the value, where nothing better is known."""


LANGUAGES: tuple[Language, ...] = ("zh", "en")


class CannotDecide(InvalidInput):
    """There is nothing to offer, or the share to be held out is no share."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was decided; tables sorted by customer_id.

    Parameters
    ----------
    customers : pa.Table
        customer_id, decision, decision_rule, decision_why, remedy, expected_gain, cost, success_probability,
        is_holdout, would_have_had, let_go_review_on, needs_confirmation; one row per customer given.
    plan : pa.Table
        customer_id, wave, channel, due_on, from_hour, to_hour, staff_id, script, condition (both in words), remedy.
    held_back : pa.Table
        customer_id, wave, remedy, why, words: contacts that caps, consent or quiet hours forbid.
    let_go : pa.Table
        customer_id, rule, why, tier, residual_lifetime_value, owed, review_on, needs_confirmation.
    spend_curve : pa.Table
        spent, gain, customers_kept, shadow_price.
    summary : dict
        Ready for JSON: budget, spent, expected_gain, customers_kept, bound, gap, shadow_price, capacity_prices,
        staff_minutes, words, cells, policy, remedies.
    """

    customers: pa.Table
    plan: pa.Table
    held_back: pa.Table
    let_go: pa.Table
    spend_curve: pa.Table
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Decided:
    """Everything the tables are written from."""

    known: Facts
    these: Offers
    chosen: Choice
    let_go: np.ndarray
    is_holdout: np.ndarray
    is_open: np.ndarray
    ruled: Ruling
    who: Audience
    ways: Access

    def shown(self, name: str, place: np.ndarray) -> np.ndarray:
        """Return gain, cost or success of a remedy per customer; NaN where there is none."""
        result = np.full(len(self.known.ids), np.nan)
        result[self.these.row] = self.these.at(name, place[self.these.row])
        return result


def decide(
    customers: pa.Table,
    *,
    policy: Policy,
    remedies: Sequence[Remedy],
    budget: float,
    staff_minutes: float | None,
    contact_rules: ContactRules,
    holdout_share: float,
    as_of: date,
    seed: int,
    contacts: pa.Table | None = None,
    effects: pa.Table | None = None,
    language: Language = "zh",
    currency: str = "CNY",
) -> Decisions:
    """Return what to do about every customer.

    Parameters
    ----------
    customers : pa.Table
        customer_id, and where known state, churn_probability, residual_lifetime_value, tier, past_tier, reason_1,
        churn_type, warning, kind, consent_sms, consent_email, consent_phone, preferred_channel, preferred_from_hour,
        preferred_to_hour, manager_id, owed, malicious_suspected, malicious_confirmed, has_open_complaint, days_lost,
        failed_win_backs, harms_others, product_line, let_go_review_on. An absent column is unknown throughout.
    policy : Policy
        What to try for whom.
    remedies : sequence of Remedy
        What can be done.
    budget : float
        Money; expected costs are charged against it.
    staff_minutes : float or None
        Minutes of staff; None is no limit.
    contact_rules : ContactRules
    holdout_share : float
        Share of customers, in [0, 1), drawn to get nothing, before anything else is decided.
    as_of : date
    seed : int
        Decides the draw; the same customer is drawn alike whenever the seed is the same.
    contacts : pa.Table, optional
        Canonical `contacts`: what was sent before.
    effects : pa.Table, optional
        Measured effects, see `liuke.budget.remedies.success_table`.
    language : {'zh', 'en'}, default 'zh'
        Of the words in the tables.
    currency : str, default 'CNY'

    Raises
    ------
    CannotDecide
        If there is no remedy at all, or the share held out is not in [0, 1).
    CustomersInvalid
        If a customer_id is missing or repeated.

    Notes
    -----
    A remedy's gain is P·s·V − cost over up to three contacts (`liuke.budget.gain.sequence`); remedies are chosen by
    `liuke.budget.allocation.allocate` among those the policy allows, the effort's caps afford and an open channel can
    deliver. Whoever is let go, suspected of malice or held out takes no part.
    """
    if not remedies:
        raise CannotDecide("there is no remedy to choose from; define at least one or take an industry's catalogue")
    if not 0 <= holdout_share < 1:
        raise CannotDecide(f"the holdout is a share from 0 up to, not including, 1, not {holdout_share}")
    remedies = sorted(remedies, key=lambda remedy: remedy.code)
    known = facts(customers, policy, as_of=as_of)
    is_holdout = draws(known.ids, seed) < holdout_share
    who = audience(known.table, contacts, as_of=as_of, rules=contact_rules)
    ways = access(who, as_of=as_of, rules=contact_rules)
    these = offers(
        known, np.flatnonzero(known.is_lost | known.is_at_risk), policy, remedies,
        deliverable=deliverable(ways, remedies), waves_done=who.history.waves_done, effects=effects, value_cv=VALUE_CV,
    )  # fmt: skip
    let_go = let_go_rules(known, these, who.is_opted_out, policy)
    is_open = ((let_go == 0) & ~known.suspected)[these.row]
    chosen = choose(
        these, is_open, is_holdout[these.row], remedies, budget=budget, staff_minutes=staff_minutes
    )  # fmt: skip
    ruled = ruling(known, these, chosen, let_go, is_holdout, ways)
    decided = _Decided(known, these, chosen, let_go, is_holdout, is_open, ruled, who, ways)
    plan = _plan(decided, remedies, policy, as_of=as_of, rules=contact_rules, language=language)
    confirm = needs_confirmation(known, let_go, policy)
    table = _customers(decided, policy, remedies, confirm, as_of=as_of, language=language, currency=currency)
    held = _held_back(decided, plan, remedies, language)
    summary = _summary(decided, table, policy, remedies, budget, staff_minutes, held, currency)
    return Decisions(
        customers=table,
        plan=_plan_words(plan.plan),
        held_back=held,
        let_go=_let_go(decided, table),
        spend_curve=_curve(decided, remedies),
        summary=summary,
    )


def _plan(
    decided: _Decided, remedies: Sequence[Remedy], policy: Policy, *, as_of: date, rules: ContactRules,
    language: Language,
) -> ContactPlan:  # fmt: skip
    """Return the contacts: waves of a remedy for those who have one, one written message for those to be calmed."""
    ruled, known = decided.ruled, decided.known
    is_calmed = ruled.is_calmed & (ruled.remedy < 0)
    row = np.flatnonzero((ruled.remedy >= 0) | is_calmed)
    calm = is_calmed[row]
    waves = np.nan_to_num(decided.shown("n_waves", ruled.remedy)).astype(np.int64)[row]
    hours = np.array([policy.efforts[name].response_hours for name in EFFORTS])[known.effort[row]]
    days = np.maximum(-(-hours // 24), 1)
    chosen = Chosen(row, np.where(calm, COMFORT, ruled.remedy[row]), np.where(calm, 1, waves), days)
    may = np.where(is_calmed[:, None], calm_ways(decided.ways), decided.ways.allowed)
    ways = replace(decided.ways, allowed=may)
    return contact_plan(decided.who, ways, chosen, remedies, as_of=as_of, rules=rules, language=language)


def _plan_words(plan: pa.Table) -> pa.Table:
    spoken = plan.drop_columns(["script", "condition"])
    names = [{"script_words": "script", "condition_words": "condition"}.get(name, name) for name in spoken.column_names]
    return spoken.rename_columns(names).select(PLAN_COLUMNS)


def _customers(
    decided: _Decided, policy: Policy, remedies: Sequence[Remedy], confirm: np.ndarray, *, as_of: date,
    language: Language, currency: str,
) -> pa.Table:  # fmt: skip
    known, ruled = decided.known, decided.ruled
    codes = [remedy.code for remedy in remedies]
    given = column(known.table, "let_go_review_on", pa.date32()).cast(pa.int32()).fill_null(-1)
    review = review_days(known, decided.let_go, review_on(as_of), given.to_numpy(zero_copy_only=False))
    rule = _named(RULES, ruled.rule)
    why = {tongue: _whys(decided, policy, remedies, rule, tongue, currency) for tongue in LANGUAGES}
    return pa.table(
        {
            "customer_id": known.ids,
            "decision": _named(DECISIONS, ruled.decision),
            "decision_rule": rule,
            "decision_why": why[language],
            "remedy": _named(codes, ruled.remedy),
            "expected_gain": _rounded(decided.shown("gain", ruled.remedy), 2),
            "cost": _rounded(decided.shown("cost", ruled.remedy), 2),
            "success_probability": _rounded(decided.shown("success", ruled.remedy), 9),
            "is_holdout": pa.array(decided.is_holdout),
            "would_have_had": _named(codes, ruled.would_have),
            "let_go_review_on": pa.array(review.astype(np.int32), mask=review < 0).cast(pa.date32()),
            "needs_confirmation": pa.array(confirm),
            **{f"decision_why_{tongue}": words for tongue, words in why.items()},
        }
    )


def _whys(
    decided: _Decided, policy: Policy, remedies: Sequence[Remedy], rule: pa.Array, language: Language, currency: str
) -> pa.ChunkedArray:
    known, shown = decided.known, decided.ruled.shown
    efforts = [policy.efforts[name].words.in_(language) for name in EFFORTS]
    about = pa.table(
        {
            "place": np.arange(len(known.ids)),
            "rule": rule,
            "risk": _rounded(known.loss, 9),
            "success": _rounded(decided.shown("success", shown), 9),
            "value": _rounded(known.value, 2),
            "cost": _rounded(decided.shown("cost", shown), 2),
            "gain": _rounded(decided.shown("gain", shown), 2),
            "tier": pa.array(known.tier, mask=known.tier == 0),
            "reason": _named([taxonomy.reason(code).words.in_(language) for code in known.reasons], known.reason),
            "effort": _named(efforts, known.effort),
            "remedy": _named([remedy.words.in_(language) for remedy in remedies], shown),
        }
    )
    return whys(about, language=language, currency=currency, price=decided.chosen.allocation.shadow_price)


def _held_back(decided: _Decided, plan: ContactPlan, remedies: Sequence[Remedy], language: Language) -> pa.Table:
    """Return waves the plan could not place, and customers with a remedy worth it whom no contact can reach."""
    ruled = decided.ruled
    row = np.flatnonzero(ruled.is_held)
    why = why_held(row, ruled.shown[row], decided.ways, np.array([remedy.incentive > 0 for remedy in remedies]))
    wave = np.minimum(decided.who.history.waves_done[row] + 1, 3)
    both = pa.concat_tables([plan.held_back, held_table(decided.who.customer_ids, row, wave, why, language)])
    at = pc.index_in(both["customer_id"], value_set=decided.known.ids).to_numpy(zero_copy_only=False)
    remedy = np.where(ruled.remedy >= 0, ruled.remedy, ruled.shown)[at.astype(np.int64)]
    held = pa.table(
        {
            "customer_id": both["customer_id"],
            "wave": both["wave"],
            "remedy": _named([one.code for one in remedies], remedy),
            "why": both["why"],
            "words": both["why_words"],
        }
    )
    return held.sort_by([("customer_id", "ascending"), ("wave", "ascending")])


def _let_go(decided: _Decided, table: pa.Table) -> pa.Table:
    known = decided.known
    rows = pa.array(np.flatnonzero(decided.let_go > 0), pa.int64())
    return pa.table(
        {
            "customer_id": known.ids,
            "rule": table["decision_rule"],
            "why": table["decision_why"],
            "why_zh": table["decision_why_zh"],
            "why_en": table["decision_why_en"],
            "tier": pa.array(known.tier, mask=known.tier == 0),
            "residual_lifetime_value": _rounded(known.value, 2),
            "owed": column(known.table, "owed", pa.float64()),
            "review_on": table["let_go_review_on"],
            "needs_confirmation": table["needs_confirmation"],
        }
    ).take(rows)


def _takes_part(decided: _Decided) -> np.ndarray:
    taking: np.ndarray = decided.is_open & ~decided.is_holdout[decided.these.row]
    return taking


def _curve(decided: _Decided, remedies: Sequence[Remedy]) -> pa.Table:
    loss = decided.known.loss[decided.these.row]
    points = spend_curve(decided.these, loss, _takes_part(decided), remedies, decided.chosen.prices)
    return pa.table(
        {
            "spent": pa.array([round(point.spend, 2) for point in points], pa.float64()),
            "gain": pa.array([round(point.net_gain, 2) for point in points], pa.float64()),
            "customers_kept": pa.array([round(point.customers_kept, 6) for point in points], pa.float64()),
            "shadow_price": pa.array([round(point.shadow_price, 9) for point in points], pa.float64()),
        }
    )


def _summary(
    decided: _Decided, table: pa.Table, policy: Policy, remedies: Sequence[Remedy], budget: float,
    staff_minutes: float | None, held: pa.Table, currency: str,
) -> dict[str, Any]:  # fmt: skip
    these, chosen, known = decided.these, decided.chosen, decided.known
    done, loss = chosen.allocation, known.loss[these.row]
    cost, gain = these.at("cost", chosen.place), these.at("gain", chosen.place)
    minutes = np.array([remedy.minutes for remedy in remedies])[np.maximum(chosen.place, 0)]
    more = marginal(
        these, loss, _takes_part(decided), remedies, done.shadow_price, chosen.prices, extra=summing.EXTRA
    )  # fmt: skip
    cells = pa.table(
        {
            "tier": pa.array(known.tier, mask=known.tier == 0),
            "reason_letter": _named(LETTERS, known.letter),
            "decision": table["decision"],
            "value": _rounded(known.value, 2),
        }
    )
    summary: dict[str, Any] = {
        "budget": round(float(budget), 2),
        "spent": round(float(np.nansum(cost)), 2),
        "expected_gain": round(float(np.nansum(gain)), 2),
        "customers_kept": round(float(kept(these, loss, chosen.place).sum()), 6),
        "bound": round(done.bound, 2),
        "gap": round(done.gap, 2),
        "shadow_price": round(done.shadow_price, 9),
        "capacity_prices": {name: round(price, 9) for name, price in chosen.prices.items()},
        "staff_minutes": {
            "limit": staff_minutes,
            "used": round(float(np.nansum(these.at("contacts", chosen.place) * minutes)), 2),
        },
        "policy": policy.label,
        "cells": summing.cells(cells),
        "remedies": summing.remedy_rows(remedies, chosen.place, cost, gain),
    }
    counts = {
        "n_holdout": int(decided.is_holdout.sum()),
        "n_held": len(held["customer_id"].unique()),
        "n_let_go": int((decided.let_go > 0).sum()),
        "n_confirm": int((np.asarray(table["needs_confirmation"]) & (decided.let_go > 0)).sum()),
    }
    return {**summary, "words": summing.sentences(summary, more, counts, currency)}


def _named(names: Sequence[str], place: np.ndarray) -> pa.Array:
    """Return names by place; a negative place is null."""
    return pa.array(list(names), pa.string()).take(pa.array(place, pa.int64(), mask=place < 0))


def _rounded(values: np.ndarray, digits: int) -> pa.Array:
    """Return numbers rounded so that their bytes are stable; NaN is null, −0 is 0."""
    return pa.array(np.round(values, digits) + 0.0, pa.float64(), mask=np.isnan(values))
