from __future__ import annotations

import pytest
from feature_stories import company, contract, day, every, purchases

from liuke.features import spells

AS_OF = day("2024-12-31")


def lives(engine, customer=None, as_of=AS_OF, **rule):
    spells.create_spells(engine, spells.choose_rule(engine, **rule), as_of)
    rows = engine.table("SELECT * FROM spells ORDER BY customer_id, spell_no").to_pylist()
    return [row for row in rows if customer in (None, row["customer_id"])]


def test_a_renewal_on_the_same_day_is_not_churn():
    engine = company(
        subscriptions=[contract("Alice", "2023-01-01", "2024-01-01"), contract("Alice", "2024-01-01")],
    )
    (life,) = lives(engine)
    assert (life["started_on"], life["lost_on"], life["spell_no"]) == (day("2023-01-01"), None, 1)
    assert (life["kind"], life["evidence"]) == ("contractual", "contract_running")


@pytest.mark.parametrize(("gap_end", "expected_lives"), [("2024-01-31", 1), ("2024-02-01", 2)])
def test_a_renewal_within_the_grace_period_continues_a_life_and_a_later_one_begins_another(gap_end, expected_lives):
    engine = company(
        subscriptions=[contract("Alice", "2023-01-01", "2024-01-01"), contract("Alice", gap_end)],
    )
    found = lives(engine, grace_days=30)
    assert len(found) == expected_lives
    assert found[-1]["lost_on"] is None
    assert [life["spell_no"] for life in found] == list(range(1, expected_lives + 1))


def test_a_loss_is_certain_when_the_grace_period_is_over():
    engine = company(subscriptions=[contract("Bob", "2023-01-01", "2024-06-01")])
    (life,) = lives(engine, grace_days=30)
    assert (life["lost_on"], life["certain_on"]) == (day("2024-06-01"), day("2024-07-01"))


def test_a_short_contract_inside_a_long_one_ends_nothing():
    engine = company(
        subscriptions=[
            contract("Carol", "2022-01-01", "2024-06-01"),
            contract("Carol", "2022-03-01", "2022-04-01"),
            contract("Carol", "2024-05-01", "2024-09-01"),
        ],
    )
    (life,) = lives(engine)
    assert (life["started_on"], life["lost_on"]) == (day("2022-01-01"), day("2024-09-01"))


def test_an_end_in_the_future_is_not_yet_a_loss():
    engine = company(subscriptions=[contract("Dave", "2023-01-01", "2025-02-01")])
    (life,) = lives(engine)
    assert life["lost_on"] is None


def test_a_weekly_buyer_is_lost_after_weeks_and_a_quarterly_buyer_is_not():
    engine = company(
        transactions=[
            *purchases("Weekly", *every(7, "2024-01-01", "2024-06-30")),
            *purchases("Quarterly", *every(91, "2022-01-01", "2024-10-15")),
        ],
    )
    weekly, quarterly = lives(engine, "Weekly"), lives(engine, "Quarterly")
    assert [life["kind"] for life in weekly] == ["dormant"]
    assert weekly[0]["lost_on"] == day("2024-07-03")  # the last on 06-24; limit 7 x 1.2 days, and one
    assert weekly[0]["certain_on"] == day("2024-08-02")
    assert quarterly[0]["lost_on"] is None


def test_a_purchase_after_the_loss_begins_the_next_life():
    engine = company(
        transactions=purchases("Erin", *every(7, "2024-01-01", "2024-04-01"), *every(7, "2024-11-01", "2024-12-31")),
    )
    first, second = lives(engine)
    assert (first["spell_no"], first["started_on"]) == (1, day("2024-01-01"))
    assert first["lost_on"] < day("2024-05-01")
    assert (second["spell_no"], second["started_on"], second["lost_on"]) == (2, day("2024-11-01"), None)


@pytest.mark.parametrize(("returned", "expected_lives"), [("2024-05-10", 1), ("2024-05-11", 2)])
def test_a_late_purchase_in_the_grace_period_is_no_loss(returned, expected_lives):
    rhythm = every(7, "2024-01-01", "2024-04-01")  # lost on 04-10 unless a purchase follows by 05-10
    assert len(lives(company(transactions=purchases("Erin", *rhythm, returned)))) == expected_lives


def test_refunds_are_no_purchases_and_keep_nobody_alive():
    engine = company(
        transactions=[
            *purchases("Frank", *every(7, "2024-01-01", "2024-06-03")),
            *purchases("Frank", "2024-12-30", amount=-10),
            *purchases("Grace", "2024-12-30", amount=20),
            *purchases("Grace", "2024-12-30", amount=-20),
        ],
    )
    assert lives(engine, "Frank")[0]["lost_on"] is not None
    assert lives(engine, "Grace") == []


def test_a_customer_with_a_contract_is_judged_by_the_contract_alone():
    engine = company(
        subscriptions=[contract("Heidi", "2023-01-01")],
        transactions=[
            *purchases("Heidi", *every(7, "2023-01-01", "2023-06-01")),
            *purchases("Ivan", *every(7, "2024-01-01", "2024-06-01")),
        ],
    )
    assert [(life["kind"], life["lost_on"]) for life in lives(engine, "Heidi")] == [("contractual", None)]
    assert [life["kind"] for life in lives(engine, "Ivan")] == ["dormant"]
    assert [life["kind"] for life in lives(engine, "Heidi", kind="non_contractual")] == ["dormant"]


def test_rows_after_the_day_change_no_life():
    early = [contract("Judy", "2023-01-01", "2024-01-01")]
    late = [contract("Judy", "2025-01-05"), contract("Kim", "2025-02-01")]
    trade = purchases("Leo", *every(7, "2024-01-01", "2024-12-30"))
    future = purchases("Leo", "2025-03-01") + purchases("Mona", *every(3, "2025-01-01", "2025-06-01"))
    assert lives(company(subscriptions=early, transactions=trade)) == lives(
        company(subscriptions=late + early, transactions=future + trade)
    )


def test_a_company_without_contracts_and_purchases_is_told_so():
    with pytest.raises(spells.NobodyIsACustomer, match="load one of them first"):
        spells.choose_rule(company())
