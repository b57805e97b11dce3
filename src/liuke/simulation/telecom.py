"""A telecom operator: what a month does to its customers, and how likely they leave for which cause."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liuke.simulation import complaints as grievances
from liuke.simulation import industry as common
from liuke.simulation.arrow import NEVER
from liuke.simulation.causes import Bond, Causes
from liuke.simulation.chance import Array, Chance
from liuke.simulation.complaints import Complaints, Grievance
from liuke.simulation.industry import World
from liuke.simulation.periods import Period
from liuke.simulation.population import Traits
from liuke.simulation.telecom_market import DATA_MB, MINUTES, PLANS, TelecomMarket

CAUSES = Causes(
    ("P1", "P2", "P3", "Q2", "R1", "R2", "S2", "I1", "C1", "C4", "E1", "V3", "U1", "U2", "F1", "F2", "F3", "X"), "V3"
)
GRIEVANCES = (
    Grievance("资费", "P1", 1.0, (
        "月费太贵了，跟别家比不划算。", "套餐费用高，用不完也不能降。", "资费偏高，希望调整套餐。"
    )),
    Grievance("网络故障", "Q2", 1.4, (
        "信号不好，经常断网。", "晚上网速太慢，打了三次电话都说在处理。", "家里总掉线，网络不稳定。"
    )),
    Grievance("服务态度", "S2", 0.6, (
        "客服态度很差，说话不耐烦。", "营业厅工作人员敷衍我，没人管。", "接线员骂人，要求道歉。"
    )),
    Grievance("账单", "P3", 0.9, (
        "账单里多了一笔不明收费。", "没有开通的业务被扣费，要求退款。", "话费对不上，收费不透明。"
    )),
    Grievance("承诺", "I1", 0.5, (
        "说好的优惠没兑现。", "答应的返利半年没给。", "办理时承诺的和实际不一样，感觉被骗。"
    )),
    Grievance("投诉未处理", "R1", 0.6, (
        "反映的问题一直没有回应。", "投诉处理太慢，等了很久。", "报修两周没人联系。"
    )),
)  # fmt: skip
COMMITMENT_DAYS = 365
RECENTLY_FREE_DAYS = 75
SUSPENDED_AFTER = 2


@dataclass(slots=True)
class Line(Bond):
    """A telecom customer's state: the bond, the contract, the use of it, and the money."""

    plan: Array
    fee: Array
    commit_end: Array
    usage_level: Array
    base_minutes: Array
    base_data: Array
    likes_extras: Array
    is_debtor: Array
    hardship: Array
    failed: Array
    arrears: Array
    owed: Array


@dataclass(frozen=True, slots=True)
class Happened:
    """What a month brought; arrays of customer numbers, or one value per customer."""

    complaints: Complaints
    moved: Array
    cleared: Array
    suspended: Array
    restored: Array
    renewed: Array
    replanned: Array
    old_plan: Array


def new_lines(chance: Chance, traits: Traits) -> Line:
    """Return lines before anything happened."""
    size = len(traits.city)
    consumer = chance.pick("plan", (0.26, 0.32, 0.26, 0.12, 0.04), size)
    business = chance.pick("business plan", (0.02, 0.1, 0.28, 0.25, 0.35), size)
    plan = np.where(traits.kind == 0, consumer, business).astype(np.int8)
    appetite = 0.5 * chance.normal("appetite", size) - 0.1
    zeros = np.zeros(size, dtype=np.float32)
    return Line(
        **common.new_bond(size),
        plan=plan,
        fee=zeros.copy(),
        commit_end=np.full(size, NEVER, dtype=np.int32),
        usage_level=zeros.copy(),
        base_minutes=MINUTES[plan] * np.exp(appetite),
        base_data=DATA_MB[plan] * 0.7 * np.exp(0.8 * appetite + 0.4 * chance.normal("data appetite", size)),
        likes_extras=chance.uniform("extras", size) < 0.3,
        is_debtor=(chance.uniform("debtor", size) < 0.012) & (traits.kind == 0),
        hardship=np.zeros(size, dtype=bool),
        failed=np.zeros(size, dtype=bool),
        arrears=np.zeros(size, dtype=np.int8),
        owed=zeros.copy(),
    )


