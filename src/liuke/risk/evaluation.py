"""How good a ranking and a probability are: measures that publish with ties counted fairly.

Every function takes `churned` (array of bool, who was lost) and a score that is better high for the lost, both of
shape (n_customers,), and is indifferent to the order of customers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liuke.kernel.errors import InvalidInput

Vector = NDArray[np.float64]
TINY = 1e-15


class NothingToEvaluate(InvalidInput):
    """No customers, or scores and outcomes that do not belong together."""


@dataclass(frozen=True, slots=True)
class LiftRow:
    """One row of a lift table: the `n` riskiest customers and the losses among them (fractional at ties)."""

    share: float
    n: float
    hits: float
    precision: float
    lift: float
    captured: float


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """One bin of a calibration table: mean probability beside the observed rate."""

    n: int
    n_lost: int
    mean_probability: float
    observed_rate: float


def roc_auc(churned: ArrayLike, score: ArrayLike) -> float:
    """Return the chance that a lost customer scores above one who stayed, ties counted half; NaN without both kinds.

    References
    ----------
    .. [1] Vector EW-10.
    """
    n, hits = _groups(churned, score)
    return _auc(n, hits)


def gini(churned: ArrayLike, score: ArrayLike) -> float:
    """Return the Gini coefficient of the ranking, ``2 AUC - 1``."""
    return 2 * roc_auc(churned, score) - 1


def kolmogorov_smirnov(churned: ArrayLike, score: ArrayLike) -> float:
    """Return the largest distance between the shares of the lost and of the others above a cut."""
    n, hits = _groups(churned, score)
    lost, kept = hits.sum(), (n - hits).sum()
    if not lost or not kept:
        return math.nan
    return float(np.abs(np.cumsum(hits) / lost - np.cumsum(n - hits) / kept).max())


def average_precision(churned: ArrayLike, score: ArrayLike) -> float:
    r"""Return the average precision, :math:`\sum_k (R_k - R_{k-1}) P_k` over distinct scores."""
    n, hits = _groups(churned, score)
    if not hits.sum():
        return math.nan
    return float((hits / hits.sum() * np.cumsum(hits) / np.cumsum(n)).sum())


def top_lift(churned: ArrayLike, score: ArrayLike, share: float = 0.1) -> float:
    """Return the loss rate among the riskiest `share` divided by everybody's; ties at the cut count fractionally.

    References
    ----------
    .. [1] Neslin et al. (2006), Journal of Marketing Research 43, 204-211 (top-decile lift). Vector EW-10.
    """
    return lift_table(churned, score, (share,))[0].lift


def lift_table(
    churned: ArrayLike, score: ArrayLike, shares: Sequence[float] = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
) -> tuple[LiftRow, ...]:
    """Return precision, lift and captured losses among the riskiest shares.

    References
    ----------
    .. [1] Vector EW-10.
    """
    n, hits = _groups(churned, score)
    total, lost = float(n.sum()), float(hits.sum())
    reach = np.concatenate([[0.0], np.cumsum(n)])
    found = np.concatenate([[0.0], np.cumsum(hits)])
    rows = []
    for share in shares:
        size = share * total
        among = float(np.interp(size, reach, found))
        precision = among / size
        rows.append(LiftRow(share, size, among, precision, _ratio(precision, lost / total), _ratio(among, lost)))
    return tuple(rows)


def log_loss(churned: ArrayLike, probability: ArrayLike) -> float:
    """Return the mean negative log-likelihood of the outcomes."""
    return float(log_losses(churned, probability).mean())


def log_losses(churned: ArrayLike, probability: ArrayLike) -> Vector:
    """Return each customer's negative log-likelihood, shape (n_customers,)."""
    lost, chance = _pair(churned, probability)
    chance = np.clip(chance, TINY, 1 - TINY)
    return cast(Vector, -np.log(np.where(lost, chance, 1 - chance)))


def brier_loss(churned: ArrayLike, probability: ArrayLike) -> float:
    """Return the mean squared difference between probability and outcome."""
    lost, chance = _pair(churned, probability)
    return float(((chance - lost) ** 2).mean())


def brier_skill_score(churned: ArrayLike, probability: ArrayLike) -> float:
    """Return the Brier loss saved against giving everybody the base rate, as a share of it."""
    lost, _ = _pair(churned, probability)
    reference = float(lost.mean() * (1 - lost.mean()))
    return 1 - brier_loss(churned, probability) / reference if reference else math.nan


