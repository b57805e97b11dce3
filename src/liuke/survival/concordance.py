"""Does a risk score put customers in the order in which they leave? Harrell's C in O(n log n)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from liuke.survival import arrays
from liuke.survival.arrays import Whole


@dataclass(frozen=True, slots=True)
class Concordance:
    """Pairs of customers put in the right order by a score.

    Attributes
    ----------
    value : float
        (concordant + half of tied) / comparable; .5 is no better than a coin; NaN if no pair can be compared.
    concordant, tied, comparable : int
        Pairs: higher risk left earlier; same risk; all whose order is known.
    """

    value: float
    concordant: int
    tied: int
    comparable: int


def concordance(duration: Any, event_observed: Any, risk_score: Any) -> Concordance:
    """Return Harrell's C: the share of comparable pairs in which the higher risk was lost earlier.

    Parameters
    ----------
    duration : array-like of shape (n_customers,)
        Time to loss or to the end of observation.
    event_observed : array-like of shape (n_customers,)
        Whether the loss was seen.
    risk_score : array-like of shape (n_customers,)
        Higher means expected to leave earlier.

    Returns
    -------
    Concordance
        C and the pairs behind it.

    Notes
    -----
    A pair is comparable if the earlier time is a loss; at equal times, a loss comes before a censoring and two
    losses are not compared. Smaller scores seen earlier in the row are counted digit by digit of their rank, so a
    million customers take about a second and no pair is ever formed.

    References
    ----------
    .. [1] Harrell, F. E. et al. (1982). JAMA 247, 2543-2546.

    Examples
    --------
    >>> concordance([5, 3, 8, 6, 2, 9], [1, 1, 0, 1, 1, 0], [0.6, 0.7, 0.2, 0.75, 0.8, 0.3]).concordant
    12
    """
    lasting = arrays.numbers(duration, "duration")
    lost = arrays.flags(event_observed, "event_observed", length=len(lasting))
    score = arrays.numbers(risk_score, "risk_score", length=len(lasting))
    order = np.lexsort((lost, -lasting))
    lost, lasting = lost[order], lasting[order]
    rank = np.unique(score[order], return_inverse=True)[1].astype(np.int64)

    later_smaller, later_equal = _before(rank, np.zeros(len(rank), dtype=np.int64))
    block = np.unique(lasting[lost], return_inverse=True)[1].astype(np.int64)
    same_order = np.argsort(block, kind="stable")
    same_smaller, same_equal = _before(rank[lost][same_order], block[same_order])
    concordant = int(later_smaller[lost].sum() - same_smaller.sum())
    tied = int(later_equal[lost].sum() - same_equal.sum())
    sizes = np.bincount(block).astype(np.int64)
    comparable = int(np.flatnonzero(lost).sum() - (sizes * (sizes - 1) // 2).sum())
    value = (concordant + tied / 2) / comparable if comparable else float("nan")
    return Concordance(value, concordant, tied, comparable)


def _before(rank: Whole, group: Whole) -> tuple[Whole, Whole]:
    """Return, for each element, how many before it in its group rank lower, and how many rank the same.

    `group` is ascending. One stable partition per binary digit of the rank, highest digit first: where two
    elements first differ, the one with digit 1 has passed the zeros before it.
    """
    smaller = np.zeros(len(rank), dtype=np.int64)
    here = np.arange(len(rank))
    start = _starts(group)
    for digit in range(int(rank.max(initial=0)).bit_length() - 1, -1, -1):
        is_one = (rank[here] >> digit) & 1 == 1
        zeros = np.concatenate([[0], np.cumsum(~is_one)])
        zeros_before = zeros[:-1] - zeros[start]
        smaller[here[is_one]] += zeros_before[is_one]
        end = np.append(np.flatnonzero(np.diff(start)) + 1, len(start))
        zeros_in_group = zeros[end[np.searchsorted(end, start, side="right")]] - zeros[start]
        offset = np.arange(len(start)) - start
        new_start = start + np.where(is_one, zeros_in_group, 0)
        place = new_start + np.where(is_one, offset - zeros_before, zeros_before)
        moved, moved_start = np.empty_like(here), np.empty_like(start)
        moved[place], moved_start[place] = here, new_start
        here, start = moved, moved_start
    equal = np.zeros(len(rank), dtype=np.int64)
    equal[here] = np.arange(len(start)) - start
    return smaller, equal


def _starts(group: Whole) -> Whole:
    """Return the index at which each element's run of equal group begins."""
    first = np.concatenate([[True], np.diff(group) != 0])[: len(group)]
    return np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))
