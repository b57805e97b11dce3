"""Logistic regression on splines: a sum of one curve per feature, so every contribution can be read off."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from liuke.risk.examples import Encoding, Matrix

Vector = NDArray[np.float64]
CHUNK = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One feature's part of the log-odds: a broken line over `knots`, or one value per level of a category.

    Parameters
    ----------
    name : str
        The feature.
    knots : ndarray
        Ascending places of the broken line, constant beyond its ends; empty for a category.
    values : ndarray
        Log-odds at the knots, or per level.
    missing : float
        Log-odds where the feature is unknown.
    """

    name: str
    knots: Vector
    values: Vector
    missing: float

    def at(self, column: Vector) -> Vector:
        """Return the log-odds this feature adds for each customer."""
        unknown = np.isnan(column)
        if len(self.knots):
            part = np.interp(np.where(unknown, self.knots[0], column), self.knots, self.values)
        else:
            part = self.values[np.where(unknown, 0, column).astype(np.intp)]
        return cast(Vector, np.where(unknown, self.missing, part))


@dataclass(frozen=True, slots=True, eq=False)
class AdditiveLogit:
    r"""A fitted additive logistic regression.

    Parameters
    ----------
    intercept : float
        Log-odds of a customer whose every contribution is zero, that is, average on every feature.
    curves : tuple of Curve
        One per feature, centred on the population it was fitted on.

    Notes
    -----
    .. math:: \operatorname{logit} p = \beta_0 + \sum_j f_j(x_j), \qquad f_j \text{ a broken line, or a value per level}

    fitted by penalised maximum likelihood (ridge on slopes and on changes of slope). On independent features
    :math:`f_j(x_j)` is the SHAP value, :math:`\beta_j (x_j - E x_j)` where the line is straight.
    """

    intercept: float
    curves: tuple[Curve, ...]

    def raw(self, matrix: Matrix, encoding: Encoding, threads: int = 1) -> Vector:
        """Return the log-odds of loss, shape (n_customers,)."""
        total = np.full(len(matrix), self.intercept)
        for curve in self.curves:
            total += curve.at(matrix[:, encoding.names.index(curve.name)])
        return total

    def contributions(self, matrix: Matrix, encoding: Encoding, threads: int = 1) -> Matrix:
        """Return each feature's part of the log-odds, shape (n_customers, n_features of `encoding`)."""
        parts = np.zeros(matrix.shape)
        for curve in self.curves:
            place = encoding.names.index(curve.name)
            parts[:, place] = curve.at(matrix[:, place])
        return parts

    def to_json(self) -> dict[str, Any]:
        """Return plain data from which `from_json` builds the same regression."""
        curves = [
            {"name": c.name, "knots": c.knots.tolist(), "values": c.values.tolist(), "missing": c.missing}
            for c in self.curves
        ]
        return {"intercept": self.intercept, "curves": curves}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> AdditiveLogit:
        """Return the regression written by `to_json`."""
        curves = tuple(
            Curve(c["name"], np.array(c["knots"], float), np.array(c["values"], float), float(c["missing"]))
            for c in data["curves"]
        )
        return cls(float(data["intercept"]), curves)


@dataclass(frozen=True, slots=True)
class Smoothness:
    """How freely the curves may bend.

    Parameters
    ----------
    pieces : int
        Pieces of each broken line (cut at quantiles); 1 is plain logistic regression.
    ridge : float
        Penalty on changes of slope, and on the level of a missing value.
    slope_ridge : float
        Penalty on the overall slope.
    level_ridge : float
        Penalty on the values of categories.
    """

    pieces: int = 8
    ridge: float = 0.3
    slope_ridge: float = 0.1
    level_ridge: float = 3.0


LINEAR = Smoothness(pieces=1)


def fitted_additive_logit(
    matrix: Matrix,
    churned: NDArray[np.bool_],
    encoding: Encoding,
    names: tuple[str, ...] | None = None,
    smoothness: Smoothness | None = None,
) -> AdditiveLogit:
    """Return the additive logistic regression of `churned` on the features `names` (all by default).

    Parameters
    ----------
    matrix : ndarray of shape (n_customers, n_features)
        As encoded by `encoding`.
    churned : ndarray of bool, shape (n_customers,)
        At least one of each kind.
    encoding : Encoding
        Says which columns are categories.
    names : tuple of str, optional
        Features to use.
    smoothness : Smoothness, optional
        How freely the curves may bend.
    """
    used = encoding.names if names is None else names
    bends = smoothness or Smoothness()
    terms = [_Term.of(name, matrix[:, encoding.names.index(name)], encoding, bends) for name in used]
    columns = [matrix[:, encoding.names.index(name)] for name in used]
    with threadpool_limits(1):
        basis = np.column_stack(
            [np.ones(len(matrix)), *(term.basis(column) for term, column in zip(terms, columns, strict=True))]
        )
        penalty = np.concatenate([[1e-9], *(term.penalty(bends) for term in terms)])
        coefficients = _newton(basis, churned.astype(float), penalty)
    return _as_curves(coefficients, terms, columns)


