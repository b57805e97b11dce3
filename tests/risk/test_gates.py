"""What keeps a model from being published."""

from __future__ import annotations

import numpy as np
import pytest

from liuke.risk import gates
from liuke.risk.drift import Drift
from liuke.risk.examples import Encoding

N = 4000
RNG = np.random.default_rng(1)
LOST = RNG.random(N) < 0.1


def strength(**columns: np.ndarray) -> dict[str, float]:
    names = tuple(sorted(columns))
    matrix = np.column_stack([columns[name].astype(float) for name in names])
    return gates.single_feature_aucs(matrix, LOST, Encoding(names, {}))


def test_leaks_of_every_form_are_found() -> None:
    noise = RNG.normal(size=N)
    found = strength(
        rising=LOST * 10 + noise,
        falling=noise - 10 * LOST,
        middle=np.where(LOST, 0.0, np.sign(noise) * (3 + np.abs(noise))),
        only_known_for_the_lost=np.where(LOST, noise, np.nan),
        only_unknown_for_the_lost=np.where(LOST, np.nan, noise),
        code=np.where(LOST, RNG.choice([3, 7], N), RNG.choice([1, 5, 9], N)),
    )
    assert all(auc >= gates.LEAK_AUC for auc in found.values()), found
    assert {refusal.feature for refusal in gates.leaks(found)} == set(found)
    assert "middle" not in {refusal.feature for refusal in gates.leaks(found, trusted=["middle"])}


def test_noise_and_names_are_no_leaks() -> None:
    found = strength(noise=RNG.normal(size=N), name=np.arange(N), honest=RNG.normal(size=N) + LOST)
    assert found["noise"] < 0.56
    assert found["name"] < 0.56
    assert 0.7 < found["honest"] < 0.85
    assert gates.leaks(found) == ()
    assert gates.suspicions(found) == ()


def test_a_feature_just_short_of_a_leak_is_said() -> None:
    (notice,) = gates.suspicions({"x": 0.93, "y": 0.7, "z": 0.99})
    assert notice.code == "suspicious_feature"
    assert "x" in notice.words.en


@pytest.mark.parametrize(
    ("score", "tenure", "foreign"), [(0.3, 0.0, True), (0.1, 0.0, False), (0.1, 0.5, True), (0.02, 0.5, False)]
)
def test_a_population_is_foreign_by_its_scores_or_by_what_matters(score: float, tenure: float, foreign: bool) -> None:
    moved = {"tenure": Drift(tenure, 0.01), "trifle": Drift(3.0, 0.01)}
    assert gates.is_foreign(Drift(score, 0.01), moved, {"tenure": 0.6, "trifle": 0.1}) is foreign


def test_features_that_moved_are_listed_the_farthest_first() -> None:
    moved = {"a": Drift(0.3, 0.01), "b": Drift(0.9, 0.01), "c": Drift(0.2, 0.01)}
    assert list(gates.moved_features(moved)) == ["b", "a"]
