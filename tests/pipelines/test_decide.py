from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liuke.budget.contact import ContactRules, channels
from liuke.budget.policy import Policy, preset
from liuke.budget.remedies import Remedy, catalogue
from liuke.kernel.words import Words
from liuke.pipelines.decide import CannotDecide, Decisions, decide
from liuke.pipelines.deciding_facts import CustomersInvalid
from liuke.pipelines.deciding_rules import DECISIONS, RULES

AS_OF = date(2025, 3, 31)
MOBILE, LECTURE = preset("mobile"), preset("lecture")
REMEDIES = catalogue("telecom")
FREE = tuple(replace(remedy, capacity=None) for remedy in REMEDIES)
CHANNELS = {channel.code: channel for channel in channels()}
SCHEMA = pa.schema(
    [("customer_id", pa.string()), ("state", pa.string()), ("churn_probability", pa.float64()),
     ("residual_lifetime_value", pa.float64()), ("tier", pa.int64()), ("past_tier", pa.int64()),
     ("reason_1", pa.string()), ("churn_type", pa.string()), ("warning", pa.string()), ("kind", pa.string()),
     ("consent_sms", pa.bool_()), ("consent_email", pa.bool_()), ("consent_phone", pa.bool_()),
     ("preferred_channel", pa.string()), ("preferred_from_hour", pa.int64()), ("preferred_to_hour", pa.int64()),
     ("manager_id", pa.string()), ("owed", pa.float64()), ("malicious_suspected", pa.bool_()),
     ("malicious_confirmed", pa.bool_()), ("has_open_complaint", pa.bool_()), ("days_lost", pa.int64()),
     ("failed_win_backs", pa.int64()), ("product_line", pa.string()), ("let_go_review_on", pa.date32())]
)  # fmt: skip


def people(*rows: dict) -> pa.Table:
    usual = {"state": "active", "churn_probability": 0.6, "residual_lifetime_value": 2000.0, "tier": 2,
             "reason_1": "P1", "churn_type": "NEG", "warning": "red"}  # fmt: skip
    return pa.Table.from_pylist([{**usual, **row} for row in rows], schema=SCHEMA)


def crowd(n: int, seed: int = 1) -> pa.Table:
    rng = np.random.default_rng(seed)

    def some(*values: object) -> list:
        return [values[number] for number in rng.integers(0, len(values), n)]

    return pa.table(
        {
            "customer_id": [f"Person {number:05d}" for number in range(n)],
            "state": some("active", "active", "active", "leaving", "lost", "lost", "won_back", "abandoned"),
            "churn_probability": rng.beta(2, 3, n),
            "residual_lifetime_value": np.round(rng.lognormal(6.5, 1.2, n), 2),
            "tier": rng.integers(1, 6, n),
            "reason_1": some("P1", "S1", "Q1", "C1", "U1", "F1", "N1", "I1", "L1", None),
            "churn_type": some("NAT", "NEG", "NEG", "COM", "MAL", "UNK"),
            "warning": some("red", "amber", "yellow", "green"),
            "consent_sms": some(True, True, False, None),
            "consent_phone": some(True, False, None),
            "malicious_confirmed": rng.random(n) < 0.03,
            "has_open_complaint": rng.random(n) < 0.1,
            "days_lost": rng.integers(0, 300, n),
        }
    )


def decided(customers: pa.Table, policy: Policy = MOBILE, remedies=FREE, **changes: object) -> Decisions:
    given = {"budget": 1e9, "staff_minutes": None, "contact_rules": ContactRules(), "holdout_share": 0.0,
             "as_of": AS_OF, "seed": 7, **changes}  # fmt: skip
    return decide(customers, policy=policy, remedies=remedies, **given)


def rows(table: pa.Table) -> dict[str, dict]:
    return {row["customer_id"]: row for row in table.to_pylist()}


def offer(**changes: object) -> Remedy:
    given = {"contact_cost": 12.0, "most_waves": 1, **changes}
    return Remedy("offer", Words("优惠", "offer"), "financial", **given)


def generous(policy: Policy) -> Policy:
    return replace(policy, efforts={name: replace(row, cap_share=1.0) for name, row in policy.efforts.items()})


