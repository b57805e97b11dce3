"""Purchase histories (frequency, recency, T): checked once, each distinct one kept once, and their likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from liuke.kernel.errors import InvalidInput
from liuke.lifetime.likelihood import dot
from liuke.survival import arrays
from liuke.survival.arrays import Floats, Whole

ROUGH_ROWS = 6000


class ImpossibleHistory(InvalidInput):
    """A purchase history contradicts itself, or there is none to learn from."""


@dataclass(frozen=True, slots=True)
class Histories:
    """Distinct histories and how many customers have each; logarithms are taken on distinct times only.

    Attributes
    ----------
    x : ndarray of shape (n_rows,)
        Repeat purchases.
    start, end : ndarray of int of shape (n_rows,)
        Places of recency and T among `times`.
    times : ndarray
        In scaled time.
    weight : ndarray of shape (n_rows,)
        Customers with this history.
    distinct_x, x_index : ndarray
        Distinct repeat counts, and the place of each row's among them.
    """

    x: Floats
    start: Whole
    end: Whole
    times: Floats
    weight: Floats
    distinct_x: Floats
    x_index: Whole


class HistoryLikelihood:
    """Minus the mean log-likelihood of (M)BG/NBD over distinct histories, with its slope in the log-parameters.

    Parameters
    ----------
    rows : Histories
        In scaled time.
    modified : bool
        Whether dropping out is possible right after the first purchase.
    """

    def __init__(self, rows: Histories, *, modified: bool) -> None:
        self.rows = rows
        self.shift = float(modified)
        self.n = float(rows.weight.sum())
        counts, weight = rows.distinct_x, rows.weight
        self.held = np.bincount(rows.x_index, weight)
        possible = np.ones(len(counts), dtype=bool) if modified else counts > 0
        self.base = np.where(possible, counts + self.shift - 1.0, 0.0)
        self.never = np.where(possible, 0.0, -np.inf)[rows.x_index]
        self.at_end = np.bincount(rows.end, weight, minlength=len(rows.times))
        self.at_end_x = np.bincount(rows.end, weight * rows.x, minlength=len(rows.times))

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """Return the loss and its slope at the logarithms of r, alpha, a, b."""
        r, alpha, a, b = np.exp(theta)
        rows, n = self.rows, self.n
        counts, beyond_b = rows.distinct_x, b + rows.distinct_x + self.shift
        logs, inverse = np.log(alpha + rows.times), 1.0 / (alpha + rows.times)
        power = r * self.at_end + self.at_end_x
        gap = logs[rows.end] - logs[rows.start]
        shape = r + rows.x
        odds = (np.log(a) - np.log(b + self.base))[rows.x_index] + shape * gap + self.never
        small = np.exp(-np.abs(odds))
        gone = rows.weight * np.where(odds > 0, 1.0, small) / (1.0 + small)

        gammaln, psi = special.gammaln, special.digamma
        value = n * (r * np.log(alpha) - gammaln(r) + gammaln(a + b) - gammaln(b)) - dot(power, logs)
        value += dot(self.held, gammaln(r + counts) + gammaln(beyond_b) - gammaln(a + beyond_b))
        value += dot(rows.weight, np.maximum(odds, 0.0) + np.log1p(small))

        whole = psi(a + beyond_b)
        by_r = n * (np.log(alpha) - psi(r)) + dot(self.held, psi(r + counts)) + dot(gone, gap) - dot(self.at_end, logs)
        by_alpha = n * r / alpha - dot(power, inverse) + dot(gone * shape, inverse[rows.end] - inverse[rows.start])
        by_a = n * psi(a + b) - dot(self.held, whole) + float(gone.sum()) / a
        by_b = n * (psi(a + b) - psi(b)) + dot(self.held, psi(beyond_b) - whole)
        by_b -= dot(np.bincount(rows.x_index, gone, minlength=len(counts)), 1.0 / (b + self.base))
        return -value / n, -np.array([by_r * r, by_alpha * alpha, by_a * a, by_b * b]) / n


def checked(frequency: Any, recency: Any, T: Any) -> tuple[Floats, Floats, Floats]:
    """Check purchase histories once."""
    x = arrays.numbers(frequency, "frequency", at_least=0.0)
    t_x = arrays.numbers(recency, "recency", length=len(x), at_least=0.0)
    age = arrays.numbers(T, "T", length=len(x), at_least=0.0)
    for is_wrong, rule in (
        (t_x > age, "`recency` may not exceed `T`"),
        ((x == 0) != (t_x == 0), "`recency` is 0 exactly where `frequency` is 0; merge purchases of one day first"),
    ):
        if is_wrong.any():
            row = int(np.argmax(is_wrong))
            raise ImpossibleHistory(f"{rule}; row {row} has frequency {x[row]:g}, recency {t_x[row]:g}, T {age[row]:g}")
    return x, t_x, age


def distinct(x: Floats, t_x: Floats, age: Floats, held: Floats | None, scale: float) -> Histories:
    """Return distinct histories in scaled time, in a fixed order, by packing each into one whole number."""
    counts, x_code = _codes(x, 1.0)
    unit = next((unit for unit in (1.0, 7.0, 24.0) if _on_grid(t_x, unit) and _on_grid(age, unit)), None)
    times: Floats
    start: Whole
    end: Whole
    if unit is None:
        times, place = np.unique(np.concatenate([t_x, age]), return_inverse=True)
        start, end = place[: len(x)], place[len(x) :]
    else:
        start, end = np.rint(t_x * unit).astype(np.int64), np.rint(age * unit).astype(np.int64)
        times = np.asarray(np.arange(int(end.max()) + 1) / unit)
    weight: Floats
    size = np.int64(len(times))
    if len(counts) * float(size) ** 2 >= 2.0**62:
        weight = np.ones(len(x)) if held is None else held
        return Histories(x, start, end, times / scale, weight, counts, x_code)
    packed = (x_code * size + start) * size + end
    if held is None:
        key, number = np.unique(packed, return_counts=True)
        weight = number.astype(float)
    else:
        key, inverse = np.unique(packed, return_inverse=True)
        weight = np.bincount(inverse, held, minlength=len(key)).astype(float)
    x_code, start, end = key // size**2, key // size % size, key % size
    return Histories(counts[x_code], start, end, times / scale, weight, counts, x_code)


def _codes(values: Floats, unit: float) -> tuple[Floats, Whole]:
    """Return distinct values and the place of each value among them."""
    if not _on_grid(values, unit) or values.max(initial=0.0) > 1e7:
        return np.unique(values, return_inverse=True)
    steps = np.rint(values * unit).astype(np.int64)
    present = np.bincount(steps) > 0
    place = np.cumsum(present) - 1
    return np.flatnonzero(present) / unit, place[steps]


def _on_grid(values: Floats, unit: float) -> bool:
    """Return whether all values are whole numbers of 1 / `unit`, and not too many of them."""
    steps = values * unit
    return bool(steps.max(initial=0.0) < 2e5 and np.abs(steps - np.rint(steps)).max(initial=0.0) < 1e-6)


def part_of(rows: Histories) -> Histories:
    """Return the heaviest rows and an even selection of the others, weighted up to stand for all; all, if few."""
    if len(rows.x) <= 3 * ROUGH_ROWS:
        return rows
    order = np.argsort(-rows.weight, kind="stable")
    heavy, rest = order[: ROUGH_ROWS // 2], np.sort(order[ROUGH_ROWS // 2 :])
    chosen = rest[:: max(1, len(rest) * 2 // ROUGH_ROWS)]
    weight = rows.weight.copy()
    weight[chosen] *= rows.weight[rest].sum() / rows.weight[chosen].sum()
    keep = np.concatenate([heavy, chosen])
    counts, which = np.unique(rows.x[keep], return_inverse=True)
    return Histories(rows.x[keep], rows.start[keep], rows.end[keep], rows.times, weight[keep], counts, which)
