"""What a remedy does for a tier and a reason when cases are few: borrow from the other cells, or from a prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from liuke.survival import arrays
from liuke.survival.arrays import Floats

LOST_PRIOR = 1 / 4
"""Of four lost customers one can be sold to again: a figure from outside, to be replaced by one's own results."""

PROSPECT_PRIOR = 1 / 16
"""Of sixteen prospects one can be sold to."""

PRIOR_CASES = 16.0


@dataclass(frozen=True, slots=True)
class ShrunkenEffects:
    """Effects per cell, drawn towards their common mean by as much as each is uncertain.

    Attributes
    ----------
    effect, standard_error : ndarray of shape (n_cells,)
        Posterior mean and standard deviation of treated minus control.
    own_weight : ndarray of shape (n_cells,)
        How much of each comes from the cell's own cases, 0 to 1.
    common_effect, spread : float
        Mean over cells and standard deviation of true effects between cells.
    """

    effect: Floats
    standard_error: Floats
    own_weight: Floats
    common_effect: float
    spread: float


def success_rate(successes: Any, n: Any, *, prior: float = LOST_PRIOR, prior_cases: float = PRIOR_CASES) -> Floats:
    """Return success rates that start at a prior and give way to own results as cases accumulate.

    Parameters
    ----------
    successes, n : array-like of shape (n_cells,)
        Own results so far.
    prior : float, default 1/4
        Rate before any case of one's own.
    prior_cases : float, default 16
        How many own cases weigh as much as the prior.

    Returns
    -------
    ndarray of shape (n_cells,)
        ``(successes + prior * prior_cases) / (n + prior_cases)``.

    Examples
    --------
    >>> success_rate([0, 10], [0, 16])
    array([0.25   , 0.4375])
    """
    return np.asarray((arrays.floats(successes) + prior * prior_cases) / (arrays.floats(n) + prior_cases))


def shrunken_effects(
    treated_successes: Any,
    n_treated: Any,
    control_successes: Any,
    n_control: Any,
    *,
    prior_effect: float = 0.0,
) -> ShrunkenEffects:
    r"""Return effects per cell (tier × reason × remedy) by empirical Bayes.

    Parameters
    ----------
    treated_successes, n_treated, control_successes, n_control : array-like of shape (n_cells,)
        Counts per cell.
    prior_effect : float, default 0
        Effect of cells if no cell has both arms.

    Returns
    -------
    ShrunkenEffects
        A cell without both arms gets the common effect.

    Notes
    -----
    Difference :math:`d_c` with variance :math:`s_c^2=\tilde p_1\tilde q_1/n_1+\tilde p_0\tilde q_0/n_0`,
    :math:`\tilde p=(x+\frac12)/(n+1)`; true effects Normal(:math:`\mu,\tau^2`) with :math:`\tau^2` from
    :math:`\sum (d_c-\mu)^2/(s_c^2+\tau^2)=C-1` (Paule and Mandel);
    posterior mean :math:`\mu+\frac{\tau^2}{\tau^2+s_c^2}(d_c-\mu)`.

    References
    ----------
    .. [1] Paule, R. C. & Mandel, J. (1982). Journal of Research of the NBS 87, 377-385.
    """
    hits1, size1, hits0, size0 = (
        np.atleast_1d(arrays.floats(column)) for column in (treated_successes, n_treated, control_successes, n_control)
    )
    both = (size1 > 0) & (size0 > 0)
    if not both.any():
        nothing = np.zeros(len(both))
        return ShrunkenEffects(nothing + prior_effect, nothing + np.nan, nothing, prior_effect, float("nan"))
    n1, n0 = np.where(both, size1, 1.0), np.where(both, size0, 1.0)
    gap = np.where(both, hits1 / n1 - hits0 / n0, 0.0)
    rate1, rate0 = (hits1 + 0.5) / (n1 + 1), (hits0 + 0.5) / (n0 + 1)
    noise = rate1 * (1 - rate1) / n1 + rate0 * (1 - rate0) / n0
    spread = _spread(gap[both], noise[both])
    common = _mean(gap[both], noise[both], spread)
    own = np.where(both, spread / (spread + noise), 0.0)
    return ShrunkenEffects(
        effect=common + own * (gap - common),
        standard_error=np.sqrt(np.where(both, own * noise, spread)),
        own_weight=own,
        common_effect=common,
        spread=float(np.sqrt(spread)),
    )


def _mean(gap: Floats, noise: Floats, spread: float) -> float:
    weight = 1.0 / (noise + spread)
    return float(np.sum(weight * gap) / weight.sum())


def _spread(gap: Floats, noise: Floats) -> float:
    """Return the variance between cells, 0 if the noise alone explains the differences."""

    def excess(spread: float) -> float:
        centre = _mean(gap, noise, spread)
        return float(np.sum((gap - centre) ** 2 / (noise + spread))) - (len(gap) - 1)

    if len(gap) < 2 or excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, float(np.ptp(gap) ** 2 + noise.max())
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2
