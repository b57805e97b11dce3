from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from company import AS_OF, LOST_ON, before, complaint, event, noon, reasoned, reasons_of, spells, subscription
from hypothesis import given
from hypothesis import strategies as st

from liuke.reasons import combining, evidence
from liuke.reasons.combining import CAP, noisy_or


def told(*pieces: tuple[str, str, str, float], on: date = LOST_ON) -> pa.Table:
    """Evidence given as (customer, code, kind, confidence)."""
    rows = [
        {"customer_id": who, "code": code, "kind": kind, "happened_on": on, "confidence": confidence}
        for who, code, kind, confidence in pieces
    ]
    return pa.Table.from_pylist(rows, schema=evidence.EVIDENCE_SCHEMA)


def alone(*pieces: tuple[str, float] | tuple[str, float, str], customer: str = "ann") -> dict[str, object]:
    """The reasons of one lost customer with these (code, confidence, kind) only."""
    full = [(customer, piece[0], piece[2] if len(piece) == 3 else "event", piece[1]) for piece in pieces]
    return reasons_of(reasoned({}, spells([customer]), extra=told(*full)), customer)


def test_re_01_evidence_for_one_code_adds_up_by_noisy_or():
    assert noisy_or([0.6, 0.5]) == 0.8
    assert noisy_or([0.5, 0.5, 0.5]) == 0.875
    assert noisy_or([]) == 0
    assert noisy_or([0.9, 0.9]) == CAP == 0.95


def test_re_01_the_same_through_the_engine_and_two_codes_stay_two():
    engine = reasoned(
        {},
        spells(["ann", "bob"]),
        extra=told(("ann", "Q1", "event", 0.6), ("ann", "Q1", "complaint_text", 0.5),
                   ("bob", "R1", "complaint_late", 0.7), ("bob", "R2", "complaint_unsatisfied", 0.7)),
    )  # fmt: skip
    scores = engine.table("SELECT customer_id, code, confidence FROM reason_scores").to_pylist()
    assert [tuple(row.values()) for row in scores] == [("ann", "Q1", 0.8), ("bob", "R1", 0.7), ("bob", "R2", 0.7)]
    found = reasons_of(engine, "bob")
    assert (found["reason_1"], found["reason_1_share"], found["reason_2"], found["reason_2_share"]) == (
        "R1", 0.5, "R2", 0.5,
    )  # fmt: skip


@given(st.lists(st.floats(0, 0.9), max_size=6), st.floats(0, 0.9))
def test_more_evidence_never_makes_less_certain_and_order_does_not_matter(confidences, more):
    assert noisy_or(confidences) <= noisy_or([*confidences, more]) <= CAP
    assert noisy_or(confidences) == noisy_or(confidences[::-1])


def test_nobody_without_evidence_gets_a_reason_but_x():
    found = reasons_of(reasoned({}, spells(["ann"])), "ann")
    assert found == {
        "customer_id": "ann", "reason_1": "X", "reason_1_share": 1.0, "reason_2": None, "reason_2_share": None,
        "reason_3": None, "reason_3_share": None, "churn_type": "UNK", "is_voluntary": None, "intent": "UNK",
    }  # fmt: skip


def test_weak_evidence_stays_unknown_until_three_tenths():
    assert alone(("Q1", 0.29))["reason_1"] == "X"
    assert alone(("Q1", 0.3))["reason_1"] == "Q1"
    assert alone(("Q1", 0.2), ("S2", 0.2))["reason_1"] == "Q1"


def test_three_reasons_are_named_and_a_fourth_only_takes_its_share():
    found = alone(("Q1", 0.8), ("S2", 0.6), ("R1", 0.4), ("L1", 0.2))
    assert [found[f"reason_{place}"] for place in (1, 2, 3)] == ["Q1", "S2", "R1"]
    assert [found[f"reason_{place}_share"] for place in (1, 2, 3)] == [0.4, 0.3, 0.2]


def test_evidence_for_a_whole_group_strengthens_its_strongest_code():
    found = alone(("P", 0.3, "model_signal"), ("P1", 0.5), ("P2", 0.6, "price_rise"), ("C", 0.3, "model_signal"))
    assert (found["reason_1"], found["reason_2"], found["reason_3"]) == ("P2", "P1", "C")
    assert found["reason_1_share"] == pytest.approx(0.72 / (0.72 + 0.5 + 0.3), abs=1e-6)


def test_a_polite_price_gives_way_to_the_open_complaint():
    """reasons.md section 4: P stays as stated, the complaint's code comes first with at least .6."""
    tables = {
        "subscriptions": [subscription("ann", end_reason="Price too high"),
                          subscription("bob", end_reason="Price too high")],
        "complaints": [complaint("ann", 2, text="客服态度差"),
                       complaint("bob", 2, text="客服态度差", resolved_at=noon(before(1)))],
    }  # fmt: skip
    engine = reasoned(tables, spells(["ann", "bob"]))
    assert (reasons_of(engine, "ann")["reason_1"], reasons_of(engine, "ann")["reason_2"]) == ("S2", "P1")
    score = engine.one("SELECT confidence FROM reason_scores WHERE customer_id = 'ann' AND code = 'S2'")
    assert score == {"confidence": 0.6}
    assert (reasons_of(engine, "bob")["reason_1"], reasons_of(engine, "bob")["reason_2"]) == ("P1", "S2")


