"""How long customers stay: the product-limit curve, its cumulative hazard, and the comparison of groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from liuke.survival import arrays
from liuke.survival.arrays import Flags, Floats


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """A product-limit estimate of the share still there.

    Attributes
    ----------
    times : ndarray of shape (n_times,)
        Distinct times at which somebody was lost, ascending.
    n_at_risk, n_events : ndarray of shape (n_times,)
        (Weighted) customers under observation just before each time, and lost at it.
    survival, standard_error : ndarray of shape (n_times,)
        The share still there from that time on, and Greenwood's standard error.
    low, high : ndarray of shape (n_times,)
        Log-log limits; NaN from the time on which nobody is left, where they are not defined.
    cumulative_hazard : ndarray of shape (n_times,)
        The Nelson-Aalen estimate.
    """

    times: Floats
    n_at_risk: Floats
    n_events: Floats
    survival: Floats
    standard_error: Floats
    low: Floats
    high: Floats
    cumulative_hazard: Floats

    def at(self, time: Any) -> Floats:
        """Return the share still there at each of `time` (1 before the first loss)."""
        steps = np.concatenate([[1.0], self.survival])
        return np.asarray(steps[np.searchsorted(self.times, arrays.floats(time), side="right")])

    def quantile(self, lost_share: float = 0.5) -> float | None:
        """Return the first time by which `lost_share` is lost; None if the curve never falls that far."""
        reached = self.survival <= 1.0 - lost_share + 1e-12
        return float(self.times[np.argmax(reached)]) if reached.any() else None

    def median(self) -> float | None:
        """Return the first time at which half or fewer are left; None if more than half always were."""
        return self.quantile(0.5)

    def restricted_mean(self, horizon: float) -> float:
        """Return the mean time spent as a customer up to `horizon`: the area under the curve."""
        edges = np.concatenate([[0.0], self.times[self.times < horizon], [horizon]])
        return float(np.sum(np.diff(edges) * self.at(edges[:-1])))

    def time_left(self, age: Any, lost_share: float = 0.5) -> Floats:
        """Return how much longer until `lost_share` of those now at `age` are lost; NaN where never seen."""
        age = arrays.floats(age)
        target = self.at(age) * (1.0 - lost_share) + 1e-12
        first = np.searchsorted(-self.survival, -target, side="left")
        return np.asarray(np.append(self.times, np.nan)[first] - age)


@dataclass(frozen=True, slots=True)
class LogRank:
    """The log-rank comparison of groups.

    Attributes
    ----------
    statistic, degrees_of_freedom, p_value : float, int, float
        Chi-square, and the chance of as large a value if all groups lose customers alike.
    groups : ndarray
        Group names in sorted order.
    observed, expected : ndarray of shape (n_groups,)
        Losses, and losses if all groups had the pooled hazard.
    """

    statistic: float
    degrees_of_freedom: int
    p_value: float
    groups: Any
    observed: Floats
    expected: Floats


@dataclass(frozen=True, slots=True)
class _Spells:
    """Checked input: (entry, duration], whether the loss was seen, and weights."""

    duration: Floats
    event_observed: Flags
    entry: Floats | None
    weights: Floats


def kaplan_meier(
    duration: Any,
    event_observed: Any,
    *,
    entry: Any | None = None,
    weights: Any | None = None,
    confidence: float = 0.95,
) -> SurvivalCurve:
    r"""Return the share of customers still there after each time.

    Parameters
    ----------
    duration : array-like of shape (n_customers,)
        Time from the customer's start to loss or to the end of observation.
    event_observed : array-like of shape (n_customers,)
        True where the loss was seen; False where observation ended first (censored, not retained).
    entry : array-like of shape (n_customers,), optional
        Age at which the customer came under observation (left truncation): counted as at risk only after it.
        Leaving it out when early losers are missing from the data overstates retention.
    weights : array-like of shape (n_customers,), optional
        How many customers each row stands for.
    confidence : float, default 0.95
        Coverage of the limits.

    Returns
    -------
    SurvivalCurve
        The steps of the curve with limits.

    Notes
    -----
    :math:`S(t)=\prod_{t_i\le t}(1-d_i/n_i)`, Greenwood
    :math:`\mathrm{Var}=S^2\sum d_i/(n_i(n_i-d_i))`, limits :math:`S^{\exp(\pm z\,\sigma/\ln S)}` with
    :math:`\sigma^2=\sum d_i/(n_i(n_i-d_i))`. A loss and a censoring at the same time: the loss comes first. The
    standard error takes weights as counts.

    References
    ----------
    .. [1] Kaplan, E. L. & Meier, P. (1958). JASA 53, 457-481.

    Examples
    --------
    >>> curve = kaplan_meier([6, 6, 6, 6, 7], [1, 1, 1, 0, 1])
    >>> curve.survival
    array([0.4, 0. ])
    """
    spells = _spells(duration, event_observed, entry, weights)
    times, n_events, n_at_risk = _risk_table(spells)
    left = np.maximum(n_at_risk - n_events, 0.0)
    survival = np.cumprod(left / n_at_risk)
    alive = survival > 0
    terms = n_events / (n_at_risk * np.where(left > 0, left, 1.0))
    spread = np.sqrt(np.cumsum(np.where(alive, terms, 0.0)))
    z = special.ndtri(0.5 + confidence / 2.0)
    log_survival = np.log(np.where(alive, survival, 0.5))
    log_survival = np.where(log_survival < 0, log_survival, -np.finfo(float).tiny)
    power = np.exp(np.clip(z * spread / -log_survival, 0.0, 700.0))
    known = np.where(alive, 1.0, np.nan)
    return SurvivalCurve(
        times=times,
        n_at_risk=n_at_risk,
        n_events=n_events,
        survival=survival,
        standard_error=np.where(alive, survival * spread, 0.0),
        low=np.exp(np.maximum(log_survival * power, -745.0)) * known,
        high=np.exp(log_survival / power) * known,
        cumulative_hazard=np.cumsum(n_events / n_at_risk),
    )


def nelson_aalen(
    duration: Any, event_observed: Any, *, entry: Any | None = None, weights: Any | None = None
) -> tuple[Floats, Floats]:
    r"""Return the times of losses and the cumulative hazard :math:`\sum d_i/n_i` at them.

    Parameters
    ----------
    duration, event_observed, entry, weights
        As in `kaplan_meier`.

    Returns
    -------
    times, cumulative_hazard : ndarray of shape (n_times,)
        The steps.
    """
    times, n_events, n_at_risk = _risk_table(_spells(duration, event_observed, entry, weights))
    return times, np.cumsum(n_events / n_at_risk)


def log_rank(
    duration: Any,
    event_observed: Any,
    group: Any,
    *,
    entry: Any | None = None,
    weights: Any | None = None,
) -> LogRank:
    r"""Return whether groups of customers are lost at different speeds.

    Parameters
    ----------
    duration, event_observed, entry, weights
        As in `kaplan_meier`.
    group : array-like of shape (n_customers,)
        The group of each customer, two or more.

    Returns
    -------
    LogRank
        Chi-square with ``n_groups - 1`` degrees of freedom, and observed against expected losses.

    Raises
    ------
    UnusableColumn
        If there is only one group.

    Notes
    -----
    :math:`(O-E)^\top V^{-}(O-E)` over all groups but the last, with the hypergeometric covariance
    :math:`V_{gh}=\sum_i \frac{d_i(n_i-d_i)}{n_i-1}\frac{n_{gi}}{n_i}(\delta_{gh}-n_{hi}/n_i)`.
    """
    spells = _spells(duration, event_observed, entry, weights)
    names, which = np.unique(np.asarray(group), return_inverse=True)
    if len(names) < 2:
        raise arrays.UnusableColumn("`group` must name at least two groups to compare")
    times, n_events, n_at_risk = _risk_table(spells)
    parts = [_risk_table(_only(spells, which == index), times) for index in range(len(names))]
    lost = np.array([part[1] for part in parts])
    share = np.array([part[2] for part in parts]) / n_at_risk
    expected = (share * n_events).sum(axis=1)
    factor = n_events * (n_at_risk - n_events) / np.maximum(n_at_risk - 1.0, 1.0)
    spread = np.diag((share * factor).sum(axis=1)) - np.einsum("gi,hi,i->gh", share, share, factor)
    excess = (lost.sum(axis=1) - expected)[:-1]
    statistic = float(excess @ np.linalg.pinv(spread[:-1, :-1]) @ excess)
    freedom = len(names) - 1
    return LogRank(
        statistic=statistic,
        degrees_of_freedom=freedom,
        p_value=float(special.chdtrc(freedom, max(statistic, 0.0))),
        groups=names,
        observed=lost.sum(axis=1),
        expected=expected,
    )


def _spells(duration: Any, event_observed: Any, entry: Any | None, weights: Any | None) -> _Spells:
    """Check the input once."""
    lasting = arrays.numbers(duration, "duration", at_least=0.0)
    n = len(lasting)
    seen = arrays.flags(event_observed, "event_observed", length=n)
    since = None if entry is None else arrays.numbers(entry, "entry", length=n, at_least=0.0)
    if since is not None and (since >= lasting).any():
        row = int(np.argmax(since >= lasting))
        raise arrays.UnusableColumn(
            f"`entry` must lie before `duration`; row {row} enters at {since[row]:g} and ends at {lasting[row]:g}"
        )
    return _Spells(lasting, seen, since, arrays.weights_of(weights, n))


def _only(spells: _Spells, rows: Flags) -> _Spells:
    """Return the spells of some rows."""
    entry = None if spells.entry is None else spells.entry[rows]
    return _Spells(spells.duration[rows], spells.event_observed[rows], entry, spells.weights[rows])


def _risk_table(spells: _Spells, times: Floats | None = None) -> tuple[Floats, Floats, Floats]:
    """Return loss times, losses and customers at risk just before (entered before, not yet gone)."""
    lost = spells.event_observed & (spells.weights > 0)
    if times is None:
        times = np.unique(spells.duration[lost])
    place = np.searchsorted(times, spells.duration[lost])
    n_events = np.bincount(place, spells.weights[lost], minlength=len(times)).astype(float)
    n_at_risk = arrays.weight_from(spells.duration, spells.weights, times)
    if spells.entry is not None:
        n_at_risk -= arrays.weight_from(spells.entry, spells.weights, times)
    return times, n_events, n_at_risk
