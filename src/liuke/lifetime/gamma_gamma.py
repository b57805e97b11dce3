"""What a customer spends per purchase, shrunk from the few purchases seen towards what customers spend."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import special

from liuke.lifetime import likelihood
from liuke.lifetime.beta_geometric import NotFitted
from liuke.lifetime.histories import ImpossibleHistory
from liuke.lifetime.likelihood import dot
from liuke.survival import arrays
from liuke.survival.arrays import Flags, Floats

ROUGH_ROWS = 20_000


class Parameters(NamedTuple):
    """p: shape of one purchase; q, gamma: how the mean differs between customers, gamma in money."""

    p: float
    q: float
    gamma: float


class GammaGamma:
    r"""Mean spend per purchase, different between customers, independent of how often they buy.

    Attributes
    ----------
    parameters_ : Parameters
        ``p, q, gamma``.
    population_mean_ : float
        :math:`p\gamma/(q-1)`; the data's plain mean where the model has none (q of 1 or less).
    log_likelihood_ : float
        At the maximum.
    n_customers_, n_left_out_ : int
        Fitted; left out because they never repeated or their repeat spend is not positive.
    rank_correlation_ : float
        Spearman's correlation of frequency and mean spend among those fitted: far from 0, the model is wrong.
    is_converged_ : bool
        Whether the slope vanished.

    Notes
    -----
    :math:`\ln f=\ln\Gamma(px+q)-\ln\Gamma(px)-\ln\Gamma(q)+q\ln\gamma+(px-1)\ln\bar z+px\ln x
    -(px+q)\ln(\gamma+x\bar z)`,
    :math:`E[Z|x,\bar z]=p(\gamma+x\bar z)/(px+q-1)`.

    References
    ----------
    .. [1] Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). Journal of Marketing Research 42, 415-430.
    """

    parameters_: Parameters
    population_mean_: float
    log_likelihood_: float
    n_customers_: int
    n_left_out_: int
    rank_correlation_: float
    is_converged_: bool

    @classmethod
    def with_parameters(cls, p: float, q: float, gamma: float) -> GammaGamma:
        """Return a model whose parameters are known beforehand; `q` must exceed 1."""
        model = cls()
        model.parameters_ = Parameters(p, q, gamma)
        model.population_mean_ = p * gamma / (q - 1.0)
        return model

    def fit(self, frequency: Any, monetary_value: Any) -> GammaGamma:
        """Learn the parameters by maximum likelihood.

        Parameters
        ----------
        frequency : array-like of shape (n_customers,)
            Repeat purchases.
        monetary_value : array-like of shape (n_customers,)
            Mean spend per repeat purchase; anything (also NULL) where there was none.

        Returns
        -------
        GammaGamma
            Itself.

        Raises
        ------
        ImpossibleHistory
            If fewer than two customers repeated with positive spend: there is nothing to learn.
        """
        x, z, usable = _usable(frequency, monetary_value)
        if usable.sum() < 2:
            raise ImpossibleHistory(
                f"spend can be learned from two or more customers with a repeat purchase of positive value; there are "
                f"{int(usable.sum())}"
            )
        x, z = x[usable], z[usable]
        order = np.lexsort((z, x))
        x, z = x[order], z[order]
        scale = float(z.mean())
        part = slice(None, None, max(1, len(x) // ROUGH_ROWS))
        rough = _objective(x[part], z[part] / scale) if len(x) > 3 * ROUGH_ROWS else None
        best = likelihood.maximum(
            _objective(x, z / scale),
            [np.log([2.0, 3.0, 1.0]), np.log([6.0, 4.0, 0.5]), np.log([0.5, 8.0, 10.0])],
            rough,
        )
        p, q, gamma = (float(value) for value in np.exp(best.theta))
        self.parameters_ = Parameters(p, q, gamma * scale)
        mean = p * gamma * scale / (q - 1.0) if q > 1.0 else np.inf
        self.population_mean_ = mean if mean < 10.0 * scale else scale
        self.log_likelihood_ = -best.loss * len(x) - len(x) * float(np.log(scale))
        self.n_customers_, self.n_left_out_ = len(x), len(usable) - len(x)
        self.rank_correlation_ = rank_correlation(x, z)
        self.is_converged_ = best.is_converged
        return self

    def expected_spend(self, frequency: Any, monetary_value: Any) -> Floats:
        """Return the mean spend per purchase to expect of each customer.

        Parameters
        ----------
        frequency, monetary_value
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_customers,)
            The population mean for those without a usable repeat purchase.
        """
        if not hasattr(self, "parameters_"):
            raise NotFitted("this model has not been fitted yet: call `fit` first")
        p, q, gamma = self.parameters_
        x, z, usable = _usable(frequency, monetary_value)
        x, z = np.where(usable, x, 1.0), np.where(usable, z, 1.0)
        pull = p * x + q - 1.0
        mean = np.divide(p * (gamma + x * z), pull, out=np.full(len(x), self.population_mean_), where=pull > 0)
        return np.where(usable, mean, self.population_mean_)


def rank_correlation(left: Floats, right: Floats) -> float:
    """Return Spearman's correlation with average ranks; 0 where one side does not vary."""
    ranks = [_ranks(values) for values in (left, right)]
    spread = [float(np.sqrt(((rank - rank.mean()) ** 2).sum())) for rank in ranks]
    if min(spread) == 0:
        return 0.0
    return dot(ranks[0] - ranks[0].mean(), ranks[1] - ranks[1].mean()) / (spread[0] * spread[1])


def _ranks(values: Floats) -> Floats:
    """Return average ranks."""
    _, place, number = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(number)
    return np.asarray((last - (number - 1) / 2.0)[place])


def _usable(frequency: Any, monetary_value: Any) -> tuple[Floats, Floats, Flags]:
    """Return the columns and which rows say something about spend."""
    x = arrays.numbers(frequency, "frequency", at_least=0.0)
    z = arrays.floats(monetary_value)
    if z.shape != x.shape:
        raise arrays.UnusableColumn(f"`monetary_value` has {len(z)} rows, `frequency` has {len(x)}")
    return x, z, np.asarray((x > 0) & np.isfinite(z) & (z > 0))


def _objective(x: Floats, z: Floats) -> likelihood.Objective:
    """Return minus the mean log-likelihood with its slope in the log-parameters."""
    n = float(len(x))
    counts, which = np.unique(x, return_inverse=True)
    held = np.bincount(which).astype(float)
    logs_z = float(np.log(z).sum())
    first = dot(x, np.log(z)) + dot(x, np.log(x))
    spend = x * z

    def loss(theta: Floats) -> tuple[float, Floats]:
        p, q, gamma = np.exp(theta)
        shape = p * counts
        logs, inverse = np.log(gamma + spend), 1.0 / (gamma + spend)
        x_logs, all_logs = dot(x, logs), float(logs.sum())
        value = dot(held, special.gammaln(shape + q) - special.gammaln(shape))
        value += n * (q * np.log(gamma) - special.gammaln(q)) + p * first - logs_z - p * x_logs - q * all_logs
        joint = special.digamma(shape + q)
        by_p = dot(held * counts, joint - special.digamma(shape)) + first - x_logs
        by_q = dot(held, joint) + n * (np.log(gamma) - special.digamma(q)) - all_logs
        by_gamma = n * q / gamma - p * dot(x, inverse) - q * float(inverse.sum())
        return -value / n, -np.array([by_p * p, by_q * q, by_gamma * gamma]) / n

    return loss
