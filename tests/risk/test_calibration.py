"""Calibration: worked numbers, recovery of a known curve, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from liuke.risk import calibration, evaluation

Y = np.array([1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], bool)


def test_both_forms_of_the_sampling_correction_equal_vector_ew_02() -> None:
    population, training = 0.02, 0.5
    keep = population * (1 - training) / (training * (1 - population))
    by_rates = calibration.undone_sampling(0.8, population_rate=population, training_rate=training)
    assert by_rates == pytest.approx(0.0754717, abs=1e-7)
    assert calibration.undone_undersampling(0.8, keep_rate=keep) == pytest.approx(0.0754717, abs=1e-7)


def test_isotonic_rates_equal_vector_ew_12() -> None:
    rates = calibration.isotonic_rates(-np.arange(20), Y)
    assert rates == pytest.approx([1] * 2 + [0.5] * 4 + [1 / 3] * 3 + [0.2] * 5 + [0] * 6)
    assert evaluation.brier_loss(Y, rates) == pytest.approx(0.123333, abs=1e-6)


def test_isotonic_calibration_is_refused_below_a_thousand_losses() -> None:
    with pytest.raises(calibration.TooFewForIsotonic, match="6 losses"):
        calibration.isotonic(-np.arange(20), Y)


def test_platt_recovers_the_curve_that_made_the_outcomes() -> None:
    rng = np.random.default_rng(5)
    raw = rng.normal(0, 2, 20_000)
    churned = rng.random(20_000) < 1 / (1 + np.exp(1.5 - 0.7 * raw))
    found = calibration.platt(raw, churned)
    # Standard errors are about 0.02 and 0.01.
    assert (found.intercept, found.slope) == pytest.approx((-1.5, 0.7), abs=0.06)


def test_platt_agrees_on_the_total_number_of_losses() -> None:
    raw = np.linspace(-3, 3, 400)
    churned = np.arange(400) % 7 == 0
    chance = calibration.platt(raw + churned, churned).probability(raw + churned)
    assert chance.sum() == pytest.approx(churned.sum(), abs=1)  # Platt's smoothed targets move it by less than one


def test_a_score_that_points_the_wrong_way_becomes_the_base_rate() -> None:
    churned = np.arange(100) < 20
    found = calibration.platt(np.arange(100), churned)
    assert found.kind == "constant"
    assert found.probability([0, 99]) == pytest.approx([0.203, 0.203], abs=1e-3)


def test_a_separating_score_still_has_a_finite_curve() -> None:
    found = calibration.platt(np.arange(20), np.arange(20) >= 10)
    assert 0 < found.probability(-100) < found.probability(100) < 1


def test_many_losses_on_a_bent_curve_choose_isotonic_without_making_ties() -> None:
    rng = np.random.default_rng(6)
    raw = rng.uniform(0, 1, 20_000)
    churned = rng.random(20_000) < np.where(raw < 0.5, 0.02, 0.3)
    found = calibration.calibrated(raw, churned, seed=1)
    assert found.kind == "isotonic"
    chance = found.probability(raw)
    assert np.all(np.diff(chance[np.argsort(raw)]) >= 0)
    assert abs(chance.mean() - churned.mean()) < 0.01
    assert evaluation.roc_auc(churned, chance) > evaluation.roc_auc(churned, raw) - 0.002
    copied = calibration.Calibration.from_json(json.loads(json.dumps(found.to_json())))
    assert np.array_equal(copied.probability(raw), chance)


def test_folds_spread_the_lost_evenly() -> None:
    churned = np.arange(103) < 23
    fold = calibration.stratified_folds(churned, 5, seed=1)
    assert set(np.bincount(fold[churned])) <= {4, 5}
    assert set(np.bincount(fold)) <= {20, 21}
