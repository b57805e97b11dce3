"""A retailer's books: orders, refunds, the forum, and what customers say."""

from __future__ import annotations

import numpy as np

from liuke.simulation import arrow, voices
from liuke.simulation.chance import Array
from liuke.simulation.complaints import record_complaints
from liuke.simulation.industry import Presence, World, reset
from liuke.simulation.periods import Period
from liuke.simulation.population import CITIES
from liuke.simulation.retail import CAUSES, GRIEVANCES, Happened, RetailDynamics, new_shoppers
from liuke.simulation.retail_market import (
    CATEGORIES,
    COST_SHARE,
    ESSENTIAL,
    PRICE_LEVEL,
    SEASON,
    record_retail_market,
    retail_market,
)

MOST_ORDERS_A_MONTH = 60
MARKET_SHARE = 0.18
MEMBERS_FROM = 0.82
"""Customers more sociable than this take part in the forum."""
FORUM = (("forum_post", 0.35), ("forum_reply", 0.6), ("event_attendance", 0.07), ("suggestion", 0.03))


class Retail(RetailDynamics):
    """The retailer: its dynamics and its books."""

    def __init__(self, world: World) -> None:
        super().__init__(world, retail_market(world.chance, world.months))
        self.state = new_shoppers(world.chance, world.population.traits)
        self.next_order = np.full(world.population.size, np.inf)
        self.period = world.months[0]
        self._last_sales = np.zeros(len(CITIES))
        record_retail_market(world.records, self.market, world.months)

    def welcome(self, index: Array, period: Period, day: Array) -> None:
        """Let the first order fall on the day of joining; older customers are somewhere inside their rhythm."""
        reset(self.state, index)
        self.state.order_level[index] = 0
        self.state.need_over[index] = 0
        wait = self.world.chance.uniform("first order", self.world.population.size, period.number)[index]
        old = day < period.start
        self.next_order[index] = np.where(old, period.start + wait * self.state.gap_days[index], day + wait * 0.5)

    def record(self, period: Period, happened: Happened, presence: Presence) -> None:
        """Write down the month."""
        self.period = period
        sales = self._record_orders(period, happened, presence)
        self._record_market(period, sales)
        self._record_life(period, happened, presence)
        self._record_forum(period, presence)
        self._record_complaints(period, happened, presence)
        voices.record_calls(self.world, self.state, period, presence)
        voices.record_survey(self.world, self.state, period, presence)

    def _record_orders(self, period: Period, happened: Happened, presence: Presence) -> Array:
        """Write orders, one round after another, and return sales by city; a bad first order is refunded."""
        state = self.state
        season = SEASON[period.first_on.month - 1]
        gap = state.gap_days * np.exp(-state.order_level) / season
        sales = np.zeros(len(CITIES))
        buyers = presence
        for turn in range(MOST_ORDERS_A_MONTH):
            buyers = buyers.only(np.floor(self.next_order[buyers.index]) <= buyers.last)
            if not len(buyers.index):
                break
            amount = self._record_round(period, turn, buyers, happened)
            city = self.world.population.traits.city[buyers.index]
            sales += np.bincount(city, weights=amount, minlength=len(CITIES))
            draw = self.world.chance.of("gap", period.number, turn)
            shape = state.shape[buyers.index]
            self.next_order[buyers.index] += gap[buyers.index] * draw.standard_gamma(shape) / shape
        return sales

    def _record_round(self, period: Period, turn: int, buyers: Presence, happened: Happened) -> Array:
        """Write the next order of each buyer, with refunds of bad first orders; return the amounts kept."""
        state, index, month = self.state, buyers.index, period.number
        chance = self.world.chance
        pick = chance.uniform("other", len(index), month, turn)
        breadth = np.where(state.drift_months[index] > 1, 1, state.breadth[index])
        other = (state.main[index] + 1 + np.floor(pick * 7 % 1 * breadth)).astype(int) % len(CATEGORIES)
        category = np.where(pick < 0.55, state.main[index], other)
        noise = np.exp(0.45 * chance.normal("amount", len(index), month, turn) - 0.1)
        amount = np.maximum(np.rint(state.basket[index] * PRICE_LEVEL[category] * noise * 10) / 10, 1)
        day = np.floor(self.next_order[index]).astype(np.int32)
        part = self.next_order[index] % 1
        self._record_transactions("A", month, turn, index, day, part * 0.9, category, amount)
        bad = happened.bad_order[index] & (turn == 0)
        back = np.minimum(day + 1 + np.floor(pick * 6).astype(np.int32), buyers.last)
        self._record_transactions("Z", month, turn, index[bad], back[bad], 0.95, category[bad], -amount[bad])
        return np.asarray(np.where(bad, 0, amount))

    def _record_transactions(
        self,
        prefix: str,
        month: int,
        turn: int,
        index: Array,
        day: Array,
        part: Array | float,
        category: Array,
        amount: Array,
    ) -> None:
        """Write transactions of one round."""
        if not len(index):
            return
        rows = len(index)
        outlet = self.world.population.traits.city[index]
        number = arrow.digits(np.full(rows, month * 100 + turn), 5)
        online = np.asarray(part * 1009 % 1 < 0.4) if rows else np.zeros(0, dtype=bool)
        self.world.records.add(
            "transactions",
            transaction_id=arrow.fixed_text(prefix, number, self.world.population.letters[index]),
            customer_id=self.world.customer_ids(index),
            occurred_at=arrow.instants(day, part),
            amount=arrow.money(amount),
            cost=arrow.money(amount * COST_SHARE[category]),
            category=arrow.words(category, CATEGORIES),
            is_essential=arrow.flags(ESSENTIAL[category]),
            channel=arrow.words(np.broadcast_to(online.astype(int), (rows,)), ("门店", "线上")),
            outlet=arrow.words(np.where(online, -1, outlet), [f"{city}店" for _, city in CITIES]),
        )

    def _record_market(self, period: Period, sales: Array) -> None:
        """Write the size of the market in each city and our part of it."""
        size = sales / (MARKET_SHARE * (1 - 0.1 * self.market.rival[period.number]))
        growth = np.divide(size, self._last_sales, out=np.ones_like(size), where=self._last_sales > 0) - 1
        self._last_sales = size
        self.world.records.add(
            "market",
            period=arrow.dates(np.full(len(CITIES), period.start)),
            region=arrow.words(np.arange(len(CITIES)), [city for _, city in CITIES]),
            size=arrow.money(size),
            own_sales=arrow.money(sales),
            growth=arrow.numbers(growth),
        )

    def _record_events(self, kind: str, who: Presence, share: Array) -> None:
        """Write one event of a kind for each customer, on a day within the presence."""
        self.world.records.add(
            "events",
            customer_id=self.world.customer_ids(who.index),
            occurred_at=arrow.instants(who.day(share), share * 31 % 1),
            kind=arrow.always(kind, len(who.index)),
        )

    def _record_life(self, period: Period, happened: Happened, presence: Presence) -> None:
        """Write the moves and the turns of life that the company hears of."""
        draw = self.world.chance.uniform("hears", self.world.population.size, period.number)
        for kind, is_so, known in (
            ("address_change", happened.moved, 0.7), ("life_event", happened.life_event, 0.6),
        ):  # fmt: skip
            who = presence.only(is_so[presence.index] & (draw[presence.index] < known))
            self._record_events(kind, who, draw[who.index])

    def _record_forum(self, period: Period, presence: Presence) -> None:
        """Write what members do in the forum and at events; it ebbs before they leave."""
        world, state = self.world, self.state
        sociable = world.population.traits.sociability[presence.index] > MEMBERS_FROM
        members = presence.only(sociable)
        zeal = np.exp(state.order_level[members.index])
        for number, (kind, rate) in enumerate(FORUM):
            draw = world.chance.uniform("forum", world.population.size, period.number, number)[members.index]
            who = members.only(draw < rate * zeal)
            self._record_events(kind, who, draw[draw < rate * zeal] / rate * 0.999)

    def _record_complaints(self, period: Period, happened: Happened, presence: Presence) -> None:
        """Write complaints, each on a day on which the customer was still there."""
        made, chance = happened.complaints, self.world.chance
        here = presence.only(np.isin(presence.index, made.index))
        day = here.day(chance.uniform("complaint day", self.world.population.size, period.number)[made.index])
        letters = self.world.population.letters
        record_complaints(self.world.records, chance, period, made, GRIEVANCES, letters, day, self.world.last_day)

    def farewell(self, index: Array, cause: Array, day: Array) -> None:
        """Stop ordering; the company is told nothing, but asks some of them."""
        self.next_order[index] = np.inf
        voices.record_exit_interviews(self.world, CAUSES, index, cause, day, self.period)

    def finish(self, active: Array) -> None:
        """Write nothing: a shop has no contracts."""

    def signs(self) -> Array:
        """Return which customers look unwell to the company."""
        state = self.state
        return (
            (state.order_level < -0.3) | (state.grudge > 0.4) | (state.price_shock > 0.4) | (state.manager_gone > 0.3)
        )

    def monthly_margin(self) -> Array:
        """Return the expected margin of a month at the customer's own rhythm."""
        state = self.state
        margin = state.basket * PRICE_LEVEL[state.main] * (1 - COST_SHARE[state.main])
        return np.asarray(margin * 30.4 / state.gap_days)
