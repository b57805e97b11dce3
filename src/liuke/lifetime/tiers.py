"""At most five tiers by future value, how concentrated value is, and past value beside future value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from liuke.kernel.errors import InvalidInput
from liuke.lifetime.gamma_gamma import rank_correlation
from liuke.survival import arrays
from liuke.survival.arrays import Floats

Tiers = NDArray[np.int8]

MOST_TIERS = 5


class TooManyTiers(InvalidInput):
    """More than five tiers, or cut points that do not rise between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Concentration:
    """How few customers make how much of the value.

    Attributes
    ----------
    share_of_customers, share_of_value : ndarray of shape (n_customers + 1,)
        Cumulative, most valuable first, from (0, 0) to (1, 1).
    gini : float
        0 if all are worth the same, towards 1 if one is worth all.
    """

    share_of_customers: Floats
    share_of_value: Floats
    gini: float

    def customers_for(self, share_of_value: float = 0.8) -> float:
        """Return the smallest share of customers that makes at least `share_of_value` of the value."""
        row = int(np.searchsorted(self.share_of_value, share_of_value - 1e-12))
        return float(self.share_of_customers[min(row, len(self.share_of_customers) - 1)])


@dataclass(frozen=True, slots=True)
class PastAndFuture:
    """Whether past value tells future value.

    Attributes
    ----------
    table : pa.Table
        past_tier, future_tier, n_customers, past_value, future_value: one row per pair that occurs.
    rank_correlation : float
        Spearman's, over customers with both values known.
    share_same_tier : float
        Share of them in the same tier by past as by future value.
    """

    table: pa.Table
    rank_correlation: float
    share_same_tier: float


def tiers_by_value(value: Any, cut_points: Sequence[float] = (0.5, 0.8, 0.95)) -> Tiers:
    """Return the tier of each customer, 1 the highest, from cumulative shares of total value.

    Parameters
    ----------
    value : array-like of shape (n_customers,)
        Future value; NaN where unknown.
    cut_points : sequence of float, default (0.5, 0.8, 0.95)
        Rising shares of total value: tier 1 are the most valuable customers up to half of all value, and so on;
        n cut points make n + 1 tiers.

    Returns
    -------
    ndarray of int8 of shape (n_customers,)
        1 to ``len(cut_points) + 1``; 0 where the value is unknown.

    Raises
    ------
    TooManyTiers
        If there are more than four cut points, or they do not rise between 0 and 1.

    Notes
    -----
    A customer's tier is decided by the share of value held by those strictly more valuable, so equal values share
    a tier and the order of rows does not matter. Values of 0 or less are in the last tier.

    References
    ----------
    .. [1] At most five levels: more is too much work by hand, fewer are hard to sort into.

    Examples
    --------
    >>> tiers_by_value([60, 20, 15, 5, 0]).tolist()
    [1, 2, 3, 4, 4]
    """
    cuts = np.asarray(cut_points, dtype=float)
    if len(cuts) >= MOST_TIERS:
        raise TooManyTiers(
            f"at most {MOST_TIERS} tiers can be worked with; {len(cuts)} cut points make {len(cuts) + 1}"
        )
    if not ((cuts > 0) & (cuts < 1)).all() or (np.diff(cuts) <= 0).any():
        raise TooManyTiers(f"cut points must rise between 0 and 1, not {', '.join(f'{cut:g}' for cut in cuts)}")
    worth = arrays.floats(value)
    positive = np.where(np.isfinite(worth), np.maximum(worth, 0.0), 0.0)
    levels, which, number = np.unique(-positive, return_inverse=True, return_counts=True)
    held = np.cumsum(-levels * number)
    total = held[-1] if len(held) and held[-1] > 0 else 1.0
    above = np.concatenate([[0.0], held[:-1]]) / total
    tier = 1 + np.searchsorted(cuts, above + 1e-12, side="right")[which]
    tier = np.where(positive > 0, tier, len(cuts) + 1)
    return np.where(np.isnan(worth), 0, tier).astype(np.int8)


