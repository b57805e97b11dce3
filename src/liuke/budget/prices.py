"""Shadow prices of a budget and of capacities: what each customer would choose at them, and the bound they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Choice = NDArray[np.int64]

CUTS = 120
LEAST_TRIALS = 8
TOLERANCE = 1e-7


@dataclass(frozen=True, slots=True)
class Limits:
    """A budget and any number of capacities.

    Attributes
    ----------
    spends : ndarray of shape (n_customers, n_remedies)
        Takes from the budget.
    usage : ndarray of shape (n_capacities, n_remedies) or (n_capacities, n_customers, n_remedies)
        Takes from the capacities, the same for all customers or not.
    ceiling : ndarray of shape (1 + n_capacities,)
        The budget, then the capacities.
    """

    spends: Floats
    usage: Floats
    ceiling: Floats

    @property
    def scale(self) -> Floats:
        """Sizes for rounding: the ceilings, 1 where there is none."""
        return np.where(np.isfinite(self.ceiling), self.ceiling, 1.0)

    def slack(self, which: int) -> float:
        """Return how much of a limit is mere rounding."""
        return 1e-9 * (1.0 + float(self.scale[which]))

    def column(self, which: int, remedy: int) -> Any:
        """Return what one remedy takes from one limit, per customer or for all."""
        return self.spends[:, remedy] if which == 0 else self.usage[which - 1, ..., remedy]

    def of(self, which: int, choice: Choice) -> Floats:
        """Return what each customer's choice takes from one limit."""
        return np.where(choice > 0, self.at(which, np.arange(len(choice)), np.maximum(choice - 1, 0)), 0.0)

    def at(self, which: int, rows: Choice, remedies: Choice) -> Floats:
        """Return what some customers' remedies take from one limit."""
        if which == 0:
            return self.spends[rows, remedies]
        table = self.usage[which - 1]
        return np.asarray(table[remedies] if table.ndim == 1 else table[rows, remedies])

    def used(self, choice: Choice) -> Floats:
        """Return what all choices take from each limit."""
        return np.array([self.of(which, choice).sum() for which in range(len(self.ceiling))])


@dataclass(frozen=True, slots=True)
class Increments:
    """Steps up the upper hull of each customer's (cost, value), steepest first within a customer.

    Attributes
    ----------
    cost, value, slope : ndarray of shape (n_steps,)
        Extra spend, extra value, their ratio.
    free_value : float
        Value of the best remedies that cost nothing.
    """

    cost: Floats
    value: Floats
    slope: Floats
    free_value: float


def best_prices(gains: Floats, limits: Limits) -> tuple[Floats, float]:
    """Return the prices of the limits with the lowest bound, and that bound."""
    binding = np.isfinite(limits.ceiling[1:]) & np.array([(table > 0).any() for table in limits.usage], dtype=bool)
    if not binding.any():
        price, bound = _budget_price(gains, limits)
        return np.append([price], np.zeros(len(limits.ceiling) - 1)), bound
    return _by_cutting_planes(gains, limits, np.append([np.isfinite(limits.ceiling[0])], binding))


def choices_at(gains: Floats, limits: Limits, price: Floats) -> Choice:
    """Return what each customer would choose if the limits were paid for; on a tie, what is paid least for."""
    return _at(gains, limits, price)[0]


def increments(gains: Floats, limits: Limits) -> Increments:
    """Return the steps up every customer's hull, walking from vertex to steepest next vertex."""
    spends = limits.spends
    rows = np.arange(len(gains))
    free = np.maximum(np.where(spends <= 0, gains, 0.0).max(axis=1, initial=0.0), 0.0)
    at_cost, at_value = np.zeros(len(gains)), free.copy()
    costs, values = [], []
    for _ in range(gains.shape[1]):
        extra_cost, extra_value = spends[rows] - at_cost[:, None], gains[rows] - at_value[:, None]
        possible = (extra_cost > 0) & (extra_value > 0)
        slope = np.divide(extra_value, extra_cost, out=np.full(extra_cost.shape, -np.inf), where=possible)
        steepest = slope.max(axis=1, initial=-np.inf)
        farthest = np.where(slope >= steepest[:, None], extra_cost, -np.inf)
        remedy = farthest.argmax(axis=1)
        goes = steepest > 0
        rows, remedy = rows[goes], remedy[goes]
        if not len(rows):
            break
        costs.append(extra_cost[goes, remedy])
        values.append(extra_value[goes, remedy])
        at_cost, at_value = spends[rows, remedy], gains[rows, remedy]
    cost = np.concatenate([np.empty(0), *costs])
    value = np.concatenate([np.empty(0), *values])
    return Increments(cost, value, value / cost, float(free.sum()))


