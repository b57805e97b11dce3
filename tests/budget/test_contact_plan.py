from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liuke.budget.contact import ContactRules, ContactRulesInvalid, channels
from liuke.budget.contact_access import access, audience
from liuke.budget.contact_plan import COMFORT, Chosen, contact_plan, deliverable, held_table
from liuke.budget.remedies import catalogue

AS_OF = date(2025, 3, 31)
REMEDIES = catalogue("telecom")
CODES = [remedy.code for remedy in REMEDIES]
CHANNELS = {channel.code: channel for channel in channels()}


def customers(*rows: dict) -> pa.Table:
    schema = pa.schema(
        [("customer_id", pa.string()), ("tier", pa.int64()), ("kind", pa.string()), ("manager_id", pa.string()),
         ("consent_sms", pa.bool_()), ("consent_email", pa.bool_()), ("consent_phone", pa.bool_()),
         ("preferred_channel", pa.string()), ("preferred_from_hour", pa.int64()), ("preferred_to_hour", pa.int64())]
    )  # fmt: skip
    filled = [{name: row.get(name) for name in schema.names} for row in rows]
    return pa.Table.from_pylist(filled, schema=schema)


def contacts(*rows: tuple[str, str, date, int | None, str | None]) -> pa.Table:
    return pa.table(
        {
            "customer_id": [row[0] for row in rows],
            "channel": [row[1] for row in rows],
            "direction": ["out"] * len(rows),
            "occurred_on": pa.array([row[2] for row in rows], pa.date32()),
            "wave": pa.array([row[3] for row in rows], pa.int64()),
            "outcome": pa.array([row[4] for row in rows], pa.string()),
        }
    )


def planned(
    people: pa.Table, past: pa.Table | None = None, rules: ContactRules | None = None, remedy="plan_adjustment"
):
    rules = rules or ContactRules()
    who = audience(people, past, as_of=AS_OF, rules=rules)
    ways = access(who, as_of=AS_OF, rules=rules)
    number = COMFORT if remedy is None else CODES.index(remedy)
    can = ways.reachable.any(axis=1) if remedy is None else deliverable(ways, REMEDIES)[:, number]
    row = np.flatnonzero(can)
    chosen = Chosen(row, np.full(len(row), number), np.full(len(row), 3), np.full(len(row), 2))
    return who, ways, contact_plan(who, ways, chosen, REMEDIES, as_of=AS_OF, rules=rules, language="zh")


def test_the_three_waves_listen_answer_the_reason_and_turn_to_another_channel_or_a_senior():
    """decision.md 10; S2-89."""
    *_, got = planned(customers({"customer_id": "Wei", "tier": 3, "manager_id": "Lin"}))
    rows = got.plan.to_pylist()
    assert [row["script"] for row in rows] == ["listen", "remedy", "senior"]
    assert [row["condition"] for row in rows] == ["start", "unanswered_or_reason_found", "not_won"]
    assert [row["channel"] for row in rows] == ["sms", "sms", "phone"]
    assert all(b["due_on"] - a["due_on"] >= timedelta(days=7) for a, b in pairwise(rows))
    assert "调整资费与定制套餐" in rows[1]["script_words"]
    assert rows[2]["staff_id"] is None


def test_preference_beats_the_matrix_and_consent_beats_preference():
    """S2-86, S2-87."""
    people = customers(
        {"customer_id": "An", "tier": 3, "preferred_channel": "电子邮件"},
        {"customer_id": "Bo", "tier": 3, "preferred_channel": "email", "consent_email": False},
        {"customer_id": "Chen", "tier": 3, "preferred_channel": "微信"},
    )
    *_, got = planned(people)
    first = {row["customer_id"]: row["channel"] for row in got.plan.to_pylist() if row["wave"] == 1}
    assert first == {"An": "email", "Bo": "sms", "Chen": "messenger"}


def test_a_business_is_visited_at_its_office_by_its_manager_on_a_working_day():
    """S2-85."""
    *_, got = planned(customers({"customer_id": "Acme", "tier": 1, "kind": "企业", "manager_id": "Lin"}))
    first = got.plan.to_pylist()[0]
    assert (first["channel"], first["staff_id"], first["place"]) == ("visit", "Lin", "办公室")
    assert first["due_on"].weekday() < 5


