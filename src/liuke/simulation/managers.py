"""Account managers: each desk is held by one after another, and leaving is felt by the customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from liuke.simulation import arrow
from liuke.simulation.arrow import NEVER
from liuke.simulation.chance import Array, Chance
from liuke.simulation.people import given_names
from liuke.simulation.periods import Period
from liuke.simulation.population import CITIES, CUSTOMERS_PER_BLOCK, Population
from liuke.simulation.records import Records

MONTHLY_LEAVING = 0.02
LONGEST_VACANCY_DAYS = 50
MOST_HOLDERS = 4
FAR = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class Desks:
    """Who held each desk when; arrays of shape (n_desks, n_holders), `NEVER` where nobody came.

    ``leaves`` has shape (n_months, n_desks): whether the holder left in that month.
    """

    starts: Array
    ends: Array
    leaves: Array

    def staff_ids(self, desk: Array, holder: Array) -> pa.Array:
        """Return staff ids of holders of desks."""
        return arrow.fixed_text("S", arrow.digits(desk + 1, 5), arrow.digits(holder + 1, 1))

    def holder_on(self, desk: Array, day: int) -> Array:
        """Return which holder has each desk on `day`, -1 while it is vacant."""
        starts, ends = self.starts[desk], self.ends[desk]
        here = (starts != NEVER) & (starts <= day) & ((ends == NEVER) | (ends > day))
        return np.where(here.any(axis=1), here.argmax(axis=1), -1)


def desks(chance: Chance, size: int, months: list[Period]) -> Desks:
    """Invent the desks for `size` customers and who leaves them, always on the first day of a month."""
    count = len(CITIES) * (-(-size // CUSTOMERS_PER_BLOCK))
    starts = np.full((count, MOST_HOLDERS), NEVER, dtype=np.int32)
    ends = np.full((count, MOST_HOLDERS), NEVER, dtype=np.int32)
    starts[:, 0] = months[0].start - 300 - np.floor(3000 * chance.uniform("staff joined", count))
    leaves = np.zeros((len(months), count), dtype=bool)
    holder = np.zeros(count, dtype=np.int64)
    for period in months:
        draws = chance.uniform("staff leaves", count, period.number)
        vacancy = 1 + np.floor(chance.uniform("vacancy", count, period.number) * LONGEST_VACANCY_DAYS)
        here = starts[np.arange(count), holder] < period.start
        gone = np.flatnonzero((draws < MONTHLY_LEAVING) & here & (holder < MOST_HOLDERS - 1))
        leaves[period.number, gone] = True
        ends[gone, holder[gone]] = period.start
        holder[gone] += 1
        back = (period.start + vacancy)[gone].astype(np.int64)
        arrived = back < months[-1].end
        starts[gone[arrived], holder[gone][arrived]] = back[arrived]
        holder[gone[~arrived]] = MOST_HOLDERS - 1
    return Desks(starts, ends, leaves)


def record_staff(chance: Chance, records: Records, held: Desks) -> None:
    """Write `staff`."""
    desk, holder = np.nonzero(held.starts != NEVER)
    records.add(
        "staff",
        staff_id=held.staff_ids(desk, holder),
        name=given_names(chance, "staff", len(desk)),
        joined_on=arrow.dates(held.starts[desk, holder]),
        left_on=arrow.dates(held.ends[desk, holder]),
    )


def record_links(records: Records, held: Desks, population: Population, lost_day: Array) -> None:
    """Write `staff_links`: who looked after whom, until the manager left or the customer did."""
    index = np.flatnonzero(population.traits.slot >= 0)
    slot = population.traits.slot[index]
    until = np.where(lost_day[index] == NEVER, FAR, lost_day[index])
    for holder in range(MOST_HOLDERS):
        starts, ends = held.starts[slot, holder], held.ends[slot, holder]
        first = np.maximum(starts, population.traits.joined_day[index])
        last = np.minimum(np.where(ends == NEVER, FAR, ends), until)
        linked = (starts != NEVER) & (first < last)
        records.add(
            "staff_links",
            customer_id=arrow.fixed_text("C", population.letters[index[linked]]),
            staff_id=held.staff_ids(slot[linked], np.full(linked.sum(), holder)),
            started_on=arrow.dates(first[linked]),
            ended_on=arrow.dates(np.where(last == FAR, NEVER, last)[linked]),
        )
