"""The simple rules every model must beat: overdue ratio, chance of being alive, RFM cell, ten-feature logistic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from liuke.risk.additive import LINEAR, AdditiveLogit, Vector, fitted_additive_logit
from liuke.risk.examples import Encoding, Matrix
from liuke.risk.learners import Ensemble, thinned

BASE_RATE, OVERDUE, ALIVE, RFM, LOGISTIC, MODEL = (
    "base_rate",
    "overdue_ratio",
    "p_alive",
    "rfm_cells",
    "logistic_ten",
    "model",
)
MAX_ROWS = 20_000


class Scorer(Protocol):
    """Anything that ranks customers by log-odds of loss and can say which feature added what."""

    def raw(self, matrix: Matrix, encoding: Encoding, threads: int = 1) -> Vector:
        """Return uncalibrated log-odds, shape (n_customers,)."""
        ...

    def contributions(self, matrix: Matrix, encoding: Encoding, threads: int = 1) -> Matrix:
        """Return each feature's part of them, shape (n_customers, n_features)."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        ...


@dataclass(frozen=True, slots=True)
class BaselineColumns:
    """Which features the simple rules read; the first name present is taken, a rule without its features is left out.

    Parameters
    ----------
    overdue : tuple of str
        Silence over the customer's own threshold.
    alive : tuple of str
        P(alive) of a buy-till-you-die model.
    recency, frequency, monetary : tuple of str
        Days since the last purchase, number of purchases, money spent.
    n_logistic : int
        Features of the plain logistic regression: the strongest ones alone.
    """

    overdue: tuple[str, ...] = ("overdue_ratio",)
    alive: tuple[str, ...] = ("p_alive", "probability_alive")
    recency: tuple[str, ...] = ("days_since_last_purchase", "silence_days")
    frequency: tuple[str, ...] = ("purchase_days_365d", "n_purchase_days", "frequency")
    monetary: tuple[str, ...] = ("spend_365d", "spend_all", "monetary_value")
    n_logistic: int = 10


@dataclass(frozen=True, slots=True)
class Everybody:
    """Ranks nobody: everybody gets the base rate."""

    def raw(self, matrix: Matrix, encoding: Encoding, threads: int = 1) -> Vector:
        """Return zeros."""
        return np.zeros(len(matrix))

    def contributions(self, matrix: Matrix, encoding: Encoding, threads: int = 1) -> Matrix:
        """Return zeros."""
        return np.zeros(matrix.shape)

    def to_json(self) -> dict[str, Any]:
        """Return nothing to remember."""
        return {}


@dataclass(frozen=True, slots=True, eq=False)
class RankedColumn:
    """Ranks by one column: the log-odds of the customer's rank among the examples."""

    name: str
    sign: float
    sample: Vector

    @classmethod
    def of(cls, name: str, sign: float, column: Vector) -> RankedColumn:
        """Return the ranking by a column, remembered by 200 quantiles."""
        known = column[~np.isnan(column)]
        return cls(name, sign, np.quantile(known, np.linspace(0, 1, 201)) if len(known) else np.zeros(1))

    def raw(self, matrix: Matrix, encoding: Encoding, threads: int = 1) -> Vector:
        """Return the log-odds of the rank, 0 where the column is unknown."""
        column = matrix[:, encoding.names.index(self.name)]
        sides = np.searchsorted(self.sample, column, "left") + np.searchsorted(self.sample, column, "right")
        rank = (sides / 2 + 0.5) / (len(self.sample) + 1)
        return cast(Vector, np.where(np.isnan(column), 0.0, self.sign * np.log(rank / (1 - rank))))

    def contributions(self, matrix: Matrix, encoding: Encoding, threads: int = 1) -> Matrix:
        """Return the whole score under the one column."""
        parts = np.zeros(matrix.shape)
        parts[:, encoding.names.index(self.name)] = self.raw(matrix, encoding)
        return parts

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"name": self.name, "sign": self.sign, "sample": self.sample.tolist()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RankedColumn:
        """Return the ranking written by `to_json`."""
        return cls(data["name"], float(data["sign"]), np.array(data["sample"], float))