def test_whoever_opted_out_or_is_cooling_down_is_held_back_and_the_reason_is_named():
    people = customers(
        {"customer_id": "An", "consent_sms": False, "consent_email": False, "consent_phone": False},
        {"customer_id": "Bo"},
        {"customer_id": "Chen"},
        {"customer_id": "Dai", "tier": 5, "consent_sms": False, "consent_email": False},
        {"customer_id": "Er", "preferred_from_hour": 22, "preferred_to_hour": 23, "consent_email": False},
        {"customer_id": "Fu"},
        {"customer_id": "Gao"},
    )
    past = contacts(
        ("Bo", "sms", AS_OF - timedelta(days=2), 1, "refused"),
        ("Chen", "sms", AS_OF - timedelta(days=300), 1, "退订"),
        ("Fu", "phone", AS_OF - timedelta(days=40), 3, None),
        ("Gao", "phone", AS_OF - timedelta(days=1), 1, None),
    )
    who, ways, got = planned(people, past)
    rows = held_table(who.customer_ids, np.arange(7), np.ones(7, dtype=int), ways.held, "en").to_pylist()
    assert [row["why"] for row in rows] == [
        "opted_out", "cooling_down", "opted_out", "outside_matrix", "no_common_hour", "sequence_finished", "",
    ]  # fmt: skip
    assert got.plan["wave"].to_pylist() == [2, 3]
    assert rows[0]["why_words"] == "asked not to be contacted"


def test_a_window_over_midnight_is_used_by_its_evening():
    *_, got = planned(customers({"customer_id": "An", "tier": 2, "preferred_from_hour": 19, "preferred_to_hour": 2}))
    assert {(row["from_hour"], row["to_hour"]) for row in got.plan.to_pylist()} == {(19, 21)}


def test_messages_about_a_complaint_do_not_count_as_pressure():
    past = contacts(
        ("An", "sms", AS_OF, None, None), ("An", "phone", AS_OF, None, None), ("Bo", "sms", date(2024, 1, 1), 1, None)
    )
    *_, got = planned(customers({"customer_id": "An", "tier": 3}), past)
    assert got.plan.to_pylist()[0]["due_on"] == AS_OF + timedelta(days=2)


def test_a_calming_message_is_one_wave_that_sells_nothing():
    people = customers({"customer_id": "An", "tier": 3})
    rules = ContactRules()
    who = audience(people, None, as_of=AS_OF, rules=rules)
    ways = access(who, as_of=AS_OF, rules=rules)
    chosen = Chosen(np.array([0]), np.array([COMFORT]), np.array([1]), np.array([1]))
    got = contact_plan(who, ways, chosen, REMEDIES, as_of=AS_OF, rules=rules, language="en").plan.to_pylist()
    assert [(row["script"], row["remedy"]) for row in got] == [("comfort", None)]


def test_a_remedy_that_takes_no_minutes_never_takes_staff_to_the_customer():
    people = customers({"customer_id": "An", "tier": 3}, {"customer_id": "Bo", "tier": 1, "consent_sms": False})
    *_, got = planned(people, remedy="coupon")
    assert all(not CHANNELS[row["channel"]].is_staffed for row in got.plan.to_pylist())
    assert {row["customer_id"] for row in got.plan.to_pylist()} == {"An", "Bo"}


def test_instants_are_read_where_there_is_no_local_date():
    past = contacts(("An", "sms", AS_OF, 1, None)).drop_columns(["occurred_on"])
    past = past.append_column("occurred_at", pa.array([datetime(2025, 3, 31, 23, 59)], pa.timestamp("us")))
    people = customers({"customer_id": "An", "tier": 4, "consent_email": False, "consent_phone": False})
    *_, got = planned(people, past, remedy="coupon")
    assert got.plan.to_pylist()[0]["due_on"] == AS_OF + timedelta(days=7)


def test_impossible_quiet_hours_are_refused():
    with pytest.raises(ContactRulesInvalid, match="quiet hours"):
        ContactRules(quiet_from=25)


