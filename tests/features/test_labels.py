from __future__ import annotations

import pytest
from feature_stories import company, contract, day, every, purchases

from liuke.features import labels, spells

VIEW = day("2024-06-30")


def labelled(engine, **rule):
    spells.create_spells(engine, spells.choose_rule(engine, **rule), day("2024-12-31"))
    labels.create_labels(engine, VIEW, lead_days=14, horizon_days=30)
    return {row["customer_id"]: row for row in engine.table("SELECT * FROM labels").to_pylist()}


@pytest.mark.parametrize(
    ("ended", "churned", "lost_in_gap"),
    [
        ("2024-07-01", False, True),
        ("2024-07-14", False, True),
        ("2024-07-15", True, False),
        ("2024-08-13", True, False),
        ("2024-08-14", False, False),
        (None, False, False),
    ],
)
def test_the_label_excludes_the_gap_and_includes_the_last_day_of_the_window(ended, churned, lost_in_gap):
    found = labelled(company(subscriptions=[contract("Alice", "2023-01-01", ended)]))["Alice"]
    assert (found["churned"], found["lost_in_gap"]) == (churned, lost_in_gap)


def test_only_customers_there_on_the_day_are_labelled():
    found = labelled(
        company(
            subscriptions=[
                contract("Gone", "2023-01-01", "2024-06-30"),
                contract("Here", "2023-01-01"),
                contract("Later", "2024-07-01"),
            ]
        )
    )
    assert set(found) == {"Here"}


def test_a_renewal_in_the_grace_period_is_learned_later_and_is_no_loss():
    rows = [contract("Bob", "2023-01-01", "2024-08-01"), contract("Bob", "2024-08-20")]
    assert labelled(company(subscriptions=rows))["Bob"]["churned"] is False


def test_without_contracts_the_label_is_no_purchase_in_the_window():
    rhythm = every(10, "2024-01-01", "2024-06-28")
    found = labelled(
        company(
            transactions=[
                *purchases("Stops", *rhythm),
                *purchases("InTheGapOnly", *rhythm, "2024-07-10"),
                *purchases("GoesOn", *rhythm, "2024-07-20"),
                *purchases("OnTheLastDay", *rhythm, "2024-08-13"),
                *purchases("InGrace", *every(10, "2024-01-01", "2024-06-01")),
                *purchases("GoneBefore", *every(10, "2024-01-01", "2024-05-01")),
            ]
        )
    )
    assert {name: row["churned"] for name, row in found.items()} == {
        "Stops": True,
        "InGrace": True,
        "InTheGapOnly": True,
        "GoesOn": False,
        "OnTheLastDay": False,
    }
    assert not any(row["lost_in_gap"] for row in found.values())
