"""What every remedy would bring every customer, and the choice among them inside the budget and the staff's hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from liuke.budget.allocation import Allocation, allocate
from liuke.budget.gain import WAVE_SHARES, first_success, gain_sd, sequence
from liuke.budget.policy import EFFORTS, Policy
from liuke.budget.remedies import Remedy, allowed, success_table
from liuke.pipelines.deciding_facts import Facts


@dataclass(frozen=True, slots=True)
class Offers:
    """Every remedy for every customer in play; arrays of shape (m, n_remedies) unless said otherwise.

    Parameters
    ----------
    row : ndarray of int, shape (m,)
        Place among all customers.
    gain, cost, success, contacts, stay : ndarray of float
        See `liuke.budget.gain.Sequence`.
    n_waves : ndarray of int8
    suitable : ndarray of bool
        Allowed by policy and stance for this reason and effort.
    affordable : ndarray of bool
        Inside the effort's cap on money and minutes for one customer.
    deliverable : ndarray of bool
        Some open channel can carry it.
    sd : ndarray of float
        Standard deviation of the gain.
    """

    row: np.ndarray
    gain: np.ndarray
    cost: np.ndarray
    success: np.ndarray
    contacts: np.ndarray
    stay: np.ndarray
    n_waves: np.ndarray
    suitable: np.ndarray
    affordable: np.ndarray
    deliverable: np.ndarray
    sd: np.ndarray

    @property
    def eligible(self) -> np.ndarray:
        """What may be chosen: suitable, affordable, deliverable and worth more than it costs."""
        may_be: np.ndarray = self.suitable & self.affordable & self.deliverable & (self.gain > 0) & (self.n_waves > 0)
        return may_be

    def best(self, among: np.ndarray) -> np.ndarray:
        """Return the place of the best remedy of each customer among those marked; −1 where none is."""
        place = np.where(among, self.gain, -np.inf).argmax(axis=1) if among.shape[1] else np.zeros(len(among), int)
        return np.where(among.any(axis=1), place, -1)

    def at(self, name: str, place: np.ndarray) -> np.ndarray:
        """Return one of the arrays at a remedy per customer; NaN where the place is −1."""
        values = getattr(self, name)[np.arange(len(place)), np.maximum(place, 0)].astype(float)
        return np.where(place >= 0, values, np.nan)


def offers(
    known: Facts,
    row: np.ndarray,
    policy: Policy,
    remedies: Sequence[Remedy],
    *,
    deliverable: np.ndarray,
    waves_done: np.ndarray,
    effects: pa.Table | None,
    value_cv: float,
) -> Offers:
    """Return what each remedy would bring the customers `row`."""
    success, weight = success_table(remedies, effects)
    loss, value, tier, letter = known.loss[row], known.value[row], known.tier[row], known.letter[row]
    kind = known.is_lost[row].astype(np.int64)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ("gain", "cost", "success", "contacts", "stay", "sd")}
    n_waves: list[np.ndarray] = []
    affordable: list[np.ndarray] = []
    for number, remedy in enumerate(remedies):
        shares = WAVE_SHARES[: remedy.most_waves]
        first = first_success(success[..., number], wave_shares=shares)[kind, tier, letter]
        got = sequence(
            loss, value, first, contact_cost=remedy.contact_cost, incentive=remedy.incentive,
            waves_done=waves_done[row], wave_shares=shares,
        )  # fmt: skip
        sd = gain_sd(loss, value, got.success, weight=weight[kind, tier, letter, number], value_cv=value_cv)
        for name in ("gain", "cost", "success", "contacts", "stay"):
            parts[name].append(getattr(got, name))
        parts["sd"].append(sd)
        n_waves.append(got.n_waves)
        affordable.append(_affordable(remedy, got.n_waves, value, known.effort[row], policy))
    stacked = {name: np.column_stack(columns) for name, columns in parts.items()}
    suitable = allowed(policy, remedies, known.reasons or ("X",))[known.reason[row], known.effort[row]]
    matches = np.array([remedy.is_price_match for remedy in remedies])
    return Offers(
        row=row,
        n_waves=np.column_stack(n_waves),
        suitable=suitable & ~(known.retreats[row][:, None] & matches),
        affordable=np.column_stack(affordable),
        deliverable=deliverable[row],
        **stacked,
    )


def _affordable(
    remedy: Remedy, n_waves: np.ndarray, value: np.ndarray, effort: np.ndarray, policy: Policy
) -> np.ndarray:
    """Return whether the most the remedy can cost is inside the cap, and one contact inside the minutes."""
    rows = [policy.efforts[name] for name in EFFORTS]
    cap_amount = np.array([row.cap_amount for row in rows])[effort]
    cap_share = np.array([row.cap_share for row in rows])[effort]
    minutes = np.array([row.max_minutes for row in rows])[effort]
    most = n_waves * remedy.contact_cost + remedy.incentive
    inside: np.ndarray = (most <= np.minimum(cap_amount, cap_share * value)) & (remedy.minutes <= minutes)
    return inside


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen.

    Parameters
    ----------
    place : ndarray of int, shape (m,)
        Remedy per customer in play, −1 for none; −1 for the held out.
    would_have : ndarray of int, shape (m,)
        What the held out would have had at the final prices, −1 for none and for the others.
    allocation : Allocation
    prices : dict of str to float
        Price of one more unit of each capacity that binds: remedy codes and ``staff_minutes``.
    """

    place: np.ndarray
    would_have: np.ndarray
    allocation: Allocation
    prices: dict[str, float]


