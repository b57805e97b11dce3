"""Who the customers are: what a company sees of them, and what nobody sees."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from liuke.simulation.arrow import digits
from liuke.simulation.chance import Array, Chance
from liuke.simulation.periods import Period

CITIES = (
    ("广东", "深圳"), ("广东", "广州"), ("浙江", "杭州"), ("浙江", "宁波"), ("四川", "成都"),
    ("四川", "绵阳"), ("湖北", "武汉"), ("湖北", "宜昌"), ("陕西", "西安"),
)  # fmt: skip
CITY_SHARES = (0.2, 0.16, 0.14, 0.08, 0.14, 0.05, 0.11, 0.04, 0.08)
KINDS = ("consumer", "business", "dealer")
SOURCES = ("门店", "线上", "电话", "推荐")
REFERRED = 3
CUSTOMERS_PER_BLOCK = 4000
MONTHLY_GROWTH = 0.028
AVERAGE_EARLIER_DAYS = 900.0
LONGEST_EARLIER_DAYS = 3600
PATH_TRIES = 3

Sliceable = TypeVar("Sliceable")


def rows_of(table: Sliceable, index: Array) -> Sliceable:
    """Return a dataclass of arrays cut to the customers in `index`, as copies."""
    cut: dict[str, Any] = {field.name: getattr(table, field.name)[index] for field in fields(table)}  # type: ignore[arg-type]
    return replace(table, **cut)  # type: ignore[type-var]


@dataclass(slots=True)
class Traits:
    """What does not change about each customer; arrays of shape (n_customers,).

    ``city``, ``kind``, ``joined_day``, ``slot`` (the manager's desk, -1 without one) are on file. Hidden are
    ``frailty`` (multiplies every voluntary hazard), ``price_sensitivity``, ``care`` (how much service matters),
    ``sociability``, ``response`` (how far remedies reach the customer, 0 to 1), ``wakes`` (monthly hazard added by
    being contacted at all: sleeping dogs) and ``drifts`` (shows signs before leaving).
    """

    city: Array
    kind: Array
    joined_day: Array
    slot: Array
    frailty: Array
    price_sensitivity: Array
    care: Array
    sociability: Array
    response: Array
    wakes: Array
    drifts: Array


@dataclass(slots=True)
class Population:
    """All customers who are ever invented."""

    traits: Traits
    join_month: Array
    referrer: Array
    source: Array
    letters: Array

    @property
    def size(self) -> int:
        """Return how many there are."""
        return len(self.join_month)


def _joining(chance: Chance, size: int, months: list[Period]) -> tuple[Array, Array]:
    """Return the month in which each customer joins (-1 before the first) and the day."""
    shares = (1.0, *(MONTHLY_GROWTH * 1.008**m for m in range(len(months))))
    edges = np.cumsum(shares) / sum(shares)
    month = np.searchsorted(edges, chance.uniform("join month", size), side="right").astype(np.int32) - 1
    month = np.minimum(month, len(months) - 1)
    starts = np.array([period.start for period in months])
    lengths = np.array([period.days for period in months])
    within = starts[month] + np.floor(chance.uniform("join day", size) * lengths[month] * 0.999)
    earlier = np.ceil(chance.of("earlier days").standard_exponential(size) * AVERAGE_EARLIER_DAYS)
    before = starts[0] - np.clip(earlier, 1, LONGEST_EARLIER_DAYS)
    return month, np.where(month < 0, before, within).astype(np.int32)


def _traits(chance: Chance, size: int, joined_day: Array) -> Traits:
    """Draw what does not change."""
    city = chance.pick("city", CITY_SHARES, size)
    kind = chance.pick("kind", (0.86, 0.11, 0.03), size)
    block = np.arange(size) // CUSTOMERS_PER_BLOCK
    sleeping = chance.uniform("sleeping", size) < 0.07
    response = chance.uniform("response", size) ** np.float32(0.55)
    return Traits(
        city=city,
        kind=kind,
        joined_day=joined_day,
        slot=np.where(kind > 0, block * len(CITIES) + city, -1).astype(np.int32),
        frailty=np.exp(0.35 * chance.normal("frailty", size) - 0.06),
        price_sensitivity=np.exp(0.4 * chance.normal("price sensitivity", size) - 0.08),
        care=np.exp(0.4 * chance.normal("care", size) - 0.08),
        sociability=chance.uniform("sociability", size),
        response=np.where(sleeping, 0.2 * response, response),
        wakes=np.where(sleeping, 0.006 + 0.018 * chance.uniform("waking", size), 0).astype(np.float32),
        drifts=chance.uniform("drifts", size) < 0.9,
    )


def _referrers(chance: Chance, join_month: Array, wants: Array) -> Array:
    """Return an older customer for those who came by recommendation, -1 where none was found."""
    numbers = np.arange(len(join_month))
    referrer = np.full(len(join_month), -1, dtype=np.int32)
    for attempt in range(PATH_TRIES):
        candidate = np.floor(chance.uniform("referrer", len(numbers), attempt) * numbers).astype(np.int32)
        fits = wants & (referrer < 0) & (candidate < numbers) & (join_month[candidate] < join_month)
        referrer[fits] = candidate[fits]
    return referrer


def population(chance: Chance, size: int, months: list[Period]) -> Population:
    """Invent `size` customers: some before the first month, the others month by month.

    Parameters
    ----------
    chance : Chance
        Where the draws come from.
    size : int
        How many customers there are in all.
    months : list of Period
        The months of the data, without the future.

    Returns
    -------
    Population
        Traits, join months and referrers.
    """
    join_month, joined_day = _joining(chance, size, months)
    source = chance.pick("source", (0.38, 0.3, 0.12, 0.2), size)
    referrer = _referrers(chance, join_month, (source == REFERRED) & (join_month >= 0))
    source = np.where((source == REFERRED) & (referrer < 0), 0, source).astype(np.int8)
    return Population(
        traits=_traits(chance, size, joined_day),
        join_month=join_month,
        referrer=referrer,
        source=source,
        letters=digits(np.arange(1, size + 1), 8),
    )
