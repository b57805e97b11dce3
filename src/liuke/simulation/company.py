"""Invent a company: its canonical tables, and the truth beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liuke.kernel.errors import InvalidInput
from liuke.kernel.progress import Progress, silent
from liuke.simulation import campaigns, managers, people, truth, voices
from liuke.simulation import causes as why
from liuke.simulation.arrow import NEVER
from liuke.simulation.chance import Array, Chance
from liuke.simulation.industry import Industry, Month, World, live, presence_of, settle, unsettle
from liuke.simulation.periods import Period, periods
from liuke.simulation.population import population
from liuke.simulation.records import Records
from liuke.simulation.retail_records import Retail
from liuke.simulation.telecom_records import Telecom

IndustryName = Literal["telecom", "retail"]
INDUSTRIES: dict[str, Callable[[World], Industry]] = {"telecom": Telecom, "retail": Retail}
RETURN_AFTER_DAYS = (45, 300)
RETURNING = 0.012


class CannotInvent(InvalidInput):
    """The company asked for cannot be invented."""


@dataclass(frozen=True, slots=True)
class Invented:
    """An invented company.

    Parameters
    ----------
    tables : dict of str to pyarrow.Table
        Every canonical table with the columns of the contract, instants in UTC, nothing after `ends_on`.
    truth : dict of str to pyarrow.Table
        ``customers`` (true probabilities of loss, realised loss after the end, expected residual value), ``losses``
        (day and true reason), ``effects`` (each remedy's effect on each customer), ``treatments`` (true
        probabilities of loss in the first month of past treatments), ``months`` (expected and realised losses).
    industry : str
        The industry.
    ends_on : date
        The last day of the data.
    """

    tables: dict[str, pa.Table]
    truth: dict[str, pa.Table]
    industry: str
    ends_on: date

    def describe(self) -> dict[str, int]:
        """Return the number of rows of each table that has any."""
        return {name: table.num_rows for name, table in self.tables.items() if table.num_rows}


def simulate(
    industry: IndustryName,
    *,
    customers: int,
    months: int,
    seed: int,
    ends_on: date,
    progress: Progress = silent,
) -> Invented:
    """Return an invented company whose customers' true hazard, reasons and response to remedies are known.

    Parameters
    ----------
    industry : {"telecom", "retail"}
        Which business is invented.
    customers : int
        How many customers there are in all; somewhat more than half are there before the first month.
    months : int
        How many months of data end on `ends_on`.
    seed : int
        The same seed gives the same bytes. More customers repeat the company and add to it.
    ends_on : date
        The last day of the data.
    progress : Progress, default silent
        Told after each month.

    Returns
    -------
    Invented
        Tables and truth.

    Raises
    ------
    CannotInvent
        If the industry is unknown, or fewer than 1 customer, 1 month or a seed below 0 are asked for.

    Notes
    -----
    A customer is lost in a month with probability 1 − exp(−Σ_k λ_k), λ_k the intensity of cause k: products of hidden
    traits and of what happened (`liuke.simulation.causes`). No logistic model has this form.
    """
    if industry not in INDUSTRIES or customers < 1 or months < 1 or seed < 0:
        raise CannotInvent(
            f"cannot invent {customers} customers of {industry!r} over {months} months with seed {seed}: "
            f"choose one of {', '.join(INDUSTRIES)}, at least one customer and one month, and a seed from 0"
        )
    calendar = periods(ends_on, months)
    chance = Chance(seed)
    past = calendar[:months]
    crowd = population(chance, customers, past)
    world = World(chance, past, crowd, managers.desks(chance, customers, past), Records())
    return _History(world, INDUSTRIES[industry](world), calendar, progress).written(industry, ends_on)


def tiny(seed: int = 7, industry: IndustryName = "telecom", ends_on: date = date(2025, 6, 30)) -> Invented:
    """Return a small invented company for tests: 300 customers over 18 months."""
    return simulate(industry, customers=300, months=18, seed=seed, ends_on=ends_on)


class _History:
    """The months of one company, one after another."""

    def __init__(self, world: World, industry: Industry, calendar: list[Period], progress: Progress) -> None:
        size = world.population.size
        self.world, self.industry, self.progress = world, industry, progress
        self.past = [period for period in calendar if not period.is_future]
        self.future = [period for period in calendar if period.is_future]
        self.active = np.zeros(size, dtype=bool)
        self.begun = world.population.traits.joined_day.copy()
        self.lost_day = np.full(size, NEVER, dtype=np.int32)
        self.may_return = np.zeros(size, dtype=bool)
        self.losses: list[truth.Loss] = []
        self.campaigns: list[campaigns.Campaign] = []
        self.ledger: list[tuple[date, int, float, int]] = []

    def written(self, industry_name: str, ends_on: date) -> Invented:
        """Live through all months and return what was written."""
        for period in self.past:
            self._month(period)
            self.progress(period.number + 1, len(self.past) + 1, "months")
        world, industry = self.world, self.industry
        industry.finish(self.active)
        self._record_who()
        seen = truth.outlook(world, industry, self.active, self.future)
        truths = {
            "losses": truth.losses_truth(world, industry, self.losses),
            "effects": truth.effects_truth(world, seen),
            "treatments": truth.treatments_truth(world, self.campaigns),
            "months": pa.table(
                dict(
                    zip(("month", "at_risk", "expected_losses", "losses"), zip(*self.ledger, strict=True), strict=True)
                )
            ),
        }
        margin = industry.monthly_margin()[seen.index].copy()
        truths["customers"] = truth.customers_truth(world, industry, margin, seen, self._afterwards())
        self.progress(len(self.past) + 1, len(self.past) + 1, "truth")
        return Invented(world.records.tables(), truths, industry_name, ends_on)

    def _month(self, period: Period) -> None:
        """Let one month happen and write it down."""
        world, industry, traits = self.world, self.industry, self.world.population.traits
        at_risk = self.active.copy()
        self._arrivals(period)
        if period.number == 0:
            at_risk = self.active & (self.begun < period.start)
        assigned = campaigns.campaign(world, industry, period, at_risk)
        month = live(industry, industry.state, traits, period, world.chance, self.active)
        if assigned is not None:
            campaigns.note_truth(assigned, month)
        index, cause, day = why.losses(month.intensities, at_risk, world.chance, period)
        industry.record(period, month.happened, presence_of(self.active, self.begun, index, day, period))
        industry.farewell(index, cause, day)
        self._part(period, month, at_risk, index, cause, day)
        if assigned is not None:
            self.campaigns.append(assigned)
            campaigns.record_campaign(world, assigned, np.where(self.active, np.iinfo(np.int32).max, self.lost_day))
        settle(industry, industry.state, traits, period, world.chance, month)

    def _arrivals(self, period: Period) -> None:
        """Take in those who join, and those who come back."""
        joined = self.world.population.join_month
        new = np.flatnonzero((joined == period.number) | ((joined < 0) & (period.number == 0)))
        draw = self.world.chance.uniform("returns", len(joined), period.number)
        away = period.start - self.lost_day.astype(np.int64)
        back = self.may_return & ~self.active & (away >= RETURN_AFTER_DAYS[0]) & (away < RETURN_AFTER_DAYS[1])
        back_index = np.flatnonzero(back & (draw < RETURNING))
        day = period.start + np.floor(draw[back_index] / RETURNING * (period.days - 1)).astype(np.int32)
        self.begun[back_index] = day
        self.industry.welcome(new, period, self.begun[new])
        self.industry.welcome(back_index, period, day)
        if period.number == 0:
            unsettle(self.industry, self.world, new[self.begun[new] < period.start])
        voices.record_referrals(self.world, new, self.begun[new])
        self.active[new] = True
        self.active[back_index] = True

    def _part(self, period: Period, month: Month, at_risk: Array, index: Array, cause: Array, day: Array) -> None:
        """Note who left and let those they recommended the company to hear of it."""
        expected = -np.expm1(-month.intensities[at_risk].sum(axis=1, dtype=np.float64))
        self.ledger.append((period.first_on, int(at_risk.sum()), float(expected.sum()), len(index)))
        drifted = self.industry.state.drift_months[index] > 1
        self.losses.append(truth.Loss(index, cause, day, drifted))
        self.active[index] = False
        self.lost_day[index] = day
        codes = np.array([code[0] != "F" for code in self.industry.causes.codes])
        self.may_return[index] = codes[cause]
        lost = np.zeros(len(self.active), dtype=bool)
        lost[index] = True
        referrer = self.world.population.referrer
        self.industry.state.neighbour[(referrer >= 0) & lost[referrer]] += 1

    def _record_who(self) -> None:
        """Write who the customers are, and who looks after them on the last day."""
        world, slot = self.world, self.world.population.traits.slot
        desk = np.maximum(slot, 0)
        holder = world.desks.holder_on(desk, world.last_day)
        known = pa.array((slot >= 0) & (holder >= 0))
        ids = world.desks.staff_ids(desk, np.maximum(holder, 0))
        people.record_customers(world.chance, world.records, world.population, pc.if_else(known, ids, None))
        people.record_people(world.chance, world.records, world.population)
        managers.record_staff(world.chance, world.records, world.desks)
        gone = np.where(self.active, NEVER, self.lost_day)
        managers.record_links(world.records, world.desks, world.population, gone)

    def _afterwards(self) -> Array:
        """Return who of those here on the last day is lost within the 90 days after it; consumes the state."""
        industry, traits = self.industry, self.world.population.traits
        here, lost = self.active.copy(), np.zeros(len(self.active), dtype=bool)
        for period in self.future:
            month = live(industry, industry.state, traits, period, self.world.chance, here)
            index, _, _ = why.losses(month.intensities, here, self.world.chance, period)
            here[index] = False
            lost[index] = True
            settle(industry, industry.state, traits, period, self.world.chance, month)
        return lost
