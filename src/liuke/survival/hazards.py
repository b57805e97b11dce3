"""Losses counted in whole periods: from hazards to survival, and hazards as observed."""

from __future__ import annotations

from typing import Any

import numpy as np

from liuke.survival import arrays
from liuke.survival.arrays import Floats


def survival(hazard: Any) -> Floats:
    r"""Return the share still there after each period, :math:`S(t)=\prod_{s\le t}(1-h_s)`.

    Parameters
    ----------
    hazard : array-like of shape (..., n_periods)
        Chance of being lost in a period if there at its start; the last axis is time.

    Returns
    -------
    ndarray of the same shape
        Survival at the end of each period.

    Examples
    --------
    >>> survival([0.02, 0.03]).round(4)
    array([0.98  , 0.9506])
    """
    return np.cumprod(1.0 - _checked(hazard), axis=-1)


def loss_between(hazard: Any, start: int, end: int) -> Floats:
    """Return the chance of loss after period `start` up to period `end`, for those still there after `start`.

    Parameters
    ----------
    hazard : array-like of shape (..., n_periods)
        As in `survival`.
    start, end : int
        Periods counted from 1; ``start=0`` is now.

    Returns
    -------
    ndarray
        ``1 - S(end) / S(start)`` along the last axis.
    """
    return np.asarray(1.0 - np.prod(1.0 - _checked(hazard)[..., start:end], axis=-1))


def periods_lost(hazard: Any) -> Floats:
    """Return the expected number of the periods in `hazard` that a customer is already gone when they begin."""
    staying = survival(hazard)
    return np.asarray((1.0 - staying[..., :-1]).sum(axis=-1))


def urgency(hazard: Any, soon: int) -> Floats:
    """Return which part of the risk over all periods falls into the first `soon` periods; NaN without risk."""
    whole = loss_between(hazard, 0, _checked(hazard).shape[-1])
    early = loss_between(hazard, 0, soon)
    return np.asarray(np.divide(early, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0))


def observed_hazard(
    periods: Any, event_observed: Any, *, entry: Any | None = None, weights: Any | None = None
) -> tuple[Floats, Floats]:
    """Return the share lost in each whole period among those there at its start.

    Parameters
    ----------
    periods : array-like of int of shape (n_customers,)
        Whole periods lived; a customer lost in the first period has 1.
    event_observed : array-like of shape (n_customers,)
        True where the loss was seen at the end of `periods`; False where observation ended after them.
    entry : array-like of shape (n_customers,), optional
        Whole periods lived before observation began.
    weights : array-like of shape (n_customers,), optional
        How many customers each row stands for.

    Returns
    -------
    hazard, n_at_risk : ndarray of shape (n_periods,)
        For period 1, 2, ...; the hazard is NaN where nobody was observed.
    """
    lived = arrays.numbers(periods, "periods", at_least=0.0).astype(np.int64)
    seen = arrays.flags(event_observed, "event_observed", length=len(lived))
    held = arrays.weights_of(weights, len(lived))
    size = int(lived.max(initial=0)) + 1
    lost = np.bincount(lived[seen], held[seen], minlength=size)[1:]
    at_risk: Floats = np.cumsum(np.bincount(lived, held, minlength=size).astype(float)[::-1])[::-1][1:]
    if entry is not None:
        late = arrays.numbers(entry, "entry", length=len(lived), at_least=0.0).astype(np.int64)
        at_risk = at_risk - np.cumsum(np.bincount(late, held, minlength=size)[::-1])[::-1][1:]
    return np.divide(lost, at_risk, out=np.full(size - 1, np.nan), where=at_risk > 0), at_risk


def _checked(hazard: Any) -> Floats:
    """Return hazards as floats in [0, 1]."""
    values = arrays.floats(hazard)
    if not ((values >= 0) & (values <= 1)).all():
        raise arrays.UnusableColumn("every hazard must be a probability between 0 and 1")
    return values
