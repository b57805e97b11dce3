"""Complaints: who complains about what, how it is handled, and what stays with the customer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liuke.simulation import arrow
from liuke.simulation.arrow import NEVER
from liuke.simulation.causes import Bond
from liuke.simulation.chance import Array, Chance
from liuke.simulation.periods import Period
from liuke.simulation.population import Traits
from liuke.simulation.records import Records

LATE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Grievance:
    """One category of complaints: the company's word, the cause it feeds, and what customers write."""

    category: str
    cause: str
    weight: float
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Complaints:
    """The complaints of one month: customer index, category, days until solved (-1: never), late, satisfied."""

    index: Array
    category: Array
    solved_after: Array
    is_late: Array
    is_satisfied: Array


def fade(bond: Bond) -> None:
    """Let a month pass over old grudges, shocks and sorrows."""
    bond.satisfaction *= np.float32(0.86)
    for name, kept in (
        ("grudge_late", 0.6), ("grudge_unsatisfied", 0.6), ("grudge", 0.55), ("price_shock", 0.55),
        ("manager_gone", 0.6), ("neighbour", 0.6), ("moved", 0.35),
    ):  # fmt: skip
        getattr(bond, name)[...] *= np.float32(kept)


def complain(
    bond: Bond, traits: Traits, chance: Chance, period: Period, rate: Array, active: Array, weights: Array
) -> Complaints:
    """Draw this month's complaints and leave their mark on the bond.

    Parameters
    ----------
    bond, traits : Bond, Traits
        The customers; `bond` is changed.
    chance, period : Chance, Period
        Draws and month.
    rate : ndarray of shape (n_customers,)
        Probability of complaining this month.
    active : ndarray of bool of shape (n_customers,)
        Who is a customer.
    weights : ndarray of shape (n_categories,)
        Shares of the categories.
    """
    size, month = len(rate), period.number
    index = np.flatnonzero(active & (chance.uniform("complains", size, month) < rate))
    category = chance.pick("complaint category", tuple(float(w) for w in weights), size, month)[index]
    took = np.exp(1.1 + 0.95 * chance.normal("solving", size, month)[index])
    late = took > LATE_DAYS
    fate = chance.uniform("satisfied", size, month)[index]
    satisfied = fate < np.where(late, 0.25, 0.78)
    solved_after = np.where(late & (fate > 0.93), -1, np.floor(took)).astype(np.int32)
    hurt = 0.15 + 0.45 * late + 0.4 * ~satisfied
    bond.satisfaction[index] -= (hurt * traits.care[index]).astype(np.float32)
    bond.grudge_late[index] += late
    bond.grudge_unsatisfied[index] += ~satisfied
    bond.grudge[index] += np.where(satisfied, 0.2, 1.0)
    bond.grudge_category[index] = category
    return Complaints(index, category, solved_after, late, satisfied)


def grudge_of(bond: Bond, categories: tuple[Grievance, ...], cause: str) -> Array:
    """Return how much of the grudge feeds `cause`."""
    codes = [number for number, grievance in enumerate(categories) if grievance.cause == cause]
    return np.where(np.isin(bond.grudge_category, codes), bond.grudge, np.float32(0))


def _texts(categories: tuple[Grievance, ...]) -> tuple[list[str], Array]:
    """Return all texts in one list and where those of each category begin."""
    lengths = [len(grievance.texts) for grievance in categories]
    return [text for grievance in categories for text in grievance.texts], np.cumsum([0, *lengths])


def record_complaints(
    records: Records,
    chance: Chance,
    period: Period,
    made: Complaints,
    categories: tuple[Grievance, ...],
    letters: Array,
    day: Array,
    last_day: int,
) -> None:
    """Write `complaints` made on `day` (of each); what is solved after `last_day` is still open."""
    index, size = made.index, len(letters)
    texts, starts = _texts(categories)
    lengths = np.diff(starts)[made.category]
    pick = starts[made.category] + np.floor(chance.uniform("words", size, period.number)[index] * lengths)
    solved = np.where(made.solved_after < 0, NEVER, day + made.solved_after)
    solved = np.where(solved > last_day, NEVER, solved)
    silent = chance.uniform("rates the answer", size, period.number)[index] > 0.7
    hour = chance.uniform("complaint hour", size, period.number)[index]
    severity = 1 + (hour * 997 % 1 * 3).astype(int) + made.is_late + ~made.is_satisfied
    records.add(
        "complaints",
        complaint_id=arrow.fixed_text("W", arrow.digits(np.full(len(index), period.number), 3), letters[index]),
        customer_id=arrow.fixed_text("C", letters[index]),
        occurred_at=arrow.instants(day, hour * 0.5),
        channel=arrow.words((hour * 991 % 1 * 3).astype(int), ("phone", "app", "outlet")),
        text=arrow.words(pick, texts),
        category=arrow.words(made.category, [grievance.category for grievance in categories]),
        severity=arrow.whole(severity),
        resolved_at=arrow.instants(solved, 0.5 + hour * 0.5),
        is_satisfied=arrow.flags(made.is_satisfied, unknown=silent | (solved == NEVER)),
    )