def test_a_budget_goes_to_the_persuadable_and_not_to_those_most_at_risk_de_01():
    kinds = {"C": (200, 0.80, 0.025), "P": (300, 0.45, 0.2 / 0.45), "S": (400, 0.05, 0.0), "Q": (100, 0.30, -0.4)}
    customers = people(
        *(
            {"customer_id": f"{letter} {number:03d}", "churn_probability": risk, "reason_1": letter,
             "residual_lifetime_value": 300.0}
            for letter, (n, risk, _) in kinds.items() for number in range(n)
        )
    )  # fmt: skip
    effects = pa.table(
        {
            "remedy": ["offer"] * 4,
            "tier": pa.nulls(4, pa.int64()),
            "reason_letter": list(kinds),
            "effect": [kind[2] for kind in kinds.values()],
            "n": [1e12] * 4,
        }
    )
    got = decided(customers, remedies=[offer()], budget=3600, effects=effects)
    kept = got.customers.filter(pc.field("decision") == "keep")
    assert set(pc.utf8_slice_codeunits(kept["customer_id"], 0, 1).to_pylist()) == {"P"}
    assert kept.num_rows == 300
    assert got.summary["expected_gain"] == pytest.approx(14_400)
    assert got.summary["customers_kept"] == pytest.approx(60)


def test_a_third_contact_that_costs_more_than_it_brings_is_not_planned_de_60():
    success = 1 - 0.90 * 0.94 * 0.97
    customers = people({"customer_id": "An", "state": "lost", "residual_lifetime_value": 180.0})
    remedy = offer(contact_cost=8.0, incentive=40.0, most_waves=3, win_back_prior=success)
    got = decided(customers, generous(MOBILE), [remedy])
    assert got.plan["wave"].to_pylist() == [1, 2]
    an = rows(got.customers)["An"]
    assert (an["decision"], an["success_probability"]) == ("win_back", pytest.approx(0.154))
    assert an["expected_gain"] == pytest.approx(6.0 + 0.9 * 0.4, abs=0.005)


def test_every_customer_gets_one_decision_with_a_rule_and_a_reason_in_words():
    customers = crowd(800)
    got = decided(customers, holdout_share=0.1)
    assert got.customers["customer_id"].to_pylist() == sorted(customers["customer_id"].to_pylist())
    assert set(got.customers["decision"].to_pylist()) == set(DECISIONS)
    assert set(got.customers["decision_rule"].to_pylist()) <= set(RULES)
    words = got.customers["decision_why"]
    assert words.null_count == 0 and not any("{" in text for text in words.to_pylist())
    assert json.loads(json.dumps(got.summary)) == got.summary


def test_the_reason_names_the_sum_in_the_language_asked_for():
    customers = people({"customer_id": "An", "churn_probability": 0.5, "residual_lifetime_value": 1000.0})
    remedy = offer(success_prior=0.2)
    zh, en = (rows(decided(customers, remedies=[remedy], language=spoken).customers)["An"] for spoken in ("zh", "en"))
    assert zh["decision_why"] == (
        "尽力挽回,采用“优惠”:流失概率 50.0% × 成功率 20.0% × 未来价值 1,000.00 − 预期成本 12.00 = 净收益 88.00 元"
    )
    assert en["decision_why"].endswith(
        "success 20.0% × future value 1,000.00 − expected cost 12.00 = net gain 88.00 CNY"
    )


def test_the_held_out_get_nothing_and_keep_what_they_would_have_had():
    """decision.md 13, test 10; S2-65."""
    got = decided(crowd(1500), holdout_share=0.2)
    held = got.customers.filter(pc.field("is_holdout"))
    assert 0.16 < held.num_rows / 1500 < 0.24
    assert held["remedy"].null_count == held.num_rows
    assert held["would_have_had"].null_count < held.num_rows
    assert set(held["decision"].to_pylist()) <= {"monitor", "none", "let_go"}
    touched = {*got.plan["customer_id"].to_pylist(), *got.held_back["customer_id"].to_pylist()}
    assert touched.isdisjoint(held["customer_id"].to_pylist())
    others = got.customers.filter(~pc.field("is_holdout"))
    assert others["would_have_had"].null_count == others.num_rows


def test_the_draw_of_a_customer_does_not_depend_on_who_else_is_there():
    customers = crowd(400)
    everybody = rows(decided(customers, holdout_share=0.3).customers)
    some = rows(decided(customers.slice(100, 50), holdout_share=0.3).customers)
    assert all(row["is_holdout"] == everybody[name]["is_holdout"] for name, row in some.items())
    other = rows(decided(customers, holdout_share=0.3, seed=8).customers)
    assert any(other[name]["is_holdout"] != row["is_holdout"] for name, row in everybody.items())


