from __future__ import annotations

from collections import defaultdict
from datetime import date

import numpy as np
import pyarrow.compute as pc

from liuke.simulation.company import Invented

GRACE_DAYS = 30


def rows(company: Invented, table: str, *names: str) -> list[tuple]:
    return list(zip(*(company.tables[table][name].to_pylist() for name in names), strict=True))


def test_subscriptions_of_a_customer_follow_each_other_without_overlap(telecom: Invented) -> None:
    last_end: dict[str, date] = {}
    for who, start, end in sorted(
        rows(telecom, "subscriptions", "customer_id", "started_on", "ended_on"), key=lambda row: row[:2]
    ):
        assert start >= last_end.get(who, date.min)
        assert end is None or end >= start
        last_end[who] = end or date.max


def test_the_open_subscriptions_are_those_of_the_active(telecom: Invented) -> None:
    running = telecom.tables["subscriptions"].filter(pc.is_null(telecom.tables["subscriptions"]["ended_on"]))
    active = telecom.truth["customers"].filter(telecom.truth["customers"]["is_active"])
    assert sorted(running["customer_id"].to_pylist()) == sorted(active["customer_id"].to_pylist())


def test_an_ended_subscription_that_is_not_renewed_in_the_grace_period_is_a_loss(telecom: Invented) -> None:
    lives: dict[str, list[tuple[date, date | None]]] = defaultdict(list)
    for who, start, end in sorted(
        rows(telecom, "subscriptions", "customer_id", "started_on", "ended_on"), key=lambda row: row[:2]
    ):
        lives[who].append((start, end))
    found = set()
    for who, spans in lives.items():
        for (_, end), following in zip(spans, [*spans[1:], (None, None)], strict=True):
            if end is not None and (following[0] is None or (following[0] - end).days > GRACE_DAYS):
                found.add((who, end))
    losses = telecom.truth["losses"]
    assert found == set(zip(losses["customer_id"].to_pylist(), losses["lost_on"].to_pylist(), strict=True))


def test_some_renewals_come_a_few_days_late_and_are_no_loss(telecom: Invented) -> None:
    starts = {(who, start) for who, start in rows(telecom, "subscriptions", "customer_id", "started_on")}
    renewed = [
        row for row in rows(telecom, "subscriptions", "customer_id", "ended_on", "end_reason") if row[2] == "续约"
    ]
    late = [row for row in renewed if row[:2] not in starts]
    assert 0 < len(late) < 0.1 * len(renewed)


def test_use_falls_before_those_who_drift_leave(telecom: Invented) -> None:
    events = telecom.tables["events"]
    minutes = events.filter(pc.equal(events["kind"], "minutes"))
    per_month: dict[str, dict[int, float]] = defaultdict(dict)
    for who, at, quantity in zip(
        *(minutes[c].to_pylist() for c in ("customer_id", "occurred_at", "quantity")), strict=True
    ):
        per_month[who][at.year * 12 + at.month] = float(quantity)
    losses = telecom.truth["losses"]
    ratios: dict[bool, list[float]] = {True: [], False: []}
    for who, on, drifted in zip(
        *(losses[c].to_pylist() for c in ("customer_id", "lost_on", "was_drifting")), strict=True
    ):
        month = on.year * 12 + on.month
        used = per_month[who]
        if used.get(month - 6) and month - 1 in used:
            ratios[drifted].append(used[month - 1] / used[month - 6])
    assert np.median(ratios[True]) < 0.55
    assert np.median(ratios[False]) > 0.8


def test_there_are_two_rows_of_use_and_one_bill_for_the_plan_per_customer_and_month(telecom: Invented) -> None:
    events, bills = telecom.tables["events"], telecom.tables["transactions"]
    plan = pc.sum(pc.equal(bills["category"], "plan")).as_py()
    minutes, data = (pc.sum(pc.equal(events["kind"], kind)).as_py() for kind in ("minutes", "data_mb"))
    assert minutes == data >= plan > 0.95 * minutes
    assert bills.num_rows < 1.5 * plan
    assert set(bills["category"].to_pylist()) == {"plan", "overage", "value_added"}


