from __future__ import annotations

import numpy as np
import pytest

from liuke.uplift import learners
from liuke.uplift.ranking import ranking_curve


def campaign(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return features, outcome, treatment and the true uplift, which falls with the second feature."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 4))
    treated = rng.random(n) < 0.5
    base = 1 / (1 + np.exp(-(0.3 + features[:, 0])))
    uplift = np.clip(base + 0.15 - 0.1 * features[:, 1], 0.02, 0.98) - base
    stayed = rng.random(n) < base + treated * uplift
    return features, stayed, treated, uplift


def test_doubly_robust_scores_are_exact() -> None:
    """DE-20."""
    scores = learners.doubly_robust_scores(
        [1, 0, 1, 1, 0, 0],
        [1, 1, 1, 0, 0, 0],
        propensity=0.5,
        treated_mean=[0.8, 0.3, 0.7, 0.9, 0.2, 0.4],
        control_mean=[0.6, 0.4, 0.5, 0.7, 0.3, 0.2],
    )
    np.testing.assert_allclose(scores, [0.6, -0.7, 0.8, -0.4, 0.5, 0.6], atol=1e-12)
    assert learners.average_effect(scores) == pytest.approx((0.233333, 0.253859), abs=1e-6)


@pytest.mark.parametrize("learner", [learners.TLearner(), learners.DoublyRobustLearner()])
def test_those_who_are_helped_are_ranked_first(learner: learners.TLearner | learners.DoublyRobustLearner) -> None:
    features, stayed, treated, _ = campaign(8_000, 1)
    later, later_stayed, later_treated, uplift = campaign(8_000, 2)
    predicted = learner.fit(features, y=stayed, treatment=treated).predict(later)
    assert np.corrcoef(predicted, uplift)[0, 1] > 0.7
    assert ranking_curve(predicted, y=later_stayed, treatment=later_treated).qini_area > 0


def test_the_average_effect_is_recovered_with_an_honest_error() -> None:
    features, stayed, treated, uplift = campaign(8_000, 5)
    model = learners.DoublyRobustLearner().fit(features, y=stayed, treatment=treated)
    assert abs(model.average_effect_ - uplift.mean()) < 3 * model.standard_error_
    raw = np.sqrt(stayed[treated].var() / treated.sum() + stayed[~treated].var() / (~treated).sum())
    assert model.standard_error_ < raw


def test_the_same_data_and_seed_give_the_same_model() -> None:
    features, stayed, treated, _ = campaign(1_000, 5)
    once, twice = (
        learners.DoublyRobustLearner().fit(features, y=stayed, treatment=treated).predict(features) for _ in range(2)
    )
    np.testing.assert_array_equal(once, twice)


def test_an_arm_without_losses_cannot_be_compared() -> None:
    features, _, treated, _ = campaign(100, 5)
    with pytest.raises(learners.NothingToCompare, match="arm needs at least"):
        learners.TLearner().fit(features, y=np.ones(100), treatment=treated)
    with pytest.raises(learners.NothingToCompare, match="strictly between"):
        learners.doubly_robust_scores([1], [1], propensity=1.0, treated_mean=[1], control_mean=[0])