def concentration(value: Any) -> Concentration:
    """Return which share of customers makes which share of the value.

    Parameters
    ----------
    value : array-like of shape (n_customers,)
        Sales, margin or future value; negative and unknown values count as 0.

    Returns
    -------
    Concentration
        The curve, and `customers_for(0.8)` on it: the 80/20 rule is to be computed, not assumed.
    """
    worth = np.sort(np.nan_to_num(np.maximum(arrays.floats(value), 0.0)))[::-1]
    n = len(worth)
    if n == 0 or worth.sum() == 0:
        return Concentration(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 0.0)
    held = np.concatenate([[0.0], np.cumsum(worth) / worth.sum()])
    people = np.arange(n + 1) / n
    gini = float(2.0 * (np.sum((held[1:] + held[:-1]) / 2.0) / n - 0.5))
    return Concentration(people, held, gini)


def tier_table(
    tier: Any, future_value: Any, *, past_value: Any | None = None, minutes_per_customer: Any | None = None
) -> pa.Table:
    """Return customers, value and staff hours per tier for the chosen cuts.

    Parameters
    ----------
    tier : array-like of int of shape (n_customers,)
        From `tiers_by_value`.
    future_value, past_value : array-like of shape (n_customers,)
        Money; unknown values are left out of the sums.
    minutes_per_customer : array-like of shape (n_tiers,), optional
        Staff time planned per customer of tier 1, 2, ...

    Returns
    -------
    pa.Table
        tier, n_customers, share_of_customers, future_value, share_of_value, past_value, staff_hours; a row with
        tier 0 counts those whose value is unknown.
    """
    tiers = np.asarray(tier, dtype=np.int64)
    size = int(tiers.max(initial=0)) + 1
    number = np.bincount(tiers, minlength=size)
    future = np.bincount(tiers, np.nan_to_num(arrays.floats(future_value)), minlength=size)
    past = None if past_value is None else np.bincount(tiers, np.nan_to_num(arrays.floats(past_value)), minlength=size)
    minutes = None if minutes_per_customer is None else np.append([0.0], arrays.floats(minutes_per_customer))
    shown = np.flatnonzero((np.arange(size) > 0) | (number > 0))
    nothing = pa.nulls(len(shown), pa.float64())
    return pa.table(
        {
            "tier": shown,
            "n_customers": number[shown],
            "share_of_customers": number[shown] / max(len(tiers), 1),
            "future_value": future[shown],
            "share_of_value": future[shown] / (future.sum() or 1.0),
            "past_value": nothing if past is None else past[shown],
            "staff_hours": nothing if minutes is None else number[shown] * minutes[shown] / 60.0,
        }
    )


def past_beside_future(
    past_value: Any, future_value: Any, cut_points: Sequence[float] = (0.5, 0.8, 0.95)
) -> PastAndFuture:
    """Return how customers are spread over tiers by past and by future value.

    Parameters
    ----------
    past_value, future_value : array-like of shape (n_customers,)
        Money; NaN where unknown.
    cut_points : sequence of float
        As in `tiers_by_value`, used for both.

    Returns
    -------
    PastAndFuture
        The cross table and how far both agree. Big spenders of the past who are worth little from now on stand in
        the rows with a low `past_tier` and a high `future_tier` number.
    """
    past, future = arrays.floats(past_value), arrays.floats(future_value)
    by_past, by_future = tiers_by_value(past, cut_points), tiers_by_value(future, cut_points)
    width = len(cut_points) + 2
    cell = by_past.astype(np.int64) * width + by_future
    number = np.bincount(cell, minlength=width**2)
    shown = np.flatnonzero(number)
    both = (by_past > 0) & (by_future > 0)
    return PastAndFuture(
        table=pa.table(
            {
                "past_tier": shown // width,
                "future_tier": shown % width,
                "n_customers": number[shown],
                "past_value": np.bincount(cell, np.nan_to_num(past), minlength=width**2)[shown],
                "future_value": np.bincount(cell, np.nan_to_num(future), minlength=width**2)[shown],
            }
        ),
        rank_correlation=rank_correlation(past[both], future[both]) if both.any() else 0.0,
        share_same_tier=float((by_past == by_future)[both].mean()) if both.any() else 0.0,
    )
