"""Subscriptions as the telecom company keeps them: one after another for each customer."""

from __future__ import annotations

import numpy as np

from liuke.simulation import arrow
from liuke.simulation.arrow import NEVER
from liuke.simulation.causes import Causes
from liuke.simulation.chance import Array
from liuke.simulation.industry import World
from liuke.simulation.telecom_market import PLANS

END_REASONS = ("客户申请", "携号转网", "欠费停机", "支付失败", "搬迁", "续约", "变更套餐")
ASKED, PORTED, DEBTS, PAYMENT, MOVED, RENEWED, REPLANNED = range(7)
EXIT_FEES = 3


class Contracts:
    """The open subscription of each customer; closed ones go to `subscriptions`."""

    def __init__(self, world: World) -> None:
        size = world.population.size
        self.world = world
        self.number = np.zeros(size, dtype=np.int16)
        self.started = np.full(size, NEVER, dtype=np.int32)
        self.committed = np.full(size, NEVER, dtype=np.int32)
        self.plan = np.zeros(size, dtype=np.int8)
        self.fee = np.zeros(size, dtype=np.float32)

    def open(self, index: Array, day: Array, plan: Array, fee: Array, committed: Array) -> None:
        """Begin a subscription for each customer in `index`."""
        self.number[index] += 1
        self.started[index] = day
        self.committed[index] = committed
        self.plan[index] = plan
        self.fee[index] = fee

    def close(self, index: Array, day: Array, reason: Array) -> None:
        """End the open subscriptions of `index`; `NEVER` as day writes them as still running."""
        letters = self.world.population.letters[index]
        committed = self.committed[index]
        fee = self.fee[index]
        self.world.records.add(
            "subscriptions",
            subscription_id=arrow.fixed_text("D", letters, "-", arrow.digits(self.number[index], 2)),
            customer_id=self.world.customer_ids(index),
            plan=arrow.words(self.plan[index], PLANS),
            started_on=arrow.dates(self.started[index]),
            ended_on=arrow.dates(day),
            end_reason=arrow.words(reason, END_REASONS),
            monthly_fee=arrow.money(fee),
            exit_fee=arrow.money(np.where(committed == NEVER, 0, EXIT_FEES * fee)),
            committed_until=arrow.dates(committed),
        )

    def replace(self, index: Array, ended: Array, started: Array, reason: int) -> None:
        """End the open subscriptions of `index`; whoever calls opens the next ones."""
        self.close(index, ended, np.full(len(index), reason))
        self.started[index] = started


def end_reasons(causes: Causes, cause: Array, draw: Array) -> Array:
    """Return what the company notes when customers leave for these causes; a fifth is left blank."""
    codes = np.array(causes.codes)[cause]
    competed = np.char.startswith(codes, "C")
    reason = np.full(len(cause), ASKED)
    reason[competed & (draw < 0.6)] = PORTED
    reason[(codes == "U1") & (draw < 0.5)] = MOVED
    reason[(reason == ASKED) & (draw > 0.8)] = -1
    reason[np.isin(codes, ("F1", "F2"))] = DEBTS
    reason[codes == "F3"] = PAYMENT
    return reason