def test_without_prices_the_held_out_would_have_had_what_they_have_when_nobody_is_held_out():
    customers = crowd(600)
    held = rows(decided(customers, holdout_share=0.5).customers)
    treated = rows(decided(customers).customers)
    drawn = [name for name, row in held.items() if row["is_holdout"]]
    assert {held[name]["would_have_had"] for name in drawn} != {None}
    assert all(held[name]["would_have_had"] == treated[name]["remedy"] for name in drawn)


def test_malice_never_gets_an_offer():
    """S2-40: confirmed malice is let go, suspected malice waits for a person."""
    customers = people(
        {"customer_id": "An", "malicious_confirmed": True, "owed": 350.0, "past_tier": 3, "tier": 4},
        {"customer_id": "Bo", "malicious_suspected": True},
        {"customer_id": "Chen", "churn_type": "MAL"},
        {"customer_id": "Dai", "malicious_suspected": True, "has_open_complaint": True},
        {"customer_id": "Er", "reason_1": "F1"},
        {"customer_id": "Fu"},
    )
    got = decided(customers)
    found = rows(got.customers)
    assert [row["decision_rule"] for row in found.values()] == [
        "malicious_confirmed", "suspected", "suspected", "complaint_first", "suspected", "best_remedy",
    ]  # fmt: skip
    assert [name for name, row in found.items() if row["remedy"]] == ["Fu"]
    assert [name for name, row in found.items() if row["needs_confirmation"]] == ["Bo", "Chen", "Dai", "Er"]
    assert {row["customer_id"] for row in got.plan.to_pylist()} == {"Dai", "Fu"}
    gone = got.let_go.to_pylist()
    assert [(row["customer_id"], row["rule"], row["owed"]) for row in gone] == [("An", "malicious_confirmed", 350.0)]
    assert gone[0]["review_on"] == date(2026, 3, 31)


def test_letting_go_of_a_customer_once_in_the_top_tiers_needs_a_person():
    """S2-44."""
    customers = people(
        {"customer_id": "An", "state": "lost", "tier": 5, "past_tier": 2, "days_lost": 10},
        {"customer_id": "Bo", "state": "lost", "tier": 5, "past_tier": 4, "days_lost": 300},
        {"customer_id": "Chen", "state": "abandoned", "tier": 3, "let_go_review_on": date(2025, 9, 1)},
        {"customer_id": "Dai", "state": "abandoned", "tier": 3, "let_go_review_on": date(2025, 3, 1)},
    )
    got = decided(customers)
    assert [(row["customer_id"], row["rule"], row["needs_confirmation"]) for row in got.let_go.to_pylist()] == [
        ("An", "not_worth_keeping", True), ("Bo", "not_worth_keeping", False), ("Chen", "let_go_before", False),
    ]  # fmt: skip
    assert got.let_go["review_on"].to_pylist()[2] == date(2025, 9, 1)
    assert rows(got.customers)["Dai"]["decision"] == "win_back"
    calmed = got.plan.filter(pc.is_null(pc.field("remedy"))).to_pylist()
    assert [(row["customer_id"], row["wave"]) for row in calmed] == [("An", 1)]


def test_whoever_is_still_here_is_watched_rather_than_let_go_when_nothing_pays():
    here, leaving = {"customer_id": "An"}, {"customer_id": "Bo", "state": "leaving"}
    customers = people(*({**row, "residual_lifetime_value": 4.0, "churn_type": "COM"} for row in (here, leaving)))
    got = rows(decided(customers, remedies=[offer()]).customers)
    assert (got["An"]["decision"], got["An"]["decision_rule"]) == ("monitor", "not_worth")
    assert (got["Bo"]["decision"], got["Bo"]["decision_rule"]) == ("comfort", "calm")


def test_whoever_leaves_by_our_own_fault_without_a_remedy_is_calmed_in_writing():
    """decision.md 1: those who cannot be kept spread no bad word."""
    customers = people({"customer_id": "An", "state": "leaving", "reason_1": "S1"})
    got = decided(customers, budget=0)
    assert rows(got.customers)["An"]["decision"] == "comfort"
    row = got.plan.to_pylist()[0]
    assert row["remedy"] is None and not CHANNELS[row["channel"]].is_staffed
    assert "安抚" in row["script"]


