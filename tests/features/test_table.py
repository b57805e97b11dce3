from __future__ import annotations

from datetime import timedelta

import pytest
from feature_stories import (
    AS_OF,
    company,
    contract,
    day,
    days_ago,
    every,
    features,
    features_table,
    happening,
    lively_company,
    purchases,
    since,
)


def bills(*amounts):
    months = ["2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30"]
    return [
        row
        for on, amount in zip(months[-len(amounts) :], amounts, strict=True)
        for row in purchases("Alice", on, amount=amount)
    ]


def test_slope_and_recent_ratio_of_a_falling_bill_follow_section_11():
    found = features(company(subscriptions=[since()], transactions=bills(100, 110, 90, 80, 60, 50)))["Alice"]
    assert found["spend_slope"] == pytest.approx(-0.143440, abs=1e-6)
    assert found["spend_recent_ratio"] == pytest.approx(0.633333, abs=1e-6)


def test_a_bill_half_above_the_usual_is_a_bill_shock_of_one_half():
    found = features(company(subscriptions=[since()], transactions=bills(120, 110, 130, 120, 120, 120, 180)))["Alice"]
    assert found["bill_shock"] == pytest.approx(0.5)


def test_three_lines_instead_of_five_are_a_breadth_drop_of_two_fifths():
    rows = [row for n in range(5) for row in purchases("Alice", days_ago(100), amount=n + 1, category=f"line {n}")]
    rows += [row for n in range(3) for row in purchases("Alice", days_ago(5), amount=n + 1, category=f"line {n}")]
    assert features(company(subscriptions=[since()], transactions=rows))["Alice"]["breadth_drop"] == pytest.approx(0.4)


def test_an_old_grave_complaint_and_a_fresh_light_one_load_two_and_a_half():
    rows = [
        happening("Alice", days_ago(90), complaint_id="1", severity=3),
        happening("Alice", days_ago(0), complaint_id="2", severity=1),
    ]
    found = features(company(subscriptions=[since(), since("Bob")], complaints=rows))
    assert found["Alice"]["complaint_load"] == pytest.approx(2.5)
    assert found["Alice"]["complaints_open"] == 2
    assert (found["Bob"]["complaint_load"], found["Bob"]["complaints_90d"]) == (0, 0)


def test_two_of_five_recommended_friends_who_left_are_two_fifths():
    friends = [contract(f"F{n}", "2023-01-01", "2024-05-01" if n < 2 else None) for n in range(5)]
    links = [
        {"referrer_id": "Alice", "referred_id": f"F{n}", "occurred_at": AS_OF - timedelta(days=300)} for n in range(5)
    ]
    found = features(company(subscriptions=[since(), *friends], referrals=links))
    assert found["Alice"]["neighbours_lost_share"] == pytest.approx(0.4)
    assert found["Alice"]["referrals_365d"] == 5
    assert found["F3"]["was_referred"] == 1


@pytest.mark.parametrize(("answers", "expected"), [([True, False, False, False], 0.75), ([True, False], None)])
def test_one_answer_to_four_contacts_is_three_quarters_without_response(answers, expected):
    rows = [
        happening("Alice", days_ago(50 - n), contact_id=str(n), channel="sms", direction="out", answered=answered)
        for n, answered in enumerate(answers)
    ]
    found = features(company(subscriptions=[since()], contacts=rows))["Alice"]
    assert found["non_response"] == expected
    assert found["unanswered_run"] == len(answers) - 1


def test_silence_is_counted_in_the_own_gaps():
    found = features(company(transactions=purchases("Alice", *every(10, "2024-01-01", "2024-06-20"))))["Alice"]
    assert found["days_since_last_purchase"] == 11
    assert found["silence_in_own_gaps"] == pytest.approx(1.1)
    assert found["overdue_ratio"] == pytest.approx(11 / 12)


def test_a_price_rise_counts_for_sixty_days_and_for_its_plan_only():
    prices = [{"plan": "149", "effective_on": AS_OF - timedelta(days=30), "old_price": 100, "new_price": 120}]
    people = [since(plan="149"), since("Bob", plan="99")]
    found = features(company(subscriptions=people, prices=prices))
    assert found["Alice"]["price_rise_60d"] == pytest.approx(0.2)
    assert (found["Bob"]["price_rise_60d"], found["Bob"]["days_since_price_rise"]) == (0, None)