@dataclass(frozen=True, slots=True, eq=False)
class CellRate:
    """Gives each RFM cell (fifths of each column, and unknown) its loss rate, drawn to the base rate as by ten more."""

    names: tuple[str, ...]
    edges: tuple[Vector, ...]
    odds: NDArray[np.float64]
    own_odds: tuple[Vector, ...]

    @classmethod
    def of(cls, names: tuple[str, ...], matrix: Matrix, churned: NDArray[np.bool_], encoding: Encoding) -> CellRate:
        """Return the cells' rates among the examples."""
        columns = [matrix[:, encoding.names.index(name)] for name in names]
        edges = tuple(np.unique(np.nanquantile(column, [0.2, 0.4, 0.6, 0.8], method="higher")) for column in columns)
        places = [_fifth(column, edge) for column, edge in zip(columns, edges, strict=True)]
        shape = tuple(len(edge) + 2 for edge in edges)
        flat = np.ravel_multi_index(places, shape)
        odds = _odds(flat, churned, int(np.prod(shape))).reshape(shape)
        own = tuple(_odds(place, churned, size) for place, size in zip(places, shape, strict=True))
        return cls(names, edges, odds, own)

    def _places(self, matrix: Matrix, encoding: Encoding) -> list[NDArray[np.intp]]:
        columns = (matrix[:, encoding.names.index(name)] for name in self.names)
        return [_fifth(column, edge) for column, edge in zip(columns, self.edges, strict=True)]

    def raw(self, matrix: Matrix, encoding: Encoding, threads: int = 1) -> Vector:
        """Return the log-odds of the cell."""
        return self.odds[tuple(self._places(matrix, encoding))]

    def contributions(self, matrix: Matrix, encoding: Encoding, threads: int = 1) -> Matrix:
        """Return each column's own log-odds against the mean: which of the three stands out."""
        parts = np.zeros(matrix.shape)
        for name, place, own in zip(self.names, self._places(matrix, encoding), self.own_odds, strict=True):
            parts[:, encoding.names.index(name)] = (own - own.mean())[place]
        return parts

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "names": list(self.names),
            "edges": [edge.tolist() for edge in self.edges],
            "odds": self.odds.tolist(),
            "own_odds": [own.tolist() for own in self.own_odds],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CellRate:
        """Return the cells written by `to_json`."""
        edges, own = (tuple(np.array(part, float) for part in data[key]) for key in ("edges", "own_odds"))
        return cls(tuple(data["names"]), edges, np.array(data["odds"], float), own)


def _fifth(column: Vector, edges: Vector) -> NDArray[np.intp]:
    place = np.searchsorted(edges, column, side="right")
    return cast(NDArray[np.intp], np.where(np.isnan(column), len(edges) + 1, place))


def _odds(place: NDArray[np.intp], churned: NDArray[np.bool_], size: int) -> Vector:
    base = np.clip(churned.mean(), 1e-4, 1 - 1e-4)
    rate = (np.bincount(place, churned, minlength=size) + 10 * base) / (np.bincount(place, minlength=size) + 10)
    return cast(Vector, np.log(rate / (1 - rate)))


def fitted_baselines(
    matrix: Matrix,
    churned: NDArray[np.bool_],
    encoding: Encoding,
    columns: BaselineColumns,
    strength: dict[str, float],
    *,
    seed: int = 0,
) -> dict[str, Scorer]:
    """Return the simple rules that these features allow, by name, the simplest first.

    Parameters
    ----------
    matrix, churned, encoding
        The examples.
    columns : BaselineColumns
        Which features the rules read.
    strength : dict
        ROC-AUC of each feature alone, to choose the features of the logistic regression.
    seed : int
        Of the draw that thins many examples.
    """
    rows = thinned(len(churned), MAX_ROWS, seed)
    matrix, churned = matrix[rows], churned[rows]
    found: dict[str, Scorer] = {BASE_RATE: Everybody()}
    for label, names, sign in ((OVERDUE, columns.overdue, 1.0), (ALIVE, columns.alive, -1.0)):
        if name := _first(names, encoding):
            found[label] = RankedColumn.of(name, sign, matrix[:, encoding.names.index(name)])
    rfm = tuple(_first(names, encoding) for names in (columns.recency, columns.frequency, columns.monetary))
    if all(rfm):
        found[RFM] = CellRate.of(rfm, matrix, churned, encoding)
    strongest = sorted(encoding.names, key=lambda name: (-strength.get(name, 0.5), name))[: columns.n_logistic]
    if strongest:
        names = tuple(sorted(strongest))
        found[LOGISTIC] = fitted_additive_logit(matrix, churned, encoding, names, LINEAR)
    return found


def _first(names: tuple[str, ...], encoding: Encoding) -> str:
    return next((name for name in names if name in encoding.names and not encoding.is_category(name)), "")


KINDS: dict[str, type[Any]] = {
    BASE_RATE: Everybody,
    OVERDUE: RankedColumn,
    ALIVE: RankedColumn,
    RFM: CellRate,
    LOGISTIC: AdditiveLogit,
    MODEL: Ensemble,
}


def scorer_from_json(name: str, data: dict[str, Any]) -> Scorer:
    """Return the scorer written under `name`."""
    if name == BASE_RATE:
        return Everybody()
    return cast(Scorer, KINDS[name].from_json(data))
