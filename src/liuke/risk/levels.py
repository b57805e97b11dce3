"""Three-dimensional early warning (三维预警): risk, value and urgency, and the colour they make together.

The levels orient people. Whom to call first is decided by expected gain, not by colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from liuke.kernel.errors import InvalidInput
from liuke.kernel.words import Words

Vector = NDArray[np.float64]
Codes = NDArray[np.int8]

LEVELS = ("low", "mid", "high")
WARNINGS = ("green", "yellow", "amber", "red")
LEVEL_WORDS = {"low": Words("低", "low"), "mid": Words("中", "mid"), "high": Words("高", "high")}
WARNING_WORDS = {
    "green": Words("正常", "normal"),
    "yellow": Words("关注", "attention"),
    "amber": Words("预警", "warning"),
    "red": Words("高危", "high danger"),
}
LOW, MID, HIGH = 0, 1, 2
GREEN, YELLOW, AMBER, RED = 0, 1, 2, 3


class BadCutPoints(InvalidInput):
    """Cut points that do not ascend."""


@dataclass(frozen=True, slots=True)
class CutPoints:
    """Where each axis turns from low to mid to high; frozen, so that levels of two runs can be compared.

    Parameters
    ----------
    risk : tuple of two floats
        Probabilities at which mid and high begin.
    risk_leave : float
        High risk is left only below this, and only after `runs_to_leave` runs in a row.
    value, urgency : tuple of two floats
        The same for the percentile of value and for urgency.
    runs_to_leave : int
        Runs below `risk_leave` that end high risk.
    """

    risk: tuple[float, float] = (0.15, 0.35)
    risk_leave: float = 0.15
    value: tuple[float, float] = (0.5, 0.8)
    urgency: tuple[float, float] = (0.3, 0.6)
    runs_to_leave: int = 2

    def __post_init__(self) -> None:
        for name in ("risk", "value", "urgency"):
            mid, high = getattr(self, name)
            if not mid < high:
                raise BadCutPoints(f"cut points of {name} are {mid} and {high}: the second must be the larger")
        if self.risk_leave > self.risk[1]:
            raise BadCutPoints(
                f"high risk begins at {self.risk[1]} but is left below {self.risk_leave}: leave it at a lower risk"
            )


def cut_points_for(base_rate: float) -> CutPoints:
    """Return cut points that suit the company's base rate: mid from 1.5 times, high from 3 times, at most .35 and .6.

    To be computed once, when the model is fitted, and kept.
    """
    mid = round(min(1.5 * base_rate, 0.35), 4)
    high = round(max(min(3 * base_rate, 0.60), mid + 0.01), 4)
    return CutPoints(risk=(mid, high), risk_leave=mid)


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """What the next run must remember of each customer: in high risk, in red, and runs in a row below the exit."""

    is_high: NDArray[np.bool_]
    is_red: NDArray[np.bool_]
    runs_below: NDArray[np.int16]

    @classmethod
    def nothing(cls, n: int) -> Memory:
        """Return the memory of `n` customers never seen before."""
        return cls(np.zeros(n, bool), np.zeros(n, bool), np.zeros(n, np.int16))


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Codes of the three axes (places in `LEVELS`, -1 unknown) and of the warning (places in `WARNINGS`)."""

    risk: Codes
    value: Codes
    urgency: Codes
    warning: Codes
    memory: Memory

    def to_table(self) -> pa.Table:
        """Return the columns risk_level, value_level, urgency_level and warning as words; unknown is null."""
        return pa.table(
            {
                "risk_level": _words(self.risk, LEVELS),
                "value_level": _words(self.value, LEVELS),
                "urgency_level": _words(self.urgency, LEVELS),
                "warning": _words(self.warning, WARNINGS),
            }
        )


