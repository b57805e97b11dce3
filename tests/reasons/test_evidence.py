from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest
from company import AS_OF, LOST_ON, before, company, complaint, event, noon, pieces, reasoned, spells, subscription

from liuke.reasons import evidence, wording


def test_a_price_rise_of_the_plan_in_use_speaks_for_p2():
    engine = reasoned(
        {
            "subscriptions": [subscription("ann"), subscription("bob", plan="gold"),
                              subscription("cai", started_on=before(10))],
            "prices": [{"plan": "basic", "effective_on": before(30), "old_price": 40.0, "new_price": 50.0},
                       {"plan": "gold", "effective_on": before(61), "old_price": 40.0, "new_price": 50.0}],
        },
        spells(["ann", "bob", "cai"]),
    )  # fmt: skip
    assert pieces(engine, "ann") == {("P2", "price_rise"): (0.6, 25.0, "basic")}
    assert pieces(engine, "bob") == {}
    assert pieces(engine, "cai") == {}


def test_a_complaint_open_at_the_loss_is_late_after_three_days():
    rows = [complaint("ann", 4, category="other"), complaint("bob", 3, category="other"),
            complaint("cai", 20, resolved_at=noon(before(10)), category="other"),
            complaint("dan", 20, resolved_at=noon(LOST_ON + timedelta(5)), category="other")]  # fmt: skip
    engine = reasoned({"complaints": rows}, spells(["ann", "bob", "cai", "dan"]))
    assert pieces(engine, "ann") == {("R1", "complaint_late"): (0.7, 4.0, "other")}
    assert pieces(engine, "bob") == {}
    assert pieces(engine, "cai") == {("R1", "complaint_slow"): (0.5, 10.0, "other")}
    assert pieces(engine, "dan") == {("R1", "complaint_late"): (0.7, 20.0, "other")}


def test_an_unsatisfying_answer_counts_for_ninety_days():
    rows = [
        complaint(who, days + 1, resolved_at=noon(before(days)), is_satisfied=False, category="other")
        for who, days in (("ann", 89), ("bob", 90))
    ]
    engine = reasoned({"complaints": rows}, spells(["ann", "bob"]))
    assert pieces(engine, "ann") == {("R2", "complaint_unsatisfied"): (0.7, None, "other")}
    assert pieces(engine, "bob") == {}


def test_what_a_complaint_says_counts_once_per_code_and_half_when_it_was_settled():
    rows = [complaint("ann", 3, category="网络", text="经常断网"),
            complaint("bob", 3, text="经常断网", resolved_at=noon(before(2)), is_satisfied=True)]  # fmt: skip
    engine = reasoned({"complaints": rows}, spells(["ann", "bob"]))
    assert pieces(engine, "ann") == {("Q2", "complaint_text"): (0.6, None, "经常断")}
    assert pieces(engine, "bob") == {("Q2", "complaint_text"): (0.3, None, "经常断")}


def test_three_complaints_in_ninety_days_speak_for_unreliability():
    engine = reasoned(
        {
            "complaints": [
                complaint("ann", days, resolved_at=noon(before(days)), category="other") for days in (1, 2, 3)
            ]
        },
        spells(["ann"]),
    )
    assert pieces(engine, "ann") == {("Q2", "complaint_repeated"): (0.6, 3.0, None)}


def test_a_stated_reason_is_understood_in_any_vocabulary():
    engine = reasoned(
        {
            "subscriptions": [
                subscription("ann", end_reason="Service dissatisfaction"),
                subscription("bob", end_reason="搬家"),
                subscription("cai", end_reason="你们的态度太差了"),
                subscription("dan", end_reason="blue"),
            ],
            "contacts": [{"contact_id": "k1", "customer_id": "dan", "occurred_at": noon(before(5)),
                          "channel": "phone", "direction": "in", "reason": "competitor"}],
        },
        spells(["ann", "bob", "cai", "dan"]),
    )  # fmt: skip
    assert pieces(engine, "ann") == {
        ("Q1", "stated_end"): (0.8, None, "Service dissatisfaction"),
        ("S1", "stated_end"): (0.4, None, "Service dissatisfaction"),
    }
    assert pieces(engine, "bob") == {("U1", "stated_end"): (0.8, None, "搬家")}
    assert pieces(engine, "cai") == {("S2", "stated_end"): (0.5, None, "你们的态度太差了")}
    assert pieces(engine, "dan") == {("C1", "stated_contact"): (0.7, None, "competitor")}


