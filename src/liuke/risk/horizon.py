"""When: from a probability for one window to the median days left, and how much of the risk is near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liuke.kernel.errors import InvalidInput
from liuke.survival.curves import kaplan_meier
from liuke.survival.hazards import survival

Vector = NDArray[np.float64]


class NoFollowUp(InvalidInput):
    """Nobody was followed, or nobody was lost: no baseline survival can be estimated."""


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """The cumulative hazard everybody shares, straight between the days on which somebody was lost.

    Parameters
    ----------
    days : ndarray
        Days since the customers were looked at, ascending from 0.
    cumulative_hazard : ndarray
        At these days, from 0.
    """

    days: Vector
    cumulative_hazard: Vector

    @classmethod
    def of_follow_up(cls, duration_days: ArrayLike, lost: ArrayLike) -> Baseline:
        """Return the baseline of customers followed from a past day to their loss or the end of observation.

        Raises
        ------
        NoFollowUp
            If nobody was lost.
        """
        duration, seen = np.asarray(duration_days, np.float64), np.asarray(lost, bool)
        if not seen.any():
            raise NoFollowUp("nobody was lost during follow-up: expected days left cannot be estimated; follow longer")
        curve = kaplan_meier(np.maximum(duration, 1.0), seen)
        alive = curve.survival > 0
        hazard: Vector = -np.log(curve.survival[alive]).astype(np.float64)
        return cls(np.append(0.0, curve.times[alive]), np.append(0.0, hazard))

    @classmethod
    def of_hazards(cls, hazards: ArrayLike, period_days: float) -> Baseline:
        """Return the baseline of hazards per period of `period_days`."""
        hazard: Vector = -np.log(survival(hazards)).astype(np.float64)
        days: Vector = period_days * np.arange(len(hazard) + 1, dtype=np.float64)
        return cls(days, np.append(0.0, hazard))

    @classmethod
    def constant(cls, loss_rate: float, window_days: int, longest_days: int) -> Baseline:
        """Return a constant hazard that loses `loss_rate` in `window_days`, known up to `longest_days`."""
        if not 0 < loss_rate < 1:
            raise NoFollowUp(f"a loss rate of {loss_rate} has no constant hazard: it must lie between 0 and 1")
        days = np.array([0.0, float(longest_days)])
        return cls(days, -np.log1p(-loss_rate) / window_days * days)

    def hazard_by(self, days: ArrayLike) -> Vector:
        """Return the cumulative hazard by `days`; beyond the last day at the mean rate until then."""
        asked = np.asarray(days, np.float64)
        last, total = self.days[-1], self.cumulative_hazard[-1]
        beyond = np.maximum(asked - last, 0) * (total / last if last else 0.0)
        return cast(Vector, np.interp(asked, self.days, self.cumulative_hazard) + beyond)

    def day_of(self, cumulative_hazard: ArrayLike) -> Vector:
        """Return the day on which the cumulative hazard is reached; NaN beyond the last day."""
        asked = np.asarray(cumulative_hazard, np.float64)
        return cast(Vector, np.interp(asked, self.cumulative_hazard, self.days, right=np.nan))

    def to_json(self) -> dict[str, Any]:
        """Return plain data from which `from_json` builds the same baseline."""
        return {"days": self.days.tolist(), "cumulative_hazard": self.cumulative_hazard.tolist()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Baseline:
        """Return the baseline written by `to_json`."""
        return cls(np.array(data["days"], float), np.array(data["cumulative_hazard"], float))


@dataclass(frozen=True, slots=True)
class Window:
    """The window a probability speaks of: losses in ``(lead_days, lead_days + horizon_days]`` from today."""

    lead_days: int
    horizon_days: int

    @property
    def end(self) -> int:
        """Last day of the window."""
        return self.lead_days + self.horizon_days


def relative_hazard(probability: ArrayLike, baseline: Baseline, window: Window) -> Vector:
    r"""Return each customer's hazard as a multiple of the baseline's.

    Notes
    -----
    With :math:`S_i = S_0^{\theta_i}` and a probability :math:`p_i` for the window, given survival of the lead time,

    .. math:: \theta_i = \frac{-\ln(1 - p_i)}{H_0(G + W) - H_0(G)}
    """
    chance = np.clip(np.asarray(probability, np.float64), 0.0, 1 - 1e-9)
    within = float(baseline.hazard_by(window.end) - baseline.hazard_by(window.lead_days))
    if within <= 0:
        raise NoFollowUp(
            f"nobody was lost between day {window.lead_days} and day {window.end} of follow-up: "
            "the probability cannot be spread over time; use Baseline.constant"
        )
    return -np.log1p(-chance) / within


def expected_days_left(
    probability: ArrayLike, baseline: Baseline, window: Window, longest_days: float | None = None
) -> Vector:
    r"""Return the median days to loss, NaN where it lies beyond the follow-up (or `longest_days`).

    Parameters
    ----------
    probability : array_like, shape (n_customers,)
        Of loss within the window.
    baseline : Baseline
        Estimated from the follow-up of past customers.
    window : Window
        What the probability speaks of.
    longest_days : float, optional
        The longest horizon one is willing to speak of.

    Notes
    -----
    The day on which :math:`S_0(t)^{\theta_i} = \tfrac12`, that is :math:`H_0(t) = \ln 2 / \theta_i`.
    """
    theta = relative_hazard(probability, baseline, window)
    with np.errstate(divide="ignore"):
        day = baseline.day_of(np.log(2) / theta)
    if longest_days is not None:
        day = np.where(day > longest_days, np.nan, day)
    return day


def urgency(
    probability: ArrayLike, baseline: Baseline, window: Window, days_to_deadline: ArrayLike | None = None
) -> Vector:
    r"""Return how near the risk is, in [0, 1].

    Parameters
    ----------
    probability, baseline, window
        As in `expected_days_left`.
    days_to_deadline : array_like, shape (n_customers,), optional
        Days to the end of the contract or to crossing the silence threshold; NaN where there is none.

    Notes
    -----
    .. math:: U = \frac{P(T \le G + W/3)}{P(T \le G + W)}

    A deadline raises it to 1 if it falls within the lead time, falling to 0 at the end of the window.

    References
    ----------
    .. [1] Vector EW-32.
    """
    theta = np.maximum(relative_hazard(probability, baseline, window), 1e-12)
    soon = baseline.hazard_by(window.lead_days + window.horizon_days / 3)
    near = np.expm1(-theta * soon) / np.expm1(-theta * baseline.hazard_by(window.end))
    if days_to_deadline is None:
        return near
    left = np.asarray(days_to_deadline, np.float64)
    pressure = np.clip((window.end - left) / window.horizon_days, 0.0, 1.0)
    return np.fmax(near, np.where(np.isnan(left), 0.0, pressure))
