"""How much each customer's chance to stay would change if treated, learned from randomised campaigns."""

from __future__ import annotations

from typing import Any

import numpy as np

from liuke.kernel.errors import InvalidInput
from liuke.survival import arrays
from liuke.survival.arrays import Flags, Floats

FOLDS = 5


class NothingToCompare(InvalidInput):
    """An arm is too small, or has only one outcome, to learn a difference from."""


def doubly_robust_scores(y: Any, treatment: Any, *, propensity: Any, treated_mean: Any, control_mean: Any) -> Floats:
    r"""Return one unbiased, noisy estimate of the effect per customer.

    Parameters
    ----------
    y : array-like of shape (n_customers,)
        Outcome: stayed (0, 1) or margin.
    treatment : array-like of shape (n_customers,)
        1 treated, 0 control.
    propensity : array-like of shape (n_customers,) or float
        Chance of treatment, strictly between 0 and 1.
    treated_mean, control_mean : array-like of shape (n_customers,)
        Outcome expected with and without treatment, predicted by models that have not seen the customer.

    Returns
    -------
    ndarray of shape (n_customers,)
        :math:`\mu_1-\mu_0+\frac{A(Y-\mu_1)}{e}-\frac{(1-A)(Y-\mu_0)}{1-e}`.

    References
    ----------
    .. [1] Kennedy, E. H. (2023). Electronic Journal of Statistics 17, 3008-3049.
    """
    outcome = arrays.numbers(y, "y")
    treated = arrays.flags(treatment, "treatment", length=len(outcome))
    chance = np.broadcast_to(arrays.floats(propensity), outcome.shape)
    if not ((chance > 0) & (chance < 1)).all():
        raise NothingToCompare("every `propensity` must lie strictly between 0 and 1: who could not be in both arms "
                               "cannot be compared")  # fmt: skip
    with_, without = arrays.floats(treated_mean), arrays.floats(control_mean)
    correction = np.where(treated, (outcome - with_) / chance, -(outcome - without) / (1.0 - chance))
    return np.asarray(with_ - without + correction)


def average_effect(scores: Any) -> tuple[float, float]:
    """Return the mean of doubly robust scores and its standard error."""
    psi = arrays.numbers(scores, "scores")
    return float(psi.mean()), float(psi.std(ddof=1) / np.sqrt(len(psi)))


class TLearner:
    """Two logistic models, one per arm; uplift is the difference of what they predict.

    Parameters
    ----------
    strength : float, default 1.0
        Inverse of the L2 penalty on standardised features.

    Attributes
    ----------
    models_ : tuple
        Fitted pipelines (control, treated).
    """

    models_: tuple[Any, Any]

    def __init__(self, *, strength: float = 1.0) -> None:
        self.strength = strength

    def fit(self, X: Any, *, y: Any, treatment: Any) -> TLearner:
        """Learn from a randomised campaign.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_features)
            As known at assignment, without missing values.
        y : array-like of shape (n_customers,)
            1 stayed, 0 left.
        treatment : array-like of shape (n_customers,)
            1 treated, 0 control.

        Returns
        -------
        TLearner
            Itself.

        Raises
        ------
        NothingToCompare
            If an arm does not have both outcomes.
        """
        table, good, treated = _checked(X, y, treatment)
        self.models_ = (
            _logistic(table[~treated], good[~treated], self.strength),
            _logistic(table[treated], good[treated], self.strength),
        )
        return self

    def predict_means(self, X: Any) -> tuple[Floats, Floats]:
        """Return the chance to stay without and with treatment."""
        table = np.asarray(X, dtype=float)
        without, with_ = (np.asarray(model.predict_proba(table)[:, 1]) for model in self.models_)
        return without, with_

    def predict(self, X: Any) -> Floats:
        """Return the uplift of each customer: positive is good."""
        without, with_ = self.predict_means(X)
        return with_ - without


class DoublyRobustLearner:
    """A linear model of the effect on doubly robust scores whose outcome models never saw the customer.

    Parameters
    ----------
    strength : float, default 1.0
        Inverse of the L2 penalty of the outcome models.
    penalty : float, default 100.0
        L2 penalty of the effect model on standardised features.
    seed : int, default 0
        Of the folds.

    Attributes
    ----------
    scores_ : ndarray of shape (n_customers,)
        Doubly robust scores of the customers learned from.
    average_effect_, standard_error_ : float
        Their mean.
    model_ : object
        The effect model.
    """

    scores_: Floats
    average_effect_: float
    standard_error_: float
    model_: Any

    def __init__(self, *, strength: float = 1.0, penalty: float = 100.0, seed: int = 0) -> None:
        self.strength = strength
        self.penalty = penalty
        self.seed = seed

    def fit(self, X: Any, *, y: Any, treatment: Any, propensity: Any | None = None) -> DoublyRobustLearner:
        """Learn from a randomised campaign; `propensity` defaults to the share treated."""
        from sklearn.linear_model import Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from threadpoolctl import threadpool_limits

        table, good, treated = _checked(X, y, treatment)
        chance = treated.mean() if propensity is None else propensity
        with_, without = np.empty(len(good)), np.empty(len(good))
        fold = _folds(good, treated, self.seed)
        for index in range(FOLDS):
            out = fold == index
            learner = TLearner(strength=self.strength).fit(table[~out], y=good[~out], treatment=treated[~out])
            without[out], with_[out] = learner.predict_means(table[out])
        self.scores_ = doubly_robust_scores(
            good.astype(float), treated, propensity=chance, treated_mean=with_, control_mean=without
        )
        self.average_effect_, self.standard_error_ = average_effect(self.scores_)
        with threadpool_limits(1):
            self.model_ = make_pipeline(StandardScaler(), Ridge(alpha=self.penalty)).fit(table, self.scores_)
        return self

    def predict(self, X: Any) -> Floats:
        """Return the uplift of each customer: positive is good."""
        return np.asarray(self.model_.predict(np.asarray(X, dtype=float)))


def _checked(X: Any, y: Any, treatment: Any) -> tuple[Floats, Flags, Flags]:
    """Check the input once."""
    table = np.asarray(X, dtype=float)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise arrays.UnusableColumn("`X` must have customers as rows, features as columns, and no missing value")
    good = arrays.flags(y, "y", length=len(table))
    treated = arrays.flags(treatment, "treatment", length=len(table))
    for arm, name in ((treated, "treated"), (~treated, "control")):
        both = min(int(good[arm].sum()), int((~good[arm]).sum()))
        if both < FOLDS:
            raise NothingToCompare(
                f"the {name} arm needs at least {FOLDS} customers of either outcome to learn from; it has {both}"
            )
    return table, good, treated


def _folds(good: Flags, treated: Flags, seed: int) -> Any:
    """Return a fold per customer, every arm and outcome spread evenly."""
    cell = good.astype(int) * 2 + treated
    order = np.lexsort((np.random.default_rng(seed).random(len(cell)), cell))
    fold = np.empty(len(cell), dtype=np.int64)
    fold[order] = np.arange(len(cell)) % FOLDS
    return fold


def _logistic(table: Floats, good: Flags, strength: float) -> Any:
    """Return a fitted logistic model on standardised features."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000)).fit(table, good)
