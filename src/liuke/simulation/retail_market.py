"""The outside of the retail company: categories and their prices, rivals' offers and openings, the seasons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liuke.simulation import arrow
from liuke.simulation.arrow import NEVER
from liuke.simulation.chance import Array, Chance
from liuke.simulation.periods import FUTURE_PERIODS, Period
from liuke.simulation.population import CITIES
from liuke.simulation.records import Records

CATEGORIES = ("粮油", "生鲜", "日用", "服饰", "数码", "美妆", "母婴")
ESSENTIAL = np.array([True, True, True, False, False, False, False])
PRICE_LEVEL = np.array([0.8, 0.7, 0.6, 1.5, 2.6, 1.4, 1.3], dtype=np.float32)
COST_SHARE = np.array([0.8, 0.76, 0.68, 0.55, 0.84, 0.5, 0.64], dtype=np.float32)
INDEX_PRICE = np.array([80, 70, 60, 150, 260, 140, 130], dtype=np.float32)
BABY = 6
SEASON = (1.15, 1.1, 0.95, 0.95, 1.0, 1.05, 0.92, 0.92, 1.0, 1.02, 1.25, 1.12)
"""Orders relative to the average, January to December."""
RIVALS = ("邻优超市", "橙点优选")
DISCOUNT, OPENING = 0, 1
OFFER_DAYS = 91


@dataclass(frozen=True, slots=True)
class RetailMarket:
    """Per month (rows; the future included): `rise` of each category; `rival` and `opening` in each city."""

    rise: Array
    rival: Array
    opening: Array
    offers: Array
    openings: Array


def retail_market(chance: Chance, months: list[Period]) -> RetailMarket:
    """Invent what happens outside: nothing new begins after the last month."""
    count = len(months)
    rows, cities = count + FUTURE_PERIODS, len(CITIES)
    rise = np.zeros((rows, len(CATEGORIES)), dtype=np.float32)
    rival, opening = np.zeros((rows, cities), dtype=np.float32), np.zeros((rows, cities), dtype=np.float32)
    offers, openings = np.zeros((count, cities), dtype=np.float32), np.zeros((count, cities), dtype=bool)
    fading = np.array([[1.0], [0.8], [0.5]], dtype=np.float32)
    for m in range(count):
        rise[m] = np.where(chance.uniform("price rise", len(CATEGORIES), m) < 0.05, 0.12, 0)
        begins = chance.uniform("rival", cities, m) < 0.14
        offers[m] = np.where(begins, 0.5 + chance.uniform("rival strength", cities, m), 0)
        openings[m] = chance.uniform("opening", cities, m) < 0.03
        rival[m : m + 3] += offers[m] * fading
        opening[m : m + 3] += openings[m] * fading
    return RetailMarket(rise, rival, opening, offers, openings)


def record_retail_market(records: Records, market: RetailMarket, months: list[Period]) -> None:
    """Write `prices` (a category's price index) and `rival_offers`."""
    starts = np.array([period.start for period in months], dtype=np.int32)
    level = np.rint(INDEX_PRICE * np.cumprod(1 + market.rise, axis=0))
    month, category = np.nonzero(market.rise[: len(months)])
    before = np.where(month > 0, level[np.maximum(month - 1, 0), category], INDEX_PRICE[category])
    records.add(
        "prices",
        plan=arrow.words(category, CATEGORIES),
        effective_on=arrow.dates(starts[month]),
        old_price=arrow.money(before),
        new_price=arrow.money(level[month, category]),
    )
    for kind, happens, note in (
        (DISCOUNT, market.offers, "会员日满减"), (OPENING, market.openings, "附近新店开业"),
    ):  # fmt: skip
        month, city = np.nonzero(happens)
        ends = starts[month] + OFFER_DAYS
        category = (month + city) % len(CATEGORIES)
        records.add(
            "rival_offers",
            rival=arrow.words((month + city + kind) % 2, RIVALS),
            region=arrow.words(city, [name for _, name in CITIES]),
            started_on=arrow.dates(starts[month]),
            ended_on=arrow.dates(np.where((kind == DISCOUNT) & (ends < months[-1].end), ends, NEVER)),
            plan=arrow.words(category, CATEGORIES),
            price=arrow.money(np.rint(INDEX_PRICE[category] * 0.85)),
            note=arrow.always(note, len(month)),
        )
