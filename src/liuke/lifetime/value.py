"""Residual lifetime value: the discounted margin to expect from a customer from now on, with and without contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from liuke.lifetime.beta_geometric import BetaGeometric
from liuke.lifetime.discounting import DAYS_PER_MONTH, rate_per
from liuke.lifetime.gamma_gamma import GammaGamma
from liuke.survival import arrays
from liuke.survival.arrays import Floats, Whole
from liuke.survival.curves import SurvivalCurve

CumulativeHazard = Callable[[Any], Floats]
"""How much hazard a segment has been through by an age in months, such as `ShiftedBetaGeometric.cumulative_hazard`."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What residual lifetime value counts.

    Attributes
    ----------
    horizon_days : float
        How far to look; nothing after it counts.
    annual_discount_rate : float
        Money a year from now is worth ``1 / (1 + rate)`` now.
    margin_rate : float
        Margin per yuan of sales or fees.
    """

    horizon_days: float = 1095.0
    annual_discount_rate: float = 0.1
    margin_rate: float = 0.25


@dataclass(frozen=True, slots=True)
class ValueWithoutContract:
    """Residual lifetime value of customers who may buy or not.

    Attributes
    ----------
    residual_lifetime_value : ndarray of shape (n_customers,)
        Discounted margin over the horizon.
    probability_alive, expected_purchases, expected_spend : ndarray of shape (n_customers,)
        What it is made of: chance of still being a customer, purchases within the horizon, spend per purchase.
    """

    residual_lifetime_value: Floats
    probability_alive: Floats
    expected_purchases: Floats
    expected_spend: Floats


@dataclass(frozen=True, slots=True)
class ValueWithContract:
    """Residual lifetime value of customers under contract.

    Attributes
    ----------
    residual_lifetime_value : ndarray of shape (n_customers,)
        Discounted margin of fees over the horizon; NaN where the fee is unknown.
    expected_months : ndarray of shape (n_customers,)
        Months expected to be paid within the horizon.
    median_months_left : ndarray of shape (n_customers,)
        First month by whose end half of such customers are gone; NaN if that is beyond the horizon.
    """

    residual_lifetime_value: Floats
    expected_months: Floats
    median_months_left: Floats


def without_contract(
    histories: tuple[Any, Any, Any],
    monetary_value: Any,
    *,
    purchases: BetaGeometric,
    spend: GammaGamma | None,
    terms: Terms,
    unit_days: float = 1.0,
) -> ValueWithoutContract:
    r"""Return residual lifetime value from purchases to come, spend per purchase and margin.

    Parameters
    ----------
    histories : tuple of array-like of shape (n_customers,)
        frequency, recency and T (see `summary.histories_of`).
    monetary_value : array-like of shape (n_customers,)
        Mean spend per repeat purchase, NULL where there was none.
    purchases : BetaGeometric
        Fitted, in units of `unit_days`.
    spend : GammaGamma or None
        Fitted; None takes the mean of all known `monetary_value` for everybody.
    terms : Terms
        Horizon, discount rate, margin rate.
    unit_days : float, default 1
        Days per unit of recency and T.

    Returns
    -------
    ValueWithoutContract
        The value and its factors.

    Notes
    -----
    :math:`m\,E[Z]\sum_s (E[Y(t_s)]-E[Y(t_{s-1})])/(1+d)^{(t_{s-1}+t_s)/2}` over steps of about a month (at most
    24), each discounted from its middle.
    """
    frequency, recency, age = (arrays.floats(column) for column in histories)
    alive = purchases.probability_alive(frequency, recency, age)
    steps = int(np.clip(np.ceil(terms.horizon_days / DAYS_PER_MONTH), 1, 24))
    days = np.linspace(0.0, terms.horizon_days, steps + 1)
    bought: Floats = np.zeros(len(age))
    discounted = np.zeros(len(age))
    for start, end in pairwise(days.tolist()):
        so_far = purchases.purchases_while_alive(frequency, age, horizon=end / unit_days)
        middle = rate_per(terms.annual_discount_rate, days=(start + end) / 2)
        discounted += np.maximum(so_far - bought, 0.0) / (1.0 + middle)
        bought = so_far
    each = _spend(frequency, monetary_value, spend)
    return ValueWithoutContract(terms.margin_rate * each * alive * discounted, alive, alive * bought, each)


def with_contract(
    churn_probability: Any,
    monthly_fee: Any,
    *,
    probability_days: float,
    terms: Terms,
    tenure_days: Any | None = None,
    segment_hazard: CumulativeHazard | None = None,
) -> ValueWithContract:
    r"""Return residual lifetime value from fees while the contract lasts.

    Parameters
    ----------
    churn_probability : array-like of shape (n_customers,)
        Calibrated chance of loss within `probability_days`.
    monthly_fee : array-like of shape (n_customers,)
        Paid per month; NULL (NaN) where unknown, and the value is then NaN.
    probability_days : float
        The horizon of `churn_probability`.
    terms : Terms
        Horizon, discount rate, margin rate.
    tenure_days : array-like of shape (n_customers,), optional
        How long each has been a customer; 0 by default.
    segment_hazard : callable, optional
        Cumulative hazard of the customer's segment by age in months: its shape says how the hazard declines with
        age. A constant hazard without it.

    Returns
    -------
    ValueWithContract
        The value, expected months and the median month of loss.

    Notes
    -----
    :math:`S(t)=\exp\{-\theta[\Lambda(a+t)-\Lambda(a)]\}` with :math:`\theta` such that
    :math:`1-S(t_0)` is `churn_probability` at :math:`t_0` = `probability_days`: the model says how much riskier
    than the segment at the same age, the segment says how that risk goes on. A month's fee is due at its start,
    by those still there then, so the value is :math:`m\sum_{k\ge0} f\,S(k)/(1+d)^k`.
    """
    chance = np.clip(arrays.numbers(churn_probability, "churn_probability", at_least=0.0), 0.0, 1.0 - 1e-9)
    fee = arrays.floats(monthly_fee)
    age = np.zeros(len(chance)) if tenure_days is None else arrays.floats(tenure_days) / DAYS_PER_MONTH
    months = max(1, round(terms.horizon_days / DAYS_PER_MONTH))
    first = np.rint(np.maximum(np.nan_to_num(age), 0.0)).astype(np.int64)
    ahead = max(1, round(probability_days / DAYS_PER_MONTH))
    table = _hazard_by_month(segment_hazard, int(first.max(initial=0)) + max(months, ahead) + 1)
    spent = table[first]
    reference = table[first + ahead] - spent
    theta = -np.log1p(-chance) / np.where(reference > 0, reference, float(ahead))
    rate = rate_per(terms.annual_discount_rate, days=DAYS_PER_MONTH)
    paid, discounted = np.zeros(len(chance)), np.zeros(len(chance))
    half = np.full(len(chance), np.nan)
    for month in range(months):
        gone = np.where(reference > 0, table[first + month] - spent, float(month))
        staying = np.exp(-theta * gone)
        half = np.where((staying <= 0.5) & np.isnan(half), float(month), half)
        paid += staying
        discounted += staying / (1.0 + rate) ** month
    return ValueWithContract(terms.margin_rate * fee * discounted, paid, half)


def hazard_of_curve(curve: SurvivalCurve, *, unit_months: float = 1.0) -> CumulativeHazard:
    """Return the cumulative hazard of an observed curve, drawn on beyond its end at the mean slope of its last half.

    Parameters
    ----------
    curve : SurvivalCurve
        With at least one loss.
    unit_months : float, default 1
        Months per unit of the curve's time.

    Returns
    -------
    callable
        For `with_contract`.
    """
    times = np.concatenate([[0.0], curve.times * unit_months])
    hazard = np.concatenate([[0.0], curve.cumulative_hazard])
    middle = float(np.interp(times[-1] / 2, times, hazard))
    slope = (hazard[-1] - middle) / (times[-1] / 2) if times[-1] > 0 else 0.0

    def cumulative(age: Any) -> Floats:
        months = arrays.floats(age)
        return np.asarray(np.interp(months, times, hazard) + slope * np.maximum(months - times[-1], 0.0))

    return cumulative


def referral_credit(value: Any, referrer: Any, *, share: float = 0.2) -> tuple[Floats, Floats]:
    """Return what each customer gains and passes on when a share of a friend's value is credited to the referrer.

    Parameters
    ----------
    value : array-like of shape (n_customers,)
        Own residual lifetime value; NaN counts as unknown and brings no credit.
    referrer : array-like of int of shape (n_customers,)
        Row of the customer who referred each one; negative where nobody did.
    share : float, default 0.2
        Of the friend's own value; credit never travels further up a chain.

    Returns
    -------
    credit, passed_on : ndarray of shape (n_customers,)
        Their sums are equal, so crediting never makes the company's total larger.
    """
    own = arrays.floats(value)
    by: Whole = np.asarray(referrer, dtype=np.int64)
    is_referred = (by >= 0) & (by != np.arange(len(own))) & np.isfinite(own) & (own > 0)
    passed_on = np.where(is_referred, share * np.nan_to_num(own), 0.0)
    credit = np.bincount(by[is_referred], passed_on[is_referred], minlength=len(own)).astype(float)
    return credit, np.asarray(passed_on, dtype=float)


def _spend(frequency: Floats, monetary_value: Any, spend: GammaGamma | None) -> Floats:
    """Return spend per purchase; the mean of what is known where no model could be fitted."""
    if spend is not None:
        return spend.expected_spend(frequency, monetary_value)
    known = arrays.floats(monetary_value)
    usable = known[np.isfinite(known)]
    return np.full(len(frequency), float(usable.mean()) if len(usable) else np.nan)


def _hazard_by_month(segment_hazard: CumulativeHazard | None, size: int) -> Floats:
    """Return the segment's cumulative hazard at whole months."""
    months = np.arange(size, dtype=float)
    return months if segment_hazard is None else np.asarray(segment_hazard(months), dtype=float)
