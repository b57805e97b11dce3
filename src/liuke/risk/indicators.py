"""The scoring-indicator system (打分指标体系): whether an old customer is lost, by weighted indicators one can read.

"Half a year without a purchase" is no proof of loss: each indicator is measured against what is usual, several
together make a score, excuses lower it, and every point of it can be traced to the indicator it came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from liuke.kernel.errors import InvalidInput
from liuke.kernel.words import Words
from liuke.risk.examples import KEY, numbers

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
MIN_COVERAGE = 0.60
"""Share of the weight that must be known for a score to be given."""

BANDS = ("active", "slowing", "dormant", "presumed_lost", "lost")
BAND_WORDS = {
    "active": Words("活跃", "active"),
    "slowing": Words("趋缓", "slowing"),
    "dormant": Words("休眠", "dormant"),
    "presumed_lost": Words("疑似流失", "presumed lost"),
    "lost": Words("流失", "lost"),
}


class BadIndicators(InvalidInput):
    """Indicators, weights or columns that do not fit together."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator of loss.

    Parameters
    ----------
    name : str
        Column of the features table.
    label : Words
        What people read.
    direction : {"up", "down"}
        Whether a high or a low value speaks for a loss.
    window_days : int or None
        The window it is measured over; None if it has none.
    missing : {"median", "lost", "kept"}
        What an unknown value counts as: the population's median, fully lost (1) or not at all (0). Only "median"
        counts as unknown in the coverage.
    kept_at, lost_at : float, optional
        Values at which the indicator counts 0 and 1; by default the extremes of the customers it is fitted on.
    """

    name: str
    label: Words
    direction: Literal["up", "down"]
    window_days: int | None = None
    missing: Literal["median", "lost", "kept"] = "median"
    kept_at: float | None = None
    lost_at: float | None = None


@dataclass(frozen=True, slots=True)
class Excuse:
    """A benign explanation of silence that lowers the score: long natural cycle, distance, never attends, no need.

    Parameters
    ----------
    name : str
        Column of the features table: 0 or 1, or a degree between.
    label : Words
        What people read.
    relief : float
        Share of the score it takes away where it fully holds, in [0, 1].
    """

    name: str
    label: Words
    relief: float


CATALOGUE = (
    Indicator("overdue_ratio", Words("沉默÷自身阈值", "silence over own threshold"), "up", None, "median", 0.3, 2.0),
    Indicator("purchase_ratio_90d", Words("购买频次变化", "change of frequency"), "down", 180, "median", 1.0, 0.0),
    Indicator("spend_ratio_90d", Words("消费额变化", "change of spend"), "down", 180, "median", 1.0, 0.0),
    Indicator("optional_ratio_90d", Words("可选消费变化", "change of optional spend"), "down", 180, "median", 1.0, 0.0),
    Indicator(
        "spend_year_ratio", Words("近一年与历年消费之比", "last year against all"), "down", 365, "median", 1.0, 0.0
    ),
    Indicator("breadth_drop", Words("品类收缩", "fewer categories"), "up", 180, "median", 0.0, 1.0),
    Indicator("non_response", Words("对联系无回应", "no response to contacts"), "up", 365, "median", 0.0, 1.0),
    Indicator("events_ratio", Words("使用量变化", "change of usage"), "down", 90, "median", 1.0, 0.0),
    Indicator("complaint_load", Words("投诉负荷", "load of complaints"), "up", None, "kept", 0.0, 5.0),
    Indicator("complaints_open", Words("未结投诉", "open complaints"), "up", None, "kept", 0.0, 2.0),
    Indicator("overdue_days", Words("欠费天数", "days in arrears"), "up", None, "kept", 0.0, 90.0),
    Indicator("manager_left_90d", Words("客户经理离职", "account manager left"), "up", 90, "kept", 0.0, 1.0),
)
"""Indicators whose columns the features table knows; a system takes those that are there."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Cut points of the score between the five bands; change them only with a new version."""

    cut_points: tuple[float, float, float, float] = (0.2, 0.4, 0.6, 0.8)
    version: int = 1

    def of(self, score: Vector) -> pa.Array:
        """Return the band of each score, null where there is no score."""
        unknown = np.isnan(score)
        place = np.searchsorted(np.array(self.cut_points), np.where(unknown, 0.0, score), side="right")
        return pa.array(BANDS, pa.string()).take(pa.array(place, mask=unknown))


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of loss, in the order of the customers given.

    Parameters
    ----------
    customer_id : pa.ChunkedArray
        Whose.
    score : ndarray of shape (n_customers,)
        In [0, 1], 1 = lost; NaN with too little known.
    coverage : ndarray of shape (n_customers,)
        Share of the weight that is known: the confidence in the score.
    band : pa.Array
        Place in `BANDS`, as a word.
    contributions : ndarray of shape (n_customers, n_indicators)
        What each indicator adds to the score before excuses.
    relief : ndarray of shape (n_customers,)
        Share of the score taken away by excuses.
    names : tuple of str
        The indicators.
    """

    customer_id: pa.ChunkedArray
    score: Vector
    coverage: Vector
    band: pa.Array
    contributions: Matrix
    relief: Vector
    names: tuple[str, ...]

    def to_table(self) -> pa.Table:
        """Return customer_id, score, coverage, band, relief and one column ``from_<indicator>`` each, by customer."""
        columns: dict[str, Any] = {
            KEY: self.customer_id,
            "score": pa.array(np.round(self.score, 9), from_pandas=True),
            "coverage": np.round(self.coverage, 9),
            "band": self.band,
            "relief": np.round(self.relief, 9),
        }
        for place, name in enumerate(self.names):
            columns[f"from_{name}"] = np.round(self.contributions[:, place], 9)
        return pa.table(columns).sort_by(KEY)


class IndicatorSystem:
    """Scores customers by weighted indicators whose orientation was frozen when it was fitted.

    Parameters
    ----------
    indicators : sequence of Indicator
        Which to use.
    weights : array_like, shape (n_indicators,)
        Not negative; made to sum to one (see `weights`).
    excuses : sequence of Excuse
        What lowers the score.
    bands : Bands
        Cut points.
    """

    def __init__(
        self,
        indicators: Sequence[Indicator],
        weights: ArrayLike,
        excuses: Sequence[Excuse] = (),
        bands: Bands | None = None,
    ) -> None:
        self.indicators, self.excuses, self.bands = tuple(indicators), tuple(excuses), bands or Bands()
        given = np.asarray(weights, np.float64)
        if len(given) != len(self.indicators) or (given < 0).any() or not given.sum() > 0:
            raise BadIndicators(
                f"{len(self.indicators)} indicators need as many weights, none negative and one positive; "
                f"given: {given.tolist()}"
            )
        self.weights: Vector = given / given.sum()
        self.range_: tuple[tuple[float, float], ...] | None = None
        self.median_: Vector | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the indicators."""
        return tuple(indicator.name for indicator in self.indicators)

    def fit(self, features: pa.Table) -> Self:
        """Freeze each indicator's range and median on these customers.

        Raises
        ------
        BadIndicators
            If a column is absent, or says nothing and has no fixed range.
        """
        self.range_ = tuple(_range(indicator, _column(features, indicator.name)) for indicator in self.indicators)
        placed = [
            _placed(_column(features, indicator.name), *ends)
            for indicator, ends in zip(self.indicators, self.range_, strict=True)
        ]
        self.median_ = np.array([_median(column) for column in placed])
        return self

    def oriented(self, features: pa.Table) -> tuple[Matrix, NDArray[np.bool_]]:
        """Return the indicators in [0, 1], 1 = more lost, gaps filled by their rule, and where they are known."""
        if self.range_ is None or self.median_ is None:
            raise BadIndicators("the indicator system has not been fitted: call fit on a reference population first")
        filled = np.empty((features.num_rows, len(self.indicators)))
        known = np.empty(filled.shape, dtype=bool)
        for place, (indicator, ends) in enumerate(zip(self.indicators, self.range_, strict=True)):
            column = _placed(_column(features, indicator.name), *ends)
            gaps = np.isnan(column)
            instead = {"median": self.median_[place], "lost": 1.0, "kept": 0.0}[indicator.missing]
            filled[:, place] = np.where(gaps, instead, column)
            known[:, place] = ~gaps | (indicator.missing != "median")
        return filled, known

    def score(self, features: pa.Table) -> Scores:
        r"""Return each customer's score, its confidence, band and parts.

        Notes
        -----
        .. math:: s_i = \sum_j w_j z_{ij} \prod_e (1 - r_e x_{ie})

        No score if less than 60 % of the weight is known.

        References
        ----------
        .. [1] Vector CM-41.
        """
        filled, known = self.oriented(features)
        parts = filled * self.weights
        coverage = known @ self.weights
        kept = np.ones(features.num_rows)
        for excuse in self.excuses:
            degree = np.nan_to_num(_column(features, excuse.name), nan=0.0)
            kept = kept * (1 - excuse.relief * np.clip(degree, 0.0, 1.0))
        total = np.where(coverage >= MIN_COVERAGE - 1e-12, np.clip(parts.sum(axis=1) * kept, 0.0, 1.0), np.nan)
        return Scores(features[KEY], total, coverage, self.bands.of(total), parts, 1 - kept, self.names)

    def to_json(self) -> dict[str, Any]:
        """Return what was frozen: ranges, medians, weights and cut points, as plain data."""
        frozen = zip(
            self.names,
            self.range_ or (),
            self.weights.tolist(),
            () if self.median_ is None else self.median_,
            strict=True,
        )
        return {
            "indicators": [
                {"name": name, "kept_at": ends[0], "lost_at": ends[1], "weight": weight, "median": float(middle)}
                for name, ends, weight, middle in frozen
            ],
            "excuses": [{"name": excuse.name, "relief": excuse.relief} for excuse in self.excuses],
            "bands": {"cut_points": list(self.bands.cut_points), "version": self.bands.version},
        }


