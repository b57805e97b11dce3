"""How rates compound, halve and mix."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from liuke.kernel.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class NotAShare(InvalidInput):
    """A rate lies outside the range where the formula means something."""


def compounded(rate: float, periods: float) -> float:
    """Return the loss over `periods` at a constant loss `rate` per period: 1 − (1 − rate)^periods.

    Parameters
    ----------
    rate : float
        Share lost per period, in [0, 1].
    periods : float
        How many; a fraction turns a yearly rate into a monthly one (1/12).

    Examples
    --------
    >>> round(compounded(0.02, 12), 6)
    0.215283
    """
    if not 0 <= rate <= 1:
        raise NotAShare(f"a churn rate lies between 0 and 1, got {rate}")
    return -math.expm1(periods * math.log1p(-rate)) if rate < 1 else 1.0


def half_life(retention: float) -> float:
    """Return after how many periods half are left, at constant `retention` per period: ln ½ / ln r.

    Examples
    --------
    >>> round(half_life(0.95), 4)
    13.5134
    """
    if not 0 < retention < 1:
        raise NotAShare(f"half-life needs a retention between 0 and 1, both excluded, got {retention}")
    return math.log(0.5) / math.log(retention)


def mean_life(retention: float) -> float:
    """Return the mean number of periods a customer stays, counting the first: 1 / (1 − r).

    Notes
    -----
    Understates the life where customers differ; `lifetime` has the shifted beta-geometric for that.
    """
    if not 0 <= retention < 1:
        raise NotAShare(f"mean life needs a retention from 0 to below 1, got {retention}")
    return 1 / (1 - retention)


@dataclass(frozen=True, slots=True)
class ChurnChange:
    """A change of the churn rate, split.

    Parameters
    ----------
    before, after : float
        The rates.
    within : float
        The part because segments changed their rate.
    mix : float
        The part because customers moved between segments; ``within + mix = after − before``.
    """

    before: float
    after: float
    within: float
    mix: float


def churn_change(
    bases_before: ArrayLike, lost_before: ArrayLike, bases_after: ArrayLike, lost_after: ArrayLike
) -> ChurnChange:
    """Return the change of a churn rate, split into change within segments and change of their mix.

    Parameters
    ----------
    bases_before, lost_before, bases_after, lost_after : array-like of shape (n_segments,)
        Base and losses of each segment in two periods, in the same order. A segment absent from a period (base 0)
        is taken to have there the rate of its other period.

    Raises
    ------
    NotAShare
        If a period has nobody at all.

    Notes
    -----
    With shares w and rates r: within = Σ w̄ Δr and mix = Σ r̄ Δw, bars meaning the mean of both periods.
    """
    n0, l0, n1, l1 = (
        np.asarray(part, dtype=np.float64) for part in (bases_before, lost_before, bases_after, lost_after)
    )
    if n0.sum() <= 0 or n1.sum() <= 0:
        raise NotAShare("both periods need customers to compare their churn")
    r0 = np.divide(l0, n0, out=np.full_like(n0, np.nan), where=n0 > 0)
    r1 = np.divide(l1, n1, out=np.full_like(n1, np.nan), where=n1 > 0)
    r0, r1 = (
        np.nan_to_num(np.where(np.isnan(r0), r1, r0)),
        np.nan_to_num(np.where(np.isnan(r1), r0, r1)),
    )
    w0, w1 = n0 / n0.sum(), n1 / n1.sum()
    return ChurnChange(
        before=float(l0.sum() / n0.sum()),
        after=float(l1.sum() / n1.sum()),
        within=float(np.sum((w0 + w1) / 2 * (r1 - r0))),
        mix=float(np.sum((r0 + r1) / 2 * (w1 - w0))),
    )