class TelecomDynamics:
    """How months pass at a telecom operator."""

    causes = CAUSES
    grievances = GRIEVANCES

    def __init__(self, world: World, market: TelecomMarket) -> None:
        self.world = world
        self.market = market

    def advance(self, state: Line, traits: Traits, period: Period, chance: Chance, active: Array) -> Happened:
        """Let a month happen: prices, outages, managers, moves, money, complaints, use and contracts."""
        grievances.fade(state)
        common.managers_leave(self.world, state, traits, period)
        self._raise_prices(state, traits, period, active)
        moved = active & (chance.uniform("moves", len(active), period.number) < 0.004)
        state.moved += moved
        suspended, restored, cleared = _pay(state, traits, period, chance, active)
        made = self._complain(state, traits, period, chance, active)
        _use(state, period, chance)
        renewed = _renew(state, period, chance, active)
        replanned, old_plan = self._replan(
            state, traits, period, chance, active & ~renewed & (traits.joined_day < period.start)
        )
        return Happened(made, moved, cleared, suspended, restored, renewed, replanned, old_plan)

    def _raise_prices(self, state: Line, traits: Traits, period: Period, active: Array) -> None:
        """Raise the fee of those whom no commitment protects."""
        rise = self.market.rise[period.number][state.plan]
        hit = active & (rise > 0) & (state.commit_end < period.start)
        state.price_shock += np.where(hit, rise / np.float32(0.1), np.float32(0))
        state.satisfaction -= np.where(hit, np.float32(0.25) * traits.price_sensitivity, np.float32(0))
        state.fee[hit] = self.market.fee[period.number][state.plan[hit]]

    def _complain(self, state: Line, traits: Traits, period: Period, chance: Chance, active: Array) -> Complaints:
        """Return the complaints of a month."""
        outage = self.market.outage[period.number][traits.city]
        state.satisfaction -= np.float32(0.12) * outage * traits.care
        rate = 0.011 * traits.care * np.exp(-0.5 * np.clip(state.satisfaction, -2.5, 1)) * (1 + 2.5 * outage)
        weights = np.array([grievance.weight for grievance in GRIEVANCES])
        return grievances.complain(state, traits, chance, period, rate + 0.01 * state.price_shock, active, weights)

    def _replan(
        self, state: Line, traits: Traits, period: Period, chance: Chance, active: Array
    ) -> tuple[Array, Array]:
        """Let some change their plan, the price-sensitive downward."""
        draw = chance.uniform("replan", len(active), period.number)
        changes = active & (draw < 0.007) & (state.commit_end < period.start)
        down = (draw < 0.0035 * traits.price_sensitivity) | (state.plan == len(PLANS) - 1)
        old_plan = state.plan.copy()
        new_plan = np.clip(old_plan + np.where(down, -1, 1), 0, len(PLANS) - 1)
        changes &= new_plan != old_plan
        state.plan[changes] = new_plan[changes]
        price_on = self.market.fee[period.number]
        state.fee[changes] = price_on[state.plan[changes]]
        state.price_shock[changes & down] *= np.float32(0.3)
        return changes, old_plan

    def sudden(self, state: Line, traits: Traits, period: Period) -> Array:
        """Return the intensity of each cause in this month, before drift and remedies."""
        free_for = period.start - state.commit_end.astype(np.int64)
        locked = free_for < 0
        just_free = ~locked & (free_for < RECENTLY_FREE_DAYS)
        tenure = (period.start - traits.joined_day) / np.float32(30.4)
        lock = np.where(locked, np.float32(0.18), np.where(just_free, np.float32(1.7), np.float32(1)))
        young = 1 + np.float32(2.2) * np.exp(-np.maximum(tenure, 0) / np.float32(8)).astype(np.float32)
        will = traits.frailty * lock * young
        upset = will * common.unhappiness(state)
        sore = upset * traits.care
        thrifty = upset * traits.price_sensitivity
        rival = self.market.rival[period.number][traits.city]
        owes = state.arrears >= SUSPENDED_AFTER
        of = {
            "P1": 0.0013 * thrifty * np.where(state.usage_level < -0.3, np.float32(1.8), np.float32(1)),
            "P2": 0.009 * thrifty * traits.price_sensitivity * state.price_shock,
            "P3": 0.06 * thrifty * grievances.grudge_of(state, GRIEVANCES, "P3"),
            "Q2": 0.0006 * sore + 0.06 * sore * grievances.grudge_of(state, GRIEVANCES, "Q2"),
            "R1": 0.07 * sore * state.grudge_late * (1 + 0.5 * state.price_shock),
            "R2": 0.05 * sore * state.grudge_unsatisfied,
            "S2": 0.08 * sore * grievances.grudge_of(state, GRIEVANCES, "S2"),
            "I1": 0.08 * sore * grievances.grudge_of(state, GRIEVANCES, "I1"),
            "C1": 0.0011 * will + 0.005 * thrifty * rival * (1 + state.price_shock),
            "C4": 0.12 * will * state.neighbour * traits.sociability,
            "E1": 0.11 * traits.frailty * state.manager_gone,
            "V3": 0.0004 * will + 0.012 * will * just_free,
            "U1": 0.24 * np.minimum(state.moved, 1),
            "U2": 0.03 * state.hardship,
            "F1": np.where(owes & state.is_debtor, 0.5, 0.0),
            "F2": np.where((state.arrears > SUSPENDED_AFTER) & ~state.is_debtor, 0.4, 0.0),
            "F3": np.where(state.failed, 0.16, 0.0002),
            "X": 0.0006 * will,
        }
        return np.stack([np.asarray(of[code], dtype=np.float32) for code in CAUSES.codes], axis=1)


