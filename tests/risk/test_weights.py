"""Weights of indicators: published judgements, entropy, and learning within declared directions."""

from __future__ import annotations

import numpy as np
import pytest

from liuke.risk import weights
from liuke.risk.weights import BadWeights

FOUR = [[1, 3, 5, 7], [1 / 3, 1, 3, 5], [1 / 5, 1 / 3, 1, 3], [1 / 7, 1 / 5, 1 / 3, 1]]


def test_three_judgements_equal_vector_cm_40() -> None:
    found = weights.pairwise_weights([[1, 3, 7], [1 / 3, 1, 3], [1 / 7, 1 / 3, 1]])
    assert found.weights == pytest.approx([0.6694, 0.2426, 0.0879], abs=5e-5)
    assert found.geometric_weights == pytest.approx([0.6694, 0.2426, 0.0879], abs=5e-5)
    assert found.largest_eigenvalue == pytest.approx(3.007022, abs=1e-6)
    assert found.consistency_index == pytest.approx(0.003511, abs=1e-6)
    assert found.consistency_ratio == pytest.approx(0.006053, abs=1e-6)
    assert found.is_consistent


def test_four_judgements_and_their_combinations_equal_vector_cm_41() -> None:
    found = weights.pairwise_weights(FOUR)
    assert found.weights == pytest.approx([0.565009, 0.262201, 0.117504, 0.055285], abs=1e-6)
    assert found.geometric_weights == pytest.approx([0.5638, 0.2634, 0.1178, 0.0550], abs=5e-5)
    assert found.largest_eigenvalue == pytest.approx(4.116982, abs=1e-6)
    assert found.consistency_ratio == pytest.approx(0.043327, abs=1e-6)
    customer, entropy = np.array([0.9, 0.5, 0.2, 1.0]), [0.15, 0.25, 0.35, 0.25]
    assert customer @ found.weights == pytest.approx(0.718395, abs=1e-6)
    mixed = weights.combined_weights(found.weights, entropy)
    assert mixed == pytest.approx([0.412919, 0.319369, 0.200373, 0.067339], abs=1e-6)
    assert customer @ mixed == pytest.approx(0.638725, abs=1e-6)
    assert customer @ weights.combined_weights(found.weights, entropy, "additive") == pytest.approx(0.649198, abs=1e-6)


def test_the_leader_example_equals_vector_cm_42() -> None:
    found = weights.pairwise_weights([[1, 1 / 4, 4], [4, 1, 9], [1 / 4, 1 / 9, 1]])
    assert found.weights == pytest.approx([0.2172, 0.7171, 0.0658], abs=1e-4)
    assert found.largest_eigenvalue == pytest.approx(3.036896, abs=1e-6)
    assert found.consistency_ratio == pytest.approx(0.0318, abs=5e-5)  # with the random index .58


def test_contradicting_judgements_are_not_consistent() -> None:
    assert not weights.pairwise_weights([[1, 9, 1 / 9], [1 / 9, 1, 9], [9, 1 / 9, 1]]).is_consistent


def test_judgements_must_be_reciprocal() -> None:
    with pytest.raises(BadWeights, match="reciprocal"):
        weights.pairwise_weights([[1, 3], [3, 1]])


def test_entropy_weights_equal_vector_cm_43() -> None:
    rows = np.array([[0.9, 0.2, 30], [0.5, 0.4, 60], [0.1, 0.9, 90], [0.7, 0.1, 20]])
    placed = (rows - rows.min(axis=0)) / np.ptp(rows, axis=0)
    assert weights.entropies(placed) == pytest.approx([0.765247, 0.594361, 0.640336], abs=1e-6)
    found = weights.entropy_weights(placed)
    assert found == pytest.approx([0.234740, 0.405616, 0.359644], abs=1e-6)
    assert placed @ found == pytest.approx([0.336820, 0.474987, 0.765260, 0.176055], abs=1e-6)


def test_learned_weights_recover_the_truth_and_never_turn_an_indicator_round() -> None:
    rng = np.random.default_rng(8)
    z = rng.random((20_000, 3))
    lost = rng.random(20_000) < 1 / (1 + np.exp(3 - 3 * z[:, 0] - 1 * z[:, 1] + 1.5 * z[:, 2]))
    found = weights.learned_weights(z, lost)
    assert found == pytest.approx([0.75, 0.25, 0.0], abs=0.03)  # about three standard errors
    assert found[2] == 0.0


def test_indicators_that_all_point_the_wrong_way_teach_no_weights() -> None:
    z = np.linspace(0, 1, 200)[:, None]
    with pytest.raises(BadWeights, match="audit"):
        weights.learned_weights(z, z[:, 0] < 0.3)


def test_weights_by_hand_name_their_indicators() -> None:
    assert weights.weights_by_hand({"b": 3, "a": 1}, ["a", "b", "c"]) == pytest.approx([0.25, 0.75, 0])
    with pytest.raises(BadWeights, match="no indicators of this system"):
        weights.weights_by_hand({"z": 1}, ["a"])