def choose(
    these: Offers, is_open: np.ndarray, is_holdout: np.ndarray, remedies: Sequence[Remedy], *, budget: float,
    staff_minutes: float | None,
) -> Choice:  # fmt: skip
    """Return the allocation of remedies to those open to one, the held out left aside.

    Parameters
    ----------
    these : Offers
    is_open, is_holdout : ndarray of bool, shape (m,)
        May have a remedy at all; drawn into the holdout beforehand.
    remedies : sequence of Remedy
    budget : float
        Money; expected costs are charged against it.
    staff_minutes : float or None
        Minutes of staff; expected minutes are charged against it.

    Notes
    -----
    Maximises the sum of net gains. The held out are given afterwards what the prices (shadow price λ of money, μ of
    capacities) would have bought them: argmax of gain − λ·cost − Σ μ·usage, if positive.
    """
    eligible = these.eligible & is_open[:, None]
    names, limits = _limits(remedies, staff_minutes)
    taking = np.flatnonzero(~is_holdout & eligible.any(axis=1))
    value, cost = _with_nothing(these.gain, these.cost, eligible, taking)
    usage = _usage(these, taking, names, remedies, eligible) if names else None
    done = allocate(value, cost, budget=budget, capacities=limits if names else None, usage=usage)
    place = np.full(len(these.row), -1, dtype=np.int64)
    place[taking] = np.asarray(done.choice, dtype=np.int64) - 1
    prices = dict(zip(names, np.asarray(done.capacity_prices, dtype=float).tolist(), strict=True)) if names else {}
    would = np.full(len(these.row), -1, dtype=np.int64)
    held = np.flatnonzero(is_holdout & eligible.any(axis=1))
    would[held] = _bought(these, held, eligible, remedies, done.shadow_price, prices)
    return Choice(place, would, done, prices)


def _limits(remedies: Sequence[Remedy], staff_minutes: float | None) -> tuple[list[str], np.ndarray]:
    limits = {remedy.code: float(remedy.capacity) for remedy in remedies if remedy.capacity is not None}
    if staff_minutes is not None:
        limits["staff_minutes"] = float(staff_minutes)
    return list(limits), np.array(list(limits.values()), dtype=float)