def _pay(state: Line, traits: Traits, period: Period, chance: Chance, active: Array) -> tuple[Array, Array, Array]:
    """Let bills be paid or not; return who is cut off, who is connected again, and who has paid old debts."""
    size, month = len(active), period.number
    draw = chance.uniform("hardship", size, month)
    state.hardship = np.where(state.hardship, draw > 0.15, draw < 0.0025)
    state.failed = active & (chance.uniform("card", size, month) < 0.003)
    plan_to_cheat = state.is_debtor & (period.start - traits.joined_day > 60)
    miss = 0.012 + 0.4 * state.hardship + 0.35 * (state.arrears > 0) + 0.8 * plan_to_cheat
    missed = active & ((chance.uniform("pays", size, month) < miss) | state.failed)
    was = state.arrears
    cleared = active & (was > 0) & ~missed
    state.arrears = np.where(missed, np.minimum(was + 1, 24), 0).astype(np.int8)
    state.owed = np.where(missed, state.owed + state.fee * np.where(plan_to_cheat, 2, 1), 0).astype(np.float32)
    suspended = active & (state.arrears == SUSPENDED_AFTER) & (was < SUSPENDED_AFTER)
    return suspended, cleared & (was >= SUSPENDED_AFTER), cleared


def _use(state: Line, period: Period, chance: Chance) -> None:
    """Let use fall while drifting and recover otherwise."""
    shake = chance.uniform("use", len(state.plan), period.number)
    falls = state.drift_months > 0
    level = np.where(
        falls, state.usage_level - np.float32(0.32) - np.float32(0.3) * shake, state.usage_level * np.float32(0.5)
    )
    state.usage_level = np.clip(level, -2.5, 0).astype(np.float32)
    state.satisfaction += np.float32(0.7) * (shake - np.float32(0.5))


def _renew(state: Line, period: Period, chance: Chance, active: Array) -> Array:
    """Let commitments that end this month be renewed by about half."""
    ends = active & (state.commit_end >= period.start) & (state.commit_end < period.end)
    renews = ends & (state.drift_months == 0) & (chance.uniform("renews", len(active), period.number) < 0.5)
    state.commit_end[renews] += COMMITMENT_DAYS
    return np.asarray(renews)