@dataclass(frozen=True, slots=True, eq=False)
class _Term:
    """How one feature enters the regression: scaled knots or levels, and a place for missing."""

    name: str
    knots: Vector
    n_levels: int
    has_missing: bool

    @classmethod
    def of(cls, name: str, column: Vector, encoding: Encoding, bends: Smoothness) -> _Term:
        unknown = np.isnan(column)
        if encoding.is_category(name):
            return cls(name, np.empty(0), len(encoding.levels[name]), bool(unknown.any()))
        known = column[~unknown]
        knots = np.unique(np.quantile(known, np.linspace(0, 1, bends.pieces + 1))) if len(known) else np.zeros(1)
        if len(knots) == 1 and len(known):
            knots = np.unique([known.min(), knots[0], known.max()])
        return cls(name, knots, 0, bool(unknown.any()))

    def basis(self, column: Vector) -> Matrix:
        unknown = np.isnan(column)
        if self.n_levels:
            parts = (np.where(unknown, -1, column)[:, None] == np.arange(self.n_levels)).astype(float)
        else:
            scaled, knots = self._scaled(np.where(unknown, self.knots[0], column)), self._scaled(self.knots)
            bends = np.maximum(scaled[:, None] - knots[None, 1:-1], 0.0)
            parts = np.column_stack([scaled - 0.5, bends]) * ~unknown[:, None]
        return np.column_stack([parts, unknown]) if self.has_missing else parts

    def penalty(self, bends: Smoothness) -> Vector:
        if self.n_levels:
            own = np.full(self.n_levels, bends.level_ridge)
        else:
            own = np.concatenate([[bends.slope_ridge], np.full(max(len(self.knots) - 2, 0), bends.ridge)])
        return np.append(own, bends.level_ridge) if self.has_missing else own

    def _scaled(self, values: Vector) -> Vector:
        low, high = self.knots[0], self.knots[-1]
        return cast(Vector, (np.clip(values, low, high) - low) / ((high - low) or 1.0))

    def curve(self, coefficients: Vector) -> tuple[Vector, float]:
        own = coefficients[:-1] if self.has_missing else coefficients
        missing = float(coefficients[-1]) if self.has_missing else 0.0
        if self.n_levels:
            return own, missing
        scaled = self._scaled(self.knots)
        line = np.column_stack([scaled - 0.5, np.maximum(scaled[:, None] - scaled[None, 1:-1], 0.0)])
        return line @ own, missing


def _as_curves(coefficients: Vector, terms: list[_Term], columns: list[Vector]) -> AdditiveLogit:
    intercept, place, curves = float(coefficients[0]), 1, []
    for term, column in zip(terms, columns, strict=True):
        width = (term.n_levels or max(len(term.knots) - 1, 1)) + term.has_missing
        values, missing = term.curve(coefficients[place : place + width])
        centre = float(Curve(term.name, term.knots, values, missing).at(column).mean())
        # A feature never seen missing adds nothing when it is unknown later.
        curves.append(Curve(term.name, term.knots, values - centre, missing - centre if term.has_missing else 0.0))
        intercept, place = intercept + centre, place + width
    return AdditiveLogit(intercept, tuple(curves))


def _newton(basis: Matrix, outcome: Vector, penalty: Vector) -> Vector:
    """Maximise the penalised likelihood: first on an eighth of many rows, then from there on all of them."""
    start = np.zeros(basis.shape[1])
    rate = min(max(outcome.mean(), 1e-6), 1 - 1e-6)
    start[0] = math.log(rate / (1 - rate))
    if len(basis) > 2 * CHUNK:
        some = slice(None, None, 8)
        start = _climb(basis[some], outcome[some], penalty / 8, start, tolerance=1e-3)
    return _climb(basis, outcome, penalty, start, tolerance=1e-4)


def _climb(basis: Matrix, outcome: Vector, penalty: Vector, start: Vector, tolerance: float) -> Vector:
    now, best = start, _objective(basis, outcome, penalty, start)
    for _ in range(50):
        gradient, curvature = _derivatives(basis, outcome, penalty, now)
        step = np.linalg.solve(curvature, gradient)
        for _ in range(30):
            ahead = _objective(basis, outcome, penalty, now + step)
            if ahead >= best - 1e-12 * abs(best):
                break
            step = step / 2
        now, best = now + step, ahead
        if np.abs(step).max() < tolerance:
            break
    return now


def _objective(basis: Matrix, outcome: Vector, penalty: Vector, at: Vector) -> float:
    odds = basis @ at
    return float((outcome * odds - np.logaddexp(0, odds)).sum() - (penalty * at * at).sum() / 2)


def _derivatives(basis: Matrix, outcome: Vector, penalty: Vector, at: Vector) -> tuple[Vector, Matrix]:
    gradient, curvature = -penalty * at, np.diag(penalty)
    for first in range(0, len(basis), CHUNK):
        rows = basis[first : first + CHUNK]
        chance = 1 / (1 + np.exp(-np.clip(rows @ at, -35, 35)))
        gradient = gradient + rows.T @ (outcome[first : first + CHUNK] - chance)
        curvature = curvature + (rows * (chance * (1 - chance))[:, None]).T @ rows
    return gradient, curvature
