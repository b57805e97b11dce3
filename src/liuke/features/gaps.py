"""The arithmetic of silence: how long a customer may stay away before the silence means something.

Every function works on numbers or arrays; `liuke.features.rhythm` applies them to a whole company in SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv, gammaln

Floats = NDArray[np.float64]

FEWEST_REPEATERS = 30
"""With fewer customers who came back, no prior of rates is fitted."""


@dataclass(frozen=True, slots=True)
class RatePrior:
    """The gamma distribution of purchase rates over customers.

    Parameters
    ----------
    r : float
        Shape; small values mean very unlike customers.
    alpha : float
        Rate, in the unit of time of the data; ``r / alpha`` is the mean purchase rate.
    """

    r: float
    alpha: float


def exponential_threshold(mean_gap: ArrayLike, tail: float = 0.05) -> Floats:
    """Return the silence that a Poisson buyer exceeds with probability `tail`.

    Parameters
    ----------
    mean_gap : array_like
        Mean time between purchases.
    tail : float, default 0.05
        Probability in (0, 1) of a longer silence although the customer is still there.

    Notes
    -----
    ``t* = -ln(tail) * mean_gap``.
    """
    return np.asarray(-np.log(tail) * np.asarray(mean_gap, dtype=float))


def erlang_threshold(mean_gap: ArrayLike, k: ArrayLike, tail: float = 0.05) -> Floats:
    """Return the silence that a buyer with gamma-distributed gaps exceeds with probability `tail`.

    Parameters
    ----------
    mean_gap : array_like
        Mean time between purchases.
    k : array_like
        Shape: 1 is Poisson, larger is more regular.
    tail : float, default 0.05
        Probability in (0, 1).

    Notes
    -----
    ``t* = mean_gap * G^-1(1 - tail; k) / k`` with G the distribution function of a gamma of shape k and scale 1.
    """
    shape = np.asarray(k, dtype=float)
    return np.asarray(np.asarray(mean_gap, dtype=float) * gammaincinv(shape, 1 - tail) / shape)


def lomax_threshold(x: ArrayLike, observed: ArrayLike, prior: RatePrior, tail: float = 0.05) -> Floats:
    """Return the silence exceeded with probability `tail` by a customer with x repeat purchases in `observed` time.

    Parameters
    ----------
    x : array_like
        Repeat purchases.
    observed : array_like
        Time they were made in, in the unit of the prior.
    prior : RatePrior
        Distribution of rates over customers; shrinks the customer's own rate.
    tail : float, default 0.05
        Probability in (0, 1).

    Notes
    -----
    With rate ~ Gamma(r, alpha) the predictive silence is Lomax:
    ``P(silent > t) = ((alpha + T) / (alpha + T + t)) ** (r + x)``.
    """
    count = np.asarray(x, dtype=float)
    return np.asarray((prior.alpha + np.asarray(observed, dtype=float)) * (tail ** (-1.0 / (prior.r + count)) - 1.0))


def gamma_shape(gaps: ArrayLike) -> float:
    """Return the regularity k of one customer's gaps, in closed form; infinite where all gaps are equal.

    Parameters
    ----------
    gaps : array_like of shape (n_gaps,)
        Positive times between purchases.

    Notes
    -----
    ``k = (3 - s + sqrt((s - 3)^2 + 24 s)) / (12 s)`` with ``s = ln(mean) - mean(ln)``: the start value of the
    maximum likelihood estimate [1]_, within 2 % of it everywhere.

    References
    ----------
    .. [1] Minka, T. P. (2002). Estimating a gamma distribution.
    """
    values = np.asarray(gaps, dtype=float)
    s = float(np.log(values.mean()) - np.log(values).mean())
    if s <= 1e-12:
        return float("inf")
    return float((3 - s + np.sqrt((s - 3) ** 2 + 24 * s)) / (12 * s))


def wheat_morrison_k(earlier: ArrayLike, later: ArrayLike) -> float:
    """Return the regularity of a population's purchase timing from two gaps of every customer.

    Parameters
    ----------
    earlier, later : array_like of shape (n_customers,)
        Two gaps of each customer.

    Notes
    -----
    ``M = earlier / (earlier + later)`` is Beta(k, k) if gaps are Erlang-k, so
    ``k = (1 - 4 Var M) / (8 Var M)``; 1 is Poisson.

    References
    ----------
    .. [1] Wheat, R. D. & Morrison, D. G. (1990). Estimating purchase regularity with two interpurchase times.
           Journal of Marketing Research 27, 87-93.
    """
    first = np.asarray(earlier, dtype=float)
    share = first / (first + np.asarray(later, dtype=float))
    variance = float(np.var(share, ddof=1))
    return (1 - 4 * variance) / (8 * variance)


def population_threshold(durations: ArrayLike, ended: ArrayLike, kept: ArrayLike, tail: float = 0.05) -> float | None:
    """Return the silence after which only `tail` of the customers who ever come back are still away.

    Parameters
    ----------
    durations : array_like of shape (n_distinct,)
        Distinct lengths of a gap, ascending.
    ended : array_like of shape (n_distinct,)
        How many gaps of this length ended with a purchase.
    kept : array_like of shape (n_distinct,)
        How many were still open (censored) at this length.
    tail : float, default 0.05
        Probability in (0, 1).

    Returns
    -------
    float or None
        None where nobody ever came back.

    Notes
    -----
    The gaps' survival curve is the product-limit estimate, open last gaps counted as censored. Where it never falls to
    `tail` its lowest value ``p`` is the share that never returns, and the quantile is taken among the others:
    the first t with ``(S(t) - p) / (1 - p) <= tail``.
    """
    events = np.asarray(ended, dtype=float)
    at_risk = (events + np.asarray(kept, dtype=float))[::-1].cumsum()[::-1]
    if not events.any():
        return None
    survival = np.cumprod(1 - events / at_risk)
    never = float(survival[-1])
    remaining = survival if never <= tail else (survival - never) / (1 - never)
    return float(np.asarray(durations, dtype=float)[np.argmax(remaining <= tail + 1e-12)])


def fit_rate_prior(x: ArrayLike, observed: ArrayLike, customers: ArrayLike) -> RatePrior | None:
    """Return the distribution of purchase rates that makes the counts most likely; None where data are too few.

    Parameters
    ----------
    x : array_like of shape (n_groups,)
        Repeat purchases of a group of customers.
    observed : array_like of shape (n_groups,)
        Time they were observed for.
    customers : array_like of shape (n_groups,)
        How many customers the group has.

    Notes
    -----
    Negative binomial likelihood ``Gamma(r + x) / Gamma(r) * alpha^r / (alpha + T)^(r + x)``, maximised by a simplex
    search on the logarithms from the moments; rounded to six digits so that the last bits of a machine do not matter.
    """
    from scipy.optimize import minimize

    count, weight = np.asarray(x, dtype=float), np.asarray(customers, dtype=float)
    time = np.maximum(np.asarray(observed, dtype=float), 1.0)
    if weight[count > 0].sum() < FEWEST_REPEATERS:
        return None
    rate = float((weight * count).sum() / (weight * time).sum())

    def loss(logs: Any) -> float:
        r, alpha = np.exp(np.clip(logs, -8, 12))
        terms = gammaln(r + count) - gammaln(r) + r * np.log(alpha) - (r + count) * np.log(alpha + time)
        return float(-(weight * terms).sum() / weight.sum())

    best = minimize(loss, np.log([1.0, 1.0 / rate]), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-11})
    r, alpha = np.exp(np.clip(best.x, -8, 12))
    return RatePrior(r=float(f"{r:.6g}"), alpha=float(f"{alpha:.6g}"))