def test_usage_is_told_kind_by_kind_and_missing_quantities_count_one():
    rows = [
        *(happening("Alice", days_ago(n), kind="Data (MB)", quantity=100) for n in (40, 50, 80)),
        *(happening("Alice", days_ago(n), kind="login", quantity=None) for n in (1, 2, 3)),
    ]
    found = features(company(subscriptions=[since()], events=rows))["Alice"]
    assert (found["usage_data_mb_30d"], found["usage_data_mb_90d"]) == (0, 300)
    assert found["usage_data_mb_ratio"] == 0
    assert found["usage_data_mb_days_since"] == 40
    assert found["usage_login_30d"] == 3
    assert found["usage_login_ratio"] is None


def test_a_manager_who_left_is_noticed():
    links = [
        {"customer_id": "Alice", "staff_id": "Wang", "started_on": day("2022-01-01"), "ended_on": None},
        {"customer_id": "Bob", "staff_id": "Li", "started_on": day("2022-01-01"), "ended_on": None},
    ]
    staff = [{"staff_id": "Wang", "left_on": AS_OF - timedelta(days=10)}, {"staff_id": "Li", "left_on": None}]
    found = features(company(subscriptions=[since(), since("Bob")], staff_links=links, staff=staff))
    assert (found["Alice"]["manager_left_90d"], found["Alice"]["is_orphaned"]) == (1, 1)
    assert (found["Bob"]["manager_left_90d"], found["Bob"]["is_orphaned"]) == (0, 0)


def test_arrears_and_their_change_are_the_latest():
    owed = [
        {"customer_id": "Alice", "on": AS_OF - timedelta(days=40), "owed": 50, "overdue_days": 5},
        {"customer_id": "Alice", "on": AS_OF - timedelta(days=10), "owed": 120, "overdue_days": 35},
    ]
    found = features(company(subscriptions=[since(), since("Bob")], balances=owed))
    assert (found["Alice"]["owed"], found["Alice"]["owed_change"], found["Alice"]["overdue_days"]) == (120, 70, 35)
    assert found["Bob"]["owed"] == 0


def test_a_live_offer_of_a_rival_counts_in_its_region_only():
    people = [{"customer_id": "Alice", "region": "广东"}, {"customer_id": "Bob", "region": "湖北"}]
    offers = [{"rival": "B", "region": "广东", "started_on": AS_OF - timedelta(days=5), "price": 60}]
    contracts = [since(monthly_fee=100), since("Bob", monthly_fee=100)]
    found = features(company(subscriptions=contracts, customers=people, rival_offers=offers))
    assert (found["Alice"]["rival_offers"], found["Alice"]["rival_price_gap"]) == (1, pytest.approx(0.4))
    assert (found["Bob"]["rival_offers"], found["Bob"]["rival_price_gap"]) == (0, None)


def test_the_latest_answer_and_the_mean_are_kept_per_question():
    rows = [
        {"survey_id": "1", "customer_id": "Alice", "answered_at": day(days_ago(100)), "question": "nps", "score": 9},
        {"survey_id": "2", "customer_id": "Alice", "answered_at": day(days_ago(10)), "question": "nps", "score": 4},
    ]
    found = features(company(subscriptions=[since()], survey_answers=rows))["Alice"]
    assert (found["survey_nps_latest"], found["survey_nps_mean_365d"], found["survey_nps_change"]) == (4, 6.5, -5)


def test_tables_that_are_not_there_leave_nulls_and_not_zeros():
    found = features(company(subscriptions=[since()]))["Alice"]
    assert {found[name] for name in ("complaints_90d", "owed", "rival_offers", "spend_30d", "contacts_out_365d")} == {
        None
    }


