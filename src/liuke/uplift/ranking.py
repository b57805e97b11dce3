"""Does a score put those who are helped before those who are not? Qini and uplift curves, in one stated definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from liuke.survival import arrays
from liuke.survival.arrays import Flags, Floats


@dataclass(frozen=True, slots=True)
class RankingCurve:
    """What treating the highest scores first gains, by depth.

    Attributes
    ----------
    depth : ndarray of shape (n_points,)
        Customers included, from 0; one point per distinct score.
    qini, gain : ndarray of shape (n_points,)
        Extra successes among the treated, and in the whole prefix if all of it were treated.
    qini_area, gain_area : float
        Area above the straight line to the end (treating at random).
    qini_coefficient, gain_coefficient : float
        The same divided by the area of a score that knows the outcome; NaN if even that gains nothing.
    """

    depth: Floats
    qini: Floats
    gain: Floats
    qini_area: float
    gain_area: float
    qini_coefficient: float
    gain_coefficient: float


def ranking_curve(score: Any, *, y: Any, treatment: Any) -> RankingCurve:
    r"""Return Qini and uplift curve of a score.

    Parameters
    ----------
    score : array-like of shape (n_customers,)
        Predicted uplift, higher treated first.
    y : array-like of shape (n_customers,)
        1 the good outcome (stayed), 0 not.
    treatment : array-like of shape (n_customers,)
        1 treated, 0 control, assigned at random.

    Returns
    -------
    RankingCurve
        Customers with the same score enter together.

    Notes
    -----
    :math:`Q(k)=Y_T-Y_Cn_T/n_C`, :math:`G(k)=(Y_T/n_T-Y_C/n_C)(n_T+n_C)`; a rate of an empty arm counts as 0. Areas by
    trapezoids over customers. Libraries differ in these choices: compare only figures of one definition.

    References
    ----------
    .. [1] Radcliffe, N. J. (2007). Direct Marketing Analytics Journal, 14-21.
    """
    predicted = arrays.numbers(score, "score")
    good = arrays.flags(y, "y", length=len(predicted))
    treated = arrays.flags(treatment, "treatment", length=len(predicted))
    depth, qini, gain = _curves(predicted, good, treated)
    best_qini = np.where(good, np.where(treated, 1.0, -1.0), 0.0)
    tie_breaker = good if (good & ~treated).sum() > (treated & ~good).sum() else treated
    best_gain = 2.0 * (good == treated) + tie_breaker
    perfect = _curves(best_qini, good, treated)
    perfect_gain = _curves(best_gain, good, treated)
    qini_area, gain_area = _above_random(depth, qini), _above_random(depth, gain)
    return RankingCurve(
        depth=depth,
        qini=qini,
        gain=gain,
        qini_area=qini_area,
        gain_area=gain_area,
        qini_coefficient=_ratio(qini_area, _above_random(perfect[0], perfect[1])),
        gain_coefficient=_ratio(gain_area, _above_random(perfect_gain[0], perfect_gain[2])),
    )


def _curves(score: Floats, good: Flags, treated: Flags) -> tuple[Floats, Floats, Floats]:
    """Return depth, Q and G at the end of every distinct score."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1) if len(score) else np.empty(0, dtype=int)
    g, t = good[order], treated[order]
    n_t, n_c, y_t, y_c = (np.append(0.0, np.cumsum(rows)[ends].astype(float)) for rows in (t, ~t, g & t, g & ~t))
    rate_t = np.divide(y_t, n_t, out=np.zeros_like(y_t), where=n_t > 0)
    rate_c = np.divide(y_c, n_c, out=np.zeros_like(y_c), where=n_c > 0)
    return n_t + n_c, y_t - rate_c * n_t, (rate_t - rate_c) * (n_t + n_c)


def _above_random(depth: Floats, curve: Floats) -> float:
    area = float(np.sum(np.diff(depth) * (curve[1:] + curve[:-1])) / 2.0)
    return area - float(depth[-1] * curve[-1]) / 2.0


def _ratio(area: float, best: float) -> float:
    return area / best if best > 0 else float("nan")
