from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest
from feature_stories import AS_OF, company, contract, day, days_ago, every, happening, purchases, since

from liuke.features import spells, states


def moves(engine, customer, abandoned=None, **rule):
    chosen = spells.choose_rule(engine, **rule)
    spells.create_spells(engine, chosen, AS_OF)
    if abandoned:
        engine.create("let_go", f"SELECT '{customer}' AS customer_id, DATE '{abandoned}' AS decided_on")
    states.create_states(engine, AS_OF, chosen, abandoned="let_go" if abandoned else None)
    rows = engine.table("SELECT * FROM states WHERE customer_id = $customer", customer=customer).to_pylist()
    now = engine.one("SELECT * FROM current_states WHERE customer_id = $customer", customer=customer)
    return [(row["from_state"], row["to_state"], row["on"], row["evidence"]) for row in rows], now


def test_a_contract_that_ended_is_leaving_in_grace_and_lost_after_it():
    told, now = moves(company(subscriptions=[contract("Alice", "2023-01-01", "2024-04-01")]), "Alice")
    assert told == [
        (None, "active", day("2023-01-01"), "contract_begun"),
        ("active", "leaving", day("2024-04-01"), "contract_ended_in_grace"),
        ("leaving", "lost", day("2024-05-01"), "contract_not_renewed"),
    ]
    assert (now["state"], now["since_on"]) == ("lost", day("2024-05-01"))
    assert moves(company(subscriptions=[contract("Bob", "2023-01-01", "2024-06-20")]), "Bob")[1]["state"] == "leaving"


def test_a_lost_customer_who_returns_is_won_back_and_later_active():
    rows = [contract("Carol", "2022-01-01", "2023-01-01")]
    fresh = moves(company(subscriptions=[*rows, contract("Carol", "2024-06-01")]), "Carol")
    assert [move[1] for move in fresh[0]] == ["active", "leaving", "lost", "won_back"]
    assert fresh[1]["state"] == "won_back"
    assert moves(company(subscriptions=[*rows, contract("Carol", "2023-06-01")]), "Carol")[1]["state"] == "active"


def test_a_silence_near_the_own_limit_is_leaving_and_a_purchase_takes_it_back():
    rhythm = every(10, "2024-01-01", "2024-05-30")  # limit 12 days, leaving from the 9th
    told, now = moves(company(transactions=purchases("Dave", *rhythm, "2024-06-10", "2024-06-20")), "Dave")
    assert told[-1] == ("active", "leaving", day("2024-06-29"), "silence_near_own_limit")
    assert now["state"] == "leaving"
    assert ("leaving", "active", day("2024-06-10"), "bought_again") in told
    assert all(earlier[1] == later[0] for earlier, later in itertools.pairwise(told))


def test_a_silence_beyond_limit_and_grace_is_lost_and_the_next_purchase_wins_back():
    rhythm = every(10, "2024-01-01", "2024-04-30")  # the last on 04-30, limit 12 days, lost on 05-13, certain on 06-12
    told, now = moves(company(transactions=purchases("Erin", *rhythm, "2024-06-28")), "Erin")
    assert told[-3:] == [
        ("active", "leaving", day("2024-05-09"), "silence_near_own_limit"),
        ("leaving", "lost", day("2024-06-12"), "silence_beyond_own_rhythm"),
        ("lost", "won_back", day("2024-06-28"), "purchase"),
    ]
    assert now["state"] == "won_back"


def test_a_late_purchase_in_the_grace_period_ends_the_leaving():
    rhythm = every(10, "2024-01-01", "2024-04-30")
    told, now = moves(company(transactions=purchases("Erin", *rhythm, "2024-06-12", "2024-06-25")), "Erin")
    assert told[-1] == ("leaving", "active", day("2024-06-12"), "bought_again")
    assert now["state"] == "active"


