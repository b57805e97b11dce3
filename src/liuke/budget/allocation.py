"""Which remedy for whom under a budget and capacities, how far from the best possible, and what more money would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liuke.budget import prices
from liuke.budget.prices import Limits
from liuke.kernel.errors import InvalidInput

Floats = NDArray[np.floating[Any]]
Choice = NDArray[np.int64]

ROUNDS = 40


class ImpossibleAllocation(InvalidInput):
    """Values, costs, limits and usage do not fit together."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """One remedy, or none, for every customer.

    Attributes
    ----------
    choice : ndarray of int of shape (n_customers,)
        The chosen column: 0 = nothing, 1 = the first remedy, ...
    value, cost : float
        Sums over the choices.
    bound : float
        No allocation within the limits, not even one with fractions of remedies, is worth more.
    gap : float
        ``bound - value``: what could at most be missing.
    shadow_price : float
        What one more yuan of budget would add; 0 if money is left over.
    capacity_prices : ndarray of shape (n_capacities,)
        What one more unit of each capacity would add.
    used : ndarray of shape (n_capacities,)
        How much of each capacity is taken.
    """

    choice: Choice
    value: float
    cost: float
    bound: float
    gap: float
    shadow_price: float
    capacity_prices: Floats
    used: Floats


@dataclass(frozen=True, slots=True)
class SpendCurve:
    """What a larger budget brings.

    Attributes
    ----------
    budget, gain : ndarray of shape (n_points,)
        Spend and the gain of the best allocation with it (fractions allowed), from (0, gain of what is free) on.
    worth_spending, gain_there : float
        The spend beyond which one more yuan brings less than one yuan, and the gain up to it.
    full_spend, full_gain : float
        Doing everything that helps at all: beyond `worth_spending` this costs more than it brings.
    """

    budget: Floats
    gain: Floats
    worth_spending: float
    gain_there: float
    full_spend: float
    full_gain: float


def allocate(
    value: Any, cost: Any, *, budget: float, capacities: Any | None = None, usage: Any | None = None
) -> Allocation:
    r"""Return the remedy for each customer that gains most within a budget and capacities.

    Parameters
    ----------
    value : array-like of shape (n_customers, 1 + n_remedies)
        Expected net gain of each remedy against doing nothing, in money, after its own cost; NaN or minus infinity
        where it may not be given. Column 0 is doing nothing, always possible: all 0.
    cost : array-like of shape (n_customers, 1 + n_remedies) or (1 + n_remedies,)
        Expected spend, 0 or more; column 0 is 0.
    budget : float
        Most that may be spent.
    capacities : array-like of shape (n_capacities,), optional
        Most of each other resource (staff hours, coupons). Without `usage`, there is one per remedy: how many
        customers may get it; infinity where it is not limited.
    usage : array-like of shape (n_capacities, 1 + n_remedies) or (n_capacities, n_customers, 1 + n_remedies), optional
        How much of each capacity each remedy takes, the same for all customers or not; column 0 is 0.

    Returns
    -------
    Allocation
        Choices with their bound, gap and shadow prices. Equal customers are served in the order of rows.

    Raises
    ------
    ImpossibleAllocation
        If shapes do not match, or a cost, usage or limit is negative or unknown.

    Notes
    -----
    A multiple-choice knapsack. Prices :math:`\lambda,\mu\ge0` give the bound
    :math:`\lambda B+\mu K+\sum_i\max(0,\max_a v_{ia}-\lambda c_{ia}-\mu u_a)`, lowest at the shadow prices: found
    exactly from the sorted increments of each customer's upper hull with a budget alone, by cutting planes with
    capacities. Each customer takes what is best at these prices; then whatever exceeds a limit is taken back where
    it loses least, and what is left is filled where it gains most. With m limits at most m customers are
    undecided in the relaxed optimum, so the relative gap vanishes as customers grow in number.

    References
    ----------
    .. [1] Sinha, P. & Zoltners, A. A. (1979). Operations Research 27, 503-515.
    """
    gains, spends = _checked(value, cost)
    limits = _limits(spends, budget, capacities, usage)
    if gains.size == 0:
        return _nothing(len(gains), len(limits.ceiling) - 1)
    price, bound = prices.best_prices(gains, limits)
    choice = prices.choices_at(gains, limits, price)
    choice = _repaired(gains, limits, choice)
    choice = _filled(gains, limits, choice, price)
    used = limits.used(choice)
    worth = float(_picked(gains, choice).sum())
    return Allocation(
        choice=choice,
        value=worth,
        cost=float(used[0]),
        bound=max(bound, worth),
        gap=max(bound - worth, 0.0),
        shadow_price=float(price[0]),
        capacity_prices=price[1:],
        used=used[1:],
    )


def spend_curve(gain: Any, cost: Any, *, n_points: int = 101) -> SpendCurve:
    """Return what each budget brings, and where one more yuan brings less than one yuan.

    Parameters
    ----------
    gain : array-like of shape (n_customers, 1 + n_remedies)
        Expected gain of each remedy before its cost; NaN where it may not be given. Column 0 is doing nothing.
    cost : array-like of shape (n_customers, 1 + n_remedies) or (1 + n_remedies,)
        Expected spend.
    n_points : int, default 101
        Points of the curve, evenly spaced in spend.

    Returns
    -------
    SpendCurve
        Concave: the most efficient spending first.
    """
    gains, spends = _checked(gain, cost)
    steps = prices.increments(gains, _limits(spends, np.inf, None, None))
    order = np.argsort(-steps.slope, kind="stable")
    spent = np.concatenate([[0.0], np.cumsum(steps.cost[order])])
    gained = steps.free_value + np.concatenate([[0.0], np.cumsum(steps.value[order])])
    n_worth = int(np.searchsorted(-steps.slope[order], -1.0, side="right"))
    budget = np.linspace(0.0, spent[-1], n_points)
    return SpendCurve(
        budget=budget,
        gain=np.interp(budget, spent, gained),
        worth_spending=float(spent[n_worth]),
        gain_there=float(gained[n_worth]),
        full_spend=float(spent[-1]),
        full_gain=float(gained[-1]),
    )


def _nothing(n_customers: int, n_capacities: int) -> Allocation:
    """Return the allocation where there is nobody or nothing to choose."""
    unused = np.zeros(n_capacities)
    return Allocation(np.zeros(n_customers, dtype=np.int64), 0.0, 0.0, 0.0, 0.0, 0.0, unused, unused.copy())


def _checked(value: Any, cost: Any) -> tuple[Floats, Floats]:
    """Return gains (minus infinity where not allowed) and spends."""
    gains = np.asarray(value, dtype=float)
    if gains.ndim != 2 or gains.shape[1] < 1:
        raise ImpossibleAllocation(
            f"`value` must have customers as rows, and doing nothing and remedies as columns, not shape {gains.shape}"
        )
    try:
        spends = np.broadcast_to(np.asarray(cost, dtype=float), gains.shape)
    except ValueError as error:
        raise ImpossibleAllocation(f"`cost` of shape {np.shape(cost)} does not fit `value` of {gains.shape}") from error
    if (gains[:, 0] != 0).any() or (spends[:, 0] != 0).any():
        raise ImpossibleAllocation("column 0 of `value` and `cost` is doing nothing: it must be 0 throughout")
    gains, spends = gains[:, 1:], spends[:, 1:]
    allowed = ~np.isnan(gains) & (gains > -np.inf)
    if (gains == np.inf).any() or not (np.isfinite(spends) & (spends >= 0))[allowed].all():
        raise ImpossibleAllocation("every allowed remedy needs a finite value and a known cost of 0 or more")
    return np.where(allowed, gains, -np.inf), np.where(allowed, spends, 0.0)


def _limits(spends: Floats, budget: float, capacities: Any | None, usage: Any | None) -> Limits:
    """Return all limits, the budget first."""
    n_remedies = spends.shape[1]
    most = np.empty(0) if capacities is None else np.asarray(capacities, dtype=float)
    if usage is None:
        taken = np.eye(1 + n_remedies)[1:] if capacities is not None else np.empty((0, 1 + n_remedies))
    else:
        taken = np.asarray(usage, dtype=float)
    shapes = ((len(most), 1 + n_remedies), (len(most), len(spends), 1 + n_remedies))
    if taken.shape not in shapes or (taken[..., 0] != 0).any():
        raise ImpossibleAllocation(
            f"`usage` must be of shape {shapes[0]} or {shapes[1]}, capacities first and column 0 doing nothing, "
            f"not {taken.shape}"
        )
    taken = taken[..., 1:]
    ceiling = np.append([float(budget)], most)
    if not (ceiling >= 0).all() or not (np.isfinite(taken) & (taken >= 0)).all():
        raise ImpossibleAllocation("the budget, capacities and usage must be known and 0 or more")
    return Limits(spends, taken, ceiling)


def _picked(table: Floats, choice: Choice) -> Floats:
    """Return each customer's chosen cell, 0 for nothing."""
    chosen = table[np.arange(len(choice)), np.maximum(choice - 1, 0)]
    return np.where(choice > 0, chosen, 0.0)


