"""A telecom operator's books: contracts, use, bills, debts and what customers say."""

from __future__ import annotations

import numpy as np

from liuke.simulation import arrow, voices
from liuke.simulation.arrow import NEVER
from liuke.simulation.chance import Array
from liuke.simulation.complaints import record_complaints
from liuke.simulation.contracts import RENEWED, REPLANNED, Contracts, end_reasons
from liuke.simulation.industry import Presence, World, reset
from liuke.simulation.periods import Period
from liuke.simulation.population import CITIES
from liuke.simulation.telecom import CAUSES, COMMITMENT_DAYS, GRIEVANCES, Happened, TelecomDynamics, new_lines
from liuke.simulation.telecom_market import record_telecom_market, telecom_market

COST_SHARE = {"plan": 0.45, "overage": 0.15, "value_added": 0.3}
MARKET_SHARE = 0.31
LAPSE_DAYS = 20


class Telecom(TelecomDynamics):
    """The telecom operator: its dynamics and its books."""

    def __init__(self, world: World) -> None:
        super().__init__(world, telecom_market(world.chance, world.months))
        self.state = new_lines(world.chance, world.population.traits)
        self.contracts = Contracts(world)
        self.period = world.months[0]
        self._last_sales = np.zeros(len(CITIES))
        record_telecom_market(world.records, self.market, world.months)

    def welcome(self, index: Array, period: Period, day: Array) -> None:
        """Open contracts; customers from before the first month are somewhere inside theirs."""
        world, state = self.world, self.state
        size = world.population.size
        reset(state, index)
        state.usage_level[index] = 0
        state.arrears[index] = 0
        draw = world.chance.uniform("commits", size, period.number)[index]
        old = day < period.start
        left = np.floor(world.chance.uniform("committed for", size, period.number)[index] * COMMITMENT_DAYS)
        end = np.where(old, period.start + left, day + COMMITMENT_DAYS).astype(np.int32)
        committed = np.where(draw < 0.5, end, NEVER).astype(np.int32)
        state.commit_end[index] = committed
        fee = self.market.fee[period.number][state.plan[index]]
        state.fee[index] = fee
        began = np.where(committed == NEVER, day, np.maximum(day, committed - COMMITMENT_DAYS))
        self.contracts.open(index, day, state.plan[index], fee, committed)
        earlier = began > day
        self._go_on(index[earlier], began[earlier], began[earlier], RENEWED, first_committed=began[earlier])

    def _go_on(
        self, index: Array, ended: Array, started: Array, why: int, first_committed: Array | None = None
    ) -> None:
        """Close the running contracts of `index` and open what the state says now."""
        if first_committed is not None:
            self.contracts.committed[index] = first_committed
        self.contracts.close(index, ended, np.full(len(index), why))
        state = self.state
        self.contracts.open(index, started, state.plan[index], state.fee[index], state.commit_end[index])

    def record(self, period: Period, happened: Happened, presence: Presence) -> None:
        """Write down the month."""
        self.period = period
        self._record_contracts(period, happened, presence)
        self._record_use(period, presence)
        self._record_bills(period, presence)
        self._record_turns(period, happened, presence)
        self._record_debts(period, happened, presence)
        self._record_complaints(period, happened, presence)
        voices.record_calls(self.world, self.state, period, presence)
        voices.record_survey(self.world, self.state, period, presence)

    def _record_contracts(self, period: Period, happened: Happened, presence: Presence) -> None:
        """Write renewals, a few after a short lapse, and changes of plan."""
        stays = presence.only(~presence.is_lost & (presence.first == period.start))
        draw = self.world.chance.uniform("lapse", self.world.population.size, period.number)
        renewed = stays.index[happened.renewed[stays.index]]
        ended = self.contracts.committed[renewed]
        lapse = np.where(draw[renewed] < 0.06, np.floor(draw[renewed] / 0.06 * LAPSE_DAYS), 0).astype(np.int32)
        self._go_on(renewed, ended, np.minimum(ended + lapse, period.end - 1), RENEWED)
        changing = stays.only(happened.replanned[stays.index])
        day = changing.day(draw[changing.index])
        fits = day > self.contracts.started[changing.index]
        self._go_on(changing.index[fits], day[fits], day[fits], REPLANNED)

    def _record_use(self, period: Period, presence: Presence) -> None:
        """Write minutes and data of the month on its last day."""
        state, index, chance = self.state, presence.index, self.world.chance
        size, month = self.world.population.size, period.number
        share = (presence.last - presence.first + 1) / period.days
        cut = np.where(state.arrears[index] >= 2, 0.05, 1.0) * share * np.exp(state.usage_level[index])
        minutes = state.base_minutes[index] * cut * np.exp(0.15 * chance.normal("minutes", size, month)[index])
        data = state.base_data[index] * cut * np.exp(0.18 * chance.normal("data", size, month)[index])
        for kind, quantity in (("minutes", np.rint(minutes)), ("data_mb", np.rint(data))):
            self.world.records.add(
                "events",
                customer_id=self.world.customer_ids(index),
                occurred_at=arrow.instants(presence.last, 0.99),
                kind=arrow.always(kind, len(index)),
                quantity=arrow.numbers(quantity),
            )

    def _record_bills(self, period: Period, presence: Presence) -> None:
        """Write one bill for the plan, some for overage and extras, and the month's market."""
        state, index, chance = self.state, presence.index, self.world.chance
        size, month = self.world.population.size, period.number
        share = (presence.last - presence.first + 1) / period.days
        fee = state.fee[index] * share
        extra = chance.uniform("extra", size, month)[index]
        overage = np.where((extra < 0.1) & (state.arrears[index] < 2), np.rint(5 + 300 * extra), 0)
        bought = state.likes_extras[index] & (extra > 0.45) & (state.drift_months[index] < 2)
        value_added = np.where(bought, np.rint(6 + 24 * extra), 0)
        sales = np.zeros(len(CITIES))
        for code, (category, amount) in enumerate(
            (("plan", fee), ("overage", overage), ("value_added", value_added)), start=1
        ):
            due = np.rint(amount * 100) > 0
            self._record_bill(f"B{code}", category, month, presence.only(due), amount[due])
            sales += np.bincount(self.world.population.traits.city[index], weights=amount, minlength=len(CITIES))
        self._record_market(period, sales)

    def _record_bill(self, prefix: str, category: str, month: int, presence: Presence, amount: Array) -> None:
        """Write one kind of bill."""
        rows = len(amount)
        letters = self.world.population.letters[presence.index]
        self.world.records.add(
            "transactions",
            transaction_id=arrow.fixed_text(prefix, arrow.digits(np.full(rows, month), 3), letters),
            customer_id=self.world.customer_ids(presence.index),
            occurred_at=arrow.instants(presence.last, 0.99),
            amount=arrow.money(amount),
            cost=arrow.money(amount * COST_SHARE[category]),
            category=arrow.always(category, rows),
            is_essential=arrow.flags(np.full(rows, category != "value_added")),
        )

    def _record_market(self, period: Period, sales: Array) -> None:
        """Write the size of the market in each city and our part of it."""
        rival = self.market.rival[period.number]
        size = sales / (MARKET_SHARE * (1 - 0.1 * rival))
        before = self._last_sales
        growth = np.divide(size, before, out=np.ones_like(size), where=before > 0) - 1
        self._last_sales = size
        self.world.records.add(
            "market",
            period=arrow.dates(np.full(len(CITIES), period.start)),
            region=arrow.words(np.arange(len(CITIES)), [city for _, city in CITIES]),
            size=arrow.money(size),
            own_sales=arrow.money(sales),
            growth=arrow.numbers(growth),
        )

    def _record_turns(self, period: Period, happened: Happened, presence: Presence) -> None:
        """Write moves, suspensions and re-activations as events."""
        when = self.world.chance.uniform("turn day", self.world.population.size, period.number)
        for kind, is_so, known in (
            ("address_change", happened.moved, 0.75), ("suspension", happened.suspended, 1.0),
            ("reactivation", happened.restored, 1.0),
        ):  # fmt: skip
            turned = presence.only(is_so[presence.index] & (when[presence.index] < known))
            self.world.records.add(
                "events",
                customer_id=self.world.customer_ids(turned.index),
                occurred_at=arrow.instants(turned.day(when[turned.index] * 0.999), 0.3),
                kind=arrow.always(kind, len(turned.index)),
            )

    def _record_debts(self, period: Period, happened: Happened, presence: Presence) -> None:
        """Write what is owed at the month's end, and once when it has been paid."""
        owes = presence.only((self.state.arrears > 0)[presence.index] | happened.cleared[presence.index])
        self.world.records.add(
            "balances",
            customer_id=self.world.customer_ids(owes.index),
            on=arrow.dates(owes.last),
            owed=arrow.money(self.state.owed[owes.index]),
            overdue_days=arrow.whole(30 * self.state.arrears[owes.index].astype(np.int64)),
        )

    def _record_complaints(self, period: Period, happened: Happened, presence: Presence) -> None:
        """Write complaints, each on a day on which the customer was still there."""
        made = happened.complaints
        here = presence.only(np.isin(presence.index, made.index))
        day = here.day(
            self.world.chance.uniform("complaint day", self.world.population.size, period.number)[made.index]
        )
        letters = self.world.population.letters
        record_complaints(
            self.world.records, self.world.chance, period, made, GRIEVANCES, letters, day, self.world.last_day
        )

    def farewell(self, index: Array, cause: Array, day: Array) -> None:
        """End contracts with what the company knows of the reason, and ask afterwards."""
        draw = self.world.chance.uniform("end reason", self.world.population.size, self.period.number)[index]
        self.contracts.close(index, day, end_reasons(CAUSES, cause, draw))
        voices.record_exit_interviews(self.world, CAUSES, index, cause, day, self.period)

    def finish(self, active: Array) -> None:
        """Write the contracts that still run."""
        index = np.flatnonzero(active)
        self.contracts.close(index, np.full(len(index), NEVER), np.full(len(index), -1))

    def signs(self) -> Array:
        """Return which customers look unwell to the company."""
        state = self.state
        return (
            (state.usage_level < -0.3) | (state.grudge > 0.4) | (state.price_shock > 0.4) | (state.manager_gone > 0.3)
        )

    def monthly_margin(self) -> Array:
        """Return fee and average extras less their cost."""
        extras = 3.0 * (1 - COST_SHARE["overage"]) + 9.0 * self.state.likes_extras * (1 - COST_SHARE["value_added"])
        return np.asarray(self.state.fee * (1 - COST_SHARE["plan"]) + extras)
