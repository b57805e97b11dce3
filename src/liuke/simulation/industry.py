"""What an invented industry can do, and the month that all industries share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from liuke.simulation import causes as why
from liuke.simulation.arrow import NEVER, fixed_text
from liuke.simulation.causes import Bond, Causes
from liuke.simulation.chance import Array, Chance
from liuke.simulation.managers import Desks
from liuke.simulation.periods import Period
from liuke.simulation.population import Population, Traits
from liuke.simulation.records import Records


@dataclass(frozen=True, slots=True)
class World:
    """What every part of an invention may look at."""

    chance: Chance
    months: list[Period]
    population: Population
    desks: Desks
    records: Records

    @property
    def last_day(self) -> int:
        """Return the last day of the data."""
        return self.months[-1].end - 1

    def customer_ids(self, index: Array) -> pa.Array:
        """Return customer ids of customers by number."""
        return fixed_text("C", self.population.letters[index])


@dataclass(frozen=True, slots=True)
class Presence:
    """Who was a customer in a month, and from which day to which (both included); `is_lost` in that month."""

    index: Array
    first: Array
    last: Array
    is_lost: Array

    def only(self, chosen: Array) -> Presence:
        """Return the presence of the chosen."""
        return Presence(self.index[chosen], self.first[chosen], self.last[chosen], self.is_lost[chosen])

    def day(self, share: Array) -> Array:
        """Return a day within each presence, given shares in [0, 1)."""
        return np.asarray(self.first + np.floor(share * (self.last - self.first + 1)).astype(np.int32))


class Industry(Protocol):
    """One industry: how a month changes its customers, why they leave, and what is written down."""

    causes: Causes
    state: Any

    def advance(self, state: Any, traits: Traits, period: Period, chance: Chance, active: Array) -> Any:
        """Let a month happen to `state` and return what happened."""

    def sudden(self, state: Any, traits: Traits, period: Period) -> Array:
        """Return the intensities of leaving, shape (n_customers, n_causes), before drift and remedies."""

    def welcome(self, index: Array, period: Period, day: Array) -> None:
        """Take in new or returning customers, each on a day."""

    def record(self, period: Period, happened: Any, presence: Presence) -> None:
        """Write down what the company sees of the month."""

    def farewell(self, index: Array, cause: Array, day: Array) -> None:
        """Write down what the company sees of those who left."""

    def finish(self, active: Array) -> None:
        """Write down what is left at the end."""

    def signs(self) -> Array:
        """Return which customers look unwell to the company now."""

    def monthly_margin(self) -> Array:
        """Return the expected margin of each customer in a month."""


def new_bond(size: int) -> dict[str, Array]:
    """Return the fields of an untroubled `Bond`."""
    floats = ("grudge_late", "grudge_unsatisfied", "grudge", "price_shock", "manager_gone", "neighbour", "moved")
    fields: dict[str, Array] = {name: np.zeros(size, dtype=np.float32) for name in ("satisfaction", *floats)}
    fields["drift_months"] = np.zeros(size, dtype=np.int16)
    fields["drift_cause"] = np.zeros(size, dtype=np.int8)
    fields["grudge_category"] = np.full(size, -1, dtype=np.int8)
    fields["remedy"] = np.full(size, why.NO_REMEDY, dtype=np.int8)
    fields["remedy_months"] = np.zeros(size, dtype=np.int8)
    return fields


def unhappiness(bond: Bond) -> Array:
    """Return how much more an unsatisfied customer weighs every reason: 1 for the satisfied, growing steeply."""
    return np.asarray(np.exp(np.float32(0.8) * np.maximum(-bond.satisfaction, 0) ** np.float32(1.3)))


def managers_leave(world: World, bond: Bond, traits: Traits, period: Period) -> None:
    """Let customers feel that their manager left."""
    if not period.is_future:
        has = (traits.slot >= 0) & (traits.joined_day < period.start)
        bond.manager_gone[has] += world.desks.leaves[period.number][traits.slot[has]]


@dataclass(frozen=True, slots=True)
class Month:
    """What a month did: industry's own happenings, sudden intensities, and intensities without and with remedies."""

    happened: Any
    sudden: Array
    untreated: Array
    intensities: Array


def live(industry: Industry, state: Any, traits: Traits, period: Period, chance: Chance, active: Array) -> Month:
    """Let a month happen to `state`; who leaves is for the caller to draw from the intensities."""
    happened = industry.advance(state, traits, period, chance, active)
    sudden = industry.sudden(state, traits, period)
    untreated = why.with_drift(industry.causes, sudden, state, traits)
    treated = why.with_remedies(untreated, industry.causes, state, traits)
    return Month(happened, sudden, untreated, treated)


def settle(industry: Industry, state: Any, traits: Traits, period: Period, chance: Chance, month: Month) -> None:
    """End a month: some begin to drift, remedies wear off."""
    why.next_drift(industry.causes, month.sudden, state, traits, chance, period)
    np.maximum(state.remedy_months - 1, 0, out=state.remedy_months)


def reset(bond: Bond, index: Array) -> None:
    """Forget the past of customers who begin."""
    scars = ("grudge_late", "grudge_unsatisfied", "grudge", "price_shock", "manager_gone", "neighbour", "moved")
    for name in ("satisfaction", "drift_months", *scars):
        getattr(bond, name)[index] = 0
    bond.remedy_months[index] = 0


def unsettle(industry: Industry, world: World, index: Array) -> None:
    """Let some customers from before the first month be drifting already when the data begin."""
    size, causes, state = world.population.size, industry.causes, industry.state
    months = world.chance.pick("drifting before", (0.95, 0.02, 0.015, 0.015), size)[index]
    state.drift_months[index] = np.where(world.population.traits.drifts[index], months, 0)
    columns = np.flatnonzero(causes.drifting)
    picked = world.chance.pick("cause before", (1.0,) * len(columns), size)[index]
    state.drift_cause[index] = columns[picked]


def presence_of(active: Array, begun: Array, lost: Array, lost_day: Array, period: Period) -> Presence:
    """Return the presence of all active in `period`; `begun` is the day each present life began."""
    index = np.flatnonzero(active)
    gone = np.full(len(active), NEVER, dtype=np.int32)
    gone[lost] = lost_day
    is_lost = gone[index] != NEVER
    first = np.maximum(begun[index], period.start)
    last = np.where(is_lost, gone[index], period.end - 1)
    return Presence(index, first.astype(np.int32), last.astype(np.int32), is_lost)
