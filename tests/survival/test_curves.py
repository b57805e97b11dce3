from __future__ import annotations

import numpy as np
import pytest

from liuke.survival import arrays, curves

TREATED = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
CONTROL = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def spells(text: str) -> tuple[np.ndarray, np.ndarray]:
    words = text.split()
    return np.array([float(word.rstrip("+")) for word in words]), np.array(["+" not in word for word in words])


def test_the_leukaemia_curve_is_the_published_one() -> None:
    """CM-21 (Freireich et al. 1963)."""
    curve = curves.kaplan_meier(*spells(TREATED))
    np.testing.assert_array_equal(curve.times, [6, 7, 10, 13, 16, 22, 23])
    np.testing.assert_array_equal(curve.n_at_risk, [21, 17, 15, 12, 11, 7, 6])
    np.testing.assert_array_equal(curve.n_events, [3, 1, 1, 1, 1, 1, 1])
    expected = {
        "survival": [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482],
        "standard_error": [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346],
        "low": [0.6197, 0.5631, 0.5032, 0.4316, 0.3675, 0.2678, 0.1881],
        "high": [0.9516, 0.9228, 0.8894, 0.8491, 0.8049, 0.7468, 0.6801],
        "cumulative_hazard": [0.1429, 0.2017, 0.2683, 0.3517, 0.4426, 0.5854, 0.7521],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(getattr(curve, name), values, atol=1e-4, err_msg=name)


def test_medians_and_the_restricted_mean_are_the_published_ones() -> None:
    """CM-21."""
    treated = curves.kaplan_meier(*spells(TREATED))
    assert treated.median() == 23
    assert treated.restricted_mean(23) == pytest.approx(17.9092, abs=1e-4)
    assert curves.kaplan_meier(*spells(CONTROL)).median() == 8
    assert treated.quantile(0.9) is None


def test_the_log_rank_test_of_remission_is_the_published_one() -> None:
    """CM-21."""
    duration = np.concatenate([spells(TREATED)[0], spells(CONTROL)[0]])
    observed = np.concatenate([spells(TREATED)[1], spells(CONTROL)[1]])
    group = ["6-MP"] * 21 + ["placebo"] * 21
    result = curves.log_rank(duration, observed, group)
    assert result.statistic == pytest.approx(16.7929, abs=1e-4)
    assert result.p_value == pytest.approx(4.17e-5, rel=1e-2)
    assert result.observed.sum() == pytest.approx(result.expected.sum())


def test_chained_cohort_steps_are_the_discrete_curve() -> None:
    """CM-20: cohorts 200, 180 and 220, each observed a different number of periods."""
    duration = [1, 2, 3, 3, 1, 2, 2, 1, 1]
    seen = [1, 1, 1, 0, 1, 1, 0, 1, 0]
    weights = [60, 28, 14, 98, 45, 24, 111, 66, 154]
    curve = curves.kaplan_meier(duration, seen, weights=weights)
    np.testing.assert_allclose(curve.survival, [0.715, 0.5798, 0.507325], atol=1e-6)


def test_weights_count_customers() -> None:
    duration, seen = spells(TREATED)
    weights = np.arange(len(duration)) % 3 + 1
    weighted = curves.kaplan_meier(duration, seen, weights=weights)
    repeated = curves.kaplan_meier(np.repeat(duration, weights), np.repeat(seen, weights))
    np.testing.assert_allclose(weighted.survival, repeated.survival)
    np.testing.assert_allclose(weighted.standard_error, repeated.standard_error)


def test_forgetting_left_truncation_overstates_retention() -> None:
    rng = np.random.default_rng(4)
    lifetime = rng.exponential(10.0, 20_000)
    entry = rng.uniform(0.0, 10.0, 20_000)
    known = lifetime > entry
    honest = curves.kaplan_meier(lifetime[known], np.ones(known.sum()), entry=entry[known])
    naive = curves.kaplan_meier(lifetime[known], np.ones(known.sum()))
    assert honest.at(10.0) == pytest.approx(np.exp(-1.0), abs=0.03)
    assert naive.at(10.0) > np.exp(-1.0) + 0.1


def test_the_limits_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(9)
    hits = 0
    for _ in range(400):
        lifetime, censored = rng.exponential(1.0, 60), rng.exponential(2.0, 60)
        curve = curves.kaplan_meier(np.minimum(lifetime, censored), lifetime <= censored)
        row = np.searchsorted(curve.times, 0.7, side="right") - 1
        hits += curve.low[row] <= np.exp(-0.7) <= curve.high[row]
    assert 0.92 <= hits / 400 <= 0.98


def test_time_left_is_counted_from_the_age_reached() -> None:
    curve = curves.kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1])
    np.testing.assert_allclose(curve.time_left([0, 2, 3]), [2, 1, 1])
    assert np.isnan(curves.kaplan_meier([1, 2, 3], [1, 0, 0]).time_left([1])).all()


def test_a_curve_that_reaches_zero_has_no_limits_there() -> None:
    curve = curves.kaplan_meier([1, 2], [1, 1])
    assert curve.survival[-1] == 0.0
    assert np.isnan(curve.low[-1]) and np.isnan(curve.high[-1])


def test_nobody_lost_is_a_flat_curve() -> None:
    curve = curves.kaplan_meier([3, 5], [0, 0])
    assert curve.median() is None
    assert curve.at(4.0) == 1.0
    assert curve.restricted_mean(4.0) == 4.0


def test_a_missing_duration_is_named_by_its_row() -> None:
    with pytest.raises(arrays.UnusableColumn, match=r"`duration`.*row 1"):
        curves.kaplan_meier([1.0, np.nan], [1, 0])
