"""Bootstrap by customer, fast enough for a million of them.

Customers are grouped by their place in the ranking into at most a thousand cells; a resample draws each cell's size
from a Poisson distribution. With fewer customers than cells this is the ordinary (Poisson) bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liuke.risk.evaluation import log_losses

Vector = NDArray[np.float64]
CELLS = 1000
RESAMPLES = 400


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % percentile interval."""

    low: float
    high: float


def bootstrap_intervals(churned: ArrayLike, probability: ArrayLike, *, seed: int) -> dict[str, Interval]:
    """Return intervals of `roc_auc`, `top_decile_lift` and `log_loss`; empty without both kinds of outcome.

    Parameters
    ----------
    churned : array_like of bool, shape (n_customers,)
        The outcome.
    probability : array_like, shape (n_customers,)
        Calibrated probability.
    seed : int
        Of the resampling.
    """
    lost, chance = np.asarray(churned, bool), np.asarray(probability, np.float64)
    if not lost.any() or lost.all():
        return {}
    order = np.lexsort((lost, -chance))
    cell = _cells(-chance[order])
    n_lost, n_kept = np.bincount(cell, lost[order]), np.bincount(cell, ~lost[order])
    losses = log_losses(lost, chance)[order]
    loss_lost = np.bincount(cell, losses * lost[order]) / np.maximum(n_lost, 1)
    loss_kept = np.bincount(cell, losses * ~lost[order]) / np.maximum(n_kept, 1)
    rng = np.random.default_rng([seed, len(lost)])
    hits = rng.poisson(n_lost, (RESAMPLES, len(n_lost))).astype(np.float64)
    kept = rng.poisson(n_kept, (RESAMPLES, len(n_kept))).astype(np.float64)
    fine = (hits.sum(1) > 0) & (kept.sum(1) > 0)
    hits, kept = hits[fine], kept[fine]
    return {
        "roc_auc": _interval(_aucs(hits, kept)),
        "top_decile_lift": _interval(_lifts(hits, kept, 0.1)),
        "log_loss": _interval((hits @ loss_lost + kept @ loss_kept) / (hits.sum(1) + kept.sum(1))),
    }


def share_better(churned: ArrayLike, challenger: ArrayLike, champion: ArrayLike, *, seed: int) -> float:
    """Return the share of paired resamples of customers in which the challenger's log loss is the smaller.

    Parameters
    ----------
    churned : array_like of bool, shape (n_customers,)
        The outcome.
    challenger, champion : array_like, shape (n_customers,)
        The probabilities compared.
    seed : int
        Of the resampling.
    """
    gain = log_losses(churned, champion) - log_losses(churned, challenger)
    if not np.abs(gain).max() > 0:
        return 0.0
    ranked = np.sort(gain)
    cell = _cells(ranked)
    n = np.bincount(cell).astype(np.float64)
    mean = np.bincount(cell, ranked) / n
    draws = np.random.default_rng([seed, len(gain)]).poisson(n, (RESAMPLES, len(n)))
    return float((draws @ mean > 0).mean())


def _cells(ranked: Vector) -> NDArray[np.intp]:
    """Return a cell number per customer of a ranking; equal values share a cell."""
    values, first = np.unique(ranked, return_index=True)
    if len(values) <= CELLS:
        return np.searchsorted(values, ranked)
    width = -(-len(ranked) // CELLS)
    start = first[np.searchsorted(values, ranked)] // width
    return np.unique(start, return_inverse=True)[1]


def _aucs(hits: Vector, kept: Vector) -> Vector:
    below = kept.sum(1, keepdims=True) - np.cumsum(kept, axis=1)
    return cast(Vector, (hits * (below + kept / 2)).sum(1) / (hits.sum(1) * kept.sum(1)))


def _lifts(hits: Vector, kept: Vector, share: float) -> Vector:
    n = hits + kept
    size = share * n.sum(1, keepdims=True)
    before = np.cumsum(n, axis=1) - n
    part = np.clip((size - before) / np.maximum(n, 1), 0, 1)
    return cast(Vector, (hits * part).sum(1) / size[:, 0] / (hits.sum(1) / n.sum(1)))


def _interval(draws: Vector) -> Interval:
    low, high = np.quantile(draws, [0.025, 0.975])
    return Interval(float(low), float(high))
