"""Which of several candidates is used: each tested on the same later day, the simplest kept unless clearly beaten."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liuke.risk import evaluation, gates
from liuke.risk.baselines import BASE_RATE, MODEL
from liuke.risk.intervals import Interval, bootstrap_intervals, share_better

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tested:
    """How a candidate did on customers it had not seen."""

    n: int
    n_lost: int
    roc_auc: float
    top_decile_lift: float
    gini: float
    kolmogorov_smirnov: float
    average_precision: float
    log_loss: float
    brier_loss: float
    calibration_error: float
    calibration_slope: float
    observed_over_expected: float
    observed_over_expected_interval: Interval
    intervals: dict[str, Interval]

    def to_json(self) -> dict[str, Any]:
        """Return plain data, floats rounded to six digits, undefined figures as None."""
        plain: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Interval):
                value = _pair(value)
            elif isinstance(value, dict):
                value = {name: _pair(found) for name, found in sorted(value.items())}
            plain[field.name] = rounded(value) if isinstance(value, float) else value
        return plain


def rounded(value: float) -> float | None:
    """Return `value` to six digits, None if it is not finite."""
    return round(value, 6) + 0.0 if math.isfinite(value) else None


def _pair(interval: Interval) -> list[float | None]:
    return [rounded(interval.low), rounded(interval.high)]


def tested(churned: NDArray[np.bool_], probability: Vector, *, seed: int) -> Tested:
    """Return all measures of a probability against the outcome, with bootstrap intervals by customer."""
    ratio, low, high = evaluation.observed_over_expected(churned, probability)
    auc = evaluation.roc_auc(churned, probability)
    return Tested(
        n=len(churned),
        n_lost=int(churned.sum()),
        roc_auc=auc,
        top_decile_lift=evaluation.top_lift(churned, probability),
        gini=2 * auc - 1,
        kolmogorov_smirnov=evaluation.kolmogorov_smirnov(churned, probability),
        average_precision=evaluation.average_precision(churned, probability),
        log_loss=evaluation.log_loss(churned, probability),
        brier_loss=evaluation.brier_loss(churned, probability),
        calibration_error=evaluation.calibration_error(churned, probability),
        calibration_slope=evaluation.calibration_slope(churned, probability),
        observed_over_expected=ratio,
        observed_over_expected_interval=Interval(low, high),
        intervals=bootstrap_intervals(churned, probability, seed=seed),
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidate in use, why, and the order in which others would replace it."""

    used: str
    notices: tuple[gates.Notice, ...]
    fallbacks: tuple[str, ...]


def chosen(
    churned: NDArray[np.bool_], probabilities: Mapping[str, Vector], *, seed: int, may_publish: bool = True
) -> Choice:
    """Return which candidate is used.

    Parameters
    ----------
    churned : ndarray of bool, shape (n_customers,)
        Outcomes on the day of test.
    probabilities : mapping of str to ndarray
        Calibrated probabilities of the same customers; must hold ``base_rate``.
    seed : int
        Of the resampling.
    may_publish : bool
        False keeps the model out whatever its test says.

    Notes
    -----
    1. The baseline with the smallest log loss replaces the base rate if it is better in 95 % of paired resamples.
    2. The model replaces that baseline by the same rule.
    """
    notices: list[gates.Notice] = []
    loss = {name: evaluation.log_loss(churned, chance) for name, chance in probabilities.items()}
    rules = sorted((name for name in loss if name not in (MODEL, BASE_RATE)), key=lambda name: (loss[name], name))
    proven = [name for name in rules if _beats(churned, probabilities, name, BASE_RATE, seed) >= gates.BETTER]
    used = proven[0] if proven else BASE_RATE
    if MODEL in probabilities and may_publish:
        share = _beats(churned, probabilities, MODEL, used, seed)
        if share >= gates.BETTER:
            return Choice(MODEL, (), (*proven, BASE_RATE))
        notices.append(gates.not_better(used, share))
    if used == BASE_RATE:
        notices.append(gates.NOTHING_PREDICTS)
        return Choice(BASE_RATE, tuple(notices), ())
    return Choice(used, tuple(notices), (*proven[1:], BASE_RATE))


def _beats(
    churned: NDArray[np.bool_], probabilities: Mapping[str, Vector], challenger: str, champion: str, seed: int
) -> float:
    return share_better(churned, probabilities[challenger], probabilities[champion], seed=seed)


def averaged(results: Sequence[Tested]) -> Tested:
    """Return the mean of the measures of several draws; intervals are those of the first."""
    means: dict[str, Any] = {
        field.name: float(np.mean([getattr(found, field.name) for found in results]))
        for field in fields(Tested)
        if isinstance(getattr(results[0], field.name), float)
    }
    return replace(results[0], **means)