def test_what_stood_in_the_way_of_a_remedy_is_named():
    customers = people(
        {"customer_id": "An", "warning": "green"},
        {"customer_id": "Bo", "residual_lifetime_value": None},
        {"customer_id": "Chen", "consent_sms": False, "consent_email": False, "preferred_from_hour": 22,
         "preferred_to_hour": 23, "kind": "dealer"},
        {"customer_id": "Dai", "residual_lifetime_value": 100.0},
    )  # fmt: skip
    found = decided(customers, remedies=[offer(success_prior=0.5)])
    got = rows(found.customers)
    assert [row["decision_rule"] for row in got.values()] == ["healthy", "unknown_value", "held_back", "beyond_cap"]
    assert {row["decision"] for row in got.values()} == {"monitor"}
    assert [(row["customer_id"], row["why"], row["remedy"]) for row in found.held_back.to_pylist()] == [
        ("Chen", "no_common_hour", "offer")
    ]
    none = decided(customers.slice(0, 1).set_column(8, "warning", pa.array(["red"])), remedies=[offer()], budget=0)
    assert none.customers["decision_rule"].to_pylist() == ["budget"]


def test_budget_minutes_and_capacities_are_kept_and_the_bound_is_near():
    """decision.md 13, test 8."""
    customers = crowd(3000)
    remedies = tuple(replace(remedy, capacity=20) if remedy.minutes else remedy for remedy in REMEDIES)
    got = decided(customers, remedies=remedies, budget=1500, staff_minutes=600).summary
    assert got["spent"] <= 1500 and 550 < got["staff_minutes"]["used"] <= 600
    minutes = {remedy.code: remedy.minutes for remedy in REMEDIES}
    assert all(row["customers"] <= 20 for row in got["remedies"] if minutes[row["code"]])
    assert 0 <= got["gap"] <= 0.01 * got["bound"]
    assert got["capacity_prices"]["staff_minutes"] > 0
    assert sum(row["gain"] for row in got["remedies"]) == pytest.approx(got["expected_gain"], abs=0.1)


def test_more_money_keeps_more_customers_at_a_falling_price():
    customers = crowd(3000)
    got = decided(customers, budget=800)
    curve = got.spend_curve.to_pydict()
    for name in ("spent", "gain", "customers_kept"):
        assert curve[name] == sorted(curve[name])
    assert curve["shadow_price"] == sorted(curve["shadow_price"], reverse=True)
    price = got.summary["shadow_price"]
    richer = decided(customers, budget=810).summary["expected_gain"]
    assert richer - got.summary["expected_gain"] == pytest.approx(10 * price, rel=0.1)
    assert any(text.startswith("预算再加 1,000 元,预计多留住约") for text in got.summary["words"]["zh"])
    assert any("1,000 CNY more" in text for text in got.summary["words"]["en"])


def test_the_cells_of_the_summary_add_up_to_all_customers():
    customers = crowd(500)
    cells = decided(customers).summary["cells"]
    assert sum(cell["customers"] for cell in cells) == 500
    total = pc.sum(customers["residual_lifetime_value"]).as_py()
    assert sum(cell["value"] for cell in cells) == pytest.approx(total)


def test_the_presets_decide_differently_only_for_the_ordinary():
    """decision.md 13, test 12."""
    customers = crowd(1500)
    a, b = (decided(customers, policy).customers for policy in (MOBILE, LECTURE))
    differing = pc.not_equal(a["remedy"].fill_null(""), b["remedy"].fill_null(""))
    assert set(customers["tier"].filter(differing).to_pylist()) == {3}


def test_a_product_line_under_retreat_matches_no_price():
    """decision.md 13, test 11."""
    match = offer(is_price_match=True, success_prior=0.5)
    customers = people(
        {"customer_id": "An", "reason_1": "C1", "product_line": "fixed line"}, {"customer_id": "Bo", "reason_1": "C1"}
    )
    got = rows(decided(customers, MOBILE.with_stance("defend", **{"fixed line": "retreat"}), [match]).customers)
    assert (got["An"]["remedy"], got["Bo"]["remedy"]) == (None, "offer")


def test_the_same_seed_decides_alike_whatever_the_order_of_rows():
    """decision.md 13, test 13."""
    customers = crowd(900)
    mixed = customers.take(pa.array(np.random.default_rng(3).permutation(900)))
    first, second = (
        decided(table, MOBILE, REMEDIES, budget=900, staff_minutes=500, holdout_share=0.1)
        for table in (customers, mixed)
    )
    assert first.summary == second.summary
    for name in ("customers", "plan", "held_back", "let_go", "spend_curve"):
        assert getattr(first, name).equals(getattr(second, name)), name


def test_a_table_of_nothing_but_ids_and_an_empty_one_are_decided_too():
    got = decided(pa.table({"customer_id": ["Bo", "An"]}))
    assert got.customers["decision_rule"].to_pylist() == ["healthy", "healthy"]
    assert "未知" in got.customers["decision_why"].to_pylist()[0]
    empty = decided(pa.table({"customer_id": pa.array([], pa.string())}))
    assert (empty.customers.num_rows, empty.plan.num_rows, empty.summary["spent"]) == (0, 0, 0.0)
    assert empty.customers.schema == got.customers.schema