def _budget_price(gains: Floats, limits: Limits) -> tuple[float, float]:
    """Return the exact price of the budget and the bound, from increments sorted once."""
    steps = increments(gains, limits)
    order = np.argsort(-steps.slope, kind="stable")
    spent = np.cumsum(steps.cost[order])
    budget = float(limits.ceiling[0])
    whole = int(np.searchsorted(spent, budget + limits.slack(0), side="right"))
    bound = steps.free_value + float(steps.value[order[:whole]].sum())
    if whole == len(order):
        return 0.0, bound
    price = float(steps.slope[order[whole]])
    left = budget - (float(spent[whole - 1]) if whole else 0.0)
    return price, bound + price * max(left, 0.0)


def _at(gains: Floats, limits: Limits, price: Floats) -> tuple[Choice, float, Floats]:
    """Return choices at prices, the bound, and what is left of each limit."""
    best = np.zeros(len(gains))
    choice = np.zeros(len(gains), dtype=np.int64)
    paid_now = np.zeros(len(gains))
    for remedy in range(gains.shape[1]):
        paid = price[0] * limits.spends[:, remedy]
        for which in range(1, len(price)):
            if price[which] > 0:
                paid = paid + price[which] * limits.column(which, remedy)
        net = gains[:, remedy] - paid
        edge = 1e-12 * (1.0 + np.abs(np.where(np.isfinite(net), gains[:, remedy], 0.0)))
        better = (net > best + edge) | ((net > best - edge) & (paid < paid_now))
        best = np.where(better, net, best)
        paid_now = np.where(better, paid, paid_now)
        choice = np.where(better, remedy + 1, choice)
    ceiling = np.where(np.isfinite(limits.ceiling), limits.ceiling, 0.0)
    return choice, float(best.sum() + price @ ceiling), ceiling - limits.used(choice)


def _by_cutting_planes(gains: Floats, limits: Limits, binding: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return the prices with the lowest bound: each trial adds a plane below the bound's surface.

    Trials lie halfway between the best prices so far and the lowest point of the planes, which keeps the planes
    from swinging; prices are counted in units that make the limits comparable.
    """
    positive = gains[np.isfinite(gains) & (gains > 0)]
    unit = float(positive.sum()) / np.maximum(limits.scale, 1e-9) if len(positive) else np.ones(len(binding))
    highest = np.where(binding, np.maximum(1.0, _highest_price(gains, limits) / np.maximum(unit, 1e-300)), 0.0)
    planes = _Planes(highest)
    best_price: Floats = np.zeros(len(binding))
    trial = best_price
    best_bound = np.inf
    for _ in range(CUTS):
        _, bound, slope = _at(gains, limits, trial * unit)
        if bound < best_bound:
            best_price, best_bound = trial, bound
        planes.add(trial, bound, slope * unit)
        lowest, floor = planes.lowest()
        if best_bound - floor <= TOLERANCE * max(abs(best_bound), 1e-12):
            break
        trial = (lowest + best_price) / 2.0
    for _ in range(LEAST_TRIALS):
        least = planes.least_price(best_bound * (1.0 + TOLERANCE))
        _, bound, slope = _at(gains, limits, least * unit)
        if bound <= best_bound * (1.0 + 2.0 * TOLERANCE):
            return least * unit, min(best_bound, bound)
        planes.add(least, bound, slope * unit)
    return best_price * unit, best_bound


class _Planes:
    """Planes below a convex surface over prices between 0 and `highest`."""

    def __init__(self, highest: Floats) -> None:
        self.boxes = [(0.0, float(high)) for high in highest]
        self.slopes: list[Floats] = []
        self.levels: list[float] = []

    def add(self, at: Floats, height: float, slope: Floats) -> None:
        """Add the plane that touches the surface `at` a point."""
        self.slopes.append(slope)
        self.levels.append(float(slope @ at) - height)

    def lowest(self) -> tuple[Floats, float]:
        """Return where the planes are lowest, and how low."""
        height = -np.ones((len(self.slopes), 1))
        found = self._solve(
            np.append(np.zeros(len(self.boxes)), 1.0), np.hstack([np.array(self.slopes), height]), 0.0, [(None, None)]
        )
        return found[:-1], float(found[-1])

    def least_price(self, height: float) -> Floats:
        """Return the smallest prices at which no plane rises above `height`: what one unit more would add."""
        return self._solve(np.ones(len(self.boxes)), np.array(self.slopes), height, [])

    def _solve(self, aim: Floats, rows: Floats, height: float, more: list[tuple[None, None]]) -> Floats:
        from scipy.optimize import linprog

        found = linprog(
            aim, A_ub=rows, b_ub=np.array(self.levels) + height, bounds=[*self.boxes, *more], method="highs"
        )
        if not found.success:
            return np.zeros(len(aim))
        return np.asarray(found.x)


def _highest_price(gains: Floats, limits: Limits) -> Floats:
    """Return prices at which nobody would choose anything that takes from the limit."""
    top = float(np.max(gains, initial=0.0))
    spends = limits.spends[limits.spends > 0]
    least = [float(spends.min()) if len(spends) else np.inf]
    for table in limits.usage:
        least.append(float(table[table > 0].min()) if (table > 0).any() else np.inf)
    return np.asarray(top / np.array(least))