def test_debts_grow_month_by_month_until_they_are_paid(telecom: Invented) -> None:
    owed = telecom.tables["balances"]
    assert pc.all(pc.equal(pc.equal(owed["overdue_days"], 0), pc.equal(pc.cast(owed["owed"], "float64"), 0))).as_py()
    assert pc.max(owed["overdue_days"]).as_py() >= 60
    losses = telecom.truth["losses"]
    cheats = losses.filter(pc.equal(losses["reason"], "F1"))["customer_id"]
    left_owing = owed.filter(pc.is_in(owed["customer_id"], cheats))
    assert pc.count_distinct(left_owing["customer_id"]).as_py() == pc.count_distinct(cheats).as_py()


def test_events_of_the_line_are_written(telecom: Invented) -> None:
    kinds = set(telecom.tables["events"]["kind"].to_pylist())
    assert kinds == {"minutes", "data_mb", "address_change", "suspension", "reactivation"}


def test_prices_only_rise_and_rivals_are_cheaper(telecom: Invented) -> None:
    prices, offers = telecom.tables["prices"], telecom.tables["rival_offers"]
    assert pc.all(pc.greater(prices["new_price"], prices["old_price"])).as_py()
    assert offers.num_rows > 5
    assert pc.max(offers["price"]).as_py() < 199


def test_customers_of_managers_who_left_leave_more(telecom: Invented) -> None:
    reasons = telecom.truth["losses"]["reason"].to_pylist()
    assert reasons.count("E1") > 3
    left = telecom.tables["staff"].filter(pc.is_valid(telecom.tables["staff"]["left_on"]))
    lost = telecom.truth["losses"].filter(pc.equal(telecom.truth["losses"]["reason"], "E1"))
    links = telecom.tables["staff_links"]
    theirs = links.filter(pc.is_in(links["staff_id"], left["staff_id"]))
    assert pc.all(pc.is_in(lost["customer_id"], theirs["customer_id"])).as_py()


def test_late_complaints_are_open_longer_and_rarely_end_well(telecom: Invented) -> None:
    complaints = telecom.tables["complaints"]
    solved = complaints.filter(pc.and_(pc.is_valid(complaints["resolved_at"]), pc.is_valid(complaints["is_satisfied"])))
    took = pc.days_between(solved["occurred_at"], solved["resolved_at"]).to_numpy()
    happy = solved["is_satisfied"].to_numpy(zero_copy_only=False)
    assert took.min() >= 0
    assert happy[took <= 7].mean() > happy[took > 8].mean() + 0.25


def test_leaving_customers_recommend_less(telecom: Invented) -> None:
    answers = telecom.tables["survey_answers"]
    lost = pc.is_in(answers["customer_id"], telecom.truth["losses"]["customer_id"])
    score = pc.cast(answers["score"], "float64")
    assert pc.mean(score.filter(lost)).as_py() < pc.mean(score.filter(pc.invert(lost))).as_py()


def test_few_of_those_who_left_say_why_and_some_say_price_out_of_politeness(telecom: Invented) -> None:
    contacts = telecom.tables["contacts"]
    asked = contacts.filter(pc.starts_with(contacts["contact_id"], "KX"))
    told = asked.filter(pc.is_valid(asked["reason"]))
    true = dict(zip(*(telecom.truth["losses"][c].to_pylist() for c in ("customer_id", "reason")), strict=True))
    assert 0 < told.num_rows < 0.6 * asked.num_rows
    price = [
        true[who]
        for who, said in zip(told["customer_id"].to_pylist(), told["reason"].to_pylist(), strict=True)
        if said == "资费偏高"
    ]
    assert {"P1"} < set(price)