def test_the_topic_of_a_call_is_not_yet_a_reason_said_for_leaving():
    call = {"channel": "phone", "direction": "in", "reason": "故障报修"}
    engine = reasoned(
        {"contacts": [{**call, "contact_id": "1", "customer_id": "ann", "occurred_at": noon(before(5))},
                      {**call, "contact_id": "2", "customer_id": "bob", "occurred_at": noon(LOST_ON + timedelta(5))}]},
        spells(["ann", "bob"]),
    )  # fmt: skip
    assert pieces(engine, "ann") == {("Q2", "contact_topic"): (0.4, None, "故障报修")}
    assert pieces(engine, "bob") == {("Q2", "stated_contact"): (0.6, None, "故障报修")}


def test_a_survey_answer_tells_its_reasons():
    engine = reasoned(
        {"survey_answers": [{"survey_id": "1", "customer_id": "ann", "answered_at": noon(LOST_ON + timedelta(10)),
                             "question": "why", "score": None, "text": "别家送手机"}]},
        spells(["ann"]),
    )  # fmt: skip
    assert pieces(engine, "ann") == {("C1", "survey_text"): (0.7, None, "别家送")}


@pytest.mark.parametrize(
    ("kind", "code", "evidence_kind", "confidence"),
    [
        ("address_change", "U1", "address_changed", 0.8),
        ("搬家", "U1", "address_changed", 0.8),
        ("number_ported", "C1", "ported", 0.7),
        ("baby_grown", "U3", "life_event", 0.5),
        ("life_event", "N2", "life_event", 0.5),
        ("suspension", "N2", "suspended", 0.4),
        ("suspension_arrears", "F2", "suspended", 0.4),
        ("card_expired", "F3", "payment_failed", 0.8),
        ("outage", "Q2", "event", 0.5),
    ],
)
def test_an_event_speaks_for_a_reason(kind, code, evidence_kind, confidence):
    engine = reasoned({"events": [event("ann", 10, kind), event("ann", 10, "login")]}, spells(["ann"]))
    assert pieces(engine, "ann") == {(code, evidence_kind): (confidence, None, kind)}


def test_a_failed_payment_says_less_when_the_customer_had_complained():
    engine = reasoned(
        {
            "events": [event("ann", 10, "payment_failed")],
            "complaints": [complaint("ann", 12, resolved_at=noon(before(12)))],
        },
        spells(["ann"]),
    )
    assert pieces(engine, "ann")["F3", "payment_failed"][0] == 0.5


def test_a_change_in_life_counts_for_half_a_year_and_an_address_for_ninety_days():
    rows = [event("ann", 170, "baby_grown"), event("ann", 91, "moved")]
    assert set(pieces(reasoned({"events": rows}, spells(["ann"])), "ann")) == {("U3", "life_event")}


def bills(customer: str, *owed: float) -> list[dict[str, object]]:
    days = [before(5 + 30 * back) for back in reversed(range(len(owed)))]
    return [{"customer_id": customer, "on": day, "owed": amount} for day, amount in zip(days, owed, strict=True)]


def test_arrears_rising_for_two_cycles_make_a_candidate_and_large_ones_left_behind_more():
    engine = reasoned(
        {
            "balances": [*bills("ann", 0, 30, 60), *bills("bob", 100, 200, 300), *bills("cai", 60, 30, 40),
                         *bills("dan", 10, 20, 30)],
            "subscriptions": [subscription(who) for who in ("ann", "bob", "cai", "dan")],
        },
        spells(["ann", "bob", "cai", "dan"]),
    )  # fmt: skip
    assert pieces(engine, "ann") == {("F1", "arrears_rising"): (0.5, 60.0, "2")}
    assert pieces(engine, "bob") == {("F1", "arrears_left"): (0.7, 300.0, "3")}
    assert pieces(engine, "cai") == {}
    assert pieces(engine, "dan") == {("F1", "arrears_rising"): (0.5, 30.0, "3")}


def test_a_complaint_before_the_arrears_points_at_the_firm_instead():
    """S1-18: fault suspected; a second person decides."""
    engine = reasoned(
        {
            "balances": [*bills("ann", 50, 100, 150), *bills("bob", 50, 100, 150)],
            "subscriptions": [subscription("ann"), subscription("bob")],
            "complaints": [
                complaint("ann", 80, category="billing error", resolved_at=noon(before(79)), is_satisfied=True),
                complaint("bob", 80, category="other", resolved_at=noon(before(79)), is_satisfied=True),
            ],
        },
        spells(["ann", "bob"]),
    )
    found = pieces(engine, "ann")
    assert found["Q5", "arrears_disputed"] == (0.5, 150.0, "billing error")
    assert not any(code == "F1" for code, _ in found)
    assert ("F1", "arrears_rising") in pieces(engine, "bob")