def _repaired(gains: Floats, limits: Limits, choice: Choice) -> Choice:
    """Take back, limit by limit, what exceeds it, where a unit of relief loses least."""
    choice = choice.copy()
    for which in range(len(limits.ceiling)):
        for _ in range(gains.shape[1] + 1):
            excess = float(limits.used(choice)[which] - limits.ceiling[which])
            if excess <= limits.slack(which):
                break
            lesser, loss, relief = _lesser(gains, limits, choice, which)
            rate = np.divide(loss, relief, out=np.full(len(loss), np.inf), where=relief > 0)
            order = len(rate) - 1 - np.argsort(rate[::-1], kind="stable")
            n_changed = int(np.searchsorted(np.cumsum(relief[order]), excess - limits.slack(which))) + 1
            choice[order[:n_changed]] = lesser[order[:n_changed]]
    return choice


def _lesser(gains: Floats, limits: Limits, choice: Choice, which: int) -> tuple[Choice, Floats, Floats]:
    """Return, per customer, the choice that relieves one limit at the least loss and burdens no other."""
    now = _picked(gains, choice)
    held = [limits.of(place, choice) for place in range(len(limits.ceiling))]
    lesser, loss, relief = np.zeros_like(choice), now, held[which]
    for remedy in range(gains.shape[1]):
        less = held[which] - limits.column(which, remedy)
        lost = now - gains[:, remedy]
        better = (less > 0) & (lost * relief < loss * less)
        for place, mine in enumerate(held):
            better &= limits.column(place, remedy) <= mine
        lesser = np.where(better, remedy + 1, lesser)
        loss, relief = np.where(better, lost, loss), np.where(better, less, relief)
    return lesser, loss, relief


