"""The outside of the telecom company: plans and their prices, rivals' offers, network outages, by month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from liuke.simulation import arrow
from liuke.simulation.arrow import NEVER
from liuke.simulation.chance import Array, Chance
from liuke.simulation.periods import FUTURE_PERIODS, Period
from liuke.simulation.population import CITIES
from liuke.simulation.records import Records

PLANS = ("畅聊39", "畅享59", "全家99", "尊享149", "商务199")
FEES = np.array([39, 59, 99, 149, 199], dtype=np.float32)
MINUTES = np.array([120, 220, 420, 700, 1200], dtype=np.float32)
DATA_MB = np.array([3000, 9000, 24000, 45000, 60000], dtype=np.float32)
RIVALS = ("星联通信", "云桥移动")
RISES = (0.08, 0.12, 0.15, 0.2)


@dataclass(frozen=True, slots=True)
class TelecomMarket:
    """Per month (rows; the future included): `fee` and `rise` of each plan, `rival` and `outage` in each city."""

    fee: Array
    rise: Array
    rival: Array
    outage: Array
    offers: Array


def telecom_market(chance: Chance, months: list[Period]) -> TelecomMarket:
    """Invent what happens outside: nothing new begins after the last month."""
    count = len(months)
    rise = np.zeros((count + FUTURE_PERIODS, len(PLANS)), dtype=np.float32)
    offers = np.zeros((count, len(CITIES)), dtype=np.float32)
    rival = np.zeros((count + FUTURE_PERIODS, len(CITIES)), dtype=np.float32)
    outage = np.zeros((count + FUTURE_PERIODS, len(CITIES)), dtype=np.float32)
    for m in range(count):
        raised = chance.uniform("price rise", len(PLANS), m) < 0.05
        if m % 12 == max(count - 3, 0) % 12:
            raised[m // 12 % len(PLANS)] = True
        size = chance.of("price rise size", m).integers(0, len(RISES), len(PLANS))
        rise[m] = np.where(raised, np.array(RISES)[size], 0)
        begins = (chance.uniform("rival", len(CITIES), m) < 0.14) & (rival[m] == 0)
        offers[m] = np.where(begins, 0.5 + chance.uniform("rival strength", len(CITIES), m), 0)
        rival[m : m + 3] += offers[m] * np.array([[1.0], [0.8], [0.5]], dtype=np.float32)
        outage[m] = chance.uniform("outage", len(CITIES), m) < 0.06
    fee = np.rint(FEES * np.cumprod(1 + rise, axis=0))
    return TelecomMarket(fee, rise, rival, outage, offers)


def record_telecom_market(records: Records, market: TelecomMarket, months: list[Period]) -> None:
    """Write `prices` and `rival_offers`."""
    month, plan = np.nonzero(market.rise[: len(months)])
    starts = np.array([period.start for period in months], dtype=np.int32)
    before = np.where(month > 0, market.fee[np.maximum(month - 1, 0), plan], FEES[plan])
    records.add(
        "prices",
        plan=arrow.words(plan, PLANS),
        effective_on=arrow.dates(starts[month]),
        old_price=arrow.money(before),
        new_price=arrow.money(market.fee[month, plan]),
    )
    month, city = np.nonzero(market.offers)
    strength = market.offers[month, city]
    ends = starts[month] + 91
    records.add(
        "rival_offers",
        rival=arrow.words((month + city) % 2, RIVALS),
        region=arrow.words(city, [name for _, name in CITIES]),
        started_on=arrow.dates(starts[month]),
        ended_on=arrow.dates(np.where(ends < months[-1].end, ends, NEVER)),
        plan=arrow.words((month + city) % 5, PLANS),
        price=arrow.money(np.rint(FEES[(month + city) % 5] * (1 - 0.25 * strength))),
        note=pa.array(np.where(strength > 1, "携号转网赠送流量", "新用户首年优惠")).cast(pa.string()),
    )