def links(staff: str, *customers: str, **more: object) -> list[dict[str, object]]:
    row = {"staff_id": staff, "started_on": date(2023, 1, 1), "ended_on": None, **more}
    return [{**row, "customer_id": customer} for customer in customers]


def test_a_manager_who_left_and_took_three_customers_along_is_e1_else_e2():
    lost = ["ann", "bob", "cai", "eve"]
    engine = reasoned(
        {
            "staff_links": [*links("wang", "ann", "bob", "cai", "dan"), *links("li", "eve", "fay")],
            "staff": [{"staff_id": "wang", "left_on": before(30)}, {"staff_id": "li", "left_on": before(30)}],
        },
        spells(lost, ["dan", "fay"]),
    )
    assert pieces(engine, "ann") == {("E1", "manager_left_with_customers"): (0.7, 3.0, "wang")}
    assert pieces(engine, "dan") == {("E1", "manager_left_with_customers"): (0.7, 3.0, "wang")}
    assert pieces(engine, "eve") == {("E2", "manager_left"): (0.5, 1.0, "li")}
    assert pieces(engine, "fay") == {("E2", "manager_left"): (0.5, 1.0, "li")}


def test_the_manager_named_with_the_customer_serves_where_no_links_are_kept():
    engine = reasoned(
        {"customers": [{"customer_id": "ann", "manager_id": "wang"}],
         "staff": [{"staff_id": "wang", "left_on": before(30)}]},
        spells(["ann"]),
    )  # fmt: skip
    assert set(pieces(engine, "ann")) == {("E2", "manager_left")}


def test_a_new_manager_who_does_not_call_for_45_days_leaves_an_orphan():
    call = {"contact_id": "k", "customer_id": "bob", "occurred_at": noon(before(20)), "channel": "phone",
            "direction": "out"}  # fmt: skip
    engine = reasoned(
        {"staff_links": links("wang", "ann", "bob", ended_on=before(50)), "contacts": [call],
         "staff": [{"staff_id": "wang", "left_on": None}]},
        spells(["ann", "bob"]),
    )  # fmt: skip
    assert pieces(engine, "ann") == {("E2", "manager_changed"): (0.5, 50.0, "wang")}
    assert pieces(engine, "bob") == {}


def test_a_cheaper_live_offer_in_the_customers_region_speaks_for_c1():
    offer = {"rival": "Rivalia", "region": "north", "started_on": before(40), "ended_on": None, "price": 40.0}
    engine = reasoned(
        {
            "customers": [{"customer_id": who, "region": region} for who, region in
                          (("ann", "north"), ("bob", "south"), ("cai", "north"))],
            "subscriptions": [subscription("ann"), subscription("bob"), subscription("cai", monthly_fee=35.0)],
            "rival_offers": [offer, {**offer, "started_on": before(400), "price": 30.0, "ended_on": before(61)}],
        },
        spells(["ann", "bob", "cai"]),
    )  # fmt: skip
    assert pieces(engine, "ann") == {("C1", "rival_offer"): (0.4, 20.0, "Rivalia")}
    assert pieces(engine, "bob") == {}
    assert pieces(engine, "cai") == {}


def test_a_friend_or_a_house_mate_who_left_first_speaks_for_c4():
    engine = reasoned(
        {
            "referrals": [{"referrer_id": "ann", "referred_id": "bob", "occurred_at": noon(date(2024, 1, 1))}],
            "customers": [{"customer_id": "bob", "household": "h"}, {"customer_id": "cai", "household": "h"},
                          {"customer_id": "ann", "household": None}],
        },
        spells(["ann", "cai"], ["bob"], ann=before(10), cai=before(20)),
        as_of=LOST_ON,
    )  # fmt: skip
    assert pieces(engine, "bob") == {
        ("C4", "friend_left"): (0.4, 1.0, None),
        ("C4", "household_left"): (0.4, 1.0, None),
    }
    assert pieces(engine, "ann") == {}