def available(features: pa.Table, catalogue: Sequence[Indicator] = CATALOGUE) -> tuple[Indicator, ...]:
    """Return the indicators of the catalogue whose columns are there and not wholly unknown."""
    return tuple(
        indicator
        for indicator in catalogue
        if indicator.name in features.column_names and features[indicator.name].null_count < max(features.num_rows, 1)
    )


def _column(features: pa.Table, name: str) -> Vector:
    if name not in features.column_names:
        raise BadIndicators(f"the features have no column {name}: leave the indicator out, or load what it needs")
    return numbers(features[name])


def _range(indicator: Indicator, column: Vector) -> tuple[float, float]:
    """Return the values that count 0 and 1."""
    known = column[~np.isnan(column)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (np.nan, np.nan)
    kept, lost = (low, high) if indicator.direction == "up" else (high, low)
    kept = kept if indicator.kept_at is None else indicator.kept_at
    lost = lost if indicator.lost_at is None else indicator.lost_at
    wrong = lost <= kept if indicator.direction == "up" else lost >= kept
    if np.isnan(kept) or np.isnan(lost) or wrong:
        raise BadIndicators(
            f"indicator {indicator.name} counts 0 at {kept:g} and 1 at {lost:g}, which does not fit its direction "
            f"{indicator.direction!r}: it says nothing here; leave it out or give kept_at and lost_at"
        )
    return kept, lost


def _placed(column: Vector, kept: float, lost: float) -> Vector:
    return np.clip((column - kept) / (lost - kept), 0.0, 1.0)


def _median(column: Vector) -> float:
    known = column[~np.isnan(column)]
    return float(np.median(known)) if len(known) else 0.5
