"""The early-warning model itself: small boosted trees and an additive logistic regression, averaged on the log-odds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import lightgbm
import numpy as np
from numpy.typing import NDArray

from liuke.risk.additive import AdditiveLogit, Vector, fitted_additive_logit
from liuke.risk.examples import Encoding, Matrix


@dataclass(frozen=True, slots=True)
class Size:
    """How large the model may grow; small trees rank best on churn data and cost least.

    Parameters
    ----------
    trees, leaves, depth : int
        Number of trees and their size.
    learning_rate : float
        Share of each tree that is kept.
    min_rows_per_leaf : int
        Customers in a leaf, at least.
    max_rows : int
        Examples the trees learn from, at most; more are thinned by a seeded draw that keeps the base rate.
    max_rows_curves : int
        The same for the additive part.
    """

    trees: int = 160
    leaves: int = 8
    depth: int = 3
    learning_rate: float = 0.05
    min_rows_per_leaf: int = 40
    max_rows: int = 60_000
    max_rows_curves: int = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class BoostedTrees:
    """Gradient-boosted trees, held as text so that what is saved is what is used."""

    text: str
    booster: Any

    @classmethod
    def from_text(cls, text: str) -> BoostedTrees:
        """Return the trees written in LightGBM's text format."""
        return cls(text, lightgbm.Booster(model_str=text))

    def raw(self, matrix: Matrix, threads: int) -> Vector:
        """Return the log-odds of loss, shape (n_customers,)."""
        return cast(Vector, self.booster.predict(matrix, raw_score=True, num_threads=threads))

    def contributions(self, matrix: Matrix, threads: int) -> Matrix:
        """Return SHAP values and, in the last column, their base."""
        return cast(Matrix, self.booster.predict(matrix, pred_contrib=True, num_threads=threads))

    def gains(self) -> Vector:
        """Return the total gain of each feature."""
        return cast(Vector, self.booster.feature_importance("gain").astype(float))


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    r"""The mean log-odds of trees and curves.

    Notes
    -----
    Averaging on the log-odds keeps contributions additive:
    :math:`\phi_{ij} = \tfrac12(\phi^{trees}_{ij} + f_j(x_{ij}))`.
    """

    trees: BoostedTrees
    curves: AdditiveLogit

    def raw(self, matrix: Matrix, encoding: Encoding, threads: int = 1) -> Vector:
        """Return the uncalibrated log-odds of loss, shape (n_customers,)."""
        return (self.trees.raw(matrix, threads) + self.curves.raw(matrix, encoding)) / 2

    def contributions(self, matrix: Matrix, encoding: Encoding, threads: int = 1) -> Matrix:
        """Return each feature's part of the log-odds, shape (n_customers, n_features)."""
        shap = self.trees.contributions(matrix, threads)[:, :-1]
        return (shap + self.curves.contributions(matrix, encoding)) / 2

    def importances(self, encoding: Encoding) -> dict[str, float]:
        """Return each feature's share of the total gain, largest first."""
        gains = self.trees.gains()
        shares = gains / (gains.sum() or 1.0)
        ordered = sorted(zip(encoding.names, shares.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
        return dict(ordered)

    def to_json(self) -> dict[str, Any]:
        """Return plain data from which `from_json` builds the same model."""
        return {"trees": self.trees.text, "curves": self.curves.to_json()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Ensemble:
        """Return the model written by `to_json`."""
        return cls(BoostedTrees.from_text(data["trees"]), AdditiveLogit.from_json(data["curves"]))


def fitted_ensemble(
    matrix: Matrix, churned: NDArray[np.bool_], encoding: Encoding, size: Size, *, seed: int, threads: int = 1
) -> Ensemble:
    """Return trees and curves fitted to the same examples.

    Parameters
    ----------
    matrix : ndarray of shape (n_customers, n_features)
        As encoded by `encoding`.
    churned : ndarray of bool, shape (n_customers,)
        The outcome.
    encoding : Encoding
        Names the columns and categories.
    size : Size
        How large the model may grow.
    seed : int
        Of the draws inside.
    threads : int, default 1
        Changes the time, not the result.
    """
    rows = thinned(len(churned), size.max_rows, seed)
    trees = _fitted_trees(matrix[rows], churned[rows], encoding, size, seed, threads)
    rows = thinned(len(churned), size.max_rows_curves, seed)
    return Ensemble(trees, fitted_additive_logit(matrix[rows], churned[rows], encoding))


def thinned(n: int, at_most: int, seed: int) -> NDArray[np.intp] | slice:
    """Return the places of at most `at_most` of `n` rows, ascending, drawn with `seed`."""
    if n <= at_most:
        return slice(None)
    return np.sort(np.random.default_rng([seed, n]).choice(n, at_most, replace=False))


def _fitted_trees(
    matrix: Matrix, churned: NDArray[np.bool_], encoding: Encoding, size: Size, seed: int, threads: int
) -> BoostedTrees:
    categories = [place for place, name in enumerate(encoding.names) if encoding.is_category(name)]
    settings = {
        "objective": "binary",
        "learning_rate": size.learning_rate,
        "num_leaves": size.leaves,
        "max_depth": size.depth,
        "min_data_in_leaf": size.min_rows_per_leaf,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "feature_fraction": 0.6,
        "lambda_l2": 5.0,
        "max_cat_to_onehot": 64,
        "max_bin": 127,
        "bin_construct_sample_cnt": 20_000,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "seed": seed,
        "verbose": -1,
    }
    data = lightgbm.Dataset(matrix, churned.astype(float), categorical_feature=categories, free_raw_data=True)
    booster = lightgbm.train(settings, data, num_boost_round=size.trees)
    # The list of settings names the number of threads, which is no part of the model.
    return BoostedTrees.from_text(booster.model_to_string().split("\nparameters:")[0] + "\n")