@pytest.mark.parametrize(
    ("pieces", "churn_type", "is_voluntary", "intent"),
    [
        ([("F1", 0.7, "arrears_left"), ("Q1", 0.9)], "MAL", True, "DEL"),
        ([("F1", 0.5, "arrears_rising"), ("Q1", 0.4)], "NEG", True, "DEL"),
        ([("F1", 0.5, "arrears_rising")], "UNK", None, "UNK"),
        ([("U1", 0.8, "address_changed"), ("C1", 0.9)], "NAT", True, "UNI"),
        ([("U1", 0.4), ("C1", 0.5)], "COM", True, "DEL"),
        ([("U1", 0.4)], "NAT", True, "UNI"),
        ([("F3", 0.8, "payment_failed"), ("Q1", 0.5)], "NEG", False, "INV"),
        ([("Q1", 0.4), ("C1", 0.9)], "NEG", True, "DEL"),
        ([("Q1", 0.2), ("C1", 0.9)], "COM", True, "DEL"),
    ],
)
def test_the_type_follows_its_precedence(pieces, churn_type, is_voluntary, intent):
    found = alone(*pieces)
    assert (found["churn_type"], found["is_voluntary"], found["intent"]) == (churn_type, is_voluntary, intent)


@pytest.mark.parametrize("said", ["客户申请", "续约", "变更套餐"])
def test_an_end_that_names_no_reason_is_no_evidence(said):
    engine = reasoned({"subscriptions": [subscription("ann", end_reason=said)]}, spells(["ann"]))
    assert engine.table("SELECT * FROM evidence").num_rows == 0
    assert reasons_of(engine, "ann")["reason_1"] == "X"


@pytest.mark.parametrize(
    ("said", "code"), [("欠费停机", "F2"), ("支付失败", "F3"), ("携号转网", "C1"), ("搬迁", "U1"), ("经济原因", "U2")]
)
def test_the_ends_that_companies_note_mean_their_codes(said, code):
    engine = reasoned({"subscriptions": [subscription("ann", end_reason=said)]}, spells(["ann"]))
    assert reasons_of(engine, "ann")["reason_1"] == code


def owed(customer: str, *amounts: float) -> list[dict[str, object]]:
    return [
        {"customer_id": customer, "on": before(5 + 30 * back), "owed": amount}
        for back, amount in enumerate(reversed(amounts))
    ]


def test_a_cut_off_for_debts_is_the_firms_act_and_malice_where_debts_outgrow_the_bills():
    engine = reasoned(
        {
            "subscriptions": [subscription(who, end_reason="欠费停机") for who in ("ann", "bob", "cai")],
            "balances": [*owed("ann", 50, 100, 150), *owed("bob", 100, 200, 300)],
            "events": [event(who, 20, "suspension") for who in ("ann", "bob")],
        },
        spells(["ann", "bob", "cai"]),
    )
    found = {who: reasons_of(engine, who) for who in ("ann", "bob", "cai")}
    assert {who: (row["reason_1"], row["churn_type"]) for who, row in found.items()} == {
        "ann": ("F2", "UNK"), "bob": ("F1", "MAL"), "cai": ("F2", "UNK"),
    }  # fmt: skip
    assert found["ann"]["is_voluntary"] is False
    assert engine.one("SELECT count(*) AS n FROM evidence WHERE code = 'N2'") == {"n": 0}


def test_present_customers_have_reasons_too():
    engine = reasoned({}, spells([], ["ann"]), extra=told(("ann", "Q1", "event", 0.5), on=AS_OF))
    assert reasons_of(engine, "ann")["reason_1"] == "Q1"


def test_one_must_be_as_sure_as_the_rules_say():
    engine = reasoned({}, spells(["ann"]), extra=told(("ann", "Q1", "event", 0.5)))
    combining.create_reasons(engine, AS_OF, rules=combining.CombiningRules(known_from=0.6))
    assert reasons_of(engine, "ann")["reason_1"] == "X"


@pytest.mark.parametrize("threads", [1, 8])
def test_reasons_do_not_depend_on_threads_or_order(threads):
    codes = ("Q1", "Q2", "S2", "R1", "P2", "C1", "U1", "F1")
    pieces = [
        (f"c{who}", codes[(who * 3 + step) % 8], ("event", "complaint_text")[step % 2], 0.2 + 0.07 * ((who + step) % 7))
        for who in range(60)
        for step in range(5)
    ]
    names = [f"c{who}" for who in range(60)]
    sql = "SELECT * FROM reasons"
    expected = reasoned({}, spells(names), extra=told(*pieces), threads=1).table(sql)
    turned = reasoned({}, spells(names[::-1]), extra=told(*pieces[::-1]), threads=threads).table(sql)
    assert turned.equals(expected)
