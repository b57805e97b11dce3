from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuke.budget.gain import ArraysUnequal, first_success, gain_sd, profit_lift, sequence


def one(*numbers: float) -> list[np.ndarray]:
    return [np.array([number]) for number in numbers]


def test_profit_lift_of_the_four_types_is_the_published_one_de_01():
    untreated = 1 - np.array([0.80, 0.45, 0.05, 0.30])
    treated = 1 - np.array([0.78, 0.25, 0.05, 0.42])
    assert profit_lift(untreated, treated, np.full(4, 300.0), contact_cost=12) == pytest.approx([-6, 48, -12, -48])


def test_an_incentive_is_paid_to_everyone_who_stays_de_02_de_03():
    p0, pa, value = one(0.55, 0.75, 300)
    assert profit_lift(p0, pa, value, contact_cost=12) == pytest.approx([48])
    assert profit_lift(p0, pa, value, contact_cost=12, incentive=20) == pytest.approx([33])
    assert profit_lift(p0, pa, value, contact_cost=12, incentive=64) == pytest.approx([0])
    assert profit_lift(*one(0.95, 0.95, 300), contact_cost=1, incentive=20) == pytest.approx([-20])
    assert profit_lift(*one(0.20, 0.22, 300), contact_cost=1, incentive=20) == pytest.approx([0.6])


def test_waves_stop_when_the_next_is_not_worth_its_cost_de_60():
    got = sequence(*one(1, 180, 0.10), contact_cost=8, incentive=40)
    assert got.n_waves.tolist() == [2]
    assert got.success == pytest.approx([0.154])
    per_wave = [0.10 * 140 - 8, 0.06 * 140 - 8]
    assert got.gain == pytest.approx([per_wave[0] + 0.9 * per_wave[1]])


def test_a_hopeless_first_wave_leaves_no_wave_and_a_negative_gain():
    got = sequence(*one(1, 100, 0.01), contact_cost=8)
    assert got.n_waves.tolist() == [0]
    assert got.gain == pytest.approx([-7])


def test_waves_already_made_are_not_made_again():
    got = sequence(*one(1, 180, 0.10), contact_cost=8, incentive=40, waves_done=1)
    assert got.n_waves.tolist() == [1]
    assert got.success == pytest.approx([0.06])


@given(
    st.floats(0, 1), st.floats(0, 1e5), st.floats(-0.5, 0.99), st.floats(0, 50), st.floats(0, 200), st.integers(0, 2)
)  # fmt: skip
def test_the_gain_of_a_sequence_is_its_profit_lift(loss, value, first, cost, incentive, done):
    got = sequence(*one(loss, value, first), contact_cost=cost, incentive=incentive, waves_done=done)
    lift = profit_lift(1 - loss, got.stay, np.array([value]), contact_cost=got.contacts * cost, incentive=incentive)
    assert got.gain == pytest.approx(lift, rel=1e-9, abs=1e-6)
    assert 1 <= got.contacts[0] <= 3 * 1.5**2
    assert got.n_waves[0] <= 3 - done


@given(st.floats(-0.9, 0.999))
def test_the_first_waves_success_adds_up_to_the_whole(success):
    first = first_success(np.array([success]))[0]
    assert 1 - (1 - first) * (1 - 0.6 * first) * (1 - 0.3 * first) == pytest.approx(success, abs=1e-9)


def test_less_evidence_means_a_wider_gain():
    loss, value, success = one(0.5, 1000, 0.2)
    little, much = (gain_sd(loss, value, success, weight=np.array([w]))[0] for w in (10.0, 10_000.0))
    assert little > much > 0
    assert gain_sd(loss, value, success, weight=np.array([1e12]), value_cv=0.0)[0] == pytest.approx(0, abs=1e-3)


def test_arrays_of_different_length_are_refused():
    with pytest.raises(ArraysUnequal):
        sequence(np.ones(2), np.ones(3), np.ones(3), contact_cost=1)
