"""Past campaigns with randomly assigned remedies, and the contacts they led to."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from liuke.simulation import arrow
from liuke.simulation.causes import REMEDIES, REMEDY_MONTHS
from liuke.simulation.chance import Array
from liuke.simulation.industry import Industry, Month, World
from liuke.simulation.periods import Period

CAMPAIGN_EVERY = 3
FIRST_CAMPAIGN = 2
ARMS = ("control", *REMEDIES)
SHARES = np.array([[0.34] + [0.11] * 6, [0.3, 0.1, 0.1, 0.1, 0.1, 0.08, 0.22]])
"""Propensity of each arm for consumers, and for business customers and dealers."""
COSTS = (0.0, 6.0, 30.0, 20.0, 8.0, 15.0, 60.0)
CHANNELS = ("", "phone", "phone", "sms", "phone", "app", "visit")
WAVES = 3
LEAST_TENURE_DAYS = 60


@dataclass(slots=True)
class Campaign:
    """Who was assigned to which arm (0 is control) in one month."""

    period: Period
    index: Array
    arm: Array
    propensity: Array
    if_control: Array = field(default_factory=lambda: np.zeros(0))
    if_treated: Array = field(default_factory=lambda: np.zeros(0))


def campaign(world: World, industry: Industry, period: Period, active: Array) -> Campaign | None:
    """Return the campaign that begins on the first day of `period`, if one does, and put its remedies in force.

    Customers who look unwell are more often chosen; among the chosen the arm is drawn at random, with a propensity
    that depends on the kind of customer alone.
    """
    if period.is_future or period.number % CAMPAIGN_EVERY != FIRST_CAMPAIGN:
        return None
    size, month, traits = world.population.size, period.number, world.population.traits
    may = active & (period.start - traits.joined_day > LEAST_TENURE_DAYS) & (industry.state.remedy_months == 0)
    chosen = world.chance.uniform("chosen", size, month) < np.where(industry.signs(), 0.55, 0.1)
    index = np.flatnonzero(may & chosen)
    shares = SHARES[(traits.kind[index] > 0).astype(int)]
    draw = world.chance.uniform("arm", size, month)[index]
    arm = np.minimum((np.cumsum(shares, axis=1) <= draw[:, None]).sum(axis=1), len(ARMS) - 1)
    treated = arm > 0
    industry.state.remedy[index[treated]] = arm[treated] - 1
    industry.state.remedy_months[index[treated]] = REMEDY_MONTHS
    return Campaign(period, index, arm, shares[np.arange(len(index)), arm])


def note_truth(assigned: Campaign, month: Month) -> None:
    """Keep each assigned customer's probability of loss in the first month, untreated and under the arm."""
    total = month.untreated[assigned.index].sum(axis=1)
    assigned.if_control = -np.expm1(-total)
    assigned.if_treated = -np.expm1(-month.intensities[assigned.index].sum(axis=1))


def treatment_ids(world: World, assigned: Campaign) -> pa.Array:
    """Return the ids of a campaign's treatments."""
    month = arrow.digits(np.full(len(assigned.index), assigned.period.number), 3)
    return arrow.fixed_text("T", month, world.population.letters[assigned.index])


def record_campaign(world: World, assigned: Campaign, lost_day: Array) -> None:
    """Write `treatments`, and the contacts of up to three waves with those who were treated."""
    period, rows = assigned.period, len(assigned.index)
    world.records.add(
        "treatments",
        treatment_id=treatment_ids(world, assigned),
        customer_id=world.customer_ids(assigned.index),
        campaign_id=arrow.always(f"R{period.first_on:%Y%m}", rows),
        assigned_at=arrow.instants(np.full(rows, period.start), 0.0),
        arm=arrow.words(assigned.arm, ARMS),
        propensity=pa.array(assigned.propensity),
        cost=arrow.money(np.array(COSTS)[assigned.arm]),
    )
    size = world.population.size
    waiting = np.flatnonzero(assigned.arm > 0)
    for wave in range(1, WAVES + 1):
        draw = world.chance.uniform("wave", size, period.number, wave)[assigned.index[waiting]]
        day = period.start + 6 * (wave - 1) + np.floor(draw * 5).astype(np.int32)
        here = (day < lost_day[assigned.index[waiting]]) & (day <= world.last_day)
        waiting, day, draw = waiting[here], day[here], draw[here]
        answered = draw * 37 % 1 < 0.25 + 0.45 * world.population.traits.response[assigned.index[waiting]]
        _record_wave(world, assigned, wave, waiting, day, draw, answered)
        waiting = waiting[~answered]


def _record_wave(
    world: World, assigned: Campaign, wave: int, row: Array, day: Array, draw: Array, answered: Array
) -> None:
    """Write the contacts of one wave."""
    index, arm, rows = assigned.index[row], assigned.arm[row], len(row)
    month = arrow.digits(np.full(rows, assigned.period.number), 3)
    outcome = np.where(answered, np.minimum((draw * 53 % 1 * 3).astype(int), 2), 3)
    world.records.add(
        "contacts",
        contact_id=arrow.fixed_text("KO", month, arrow.digits(np.full(rows, wave), 1), world.population.letters[index]),
        customer_id=world.customer_ids(index),
        occurred_at=arrow.instants(day, 0.15 + 0.7 * draw),
        channel=arrow.words(arm, CHANNELS),
        direction=arrow.always("out", rows),
        wave=arrow.whole(np.full(rows, wave)),
        campaign_id=arrow.always(f"R{assigned.period.first_on:%Y%m}", rows),
        answered=arrow.flags(answered),
        outcome=arrow.words(outcome, ("accepted", "considering", "declined", "no_answer")),
        cost=arrow.money(np.full(rows, 2.0)),
    )