def test_without_grace_a_purchase_on_the_very_day_of_the_loss_is_still_a_late_one():
    rhythm = every(10, "2024-01-01", "2024-06-09")  # the last on 06-09; the 13th day of silence is the loss
    late = company(transactions=purchases("Frank", *rhythm, "2024-06-22"))
    assert [move[1] for move in moves(late, "Frank", grace_days=0)[0]][-2:] == ["leaving", "active"]
    later = company(transactions=purchases("Frank", *rhythm, "2024-06-23"))
    assert [move[1] for move in moves(later, "Frank", grace_days=0)[0]][-2:] == ["lost", "won_back"]


def test_who_gives_notice_is_leaving():
    engine = company(subscriptions=[since("Grace")], events=[happening("Grace", days_ago(3), kind="退订申请")])
    told, now = moves(engine, "Grace")
    assert now["evidence"] == "notice_given"
    assert told[-1][2] == AS_OF - timedelta(days=3)


@pytest.mark.parametrize(("lately", "state"), [(10, "leaving"), (60, "active")])
def test_who_spends_half_or_less_is_partly_gone(lately, state):
    earlier = [row for n in (100, 120, 140) for row in purchases("Heidi", days_ago(n), amount=100)]
    rows = earlier + [row for n in (10, 30, 50) for row in purchases("Heidi", days_ago(n), amount=lately)]
    steady = [row for n in (10, 30, 50, 100, 120, 140) for row in purchases("Ivan", days_ago(n), amount=900)]
    engine = company(subscriptions=[since("Heidi"), since("Ivan")], transactions=rows + steady)
    assert moves(engine, "Heidi")[1]["state"] == state
    assert moves(engine, "Ivan")[1]["state"] == "active"


def test_a_fall_that_everybody_shows_is_the_season_and_nobodys_leaving():
    rows = [
        row
        for name in ("Judy", "Kim", "Leo")
        for n, amount in ((10, 30), (30, 30), (50, 30), (100, 100), (120, 100), (140, 100))
        for row in purchases(name, days_ago(n), amount=amount)
    ]
    engine = company(subscriptions=[since("Judy"), since("Kim"), since("Leo")], transactions=rows)
    assert moves(engine, "Judy")[1]["state"] == "active"


def test_a_customer_let_go_is_abandoned_until_they_return():
    rows = [contract("Mona", "2022-01-01", "2023-01-01")]
    assert moves(company(subscriptions=rows), "Mona", abandoned="2023-06-01")[1]["state"] == "abandoned"
    back = company(subscriptions=[*rows, contract("Mona", "2024-06-01")])
    told, now = moves(back, "Mona", abandoned="2023-06-01")
    assert told[-1][:2] == ("abandoned", "won_back")
    assert now["state"] == "won_back"


def test_the_silent_neither_buy_nor_respond():
    long_ago = every(10, "2022-01-01", "2022-06-01")
    engine = company(
        transactions=[row for name in ("Silent", "Answers", "Complains") for row in purchases(name, *long_ago)]
        + purchases("Buys", *long_ago, days_ago(5)),
        contacts=[
            happening("Answers", days_ago(20), contact_id="1", channel="sms", direction="out", answered=True),
            happening("Silent", days_ago(20), contact_id="2", channel="sms", direction="out", answered=False),
        ],
        complaints=[happening("Complains", days_ago(20), complaint_id="1")],
    )
    spells.create_spells(engine, spells.choose_rule(engine), AS_OF)
    found = states.silent_customers(engine, AS_OF)
    (row,) = engine.table("SELECT * FROM silent_customers").to_pylist()
    assert (row["customer_id"], row["contacts_without_answer"]) == ("Silent", 1)
    assert (found.n_silent, found.n_customers, found.share) == (1, 4, 0.25)
    assert (found.spend_silent, found.spend_all) == (Decimal("160.00"), Decimal("650.00"))


def test_a_running_contract_is_no_silence():
    engine = company(subscriptions=[since("Nora"), contract("Olga", "2020-01-01", "2021-01-01")])
    spells.create_spells(engine, spells.choose_rule(engine), AS_OF)
    assert states.silent_customers(engine, AS_OF).n_silent == 1