def _filled(gains: Floats, limits: Limits, choice: Choice, price: Floats) -> Choice:
    """Move customers to better remedies while something fits, the best use of what is scarce first."""
    choice = choice.copy()
    for _ in range(ROUNDS):
        left = limits.ceiling - limits.used(choice)
        rows, remedy, gained, taken = _moves(gains, limits, choice, left, price)
        if not len(rows):
            break
        paid = taken @ price
        order = np.lexsort((-gained, -np.divide(gained, paid, out=np.full(len(rows), np.inf), where=paid > 0)))
        running = np.cumsum(taken[order], axis=0)
        fits = np.logical_and.accumulate((running <= left + 1e-9 * (1.0 + np.abs(limits.scale))).all(axis=1))
        chosen = order[: max(int(fits.sum()), 1)]
        choice[rows[chosen]] = remedy[chosen] + 1
    return choice


def _moves(
    gains: Floats, limits: Limits, choice: Choice, left: Floats, price: Floats
) -> tuple[Choice, Choice, Floats, Floats]:
    """Return, for each customer with one, the best move that fits alone: row, remedy, gain, what it takes."""
    now = _picked(gains, choice)
    best = np.full(len(choice), -np.inf)
    target = np.full(len(choice), -1, dtype=np.int64)
    held = [limits.of(which, choice) for which in range(len(limits.ceiling))]
    for remedy in range(gains.shape[1]):
        gained = gains[:, remedy] - now
        fits = gained > 1e-12
        priced = np.zeros(len(choice))
        for which in range(len(limits.ceiling)):
            more = limits.column(which, remedy) - held[which]
            fits &= more <= np.maximum(left[which], 0.0)
            priced = priced + price[which] * more
        score = np.where(fits, gained - priced, -np.inf)
        better = score > best
        best, target = np.where(better, score, best), np.where(better, remedy, target)
    rows = np.flatnonzero(target >= 0)
    remedies = target[rows]
    gained = gains[rows, remedies] - now[rows]
    taken = np.stack([limits.at(which, rows, remedies) - mine[rows] for which, mine in enumerate(held)], axis=1)
    return rows, remedies, gained, taken
