"""What customers say: calls, survey answers, recommendations, and reasons given when they are asked afterwards."""

from __future__ import annotations

import numpy as np

from liuke.simulation import arrow
from liuke.simulation.causes import Bond, Causes
from liuke.simulation.chance import Array
from liuke.simulation.industry import Presence, World
from liuke.simulation.periods import Period

CALL_REASONS = ("费用咨询", "业务咨询", "故障报修", "销户咨询", "投诉")
SAID = {
    "P1": "资费偏高", "P2": "涨价", "P3": "不明收费", "Q1": "质量缺陷", "Q2": "信号不好", "R1": "投诉处理不及时",
    "R2": "投诉处理不当", "S2": "态度不佳", "I1": "承诺不兑现", "C1": "竞争对手优惠", "C3": "附近出现竞争对手",
    "C4": "亲友影响", "E1": "客户经理离职", "V1": "想换口味", "V3": "老客户没有优惠", "U1": "搬迁", "U2": "经济原因",
    "N2": "不再需要", "F1": "", "F2": "", "F3": "忘记续费", "F4": "", "X": "",
}  # fmt: skip
POLITE = "资费偏高"
SURVEY_EVERY = 3
REMARKS = ("挺好的", "一般", "希望更便宜", "服务需要改进")


def record_calls(world: World, bond: Bond, period: Period, presence: Presence) -> None:
    """Write calls from customers: the drifting ask how to leave, the upset ask about fees and faults."""
    index, size, month = presence.index, world.population.size, period.number
    draw = world.chance.uniform("calls", size, month)[index]
    drifting = bond.drift_months[index] > 1
    upset = bond.grudge[index] + 0.5 * bond.price_shock[index]
    calls = draw < 0.018 + 0.07 * drifting + 0.05 * np.minimum(upset, 2)
    topic = world.chance.pick("topic", (0.4, 0.3, 0.2, 0.02, 0.08), size, month)[index]
    asks_to_leave = drifting & (world.chance.uniform("asks", size, month)[index] < 0.35)
    presence, called = presence.only(calls), index[calls]
    when = world.chance.uniform("call day", size, month)[called]
    world.records.add(
        "contacts",
        contact_id=arrow.fixed_text(
            "KI", arrow.digits(np.full(len(called), month), 3), world.population.letters[called]
        ),
        customer_id=world.customer_ids(called),
        occurred_at=arrow.instants(presence.day(when), when * 31 % 1),
        channel=arrow.words((when * 997 % 1 * 3).astype(int), ("phone", "app", "wechat")),
        direction=arrow.always("in", len(called)),
        answered=arrow.flags(np.ones(len(called))),
        reason=arrow.words(np.where(asks_to_leave, 3, topic)[calls], CALL_REASONS),
    )


def record_survey(world: World, bond: Bond, period: Period, presence: Presence) -> None:
    """Write answers to the quarterly question whether one would recommend the company."""
    if period.number % SURVEY_EVERY != SURVEY_EVERY - 1:
        return
    size, month = world.population.size, period.number
    asked = (world.chance.uniform("survey", size, month)[presence.index] < 0.07) & ~presence.is_lost
    presence = presence.only(asked)
    index = presence.index
    mood = bond.satisfaction[index] - 0.35 * bond.price_shock[index] - 0.8 * (bond.drift_months[index] > 0)
    score = np.clip(np.rint(7.6 + 1.6 * mood + 1.7 * world.chance.normal("score", size, month)[index]), 0, 10)
    remark = np.where(score >= 9, 0, np.where(score >= 7, 1, np.where(bond.price_shock[index] > 0.3, 2, 3)))
    says = world.chance.uniform("remark", size, month)[index]
    world.records.add(
        "survey_answers",
        survey_id=arrow.always(f"NPS-{period.first_on:%Y%m}", len(index)),
        customer_id=world.customer_ids(index),
        answered_at=arrow.instants(presence.day(says), says),
        question=arrow.always("nps", len(index)),
        score=arrow.numbers(score),
        text=arrow.words(np.where(says < 0.3, remark, -1), REMARKS),
    )


def record_exit_interviews(
    world: World, causes: Causes, index: Array, cause: Array, day: Array, period: Period
) -> None:
    """Write calls to those who left: few answer, and some say "price" out of politeness."""
    size, month = world.population.size, period.number
    draw = world.chance.uniform("interview", size, month)[index]
    called_on = day + 2 + np.floor(draw * 12).astype(np.int32)
    asked = (draw * 97 % 1 < 0.6) & (called_on <= world.last_day)
    index, cause, called_on, draw = index[asked], cause[asked], called_on[asked], draw[asked]
    answers = draw * 31 % 1 < 0.5
    says = [SAID[code] for code in causes.codes]
    silent = np.array([not word for word in says])[cause]
    polite = draw * 57 % 1 < 0.12
    told = np.where(polite, len(says), cause)
    world.records.add(
        "contacts",
        contact_id=arrow.fixed_text("KX", arrow.digits(np.full(len(index), month), 3), world.population.letters[index]),
        customer_id=world.customer_ids(index),
        occurred_at=arrow.instants(called_on, draw),
        channel=arrow.always("phone", len(index)),
        direction=arrow.always("out", len(index)),
        answered=arrow.flags(answers),
        outcome=arrow.words(np.where(answers, 0, 1), ("exit_interview", "no_answer")),
        reason=arrow.words(np.where(answers & (~silent | polite), told, -1), [*says, POLITE]),
        cost=arrow.money(np.full(len(index), 3.0)),
    )


def record_referrals(world: World, index: Array, day: Array) -> None:
    """Write who recommended the new customers in `index`."""
    referred = world.population.referrer[index] >= 0
    world.records.add(
        "referrals",
        referrer_id=world.customer_ids(world.population.referrer[index][referred]),
        referred_id=world.customer_ids(index[referred]),
        occurred_at=arrow.instants(day[referred], 0.5),
    )
