"""Customers under contract who decide at each renewal: why retention rises although nobody grows more loyal."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import special

from liuke.lifetime import likelihood
from liuke.lifetime.beta_geometric import NotFitted
from liuke.lifetime.histories import ImpossibleHistory
from liuke.lifetime.likelihood import dot
from liuke.survival import arrays
from liuke.survival.arrays import Floats


class Parameters(NamedTuple):
    """alpha, beta: the chance not to renew is Beta(alpha, beta) between customers."""

    alpha: float
    beta: float


class ShiftedBetaGeometric:
    r"""A chance to leave at each renewal, constant for a customer, different between customers.

    Attributes
    ----------
    parameters_ : Parameters
        ``alpha, beta``.
    log_likelihood_ : float
        At the maximum.
    is_converged_ : bool
        Whether the slope vanished.

    Notes
    -----
    :math:`S(t)=B(\alpha,\beta+t)/B(\alpha,\beta)`, retention :math:`r_t=(\beta+t-1)/(\alpha+\beta+t-1)`: it rises
    because those likely to leave have left (sorting), not because anybody changed. Histories of fewer than six
    periods with alpha above 1 tend to forecast too low.

    References
    ----------
    .. [1] Fader, P. S. & Hardie, B. G. S. (2007). Journal of Interactive Marketing 21(1), 76-90.
    .. [2] Fader, P. S. & Hardie, B. G. S. (2010). Marketing Science 29, 85-93 (residual lifetime, DERL).
    """

    parameters_: Parameters
    log_likelihood_: float
    is_converged_: bool

    @classmethod
    def with_parameters(cls, alpha: float, beta: float) -> ShiftedBetaGeometric:
        """Return a model whose parameters are known beforehand."""
        model = cls()
        model.parameters_ = Parameters(alpha, beta)
        return model

    def fit(self, periods: Any, event_observed: Any, *, weights: Any | None = None) -> ShiftedBetaGeometric:
        """Learn the parameters by maximum likelihood.

        Parameters
        ----------
        periods : array-like of int of shape (n_customers,)
            The renewal at which the customer left (1 = the first), or renewals survived so far.
        event_observed : array-like of shape (n_customers,)
            True where the customer left at `periods`; False where still there after `periods` renewals.
        weights : array-like of shape (n_customers,), optional
            How many customers each row stands for.

        Returns
        -------
        ShiftedBetaGeometric
            Itself.

        Raises
        ------
        ImpossibleHistory
            If somebody left at renewal 0, or nobody ever faced a renewal.
        """
        lived = arrays.numbers(periods, "periods", at_least=0.0)
        seen = arrays.flags(event_observed, "event_observed", length=len(lived))
        held = arrays.weights_of(weights, len(lived))
        if (seen & (lived < 1)).any() or not (held[lived >= 1] > 0).any():
            raise ImpossibleHistory("renewals are counted from 1, and somebody must have faced one")
        lost_at, lost = _totals(lived[seen], held[seen])
        kept_at, kept = _totals(lived[~seen], held[~seen])
        best = likelihood.maximum(
            _objective(lost_at, lost, kept_at, kept), [np.log(start) for start in ([1.0, 1.0], [0.5, 4.0], [2.0, 30.0])]
        )
        alpha, beta = np.exp(best.theta)
        self.parameters_ = Parameters(float(alpha), float(beta))
        self.log_likelihood_ = -best.loss * float(lost.sum() + kept.sum())
        self.is_converged_ = best.is_converged
        return self

    def fit_survivors(self, survivors: Any) -> ShiftedBetaGeometric:
        """Learn from one cohort: customers at the start and still there after renewal 1, 2, ..."""
        left = arrays.numbers(survivors, "survivors", at_least=0.0)
        lost = -np.diff(left)
        if len(left) < 2 or (lost < 0).any():
            raise ImpossibleHistory(
                "survivors must not rise from one renewal to the next, and there must be two counts"
            )
        periods = np.append(np.arange(1, len(left)), len(left) - 1)
        return self.fit(periods, np.append(np.ones(len(lost)), 0), weights=np.append(lost, left[-1]))

    def survival(self, periods: Any) -> Floats:
        """Return the share still there after `periods` renewals (also between renewals, smoothly)."""
        return np.exp(-self.cumulative_hazard(periods))

    def cumulative_hazard(self, periods: Any) -> Floats:
        """Return minus the logarithm of `survival`."""
        alpha, beta = self._known()
        time = arrays.floats(periods)
        return np.asarray(special.betaln(alpha, beta) - special.betaln(alpha, beta + time))

    def retention_rate(self, renewal: Any) -> Floats:
        """Return the share that renews at renewal 1, 2, ... among those who face it."""
        alpha, beta = self._known()
        time = arrays.floats(renewal)
        return np.asarray((beta + time - 1.0) / (alpha + beta + time - 1.0))

    def residual_renewals(self, renewal: Any, *, discount_rate: float) -> Floats:
        r"""Return the discounted expected number of renewals from the `renewal`-th on (DERL).

        Parameters
        ----------
        renewal : array-like of int
            The next decision of a customer who survived all before; 1 for a new one.
        discount_rate : float
            Per renewal period, above 0.

        Returns
        -------
        ndarray
            Multiply by the margin of one renewal to get residual lifetime value, seen just before the decision.

        Notes
        -----
        :math:`\frac{\beta+n-1}{\alpha+\beta+n-1}\,{}_2F_1(1,\beta+n;\alpha+\beta+n;\frac{1}{1+d})`.
        """
        alpha, beta = self._known()
        n = arrays.floats(renewal)
        reach = special.hyp2f1(1.0, beta + n, alpha + beta + n, 1.0 / (1.0 + discount_rate))
        return np.asarray((beta + n - 1.0) / (alpha + beta + n - 1.0) * reach)

    def _known(self) -> Parameters:
        if not hasattr(self, "parameters_"):
            raise NotFitted("this model has not been fitted yet: call `fit` first")
        return self.parameters_


def _totals(periods: Floats, held: Floats) -> tuple[Floats, Floats]:
    """Return distinct periods and the customers at each."""
    distinct, which = np.unique(periods, return_inverse=True)
    return distinct, np.bincount(which, held, minlength=len(distinct)).astype(float)


def _objective(lost_at: Floats, lost: Floats, kept_at: Floats, kept: Floats) -> likelihood.Objective:
    """Return minus the mean log-likelihood with its slope in the log-parameters."""
    n = float(lost.sum() + kept.sum())

    def loss(theta: Floats) -> tuple[float, Floats]:
        alpha, beta = np.exp(theta)
        psi = special.digamma
        value = dot(lost, special.betaln(alpha + 1.0, beta + lost_at - 1.0)) - n * special.betaln(alpha, beta)
        value += dot(kept, special.betaln(alpha, beta + kept_at))
        whole_lost, whole_kept = psi(alpha + beta + lost_at), psi(alpha + beta + kept_at)
        by_alpha = lost.sum() * psi(alpha + 1.0) - dot(lost, whole_lost) + kept.sum() * psi(alpha)
        by_alpha += n * (psi(alpha + beta) - psi(alpha)) - dot(kept, whole_kept)
        by_beta = dot(lost, psi(beta + lost_at - 1.0) - whole_lost) + dot(kept, psi(beta + kept_at) - whole_kept)
        by_beta += n * (psi(alpha + beta) - psi(beta))
        return -value / n, -np.array([by_alpha * alpha, by_beta * beta]) / n

    return loss