def calibration_table(
    churned: ArrayLike, probability: ArrayLike, bins: int = 10, *, equal: str = "count"
) -> tuple[CalibrationRow, ...]:
    """Return mean probability and observed rate in bins of equal count, or of equal width.

    Parameters
    ----------
    churned, probability : array_like, shape (n_customers,)
        Outcomes and probabilities.
    bins : int
        How many; empty ones are left out.
    equal : {"count", "width"}
        Equal width puts p into bin ``floor(bins * p)``, p = 1 into the last. Equal count cuts the ranking evenly and
        keeps equal probabilities together.
    """
    lost, chance = _pair(churned, probability)
    if equal == "width":
        place = np.minimum((chance * bins).astype(np.intp), bins - 1)
    else:
        ranked = np.sort(chance)
        first = np.searchsorted(ranked, chance, side="left")
        last = np.searchsorted(ranked, chance, side="right")
        place = np.minimum(((first + last - 1) / 2 * bins / len(chance)).astype(np.intp), bins - 1)
    n = np.bincount(place, minlength=bins)
    hits, sums = np.bincount(place, lost, minlength=bins), np.bincount(place, chance, minlength=bins)
    return tuple(
        CalibrationRow(int(n[b]), int(hits[b]), float(sums[b] / n[b]), float(hits[b] / n[b])) for b in np.flatnonzero(n)
    )


def calibration_error(churned: ArrayLike, probability: ArrayLike, bins: int = 10, *, equal: str = "count") -> float:
    """Return the mean distance between probability and observed rate over the bins (ECE).

    References
    ----------
    .. [1] Vector EW-11 (five bins of equal width).
    """
    rows = calibration_table(churned, probability, bins, equal=equal)
    total = sum(row.n for row in rows)
    return sum(row.n * abs(row.mean_probability - row.observed_rate) for row in rows) / total


def observed_over_expected(churned: ArrayLike, probability: ArrayLike) -> tuple[float, float, float]:
    """Return losses over expected losses with the exact 95 % Poisson interval.

    References
    ----------
    .. [1] Vector EW-51.
    """
    lost, chance = _pair(churned, probability)
    return poisson_ratio(int(lost.sum()), float(chance.sum()))


def poisson_ratio(observed: int, expected: float) -> tuple[float, float, float]:
    """Return ``observed / expected`` with the exact 95 % Poisson interval (Garwood)."""
    from scipy.stats import chi2

    low = chi2.ppf(0.025, 2 * observed) / 2 if observed else 0.0
    high = chi2.ppf(0.975, 2 * observed + 2) / 2
    return observed / expected, float(low) / expected, float(high) / expected


def calibration_slope(churned: ArrayLike, probability: ArrayLike) -> float:
    """Return the slope of the outcome on the log-odds: 1 is right, below 1 too extreme, 0 if useless."""
    from liuke.risk.calibration import platt

    _, chance = _pair(churned, probability)
    chance = np.clip(chance, 1e-9, 1 - 1e-9)
    return platt(np.log(chance / (1 - chance)), churned).slope


@dataclass(frozen=True, slots=True)
class LeadTimes:
    """How many days before a loss the warning was seen by somebody: quantiles, and the share in time to act."""

    p10: float
    p25: float
    median: float
    p75: float
    p90: float
    share_in_time: float


def lead_times(days: ArrayLike, needed_days: float = 14) -> LeadTimes:
    """Return the distribution of delivered lead times (quantiles of type 7).

    References
    ----------
    .. [1] Vector EW-33.
    """
    delivered = np.asarray(days, dtype=np.float64)
    if not len(delivered):
        raise NothingToEvaluate("no warning was followed by a loss: there are no lead times yet")
    p10, p25, median, p75, p90 = np.quantile(delivered, [0.10, 0.25, 0.50, 0.75, 0.90]).tolist()
    return LeadTimes(p10, p25, median, p75, p90, float((delivered >= needed_days).mean()))


def _pair(churned: ArrayLike, score: ArrayLike) -> tuple[NDArray[np.bool_], Vector]:
    lost, values = np.asarray(churned).astype(bool), np.asarray(score, dtype=np.float64)
    if lost.shape != values.shape or lost.ndim != 1 or not len(lost):
        raise NothingToEvaluate(f"outcomes {lost.shape} and scores {values.shape} must be equally long and not empty")
    if np.isnan(values).any():
        raise NothingToEvaluate(
            f"{int(np.isnan(values).sum())} scores are NaN: leave these customers out, or score them"
        )
    return lost, values


def _groups(churned: ArrayLike, score: ArrayLike) -> tuple[Vector, Vector]:
    """Return customers and losses per distinct score, highest first."""
    lost, values = _pair(churned, score)
    _, place = np.unique(-values, return_inverse=True)
    return np.bincount(place).astype(np.float64), np.bincount(place, lost).astype(np.float64)


def _auc(n: Vector, hits: Vector) -> float:
    kept = n - hits
    pairs = hits.sum() * kept.sum()
    if not pairs:
        return math.nan
    below = kept.sum() - np.cumsum(kept)
    return float((hits * (below + kept / 2)).sum() / pairs)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