def _with_nothing(
    gain: np.ndarray, cost: np.ndarray, eligible: np.ndarray, row: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return value and cost with a first column for doing nothing; what is not eligible loses to it."""
    nothing = np.zeros((len(row), 1))
    value = np.where(eligible[row], gain[row], -1.0)
    return np.hstack([nothing, value]), np.hstack([nothing, np.where(eligible[row], cost[row], 0.0)])


def _usage(
    these: Offers, row: np.ndarray, names: list[str], remedies: Sequence[Remedy], eligible: np.ndarray
) -> np.ndarray:
    """Return how much of each capacity each remedy takes, shape (n_capacities, m, 1 + n_remedies)."""
    used = np.zeros((len(names), len(row), 1 + len(remedies)))
    codes = [remedy.code for remedy in remedies]
    minutes = np.array([remedy.minutes for remedy in remedies])
    for number, name in enumerate(names):
        if name == "staff_minutes":
            used[number, :, 1:] = these.contacts[row] * minutes * eligible[row]
        else:
            used[number, :, 1 + codes.index(name)] = eligible[row, codes.index(name)]
    return used


def _net(these: Offers, row: np.ndarray, remedies: Sequence[Remedy], price: float, prices: dict[str, float]) -> Any:
    net = these.gain[row] - price * these.cost[row]
    for number, remedy in enumerate(remedies):
        net[:, number] -= prices.get(remedy.code, 0.0)
        net[:, number] -= prices.get("staff_minutes", 0.0) * remedy.minutes * these.contacts[row, number]
    return net


def _bought(
    these: Offers,
    row: np.ndarray,
    eligible: np.ndarray,
    remedies: Sequence[Remedy],
    price: float,
    prices: dict[str, float],
) -> np.ndarray:
    """Return what the prices would buy each customer; −1 for nothing."""
    net = np.where(eligible[row], _net(these, row, remedies, price, prices), -np.inf)
    place = net.argmax(axis=1)
    return np.where(net.max(axis=1, initial=-np.inf) > 0, place, -1)


@dataclass(frozen=True, slots=True)
class SpendPoint:
    """One point of the curve: what is spent, what it brings net, how many customers it keeps, at which price."""

    spend: float
    net_gain: float
    customers_kept: float
    shadow_price: float


def kept(these: Offers, loss: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the expected number of customers kept by the remedy at `place`: P·s each."""
    return np.where(place >= 0, loss * np.nan_to_num(these.at("success", place)), 0.0)


def spend_curve(
    these: Offers, loss: np.ndarray, is_open: np.ndarray, remedies: Sequence[Remedy], prices: dict[str, float],
    *, points: int = 20,
) -> list[SpendPoint]:  # fmt: skip
    """Return spend against customers kept, from nothing to the last spend that still pays.

    Notes
    -----
    Each point chooses, for a price λ of money, the best of gain − λ·cost (less the capacities' prices); λ = 0 is the
    last point: beyond it one more customer kept costs more than they bring.
    """
    eligible = these.eligible & is_open[:, None]
    row = np.flatnonzero(eligible.any(axis=1))
    if not len(row):
        return [SpendPoint(0.0, 0.0, 0.0, 0.0)]
    ratios = (these.gain / np.where(these.cost > 0, these.cost, np.inf))[row][eligible[row]]
    grid = np.quantile(ratios[ratios > 0], np.linspace(1, 0, points)) if (ratios > 0).any() else np.zeros(1)
    curve = [_point(these, loss, row, eligible, remedies, float(price), prices) for price in [*grid, 0.0]]
    unique = {round(point.spend, 2): point for point in curve}
    return [SpendPoint(0.0, 0.0, 0.0, float(grid[0])), *(unique[key] for key in sorted(unique) if key > 0)]


def _point(
    these: Offers, loss: np.ndarray, row: np.ndarray, eligible: np.ndarray, remedies: Sequence[Remedy], price: float,
    prices: dict[str, float],
) -> SpendPoint:  # fmt: skip
    place = np.full(len(these.row), -1, dtype=np.int64)
    place[row] = _bought(these, row, eligible, remedies, price, prices)
    spend, gain = (float(np.nansum(these.at(name, place))) for name in ("cost", "gain"))
    return SpendPoint(spend, gain, float(kept(these, loss, place).sum()), price)


def marginal(
    these: Offers, loss: np.ndarray, is_open: np.ndarray, remedies: Sequence[Remedy], price: float,
    prices: dict[str, float], *, extra: float,
) -> tuple[float, float]:  # fmt: skip
    """Return customers kept and net gain that `extra` more money would bring at the margin.

    Notes
    -----
    The slope of the spend curve just below the shadow price; nothing where the budget does not bind.
    """
    eligible = these.eligible & is_open[:, None]
    row = np.flatnonzero(eligible.any(axis=1))
    if price <= 0 or not len(row):
        return 0.0, 0.0
    here = _point(these, loss, row, eligible, remedies, price * 1.0001, prices)
    for factor in (0.95, 0.8, 0.5, 0.0):
        more = _point(these, loss, row, eligible, remedies, price * factor, prices)
        if more.spend > here.spend:
            slope = (more.customers_kept - here.customers_kept) / (more.spend - here.spend)
            return max(slope, 0.0) * extra, price * extra
    return 0.0, price * extra
