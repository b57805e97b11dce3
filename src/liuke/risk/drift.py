"""Whether a population has moved away from the one a model knows: the population stability index (PSI)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]
MODERATE, LARGE = 0.10, 0.25
"""Conventional readings: below the first stable, above the second large."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A stability index with its reading.

    Parameters
    ----------
    psi : float
        The index.
    limit : float
        What it exceeds by chance alone in 5 % of cases, given both sample sizes.
    """

    psi: float
    limit: float

    @property
    def reading(self) -> Literal["stable", "moderate", "large"]:
        """The conventional reading; within chance it is always stable."""
        if self.psi <= self.limit or self.psi < MODERATE:
            return "stable"
        return "moderate" if self.psi <= LARGE else "large"


def population_stability_index(expected: ArrayLike, actual: ArrayLike) -> float:
    r"""Return the PSI of two vectors of bin counts (or shares without empty bins).

    Notes
    -----
    .. math:: PSI = \sum_i (a_i - e_i) \ln(a_i / e_i)

    If a bin is empty on one side, each count of that side becomes :math:`(count + .5)/(n + .5 B)`.

    References
    ----------
    .. [1] Vector EW-50.
    """
    shares = [_shares(np.asarray(side, dtype=np.float64)) for side in (expected, actual)]
    used = ~(np.isnan(shares[0]) | np.isnan(shares[1]))
    before, now = shares[0][used], shares[1][used]
    return float(((now - before) * np.log(now / before)).sum())


def chance_limit(bins: int, n_expected: int, n_actual: int, level: float = 0.95) -> float:
    r"""Return what the PSI stays below by chance: :math:`\chi^2_{B-1}(level) (1/N + 1/M)`.

    References
    ----------
    .. [1] Yurdakul, B. (2018). Statistical properties of population stability index. Vector EW-50.
    """
    from scipy.stats import chi2

    if bins < 2 or not n_expected or not n_actual:
        return math.inf
    return float(chi2.ppf(level, bins - 1) * (1 / n_expected + 1 / n_actual))


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Bins frozen on a reference population, and its counts; the last bin holds the unknown."""

    edges: Vector
    counts: Vector

    @classmethod
    def of(cls, values: Vector, bins: int = 10) -> Reference:
        """Return the reference of a column, cut at its deciles (`bins` equal shares); NaN is its own bin."""
        known = values[~np.isnan(values)]
        cuts: Vector = np.quantile(known, np.arange(1, bins) / bins, method="higher") if len(known) else np.empty(0)
        edges: Vector = np.unique(cuts).astype(np.float64)
        return cls(edges, _counts(values, edges))

    @classmethod
    def of_levels(cls, codes: Vector, n_levels: int) -> Reference:
        """Return the reference of a category, one bin per level."""
        edges: Vector = np.arange(n_levels - 1, dtype=np.float64) + 0.5
        return cls(edges, _counts(codes, edges))

    def counts_of(self, values: Vector) -> Vector:
        """Return the counts of `values` in these bins; counts of several parts may be added."""
        return _counts(values, self.edges)

    def drift(self, counts: Vector) -> Drift:
        """Return how far a population with these counts is from the reference."""
        filled = (self.counts + counts) > 0
        before, now = self.counts[filled], counts[filled]
        limit = chance_limit(int(filled.sum()), int(before.sum()), int(now.sum()))
        return Drift(population_stability_index(before, now) if math.isfinite(limit) else 0.0, limit)

    def to_json(self) -> dict[str, Any]:
        """Return plain data from which `from_json` builds the same reference."""
        return {"edges": self.edges.tolist(), "counts": self.counts.tolist()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Reference:
        """Return the reference written by `to_json`."""
        return cls(np.array(data["edges"], float), np.array(data["counts"], float))


def _counts(values: Vector, edges: Vector) -> Vector:
    place = np.searchsorted(edges, values, side="right")
    place[np.isnan(values)] = len(edges) + 1
    return np.bincount(place, minlength=len(edges) + 2).astype(np.float64)


def _shares(counts: Vector) -> Vector:
    if (counts == 0).any():
        counts = (counts + 0.5) / (counts.sum() + 0.5 * len(counts))
    return cast(Vector, counts / counts.sum())