def levels(
    probability: ArrayLike,
    value_percentile: ArrayLike,
    urgency: ArrayLike,
    cut_points: CutPoints | None = None,
    before: Memory | None = None,
) -> Levels:
    """Return the three levels and the warning of each customer.

    Parameters
    ----------
    probability : array_like, shape (n_customers,)
        Calibrated probability of loss; NaN = not scored.
    value_percentile : array_like, shape (n_customers,)
        Place of the residual lifetime value among all, in [0, 1]; NaN = unknown.
    urgency : array_like, shape (n_customers,)
        In [0, 1]; NaN = unknown.
    cut_points : CutPoints, optional
        Frozen cut points.
    before : Memory, optional
        Of the previous run, for hysteresis.

    Notes
    -----
    1. Red (高危): high risk, at least mid value, high urgency.
    2. Amber (预警): high risk, or mid risk with high urgency.
    3. Yellow (关注): mid risk. Green (正常): the rest.
    4. Unknown value or urgency counts as mid: what is not known must not hide a danger.
    5. High risk, and red, once entered are left only when the risk was below the exit for several runs.

    References
    ----------
    .. [1] Vector EW-01.
    """
    cuts = cut_points or CutPoints()
    chance = np.asarray(probability, np.float64)
    memory = before or Memory.nothing(len(chance))
    held, below = _held(chance, cuts, memory)
    risk = _level(chance, cuts.risk)
    risk[held] = HIGH
    value, near = _level(value_percentile, cuts.value), _level(urgency, cuts.urgency)
    worth, pressing = np.where(value < 0, MID, value), np.where(near < 0, MID, near)
    red = (risk == HIGH) & (((worth >= MID) & (pressing == HIGH)) | (held & memory.is_red))
    amber = (risk == HIGH) | ((risk == MID) & (pressing == HIGH))
    warning = np.select([red, amber, risk == MID], [RED, AMBER, YELLOW], GREEN).astype(np.int8)
    return Levels(risk, value, near, warning, Memory(risk == HIGH, red, below))


def _held(chance: Vector, cuts: CutPoints, memory: Memory) -> tuple[NDArray[np.bool_], NDArray[np.int16]]:
    """Return who stays in high risk from before, and the runs in a row below the exit; not scored changes nothing."""
    under = chance < cuts.risk_leave
    below = np.where(np.isnan(chance), memory.runs_below, np.where(under, memory.runs_below + 1, 0))
    held = memory.is_high & (below < cuts.runs_to_leave)
    return held, np.where(memory.is_high, below, 0).astype(np.int16)


def percentile(value: ArrayLike) -> Vector:
    """Return each customer's place among those whose value is known, in (0, 1]; ties share the mean; NaN if unknown."""
    values = np.asarray(value, np.float64)
    place = np.full(len(values), np.nan)
    known = ~np.isnan(values)
    ranked = np.sort(values[known])
    sides = np.searchsorted(ranked, values[known], "left") + np.searchsorted(ranked, values[known], "right")
    place[known] = (sides + 1) / 2 / max(len(ranked), 1)
    return place


@dataclass(frozen=True, slots=True)
class LossesByCall:
    """Among customers once in high danger: how many were lost with and without a call.

    Calls are not drawn at random, so the difference is no effect; that is measured against a holdout.
    """

    n_called: int
    lost_called: int
    n_not_called: int
    lost_not_called: int


def losses_by_call(was_red: ArrayLike, was_called: ArrayLike, was_lost: ArrayLike) -> LossesByCall:
    """Return losses among those in high danger, with and without a call."""
    red, called, lost = (np.asarray(part, bool) for part in (was_red, was_called, was_lost))
    with_call, without = red & called, red & ~called
    return LossesByCall(
        int(with_call.sum()), int((with_call & lost).sum()), int(without.sum()), int((without & lost).sum())
    )


def _level(axis: ArrayLike, cuts: tuple[float, float]) -> Codes:
    values = np.asarray(axis, np.float64)
    code = np.searchsorted(np.array(cuts), values, side="right").astype(np.int8)
    return cast(Codes, np.where(np.isnan(values), -1, code).astype(np.int8))


def _words(codes: Codes, names: tuple[str, ...]) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(np.maximum(codes, 0), mask=codes < 0))
