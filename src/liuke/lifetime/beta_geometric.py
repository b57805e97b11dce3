"""Customers without contract who buy at random until, after some purchase, they are gone: BG/NBD and MBG/NBD."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import special

from liuke.kernel.errors import InvalidInput
from liuke.lifetime import histories, likelihood
from liuke.lifetime.histories import HistoryLikelihood
from liuke.lifetime.hypergeometric import purchases_if_alive
from liuke.lifetime.likelihood import dot
from liuke.survival import arrays
from liuke.survival.arrays import Floats


class NotFitted(InvalidInput):
    """The model has no parameters yet."""


class Parameters(NamedTuple):
    """r, alpha: how purchase rates vary (gamma, rate alpha); a, b: how the chance of leaving varies (beta)."""

    r: float
    alpha: float
    a: float
    b: float


class BetaGeometric:
    r"""Purchases at a rate that differs between customers, who may drop out after each purchase.

    Parameters
    ----------
    modified : bool, default False
        False: BG/NBD, nobody drops out before the first repeat purchase, so every one-time customer counts as
        alive. True: MBG/NBD, one may drop out right after the first purchase: prefer it where many buy once.

    Attributes
    ----------
    parameters_ : Parameters
        ``r, alpha, a, b``; `alpha` in the unit of time of the data.
    log_likelihood_ : float
        At the maximum.
    n_customers_ : float
        Sum of the weights.
    condition_ : float
        Condition number of the curvature; above 1e6 the parameters are not told apart by the data.
    is_converged_, is_at_bound_ : bool
        Whether the slope vanished; whether a parameter ran off to a bound (``a`` to 0: nobody ever leaves).

    Notes
    -----
    With :math:`\delta = 1` where dropping out was possible,

    .. math:: L = A_1 A_2 \{ (\alpha+T)^{-(r+x)}
              + \delta \tfrac{a}{b+x-1+s} (\alpha+t_x)^{-(r+x)} \},

    :math:`s=0` for BG/NBD and 1 for MBG/NBD. Distinct rows are fitted with weights, over log-parameters, with the
    exact gradient; the result does not depend on the order of rows or the number of threads.

    References
    ----------
    .. [1] Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). Marketing Science 24, 275-284.
    .. [2] Batislam, E. P., Denizel, M. & Filiztekin, A. (2007). IJRM 24, 201-209.
    """

    parameters_: Parameters
    log_likelihood_: float
    n_customers_: float
    condition_: float
    is_converged_: bool
    is_at_bound_: bool

    def __init__(self, *, modified: bool = False) -> None:
        self.modified = modified

    @classmethod
    def with_parameters(cls, r: float, alpha: float, a: float, b: float, *, modified: bool = False) -> BetaGeometric:
        """Return a model whose parameters are known beforehand."""
        model = cls(modified=modified)
        model.parameters_ = Parameters(r, alpha, a, b)
        return model

    def fit(self, frequency: Any, recency: Any, T: Any, *, weights: Any | None = None) -> BetaGeometric:
        """Learn the parameters by maximum likelihood.

        Parameters
        ----------
        frequency : array-like of shape (n_customers,)
            Repeat purchases x (the first one not counted).
        recency : array-like of shape (n_customers,)
            Age at the last purchase, 0 where there was no repeat.
        T : array-like of shape (n_customers,)
            Age at the end of observation, same unit as `recency`.
        weights : array-like of shape (n_customers,), optional
            How many customers each row stands for.

        Returns
        -------
        BetaGeometric
            Itself.

        Raises
        ------
        ImpossibleHistory
            If a last purchase lies after the end, repeats have no date or dates no repeats, or nobody was
            observed for any time.
        """
        x, t_x, age = histories.checked(frequency, recency, T)
        held = None if weights is None else arrays.weights_of(weights, len(x))
        n, total = (float(len(x)), age.sum()) if held is None else (float(held.sum()), np.sum(held * age))
        if total <= 0:
            raise histories.ImpossibleHistory(
                "no customer was observed for any time: check that `T` is not zero throughout"
            )
        scale = float(total / n)
        rows = histories.distinct(x, t_x, age, held, scale)
        part = histories.part_of(rows)
        rough = None if part is rows else HistoryLikelihood(part, modified=self.modified)
        best = likelihood.maximum(HistoryLikelihood(rows, modified=self.modified), _starts(rows), rough)
        r, alpha, a, b = np.exp(best.theta)
        self.parameters_ = Parameters(float(r), float(alpha * scale), float(a), float(b))
        self.log_likelihood_ = -best.loss * n - dot(rows.weight, rows.x) * float(np.log(scale))
        self.n_customers_ = n
        self.condition_ = best.condition
        self.is_converged_, self.is_at_bound_ = best.is_converged, best.is_at_bound
        return self

    def log_likelihood(self, frequency: Any, recency: Any, T: Any) -> Floats:
        """Return the log-likelihood of each customer's history."""
        r, alpha, a, b = self._known()
        x, t_x, age = histories.checked(frequency, recency, T)
        s = float(self.modified)
        constant = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha)
        chance = special.betaln(a, b + x + s) - special.betaln(a, b)
        odds = self._log_odds_gone(x, t_x, age)
        return np.asarray(constant + chance - (r + x) * np.log(alpha + age) + np.logaddexp(0.0, odds))

    def gradient(self, frequency: Any, recency: Any, T: Any) -> Floats:
        """Return the derivatives of each log-likelihood by r, alpha, a, b; shape (n_customers, 4)."""
        r, alpha, a, b = self._known()
        x, t_x, age = histories.checked(frequency, recency, T)
        s = float(self.modified)
        gone = special.expit(self._log_odds_gone(x, t_x, age))
        psi = special.digamma
        by_r = psi(r + x) - psi(r) + np.log(alpha) - (1 - gone) * np.log(alpha + age) - gone * np.log(alpha + t_x)
        by_alpha = r / alpha - (r + x) * ((1 - gone) / (alpha + age) + gone / (alpha + t_x))
        by_a = psi(a + b) - psi(a + b + x + s) + gone / a
        by_b = psi(a + b) + psi(b + x + s) - psi(b) - psi(a + b + x + s) - gone / np.maximum(b + x + s - 1, 1e-300)
        return np.stack([by_r, by_alpha, by_a, by_b], axis=1)

    def probability_alive(self, frequency: Any, recency: Any, T: Any) -> Floats:
        """Return the chance that each customer has not yet dropped out at the end of observation.

        Parameters
        ----------
        frequency, recency, T
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_customers,)
            In [0, 1]. It is not the chance to buy soon: see `probability_of_purchase`.
        """
        return np.asarray(special.expit(-self._log_odds_gone(*histories.checked(frequency, recency, T))))

    def expected_purchases(self, frequency: Any, recency: Any, T: Any, *, horizon: float) -> Floats:
        """Return the purchases expected of each customer in the `horizon` after the end of observation.

        Parameters
        ----------
        frequency, recency, T
            As in `fit`.
        horizon : float
            How far to look, in the unit of `T`.

        Returns
        -------
        ndarray of shape (n_customers,)
            Mean numbers of purchases, 0 or more.
        """
        x, t_x, age = histories.checked(frequency, recency, T)
        alive = special.expit(-self._log_odds_gone(x, t_x, age))
        return np.asarray(alive * self.purchases_while_alive(x, age, horizon=horizon))

    def purchases_while_alive(self, frequency: Any, T: Any, *, horizon: float) -> Floats:
        """Return the purchases expected in the `horizon` of a customer known to be alive at `T`."""
        r, alpha, a, b = self._known()
        x, age = arrays.floats(frequency), arrays.floats(T)
        pairs = x + 1j * age
        distinct, which = np.unique(pairs, return_inverse=True)
        mean = purchases_if_alive(
            rate_shape=r + distinct.real,
            rate_age=alpha + distinct.imag,
            a=a,
            b=b + distinct.real + float(self.modified),
            horizon=horizon,
        )
        return np.asarray(mean[which])

    def expected_purchases_of_new(self, horizon: Any) -> Floats:
        """Return the repeat purchases a customer makes on average within each `horizon` after the first one."""
        none = np.zeros(1)
        times = np.atleast_1d(arrays.floats(horizon))
        return np.array([float(self.expected_purchases(none, none, none, horizon=float(t))[0]) for t in times])

    def probability_of_purchase(self, frequency: Any, recency: Any, T: Any, *, horizon: float) -> Floats:
        r"""Return the chance of at least one purchase in the `horizon` after the end of observation.

        Notes
        -----
        P(alive) times :math:`1-\left(\frac{\alpha+T}{\alpha+T+t}\right)^{r+x}`: nobody drops out before the next
        purchase, and the rate of those alive is Gamma(r + x, alpha + T).
        """
        r, alpha, _, _ = self._known()
        x, t_x, age = histories.checked(frequency, recency, T)
        alive = special.expit(-self._log_odds_gone(x, t_x, age))
        return np.asarray(-alive * np.expm1(-(r + x) * np.log1p(horizon / (alpha + age))))

    def _known(self) -> Parameters:
        if not hasattr(self, "parameters_"):
            raise NotFitted("this model has not been fitted yet: call `fit` first")
        return self.parameters_

    def _log_odds_gone(self, x: Floats, t_x: Floats, age: Floats) -> Floats:
        """Return the logarithm of P(gone) / P(alive); minus infinity where dropping out was impossible."""
        r, alpha, a, b = self._known()
        s = float(self.modified)
        possible = (x > 0) | self.modified
        odds = np.log(a) - np.log(np.where(possible, b + x + s - 1, 1.0))
        odds = odds + (r + x) * (np.log(alpha + age) - np.log(alpha + t_x))
        return np.where(possible, odds, -np.inf)


def _starts(rows: histories.Histories) -> list[Floats]:
    """Return where to start: the mean rate is that of the data, its spread and the chance of leaving vary."""
    rate = max(dot(rows.weight, rows.x) / dot(rows.weight, rows.times[rows.end]), 1e-4)
    return [np.log([shape, shape / rate, a, b]) for shape, a, b in ((0.3, 0.7, 2.0), (1.0, 1.5, 8.0), (3.0, 0.2, 2.0))]
