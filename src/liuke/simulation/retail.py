"""A retailer: what a month does to its customers, and how likely they leave for which cause."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liuke.simulation import complaints as grievances
from liuke.simulation import industry as common
from liuke.simulation.causes import Bond, Causes
from liuke.simulation.chance import Array, Chance
from liuke.simulation.complaints import Complaints, Grievance
from liuke.simulation.industry import World
from liuke.simulation.periods import Period
from liuke.simulation.population import Traits
from liuke.simulation.retail_market import BABY, CATEGORIES, RetailMarket

CAUSES = Causes(("P1", "P2", "Q1", "R1", "R2", "S2", "I1", "C1", "C3", "C4", "E1", "V1", "U1", "N2", "F4", "X"), "V1")
GRIEVANCES = (
    Grievance("价格", "P1", 0.8, ("比别家贵，价格不实在。", "刚买就降价，感觉吃亏。", "价格偏高。")),
    Grievance("质量", "Q1", 1.6, ("收到的东西是坏的。", "生鲜不新鲜，质量有问题。", "用了两天就坏了，质量太差。")),
    Grievance("服务态度", "S2", 0.6, ("店员态度不好，不耐烦。", "客服敷衍，没人管。", "售后说话很难听。")),
    Grievance("承诺", "I1", 0.7, ("说好的赠品没给。", "答应的返利一直没到账。", "承诺七天退货，结果不认。")),
    Grievance("配送", "R1", 1.0, ("配送太慢，等了一周。", "催了几次都没人回应。", "送错了一直没人处理。")),
)  # fmt: skip
SHAPES = (1.0, 2.0, 4.0, 8.0)
SHORTEST_GAP_DAYS, LONGEST_GAP_DAYS = 4.0, 150.0


@dataclass(slots=True)
class Shopper(Bond):
    """A retail customer's state: the bond, the rhythm, the basket and the need.

    Days between orders are Erlang: `shape` 1 is wholly irregular, 8 is regular.
    """

    gap_days: Array
    shape: Array
    basket: Array
    main: Array
    breadth: Array
    order_level: Array
    need_over: Array
    hunts_bargains: Array


@dataclass(frozen=True, slots=True)
class Happened:
    """What a month brought: complaints, who moved, whose need ended, who got a bad order."""

    complaints: Complaints
    moved: Array
    life_event: Array
    bad_order: Array


def new_shoppers(chance: Chance, traits: Traits) -> Shopper:
    """Return shoppers before anything happened."""
    size = len(traits.city)
    gap = 22 * np.exp(0.55 * chance.normal("gap", size)) * np.where(traits.kind > 0, np.float32(0.7), np.float32(1))
    basket = 95 * np.exp(0.5 * chance.normal("basket", size)) * np.where(traits.kind > 0, np.float32(5), np.float32(1))
    zeros = np.zeros(size, dtype=np.float32)
    return Shopper(
        **common.new_bond(size),
        gap_days=np.clip(gap, SHORTEST_GAP_DAYS, LONGEST_GAP_DAYS).astype(np.float32),
        shape=np.array(SHAPES, dtype=np.float32)[chance.pick("shape", (0.45, 0.25, 0.2, 0.1), size)],
        basket=basket.astype(np.float32),
        main=chance.pick("main", (0.2, 0.22, 0.18, 0.13, 0.08, 0.1, 0.09), size),
        breadth=1 + chance.pick("breadth", (0.3, 0.3, 0.2, 0.1, 0.1), size),
        order_level=zeros.copy(),
        need_over=zeros.copy(),
        hunts_bargains=chance.uniform("bargains", size) < 0.04,
    )


class RetailDynamics:
    """How months pass at a retailer."""

    causes = CAUSES
    grievances = GRIEVANCES

    def __init__(self, world: World, market: RetailMarket) -> None:
        self.world = world
        self.market = market

    def advance(self, state: Shopper, traits: Traits, period: Period, chance: Chance, active: Array) -> Happened:
        """Let a month happen: prices, managers, moves, the course of life, bad orders, complaints, mood."""
        size, month = len(active), period.number
        grievances.fade(state)
        state.need_over *= np.float32(0.4)
        common.managers_leave(self.world, state, traits, period)
        state.price_shock += self.market.rise[month][state.main] / np.float32(0.1)
        moved = active & (chance.uniform("moves", size, month) < 0.003)
        state.moved += moved
        baby = state.main == BABY
        life_event = active & (chance.uniform("life", size, month) < np.where(baby, 0.03, 0.0015))
        state.need_over += life_event
        stays_on = life_event & (chance.uniform("new need", size, month) < 0.5)
        state.main[stays_on] = (state.main[stays_on] + 2) % len(CATEGORIES)
        bad_order = active & (chance.uniform("bad order", size, month) < 0.025)
        state.satisfaction -= np.float32(0.35) * bad_order * traits.care
        made = self._complain(state, traits, period, chance, active, bad_order)
        self._order(state, period, chance)
        return Happened(made, moved, life_event, bad_order)

    def _complain(
        self, state: Shopper, traits: Traits, period: Period, chance: Chance, active: Array, bad_order: Array
    ) -> Complaints:
        """Return the complaints of a month."""
        rate = 0.009 * traits.care * np.exp(-0.5 * np.clip(state.satisfaction, -2.5, 1)) + 0.25 * bad_order
        weights = np.array([grievance.weight for grievance in GRIEVANCES])
        return grievances.complain(state, traits, chance, period, rate, active, weights)

    def _order(self, state: Shopper, period: Period, chance: Chance) -> None:
        """Let orders become rarer while drifting and recover otherwise."""
        shake = chance.uniform("mood", len(state.main), period.number)
        fallen = state.order_level - np.float32(0.3) - np.float32(0.4) * shake
        level = np.where(state.drift_months > 0, fallen, state.order_level * np.float32(0.5))
        state.order_level = np.clip(level, -2, 0).astype(np.float32)
        state.satisfaction += np.float32(0.7) * (shake - np.float32(0.5))

    def sudden(self, state: Shopper, traits: Traits, period: Period) -> Array:
        """Return the intensity of each cause in this month, before drift and remedies."""
        tenure = np.maximum(period.start - traits.joined_day, 0) / np.float32(30.4)
        young = 1 + np.float32(1.6) * np.exp(-tenure / np.float32(5)).astype(np.float32)
        will = traits.frailty * young
        upset = will * common.unhappiness(state)
        sore, thrifty = upset * traits.care, upset * traits.price_sensitivity
        rival = self.market.rival[period.number][traits.city]
        opening = self.market.opening[period.number][traits.city]
        of = {
            "P1": 0.0012 * thrifty,
            "P2": 0.012 * thrifty * traits.price_sensitivity * state.price_shock,
            "Q1": 0.0006 * sore + 0.04 * sore * grievances.grudge_of(state, GRIEVANCES, "Q1"),
            "R1": 0.06 * sore * state.grudge_late,
            "R2": 0.045 * sore * state.grudge_unsatisfied,
            "S2": 0.07 * sore * grievances.grudge_of(state, GRIEVANCES, "S2"),
            "I1": 0.04 * sore * grievances.grudge_of(state, GRIEVANCES, "I1"),
            "C1": 0.0009 * will + 0.006 * thrifty * rival * (1 + state.price_shock),
            "C3": 0.014 * will * opening,
            "C4": 0.12 * will * state.neighbour * traits.sociability,
            "E1": 0.11 * traits.frailty * state.manager_gone,
            "V1": 0.0018 * will / state.breadth,
            "U1": 0.3 * np.minimum(state.moved, 1),
            "N2": 0.4 * np.minimum(state.need_over, 1),
            "F4": np.where(state.hunts_bargains, 0.12 * np.exp(-tenure / 3), 0),
            "X": 0.0007 * will,
        }
        return np.stack([np.asarray(of[code], dtype=np.float32) for code in CAUSES.codes], axis=1)
