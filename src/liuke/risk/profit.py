"""Comparing rankings by money: the profit of contacting the riskiest, its maximum, and the expected maximum (EMP).

These compare classifiers. Whom to contact is decided by expected gain (`budget`), which knows each customer's value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc

from liuke.risk.evaluation import _groups

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Campaign:
    """A retention campaign in money, as in Verbraken, Verbeke and Baesens (2013).

    Parameters
    ----------
    lifetime_value : float
        Of a customer kept.
    offer_cost, contact_cost : float
        Cost of the offer when taken, and of each contact.
    alpha, beta : float
        Beta distribution of the share of would-be churners who accept.
    """

    lifetime_value: float = 200.0
    offer_cost: float = 10.0
    contact_cost: float = 1.0
    alpha: float = 6.0
    beta: float = 14.0

    @property
    def acceptance(self) -> float:
        """Mean acceptance."""
        return self.alpha / (self.alpha + self.beta)


@dataclass(frozen=True, slots=True)
class Profit:
    """Profit per customer of the population, and the share of it to contact."""

    profit: float
    share: float


def profit_curve(churned: ArrayLike, score: ArrayLike, shares: ArrayLike, campaign: Campaign | None = None) -> Vector:
    r"""Return the profit per customer of contacting the riskiest `shares`.

    Notes
    -----
    .. math:: P(t;\gamma) = CLV[\gamma(1-\delta)-\varphi]\pi_0 F_0(t) - CLV(\delta+\varphi)\pi_1 F_1(t)

    with :math:`\delta = d/CLV`, :math:`\varphi = f/CLV`; ties at the cut count fractionally.

    References
    ----------
    .. [1] Verbraken, T., Verbeke, W. and Baesens, B. (2013), IEEE TKDE 25(5), 961-973. Vector EW-13.
    """
    terms = campaign or Campaign()
    n, hits = _groups(churned, score)
    size = np.asarray(shares, dtype=np.float64) * n.sum()
    lost = np.interp(size, np.append(0.0, np.cumsum(n)), np.append(0.0, np.cumsum(hits)))
    return _profit(lost / n.sum(), (size - lost) / n.sum(), terms.acceptance, terms)


def maximum_profit(churned: ArrayLike, score: ArrayLike, campaign: Campaign | None = None) -> Profit:
    """Return the best profit over all cuts at the mean acceptance, and the share contacted there."""
    terms = campaign or Campaign()
    lost, kept = _points(churned, score)
    profits = _profit(lost, kept, terms.acceptance, terms)
    best = int(np.argmax(profits))
    return Profit(float(profits[best]), float(lost[best] + kept[best]))


def expected_maximum_profit(churned: ArrayLike, score: ArrayLike, campaign: Campaign | None = None) -> Profit:
    r"""Return the maximum profit averaged over the acceptance, and the share contacted on average.

    Notes
    -----
    On the convex hull of the ROC curve the best cut moves from hull point i to i+1 at acceptance

    .. math:: \gamma_i = \frac{\pi_1(\delta+\varphi)\Delta F_1 + \pi_0\varphi\Delta F_0}{\pi_0(1-\delta)\Delta F_0}

    and :math:`EMP = \int \max_t P(t;\gamma) Beta(\gamma;\alpha,\beta)\,d\gamma` is a sum over the pieces, each with
    the regularised incomplete beta function.

    References
    ----------
    .. [1] Verbraken, Verbeke and Baesens (2013), section 4. Vectors EW-20 to EW-22.
    """
    terms = campaign or Campaign()
    lost, kept = _hull(*_points(churned, score))
    delta, phi = terms.offer_cost / terms.lifetime_value, terms.contact_cost / terms.lifetime_value
    gained = np.diff(lost)
    with np.errstate(divide="ignore", invalid="ignore"):
        switches = ((delta + phi) * np.diff(kept) + phi * gained) / ((1 - delta) * gained)
    switches = switches[np.isfinite(switches)]
    edges = np.concatenate([[0.0], switches[switches < 1], [1.0]])
    lost, kept = lost[: len(edges) - 1], kept[: len(edges) - 1]
    mass = np.diff(betainc(terms.alpha, terms.beta, edges))
    moment = terms.acceptance * np.diff(betainc(terms.alpha + 1, terms.beta, edges))
    profit = terms.lifetime_value * ((1 - delta) * lost * moment - (phi * lost + (delta + phi) * kept) * mass)
    return Profit(float(profit.sum()), float(((lost + kept) * mass).sum()))


def _profit(lost: Vector, kept: Vector, acceptance: float, terms: Campaign) -> Vector:
    delta, phi = terms.offer_cost / terms.lifetime_value, terms.contact_cost / terms.lifetime_value
    return terms.lifetime_value * ((acceptance * (1 - delta) - phi) * lost - (delta + phi) * kept)


def _points(churned: ArrayLike, score: ArrayLike) -> tuple[Vector, Vector]:
    """Return the lost and the kept above each cut, as shares of everybody, from nobody to everybody."""
    n, hits = _groups(churned, score)
    lost, kept = np.append(0.0, np.cumsum(hits)), np.append(0.0, np.cumsum(n - hits))
    return lost / n.sum(), kept / n.sum()


def _hull(lost: Vector, kept: Vector) -> tuple[Vector, Vector]:
    """Return the upper convex hull of the points (kept, lost), from nobody to everybody."""
    kept_points: list[tuple[float, float]] = []
    for x, y in zip(kept.tolist(), lost.tolist(), strict=True):
        while len(kept_points) >= 2:
            (x0, y0), (x1, y1) = kept_points[-2:]
            if (x1 - x0) * (y - y0) < (y1 - y0) * (x - x0):
                break
            kept_points.pop()
        kept_points.append((x, y))
    corners = np.array(kept_points)
    return corners[:, 1], corners[:, 0]
