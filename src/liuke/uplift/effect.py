"""Did it help? Rates, differences and their intervals; how many customers are needed to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from liuke.survival import arrays
from liuke.survival.arrays import Floats


@dataclass(frozen=True, slots=True)
class Difference:
    """Success with and without treatment.

    Attributes
    ----------
    treated_rate, control_rate, difference : float
        NaN where nobody was in the arm.
    low, high : float
        Newcombe's limits of the difference; NaN if an arm is empty.
    z, p_value : float
        Pooled two-proportion test; NaN if an arm is empty or nobody or everybody succeeded.
    """

    treated_rate: float
    control_rate: float
    difference: float
    low: float
    high: float
    z: float
    p_value: float


@dataclass(frozen=True, slots=True)
class StratifiedDifference:
    """The Mantel-Haenszel difference: strata compared within themselves, then averaged."""

    difference: float
    standard_error: float
    low: float
    high: float


def wilson(successes: Any, n: Any, *, confidence: float = 0.95) -> tuple[Floats, Floats]:
    r"""Return Wilson's limits of a proportion; NaN where `n` is 0.

    Notes
    -----
    Centre :math:`(\hat p+z^2/2n)/(1+z^2/n)`, half-width
    :math:`\frac{z}{1+z^2/n}\sqrt{\hat p\hat q/n+z^2/4n^2}`.

    Examples
    --------
    >>> low, high = wilson(81, 263)
    >>> round(float(low), 4), round(float(high), 4)
    (0.2553, 0.3662)
    """
    hits, size = arrays.floats(successes), arrays.floats(n)
    size = np.where(size > 0, size, np.nan)
    z = _z(confidence)
    rate, stretch = hits / size, 1.0 + z**2 / size
    centre = (rate + z**2 / (2 * size)) / stretch
    half = z / stretch * np.sqrt(rate * (1 - rate) / size + z**2 / (4 * size**2))
    return np.where(hits == 0, 0.0 * size, centre - half), np.where(hits == size, 1.0, centre + half)


def difference(
    treated_successes: float, n_treated: float, control_successes: float, n_control: float, *, confidence: float = 0.95
) -> Difference:
    r"""Return how much more often treated customers succeed than those left alone.

    Parameters
    ----------
    treated_successes, n_treated, control_successes, n_control : float
        Counts by intention to treat: everybody assigned, reached or not.
    confidence : float, default 0.95
        Coverage of the limits.

    Returns
    -------
    Difference
        Rates, difference, limits and test.

    Notes
    -----
    Newcombe's method 10: :math:`d-\sqrt{(p_1-l_1)^2+(u_2-p_2)^2}`, :math:`d+\sqrt{(u_1-p_1)^2+(p_2-l_2)^2}`.

    References
    ----------
    .. [1] Newcombe, R. G. (1998). Statistics in Medicine 17, 873-890.
    """
    size = np.array([n_treated, n_control], dtype=float)
    hits = np.array([treated_successes, control_successes], dtype=float)
    rate = np.divide(hits, size, out=np.full(2, np.nan), where=size > 0)
    low, high = wilson(hits, size, confidence=confidence)
    gap = float(rate[0] - rate[1])
    pooled = float(hits.sum() / size.sum()) if size.sum() else np.nan
    spread = float(np.sqrt(pooled * (1 - pooled) * (1 / size).sum())) if (size > 0).all() else np.nan
    z = gap / spread if spread > 0 else np.nan
    return Difference(
        treated_rate=float(rate[0]),
        control_rate=float(rate[1]),
        difference=gap,
        low=gap - float(np.hypot(rate[0] - low[0], high[1] - rate[1])),
        high=gap + float(np.hypot(high[0] - rate[0], rate[1] - low[1])),
        z=z,
        p_value=float(2 * special.ndtr(-abs(z))),
    )


def stratified_difference(
    treated_successes: Any, n_treated: Any, control_successes: Any, n_control: Any, *, confidence: float = 0.95
) -> StratifiedDifference:
    r"""Return the Mantel-Haenszel difference over strata; strata with an empty arm say nothing and are left out.

    Notes
    -----
    Weights :math:`n_1n_0/(n_1+n_0)`, standard error
    :math:`\sqrt{\sum w^2(p_1q_1/n_1+p_0q_0/n_0)}/\sum w`.
    """
    hits1, size1, hits0, size0 = (
        np.atleast_1d(arrays.floats(column)) for column in (treated_successes, n_treated, control_successes, n_control)
    )
    both = (size1 > 0) & (size0 > 0)
    if not both.any():
        return StratifiedDifference(np.nan, np.nan, np.nan, np.nan)
    n1, n0 = size1[both], size0[both]
    rate1, rate0 = hits1[both] / n1, hits0[both] / n0
    weight = n1 * n0 / (n1 + n0)
    gap = float(np.sum(weight * (rate1 - rate0)) / weight.sum())
    spread = weight**2 * (rate1 * (1 - rate1) / n1 + rate0 * (1 - rate0) / n0)
    error = float(np.sqrt(spread.sum()) / weight.sum())
    z = _z(confidence)
    return StratifiedDifference(gap, error, gap - z * error, gap + z * error)


def sample_ratio(n_treated: float, n_control: float, treated_share: float) -> tuple[float, float]:
    """Return chi-square and p-value of the split against the planned `treated_share`; distrust below .001."""
    n = n_treated + n_control
    planned = np.array([n * treated_share, n * (1 - treated_share)])
    statistic = float(np.sum((np.array([n_treated, n_control]) - planned) ** 2 / planned))
    return statistic, float(special.chdtrc(1, statistic))


def sample_size(control_rate: float, treated_rate: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    r"""Return customers needed per arm to tell two rates apart, two-sided.

    Notes
    -----
    :math:`n=[z_{\alpha/2}\sqrt{2\bar p\bar q}+z_\beta\sqrt{p_1q_1+p_2q_2}]^2/(p_1-p_2)^2`, rounded up.
    """
    mean = (control_rate + treated_rate) / 2
    apart = _z(1 - alpha) * np.sqrt(2 * mean * (1 - mean))
    apart += special.ndtri(power) * np.sqrt(control_rate * (1 - control_rate) + treated_rate * (1 - treated_rate))
    return int(np.ceil((apart / (control_rate - treated_rate)) ** 2))


def power(
    control_rate: float, treated_rate: float, *, n_treated: float, n_control: float, alpha: float = 0.05
) -> float:
    """Return the chance that the pooled test finds this difference with these arms."""
    n = n_treated + n_control
    mean = (n_treated * treated_rate + n_control * control_rate) / n
    without = np.sqrt(mean * (1 - mean) * (1 / n_treated + 1 / n_control))
    with_ = np.sqrt(treated_rate * (1 - treated_rate) / n_treated + control_rate * (1 - control_rate) / n_control)
    return float(special.ndtr((abs(treated_rate - control_rate) - _z(1 - alpha) * without) / with_))


def policy_value(profit: Any, arm: Any, propensity: Any, policy_arm: Any) -> tuple[float, float]:
    r"""Return the mean profit per customer a policy would have made, and its standard error.

    Parameters
    ----------
    profit : array-like of shape (n_customers,)
        What came of each customer.
    arm : array-like of shape (n_customers,)
        The arm each was given at random.
    propensity : array-like of shape (n_customers,)
        The chance with which that arm had been given, above 0.
    policy_arm : array-like of shape (n_customers,)
        What the policy would give.

    Returns
    -------
    mean, standard_error : float
        :math:`\frac1n\sum 1\{A=\pi(x)\}\,\mathrm{profit}/P(A)`.
    """
    money = arrays.numbers(profit, "profit")
    chance = arrays.numbers(propensity, "propensity", length=len(money))
    if (chance <= 0).any():
        raise arrays.UnusableColumn("every `propensity` must be above 0: an arm that was never given cannot be judged")
    scores = np.where(np.asarray(arm) == np.asarray(policy_arm), money / chance, 0.0)
    return float(scores.mean()), float(scores.std(ddof=1) / np.sqrt(len(scores)))


def _z(confidence: float) -> float:
    return float(special.ndtri(0.5 + confidence / 2))