def test_what_cannot_be_decided_is_refused_with_what_to_do():
    customers = people({"customer_id": "An"})
    with pytest.raises(CannotDecide, match="define at least one"):
        decided(customers, remedies=[])
    with pytest.raises(CannotDecide, match=r"not 1\.5"):
        decided(customers, holdout_share=1.5)
    with pytest.raises(CustomersInvalid, match="one row per customer"):
        decided(pa.concat_tables([customers, customers]))
    with pytest.raises(CustomersInvalid, match="no customer_id"):
        decided(pa.table({"customer_id": pa.nulls(1, pa.string())}))


maybe = st.sampled_from([True, False, None])
hour = st.one_of(st.none(), st.integers(0, 24))
person = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["active", "leaving", "lost"]),
        "tier": st.one_of(st.none(), st.integers(1, 5)),
        "reason_1": st.sampled_from(["P1", "S1", "Q1", "C1", "U1", "F1", None]),
        "residual_lifetime_value": st.sampled_from([50.0, 500.0, 5000.0, None]),
        "kind": st.sampled_from(["consumer", "business", "dealer"]),
        "consent_sms": maybe,
        "consent_email": maybe,
        "consent_phone": maybe,
        "preferred_channel": st.sampled_from([*CHANNELS, None]),
        "preferred_from_hour": hour,
        "preferred_to_hour": hour,
    }
)
touch = st.tuples(st.sampled_from(list(CHANNELS)), st.integers(0, 90), st.sampled_from([1, 2, 3]))
any_rules = st.builds(
    ContactRules,
    quiet_from=st.integers(18, 24),
    quiet_to=st.integers(0, 12),
    most_in_30_days=st.integers(0, 4),
    days_between_same_channel=st.integers(0, 20),
    consent_required=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(person, st.lists(touch, max_size=4)), min_size=1, max_size=8),
    any_rules,
    st.sampled_from([0.0, 40.0, 1e6]),
    st.sampled_from([0.0, 0.4]),
)
def test_no_contact_planned_breaks_consent_quiet_hours_or_caps(crowded, rules, budget, share):
    """decision.md 13, tests 7, 9 and 10."""
    names = [f"Person {number}" for number in range(len(crowded))]
    facts = {name: who for name, (who, _) in zip(names, crowded, strict=True)}
    past = [
        (name, channel, AS_OF - timedelta(days=ago), wave)
        for name, (_, touches) in zip(names, crowded, strict=True)
        for channel, ago, wave in touches
    ]
    columns = list(zip(*past, strict=True)) or [[], [], [], []]
    contacts = pa.table(
        {
            "customer_id": pa.array(columns[0], pa.string()),
            "channel": pa.array(columns[1], pa.string()),
            "occurred_on": pa.array(columns[2], pa.date32()),
            "wave": pa.array(columns[3], pa.int64()),
        }
    )
    customers = people(*({"customer_id": name, **who} for name, who in facts.items()))
    got = decided(
        customers, remedies=REMEDIES, contact_rules=rules, budget=budget, holdout_share=share, contacts=contacts
    )
    found = rows(got.customers)
    assert sum(row["cost"] or 0 for row in found.values()) <= budget + 0.01 * len(found)
    assert all(row["expected_gain"] is None or row["expected_gain"] >= 0 for row in found.values())
    for name in names:
        mine = [row for row in got.plan.to_pylist() if row["customer_id"] == name]
        assert not (mine and found[name]["is_holdout"])
        assert bool(found[name]["remedy"]) <= bool(mine), "whoever is given a remedy is contacted"
        _breaks_nothing(facts[name], mine, [(row[2], row[1]) for row in past if row[0] == name], rules)


def _breaks_nothing(who, mine, sent, rules):
    opens, closes = rules.open_hours
    for row in mine:
        channel = CHANNELS[row["channel"]]
        if channel.consent:
            assert who[channel.consent] or (who[channel.consent] is None and not rules.consent_required)
        assert opens <= row["from_hour"] < row["to_hour"] <= closes
        assert row["due_on"] > AS_OF
        assert not channel.is_staffed or row["due_on"].weekday() < 5
        assert all(
            (row["due_on"] - day).days >= rules.days_between_same_channel for day, code in sent if code == channel.code
        )
        assert sum((row["due_on"] - day).days < 30 for day, _ in sent) < rules.most_in_30_days
        sent.append((row["due_on"], channel.code))
