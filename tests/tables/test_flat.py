# ruff: noqa: E501  (tables of cases read better unbroken)
from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from liuke.kernel.errors import InvalidInput
from liuke.tables import flat
from liuke.tables.loading import FileRefused
from liuke.tables.store import Store

DAY = date(2026, 3, 31)


def telco(count: int = 400) -> str:
    """Return a flat file in which the score decides everything, the reason is known afterwards, and the fee says a little."""
    chance = np.random.default_rng(7)
    lines = ["customerID,gender,tenure,MonthlyCharges,Contract,Score,Why,手机号,Churn"]
    for number in range(count):
        lost = chance.random() < 0.3
        score = 80 + chance.integers(20) if lost else chance.integers(60)
        fee = chance.normal(70 if lost else 60, 20)
        why = chance.choice(["price", "rival"]) if lost else ""
        lines.append(
            f"{number:04d}-X,Female,{chance.integers(0, 72)},{fee:.2f},Monthly,{score},{why},138{number:08d},{'Yes' if lost else 'No'}"
        )
    return "\n".join(lines) + "\n"


def test_a_flat_file_becomes_customers_subscriptions_and_people(load: Any, store: Store) -> None:
    done = load(telco(), "flat", observed_on=DAY)
    assert done.accepted == 400 and done.load == "0001-flat"
    assert (
        store.read("customers").num_rows == store.read("subscriptions").num_rows == store.read("people").num_rows == 400
    )
    assert "Churn" not in store.read("customers").column_names
    assert "手机号" not in store.read("customers").column_names
    customers = {row["customer_id"]: row for row in store.read("customers").to_pylist()}
    for row in store.read("subscriptions").to_pylist():
        months = customers[row["customer_id"]]["tenure"]
        since = date(2026 + (2 - months) // 12, (2 - months) % 12 + 1, 1)
        assert (row["started_on"].year, row["started_on"].month) == (since.year, since.month)
        assert row["ended_on"] in (None, DAY)


def test_columns_that_alone_predict_the_label_are_refused_as_features(load: Any, store: Store) -> None:
    done = load(telco(), "flat", observed_on=DAY)
    assert store.flat is not None
    assert set(store.flat["refused"]) == {"Score", "Why"}
    assert store.flat["not_features"] == ["Score", "Why"]
    assert any("'Score' alone predicts churn almost perfectly" in note.en for note in done.notes)


def test_columns_known_only_afterwards_are_named_and_never_features(load: Any, store: Store) -> None:
    load(telco(), "flat", observed_on=DAY, known_after=("why", "Contract"))
    assert store.flat is not None
    assert store.flat["known_after"] == ["Contract", "Why"]
    assert store.flat["not_features"] == ["Contract", "Score", "Why"]
    with pytest.raises(FileRefused, match="Nonsense"):
        load(telco(), "flat", name="b.csv", observed_on=DAY, known_after=("Nonsense",))


def test_label_and_tenure_may_be_named(load: Any, store: Store) -> None:
    text = "id,years,state\na,2,gone\nb,1,here\nc,3,here\n"
    load(text, "flat", churned="state=gone", tenure="years", tenure_unit="years", observed_on=DAY)
    found = {
        row["customer_id"]: (row["started_on"], row["ended_on"]) for row in store.read("subscriptions").to_pylist()
    }
    assert found == {"a": (date(2024, 3, 31), DAY), "b": (date(2025, 3, 31), None), "c": (date(2023, 3, 31), None)}


def test_a_label_of_unclear_words_is_asked_about(load: Any) -> None:
    with pytest.raises(FileRefused, match="COLUMN=VALUE"):
        load("id,tenure,churn\na,2,red\nb,1,blue\n", "flat", observed_on=DAY)


def test_the_day_of_observation_is_asked_for(load: Any) -> None:
    with pytest.raises(FileRefused, match="--observed-on"):
        load(telco(), "flat")
    with pytest.raises(InvalidInput, match="months"):
        load(telco(), "flat", observed_on=DAY, tenure_unit="weeks")


def test_a_customer_without_label_or_with_absurd_tenure_is_rejected(load: Any) -> None:
    done = load("id,tenure,churn\na,2,\nb,-1,Yes\nc,3,No\n", "flat", observed_on=DAY)
    assert done.accepted == 1 and done.rejected == 2


def test_the_same_flat_file_adds_nothing_and_a_later_one_revises(load: Any, store: Store) -> None:
    load(telco(50), "flat", observed_on=DAY)
    assert load(telco(50), "flat", observed_on=DAY).already_there == 50
    later = load(telco(50), "flat", observed_on=date(2026, 4, 30))
    assert later.revised > 0 and store.read("subscriptions").num_rows == 50


def test_a_value_that_decides_most_losses_is_too_good_even_if_others_are_mixed() -> None:
    codes = np.repeat([0, 1, 2], 100)
    lost = np.r_[np.ones(100), np.zeros(80), np.ones(20), np.zeros(100)].astype(bool)
    assert flat.share_decided(codes, lost) == pytest.approx(100 / 120)
    assert flat.share_decided(np.arange(300), lost) == 0.0


def test_the_area_under_the_curve_of_a_unique_value_is_a_half_and_of_the_label_is_one() -> None:
    chance = np.random.default_rng(3)
    lost = chance.random(4000) < 0.3
    assert flat.single_column_auc(np.arange(4000), lost) == pytest.approx(0.5, abs=0.03)
    assert flat.single_column_auc(lost.astype(np.int64), lost) == pytest.approx(1.0)
    # a value that is lost in 60 of 100 against 20 of 100: P(score lost > score kept) by hand, ties a half
    group = np.repeat([0, 1], 2000)
    lost = np.r_[np.arange(2000) % 10 < 2, np.arange(2000) % 10 < 6]
    wanted = (0.75 * (1 / 3) * 0 + (1200 / 1600) * (1600 / 2400)) + 0.5 * (
        (1200 / 1600) * (800 / 2400) + (400 / 1600) * (1600 / 2400)
    )
    assert flat.single_column_auc(group, lost) == pytest.approx(wanted, abs=0.02)  # the folds' rates differ a little