def test_attributes_become_numbers_or_categories_and_ids_stay_out():
    rows = [
        {
            "customer_id": f"C{n}",
            "Internet": ["fibre", "DSL"][n % 2],
            "Total": str(n * 1.5) if n else " ",
            "row_no": n,
            "Motto": f"motto {n}",
            "gender": "f",
            "SeniorCitizen": n % 2,
            "Score after the fact": float(n),
        }
        for n in range(60)
    ]
    engine = company(customers=rows, subscriptions=[since(f"C{n}") for n in range(60)])
    found = features(engine, excluded=("Score after the fact",))["C3"]
    assert (found["Internet"], found["Total"]) == ("DSL", 4.5)
    assert not {"row_no", "Motto", "gender", "SeniorCitizen", "Score after the fact"} & set(found)


def test_only_customers_in_a_life_have_features():
    people = [since(), contract("Gone", "2022-01-01", "2024-06-01"), contract("Later", "2024-07-01")]
    assert set(features(company(subscriptions=people))) == {"Alice"}


AFTER = str(AS_OF + timedelta(days=1))
ABSURD_ANSWER = {
    "survey_id": "x",
    "customer_id": "C01",
    "answered_at": day(AFTER),
    "question": "absurd",
    "score": 1,
}
POISON = [
    ("customers", [{"customer_id": "C99", "region": "Z", "joined_on": day(AFTER), "device": "future"}]),
    ("subscriptions", [contract("C01", AFTER, plan="absurd", monthly_fee=9e9), contract("C99", AFTER)]),
    ("transactions", purchases("C01", AFTER, amount=9e9, category="absurd")),
    ("transactions", purchases("C00", "2025-01-01", amount=-9e9)),
    ("events", [happening("C01", AFTER, kind="absurd", quantity=9e9)] * 500),
    ("contacts", [happening("C01", AFTER, contact_id="x", channel="fax", direction="in", answered=True)]),
    ("complaints", [happening("C01", AFTER, complaint_id="x", severity=99)]),
    ("survey_answers", [ABSURD_ANSWER] * 200),
    ("referrals", [{"referrer_id": "C01", "referred_id": "C02", "occurred_at": day(AFTER)}]),
    ("balances", [{"customer_id": "C01", "on": day(AFTER), "owed": 9e9, "overdue_days": 999}]),
    ("staff_links", [{"customer_id": "C01", "staff_id": "u", "started_on": day(AFTER)}]),
    ("prices", [{"plan": "p", "effective_on": day(AFTER), "old_price": 1, "new_price": 9}]),
    ("rival_offers", [{"rival": "C", "started_on": day(AFTER), "price": 1}]),
]


def test_no_feature_can_see_past_the_day():
    assert features_table(lively_company(1)).equals(features_table(lively_company(1, POISON)))


def test_ends_written_down_after_the_day_change_nothing():
    def told(ended, resolved, left):
        return company(
            subscriptions=[contract("Alice", "2022-01-01", ended)],
            complaints=[happening("Alice", days_ago(20), complaint_id="1", resolved_at=resolved, is_satisfied=False)],
            staff_links=[{"customer_id": "Alice", "staff_id": "Wang", "started_on": day("2022-01-01")}],
            staff=[{"staff_id": "Wang", "left_on": left}],
        )

    later = features_table(told(AFTER, day(AFTER), day(AFTER)))
    assert later.to_pylist() == features_table(told(None, None, None)).to_pylist()


def test_one_customer_alone_has_the_same_features_as_in_the_whole():
    engine = lively_company(2)
    whole = features(engine)
    alone = features(engine, customers="('C05', 'C06')")
    assert set(alone) <= {"C05", "C06"}
    assert alone == {name: whole[name] for name in alone}
    assert alone


def test_the_order_of_rows_and_the_number_of_threads_change_nothing():
    told = features_table(lively_company(3))
    assert told.equals(features_table(lively_company(3, shuffled=True)))
    assert told.equals(features_table(lively_company(3, shuffled=True, threads=8)))


def test_every_feature_is_a_double_or_a_word():
    found = features_table(lively_company(4))
    assert {str(field.type) for field in found.schema} == {"double", "string"}
    assert found.column("customer_id").to_pylist() == sorted(found.column("customer_id").to_pylist())
