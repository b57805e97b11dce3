"""From a ranking to a probability: Platt's curve, isotonic steps, and the correction after sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from liuke.kernel.errors import InvalidInput

Vector = NDArray[np.float64]
ENOUGH_FOR_ISOTONIC = 1000
"""Losses below which isotonic calibration over-fits and is refused."""
EDGE = 1e-6


class TooFewForIsotonic(InvalidInput):
    """Isotonic calibration was asked for with fewer losses than it needs."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A fitted map from a raw score to a probability.

    Parameters
    ----------
    kind : {"platt", "isotonic", "constant"}
        The form of the map.
    slope, intercept : float
        Of Platt's curve; a constant has slope 0.
    scores, rates : ndarray
        Of the isotonic map: block centres and observed rates, joined by straight lines.
    """

    kind: Literal["platt", "isotonic", "constant"]
    slope: float
    intercept: float
    scores: Vector
    rates: Vector

    def probability(self, raw: ArrayLike) -> Vector:
        """Return the calibrated probability of each raw score, within (0, 1)."""
        values = np.asarray(raw, dtype=np.float64)
        if self.kind == "isotonic":
            return np.clip(np.interp(values, self.scores, self.rates), EDGE, 1 - EDGE)
        return np.clip(_logistic(self.intercept + self.slope * values), EDGE, 1 - EDGE)

    def to_json(self) -> dict[str, Any]:
        """Return plain data from which `from_json` builds the same map."""
        return {
            "kind": self.kind,
            "slope": self.slope,
            "intercept": self.intercept,
            "scores": self.scores.tolist(),
            "rates": self.rates.tolist(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Calibration:
        """Return the map written by `to_json`."""
        arrays = np.array(data["scores"], float), np.array(data["rates"], float)
        return cls(data["kind"], float(data["slope"]), float(data["intercept"]), *arrays)


def platt(raw: ArrayLike, churned: ArrayLike) -> Calibration:
    r"""Return Platt's curve, :math:`p = 1/(1+e^{-(a+bs)})`, with :math:`b \ge 0`.

    Parameters
    ----------
    raw : array_like, shape (n,)
        Scores, better high for the lost.
    churned : array_like of bool, shape (n,)
        The outcome.

    Notes
    -----
    Targets are Platt's smoothed ones, :math:`(N_++1)/(N_++2)` and :math:`1/(N_-+2)`, so the fit exists even when
    a score separates the outcomes. A falling curve becomes the constant rate.

    References
    ----------
    .. [1] Platt, J. (1999). Probabilistic outputs for support vector machines, section 2.2.
    """
    score, lost = np.asarray(raw, dtype=np.float64), np.asarray(churned, dtype=bool)
    n_lost, n = int(lost.sum()), len(lost)
    if n == 0 or np.ptp(score) == 0:
        return constant(lost)
    target = np.where(lost, (n_lost + 1) / (n_lost + 2), 1 / (n - n_lost + 2))
    centre, scale = float(score.mean()), float(score.std()) or 1.0
    design = np.column_stack([np.ones(n), (score - centre) / scale])
    found = _two_parameters(design, target)
    if found[1] <= 0:
        return constant(lost)
    slope = float(found[1] / scale)
    return Calibration("platt", slope, float(found[0] - slope * centre), np.empty(0), np.empty(0))


def constant(churned: ArrayLike) -> Calibration:
    """Return the map that gives everybody the observed rate, one loss and one stay added."""
    lost = np.asarray(churned, dtype=bool)
    rate = (lost.sum() + 0.5) / (len(lost) + 1)
    return Calibration("constant", 0.0, float(np.log(rate / (1 - rate))), np.empty(0), np.empty(0))


def isotonic_rates(raw: ArrayLike, churned: ArrayLike) -> Vector:
    """Return the rates fitted by pooling adjacent violators, in the order given; equal scores share one rate.

    References
    ----------
    .. [1] Zadrozny, B. and Elkan, C. (2002). Transforming classifier scores into accurate multiclass probability
       estimates, section 4.
    """
    blocks, weights, rates = _pooled(np.asarray(raw, np.float64), np.asarray(churned, np.float64))
    fitted = isotonic_regression(rates, weights=weights).x
    return cast(Vector, fitted[blocks])


def isotonic(raw: ArrayLike, churned: ArrayLike) -> Calibration:
    """Return the isotonic map, its blocks' centres joined by straight lines so that it hardly ever ties.

    Raises
    ------
    TooFewForIsotonic
        With fewer than `ENOUGH_FOR_ISOTONIC` losses: the steps would follow noise.
    """
    score, lost = np.asarray(raw, dtype=np.float64), np.asarray(churned, dtype=bool)
    if lost.sum() < ENOUGH_FOR_ISOTONIC:
        raise TooFewForIsotonic(
            f"{int(lost.sum())} losses are too few for isotonic calibration: it needs {ENOUGH_FOR_ISOTONIC}; use platt"
        )
    _, weights, rates = _pooled(score, lost.astype(float))
    fit = isotonic_regression(rates, weights=weights)
    starts = fit.blocks[:-1]
    unique = np.unique(score)
    centres = np.add.reduceat(unique * weights, starts) / np.add.reduceat(weights, starts)
    # The first and last steps keep one loss and one stay, so that no probability is 0 or 1.
    n_block = np.add.reduceat(weights, starts)
    kept = np.clip(fit.x[starts], 0.5 / (n_block + 1), 1 - 0.5 / (n_block + 1))
    return Calibration("isotonic", 1.0, 0.0, centres, np.maximum.accumulate(kept))


def calibrated(raw: ArrayLike, churned: ArrayLike, *, seed: int = 0) -> Calibration:
    """Return Platt's curve below `ENOUGH_FOR_ISOTONIC` losses; above, whichever of both predicts better.

    Parameters
    ----------
    raw, churned : array_like, shape (n,)
        Scores and outcomes of customers the model has not learned from.
    seed : int
        Of the split in five that compares the two by log loss.
    """
    score, lost = np.asarray(raw, dtype=np.float64), np.asarray(churned, dtype=bool)
    curve = platt(score, lost)
    if lost.sum() * 0.8 < ENOUGH_FOR_ISOTONIC or curve.kind == "constant":
        return curve
    fold = stratified_folds(lost, 5, seed)
    loss = {"platt": 0.0, "isotonic": 0.0}
    for number in range(5):
        learn, judge = fold != number, fold == number
        for maker in (platt, isotonic):
            chance = maker(score[learn], lost[learn]).probability(score[judge])
            loss[maker.__name__] -= float(np.log(np.where(lost[judge], chance, 1 - chance)).sum())
    return curve if loss["platt"] <= loss["isotonic"] else isotonic(score, lost)


def stratified_folds(churned: NDArray[np.bool_], folds: int, seed: int) -> NDArray[np.intp]:
    """Return a fold number for each customer, the lost spread evenly, shape (n,)."""
    rng = np.random.default_rng([seed, folds, len(churned)])
    fold = np.empty(len(churned), dtype=np.intp)
    first = 0
    for kind in (True, False):
        places = rng.permutation(np.flatnonzero(churned == kind))
        fold[places] = (first + np.arange(len(places))) % folds
        first += len(places)
    return fold


def undone_sampling(probability: ArrayLike, *, population_rate: float, training_rate: float) -> Vector:
    r"""Return probabilities corrected for a training set whose base rate was changed by sampling.

    Parameters
    ----------
    probability : array_like
        As given by a model trained at `training_rate`.
    population_rate, training_rate : float
        Share of losses :math:`\pi` in the population, :math:`\rho` in the training set.

    Notes
    -----
    .. math:: p = \frac{p_s \pi/\rho}{p_s \pi/\rho + (1-p_s)(1-\pi)/(1-\rho)}

    References
    ----------
    .. [1] Vector EW-02.
    """
    sampled = np.asarray(probability, dtype=np.float64)
    lost = sampled * population_rate / training_rate
    kept = (1 - sampled) * (1 - population_rate) / (1 - training_rate)
    return lost / (lost + kept)


def undone_undersampling(probability: ArrayLike, *, keep_rate: float) -> Vector:
    r"""Return probabilities corrected for keeping only the share `keep_rate` of those who stayed.

    Notes
    -----
    .. math:: p = \frac{\beta p_s}{(\beta - 1) p_s + 1}

    References
    ----------
    .. [1] Vector EW-02.
    """
    sampled = np.asarray(probability, dtype=np.float64)
    return keep_rate * sampled / ((keep_rate - 1) * sampled + 1)


def _pooled(score: Vector, lost: Vector) -> tuple[NDArray[np.intp], Vector, Vector]:
    _, blocks = np.unique(score, return_inverse=True)
    weights = np.bincount(blocks).astype(np.float64)
    return blocks, weights, np.bincount(blocks, lost) / weights


def _two_parameters(design: NDArray[np.float64], target: Vector) -> Vector:
    now = np.zeros(2)
    best = _likelihood(design, target, now)
    for _ in range(100):
        chance = _logistic(design @ now)
        weight = np.maximum(chance * (1 - chance), 1e-12)
        step = np.linalg.solve((design.T * weight) @ design + 1e-9 * np.eye(2), design.T @ (target - chance))
        while (ahead := _likelihood(design, target, now + step)) < best - 1e-9 and np.abs(step).max() > 1e-12:
            step = step / 2
        now, best = now + step, ahead
        if np.abs(step).max() < 1e-10:
            break
    return now


def _likelihood(design: NDArray[np.float64], target: Vector, at: Vector) -> float:
    odds = design @ at
    return float((target * odds - np.logaddexp(0, odds)).sum())


def _logistic(odds: Vector) -> Vector:
    return 1 / (1 + np.exp(-np.clip(odds, -35, 35)))