def test_a_market_that_shrinks_within_a_year_speaks_for_m1():
    size = {"region": "north", "own_sales": None}
    engine = reasoned(
        {
            "customers": [{"customer_id": "ann", "region": "north"}, {"customer_id": "bob", "region": "south"}],
            "market": [
                {**size, "period": date(2024, 5, 1), "size": 1000.0},
                {**size, "period": date(2025, 5, 1), "size": 900.0},
            ],
        },
        spells(["ann", "bob"]),
    )
    assert pieces(engine, "ann") == {("M1", "market_fell"): (0.4, 10.0, "north")}
    assert pieces(engine, "bob") == {}


def test_a_satisfied_leaver_without_a_complaint_may_just_want_a_change():
    answer = {"survey_id": "1", "answered_at": noon(before(40)), "question": "nps", "text": None}
    engine = reasoned(
        {
            "survey_answers": [{**answer, "customer_id": who, "score": score}
                               for who, score in (("ann", 9), ("bob", 8), ("cai", 10))],
            "complaints": [complaint("cai", 100, resolved_at=noon(before(100)))],
        },
        spells(["ann", "bob", "cai"]),
    )  # fmt: skip
    assert pieces(engine, "ann") == {("V1", "satisfied_leaver"): (0.3, 9.0, None)}
    assert pieces(engine, "bob") == pieces(engine, "cai") == {}


def everything() -> dict[str, list[dict[str, object]]]:
    return {
        "subscriptions": [subscription("ann", end_reason="Moved"), subscription("bob", lost=False)],
        "prices": [{"plan": "basic", "effective_on": before(1), "old_price": 40.0, "new_price": 50.0}],
        "complaints": [
            complaint(who, days, text="太慢", category="网络") for who in ("ann", "bob") for days in (5, 9, 30)
        ],
        "events": [event("ann", 10, "outage"), event("bob", 10, "moved")],
        "balances": [*bills("ann", 50, 100, 150), *bills("bob", 1, 2, 3)],
    }


def test_what_happened_after_as_of_is_not_seen():
    later = noon(AS_OF + timedelta(1))
    known = everything()
    more = everything()
    more["complaints"].append(complaint("bob", 0, occurred_at=later, text="骗人"))
    more["complaints"].append(complaint("ann", 0, occurred_at=noon(LOST_ON + timedelta(91)), text="骗人"))
    more["events"].append({"customer_id": "bob", "occurred_at": later, "kind": "number_ported"})
    more["balances"].append({"customer_id": "bob", "on": later.date(), "owed": 0})
    more["prices"].append({"plan": "basic", "effective_on": later.date(), "old_price": 50.0, "new_price": 90.0})
    lives = spells(["ann"], ["bob"])
    sql = "SELECT * FROM evidence"
    assert reasoned(more, lives).table(sql).equals(reasoned(known, lives).table(sql))


def test_a_complaint_answered_after_as_of_is_open_today():
    row = complaint("bob", 0, occurred_at=noon(before(10, AS_OF)), resolved_at=noon(AS_OF + timedelta(1)),
                    is_satisfied=False, category="other")  # fmt: skip
    engine = reasoned({"complaints": [row]}, spells([], ["bob"]))
    assert pieces(engine, "bob") == {("R1", "complaint_late"): (0.7, 10.0, "other")}


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_threads_and_the_order_of_rows_do_not_matter(threads):
    tables = everything()
    lives = spells(["ann"], ["bob"])
    expected = reasoned(tables, lives, threads=1).table("SELECT * FROM evidence")
    turned = {name: rows[::-1] for name, rows in tables.items()}
    assert reasoned(turned, lives, threads=threads).table("SELECT * FROM evidence").equals(expected)


def test_evidence_has_its_columns_and_only_known_kinds_even_for_nobody():
    engine = reasoned({}, spells([]))
    assert engine.table("SELECT * FROM evidence").schema.names == evidence.EVIDENCE_SCHEMA.names
    assert engine.table("SELECT * FROM reasons").num_rows == 0
    assert set(evidence.EVENT_KINDS.values()) <= set(wording.kinds())


def test_extra_evidence_must_fit():
    engine = company({}, spells(["ann"]))
    with pytest.raises(evidence.NotEvidence, match="code"):
        evidence.create_evidence(engine, AS_OF, extra=pa.table({"customer_id": ["ann"]}))
    row = {"customer_id": "ann", "code": "P", "kind": "gossip", "happened_on": LOST_ON, "confidence": 0.2}
    with pytest.raises(evidence.NotEvidence, match="gossip"):
        evidence.create_evidence(engine, AS_OF, extra=pa.Table.from_pylist([row], schema=evidence.EVIDENCE_SCHEMA))
