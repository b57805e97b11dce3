from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow.compute as pc

from liuke.simulation.chance import Chance
from liuke.simulation.company import Invented
from liuke.simulation.periods import periods
from liuke.simulation.population import population
from liuke.simulation.retail import new_shoppers


def gaps(company: Invented) -> dict[str, np.ndarray]:
    orders = company.tables["transactions"]
    days: dict[str, set[int]] = defaultdict(set)
    for who, at, amount in zip(*(orders[c].to_pylist() for c in ("customer_id", "occurred_at", "amount")), strict=True):
        if amount > 0:
            days[who].add(at.toordinal())
    return {who: np.diff(sorted(found)) for who, found in days.items()}


def test_regular_customers_keep_their_rhythm_and_irregular_ones_do_not(retail: Invented) -> None:
    calm = set(retail.truth["customers"].filter(retail.truth["customers"]["is_active"])["customer_id"].to_pylist())
    crowd = population(Chance(4), 6000, periods(retail.ends_on, 18)[:18])
    shape = new_shoppers(Chance(4), crowd.traits).shape
    spread: dict[float, list[float]] = defaultdict(list)
    for who, between in gaps(retail).items():
        if who in calm and len(between) > 12:
            spread[float(shape[int(who[1:]) - 1])].append(between.std() / between.mean())
    # An Erlang gap of shape k varies by 1/sqrt(k) of its mean; whole days and moods blur it.
    assert np.median(spread[1.0]) > 0.8
    assert np.median(spread[8.0]) < 0.5


def test_refunds_follow_an_order_of_the_same_customer_and_amount(retail: Invented) -> None:
    orders = retail.tables["transactions"]
    kept: dict[tuple[str, object], list] = defaultdict(list)
    refunds = []
    for who, at, amount in zip(*(orders[c].to_pylist() for c in ("customer_id", "occurred_at", "amount")), strict=True):
        if amount < 0:
            refunds.append((who, at, -amount))
        else:
            kept[(who, amount)].append(at)
    assert 0.005 < len(refunds) / orders.num_rows < 0.04
    assert all(min(kept[(who, amount)]).date() <= at.date() for who, at, amount in refunds)


def test_necessary_and_optional_spend_are_told_apart(retail: Invented) -> None:
    orders = retail.tables["transactions"]
    pairs = set(zip(orders["category"].to_pylist(), orders["is_essential"].to_pylist(), strict=True))
    assert pairs == {
        ("粮油", True), ("生鲜", True), ("日用", True), ("服饰", False), ("数码", False), ("美妆", False),
        ("母婴", False)
    }  # fmt: skip


def test_orders_earn_a_margin(retail: Invented) -> None:
    orders = retail.tables["transactions"]
    earned = pc.sum(pc.subtract(pc.cast(orders["amount"], "float64"), pc.cast(orders["cost"], "float64"))).as_py()
    share = earned / pc.sum(pc.cast(orders["amount"], "float64")).as_py()
    assert 0.2 < share < 0.45


def test_the_end_of_a_need_ends_customers(retail: Invented) -> None:
    events = retail.tables["events"]
    told = set(events.filter(pc.equal(events["kind"], "life_event"))["customer_id"].to_pylist())
    losses = retail.truth["losses"]
    ended = losses.filter(pc.equal(losses["reason"], "N2"))["customer_id"].to_pylist()
    known = sum(who in told for who in ended) / len(ended)
    assert len(ended) > 20
    assert 0.3 < known < 0.95


def test_only_some_take_part_in_the_forum(retail: Invented) -> None:
    events = retail.tables["events"]
    posts = events.filter(pc.equal(events["kind"], "forum_post"))
    members = pc.count_distinct(posts["customer_id"]).as_py()
    assert 0.1 < members / retail.tables["customers"].num_rows < 0.2
    kinds = set(events["kind"].to_pylist())
    assert kinds == {
        "forum_post", "forum_reply", "event_attendance", "suggestion", "life_event", "address_change"
    }  # fmt: skip


def test_recommended_customers_name_an_earlier_customer(retail: Invented) -> None:
    joined = dict(zip(*(retail.tables["customers"][c].to_pylist() for c in ("customer_id", "joined_on")), strict=True))
    pairs = retail.tables["referrals"]
    assert pairs.num_rows > 100
    for old, new in zip(pairs["referrer_id"].to_pylist(), pairs["referred_id"].to_pylist(), strict=True):
        assert joined[old] < joined[new]


def test_the_market_contains_our_sales(retail: Invented) -> None:
    market = retail.tables["market"]
    assert market.num_rows == 18 * 9
    assert pc.all(pc.greater_equal(market["size"], market["own_sales"])).as_py()
