"""Weights of indicators: by hand, by pairwise judgement (AHP), by entropy, learned from losses, and combined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from liuke.kernel.errors import InvalidInput

Vector = NDArray[np.float64]
RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)
"""Saaty's random consistency index for 1 to 10 indicators."""
ACCEPTED_RATIO = 0.10


class BadWeights(InvalidInput):
    """Weights or judgements that cannot be used."""


@dataclass(frozen=True, slots=True, eq=False)
class PairwiseWeights:
    """Weights from pairwise judgements, with how consistent these were.

    Parameters
    ----------
    weights, geometric_weights : ndarray of shape (n,)
        By the principal eigenvector (to be used) and by geometric means (to compare).
    largest_eigenvalue, consistency_index, consistency_ratio : float
        A ratio below .10 is accepted.
    """

    weights: Vector
    geometric_weights: Vector
    largest_eigenvalue: float
    consistency_index: float
    consistency_ratio: float

    @property
    def is_consistent(self) -> bool:
        """Whether the judgements agree well enough to be used."""
        return self.consistency_ratio < ACCEPTED_RATIO


def pairwise_weights(judgements: ArrayLike) -> PairwiseWeights:
    r"""Return the weights of a matrix of pairwise judgements (analytic hierarchy process, 层次分析法).

    Parameters
    ----------
    judgements : array_like, shape (n, n)
        ``a[i, j]``: how many times as important i is as j; reciprocal, 1 on the diagonal; n up to 10.

    Raises
    ------
    BadWeights
        If the matrix is not square, positive and reciprocal.

    Notes
    -----
    .. math:: A w = \lambda_{max} w, \quad CI = \frac{\lambda_{max} - n}{n - 1}, \quad CR = CI / RI_n

    References
    ----------
    .. [1] Saaty, T. L. (1980). The Analytic Hierarchy Process. Vectors CM-40 to CM-42.
    """
    matrix = np.asarray(judgements, np.float64)
    n = len(matrix)
    if matrix.shape != (n, n) or not 1 <= n <= len(RANDOM_INDEX) or not (matrix > 0).all():
        raise BadWeights(
            f"judgements of shape {matrix.shape}: give a square matrix of positive numbers, at most 10 × 10"
        )
    if not np.allclose(matrix * matrix.T, 1.0, rtol=1e-3):
        row, column = np.argwhere(~np.isclose(matrix * matrix.T, 1.0, rtol=1e-3))[0]
        raise BadWeights(
            f"judgement ({row + 1}, {column + 1}) is {matrix[row, column]:g} but ({column + 1}, {row + 1}) is "
            f"{matrix[column, row]:g}: one must be the reciprocal of the other"
        )
    with threadpool_limits(1):
        values, vectors = np.linalg.eig(matrix)
    first = int(np.argmax(values.real))
    principal = np.abs(vectors[:, first].real)
    largest = float(values[first].real)
    index = (largest - n) / (n - 1) if n > 1 else 0.0
    ratio = index / RANDOM_INDEX[n - 1] if RANDOM_INDEX[n - 1] else 0.0
    means = np.exp(np.log(matrix).mean(axis=1))
    return PairwiseWeights(principal / principal.sum(), means / means.sum(), largest, index, ratio)


def entropy_weights(oriented: ArrayLike) -> Vector:
    r"""Return entropy weights (熵权): the more an indicator differs between customers, the more weight.

    Parameters
    ----------
    oriented : array_like, shape (n_customers, n_indicators)
        Values in [0, 1].

    Notes
    -----
    .. math:: p_{ij} = \frac{z_{ij}}{\sum_i z_{ij}}, \quad H_j = -\frac{\sum_i p_{ij} \ln p_{ij}}{\ln n}, \quad
              w_j = \frac{1 - H_j}{\sum_k (1 - H_k)}, \quad 0 \ln 0 = 0

    Entropy rewards spread, not relevance: never use it alone.

    References
    ----------
    .. [1] Vector CM-43.
    """
    spread = 1 - entropies(oriented)
    if not spread.sum() > 0:
        raise BadWeights("no indicator differs between customers: entropy gives no weights")
    return cast(Vector, spread / spread.sum())


def entropies(oriented: ArrayLike) -> Vector:
    """Return the normalised entropy of each indicator, 1 where it is the same (or 0) for everybody."""
    values = np.asarray(oriented, np.float64)
    if values.ndim != 2 or len(values) < 2:
        raise BadWeights(f"entropy needs at least two customers and a matrix, not an array of shape {values.shape}")
    totals = values.sum(axis=0)
    part = values / np.where(totals > 0, totals, 1.0)
    terms = part * np.log(np.where(part > 0, part, 1.0))
    return cast(Vector, np.where(totals > 0, -terms.sum(axis=0) / np.log(len(values)), 1.0))


def learned_weights(oriented: ArrayLike, churned: ArrayLike, *, ridge: float = 1.0) -> Vector:
    """Return weights learned from later losses by a logistic regression whose slopes may not be negative.

    Parameters
    ----------
    oriented : array_like, shape (n_customers, n_indicators)
        Values in [0, 1], 1 = more lost.
    churned : array_like of bool, shape (n_customers,)
        Later realised loss.
    ridge : float
        Penalty on the slopes.

    Raises
    ------
    BadWeights
        If no indicator speaks for losses in its declared direction.
    """
    from scipy.optimize import minimize

    values, lost = np.asarray(oriented, np.float64), np.asarray(churned, np.float64)
    design = np.column_stack([np.ones(len(values)), values])
    penalty = np.append(0.0, np.full(values.shape[1], ridge))

    def loss(at: Vector) -> tuple[float, Vector]:
        odds = design @ at
        chance = 1 / (1 + np.exp(-np.clip(odds, -35, 35)))
        value = float((np.logaddexp(0, odds) - lost * odds).sum() + (penalty * at * at).sum() / 2)
        return value / len(lost), (design.T @ (chance - lost) + penalty * at) / len(lost)

    bounds = [(None, None), *[(0.0, None)] * values.shape[1]]
    with threadpool_limits(1):
        found = minimize(loss, np.zeros(design.shape[1]), jac=True, bounds=bounds, method="L-BFGS-B")
    slopes = np.where(found.x[1:] > 1e-6, found.x[1:], 0.0)
    if not slopes.sum() > 0:
        raise BadWeights("no indicator speaks for later losses in its declared direction: audit the indicators")
    return cast(Vector, slopes / slopes.sum())


def combined_weights(
    first: ArrayLike,
    second: ArrayLike,
    how: Literal["multiplicative", "additive"] = "multiplicative",
    share: float = 0.5,
) -> Vector:
    r"""Return :math:`w \propto w_a w_b`, or :math:`\lambda w_a + (1 - \lambda) w_b` with `share` as :math:`\lambda`.

    References
    ----------
    .. [1] Vector CM-41.
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    mixed = one * other if how == "multiplicative" else share * one + (1 - share) * other
    if not mixed.sum() > 0:
        raise BadWeights("the two sets of weights have no indicator in common: combine them additively")
    return cast(Vector, mixed / mixed.sum())


def weights_by_hand(given: Mapping[str, float], names: Sequence[str]) -> Vector:
    """Return hand-given weights in the order of `names`, summing to one; an indicator not named has none."""
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise BadWeights(f"weights are given for {', '.join(unknown)}, which are no indicators of this system")
    weights = np.array([float(given.get(name, 0.0)) for name in names])
    if (weights < 0).any() or not weights.sum() > 0:
        raise BadWeights("weights must not be negative, and at least one must be positive")
    return cast(Vector, weights / weights.sum())