maybe = st.sampled_from([True, False, None])
hour = st.one_of(st.none(), st.integers(0, 24))
person = st.fixed_dictionaries(
    {
        "tier": st.one_of(st.none(), st.integers(1, 5)),
        "kind": st.sampled_from(["consumer", "business", "dealer", None]),
        "consent_sms": maybe,
        "consent_email": maybe,
        "consent_phone": maybe,
        "preferred_channel": st.sampled_from([*CHANNELS, None, "carrier pigeon"]),
        "preferred_from_hour": hour,
        "preferred_to_hour": hour,
    }
)
touch = st.tuples(
    st.sampled_from(list(CHANNELS)),
    st.integers(0, 100),
    st.sampled_from([None, 1, 2, 3]),
    st.sampled_from([None, "refused"]),
)  # fmt: skip
any_rules = st.builds(
    ContactRules,
    quiet_from=st.integers(0, 24),
    quiet_to=st.integers(0, 24),
    most_in_30_days=st.integers(0, 4),
    most_offers_in_90_days=st.integers(0, 3),
    days_between_same_channel=st.integers(0, 20),
    cool_down_days=st.sampled_from([0, 10, 60]),
    consent_required=st.booleans(),
    holidays=st.sampled_from([(), (date(2025, 4, 4), date(2025, 5, 1))]),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(person, st.lists(touch, max_size=6)), min_size=1, max_size=6),
    any_rules,
    st.sampled_from([*CODES, None]),
)
def test_no_row_of_the_plan_breaks_a_rule(people, rules, remedy):
    """decision.md 13, test 9; S2-86 to S2-89."""
    table = customers(*({"customer_id": f"Person {i}", **who} for i, (who, _) in enumerate(people)))
    past_rows = [
        (f"Person {i}", channel, AS_OF - timedelta(days=ago), wave, outcome)
        for i, (_, touches) in enumerate(people)
        for channel, ago, wave, outcome in touches
    ]
    past = contacts(*past_rows) if past_rows else None
    who, ways, got = planned(table, past, rules, remedy)
    rows = got.plan.to_pylist()
    chosen = set(np.array(who.customer_ids.to_pylist())[_chosen(ways, remedy)])
    assert chosen == {row["customer_id"] for row in rows}, "everyone chosen is contacted at least once"
    counts = any(row[3] for row in past_rows)
    for i, (facts, _) in enumerate(people):
        name = f"Person {i}"
        mine = [row for row in rows if row["customer_id"] == name]
        sent = [(row[2], row[1]) for row in past_rows if row[0] == name and (row[3] or not counts)]
        refused = [row[2] for row in past_rows if row[0] == name and row[4] == "refused"]
        _holds(facts, mine, sent, refused, rules)


def _chosen(ways, remedy):
    return ways.reachable.any(axis=1) if remedy is None else deliverable(ways, REMEDIES)[:, CODES.index(remedy)]


def _holds(facts, mine, sent, refused, rules):
    opens, closes = rules.open_hours
    for row in mine:
        channel = CHANNELS[row["channel"]]
        if channel.consent:
            assert facts[channel.consent] is not False
            assert not rules.consent_required or facts[channel.consent]
        assert opens <= row["from_hour"] < row["to_hour"] <= closes
        start, stop = facts["preferred_from_hour"], facts["preferred_to_hour"]
        if channel.is_disturbing and start is not None and stop is not None and start < stop:
            assert start <= row["from_hour"] and row["to_hour"] <= stop
        assert row["due_on"] > AS_OF
        assert all((row["due_on"] - day).days >= rules.cool_down_days for day in refused)
        if channel.is_staffed:
            assert row["due_on"].weekday() < 5 and row["due_on"] not in rules.holidays
        same = [day for day, code in sent if code == row["channel"]]
        assert all((row["due_on"] - day).days >= rules.days_between_same_channel for day in same)
        within = [day for day, _ in sent if (row["due_on"] - day).days < 30]
        assert len(within) + 1 <= rules.most_in_30_days
        sent.append((row["due_on"], row["channel"]))
    waves = [row["wave"] for row in mine]
    assert waves == sorted(set(waves)) and set(waves) <= {1, 2, 3}
