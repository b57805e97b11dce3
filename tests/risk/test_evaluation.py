"""Published and worked numbers of the measures of ranking and calibration."""

from __future__ import annotations

import math

import numpy as np
import pytest

from liuke.risk import evaluation

Y = np.array([1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], bool)
P = np.array(
    [
        0.92,
        0.85,
        0.80,
        0.74,
        0.66,
        0.60,
        0.55,
        0.50,
        0.45,
        0.40,
        0.36,
        0.32,
        0.28,
        0.25,
        0.20,
        0.16,
        0.12,
        0.09,
        0.06,
        0.03,
    ]
)


def test_ranking_measures_equal_vector_ew_10() -> None:
    assert evaluation.roc_auc(Y, P) == pytest.approx(0.821429, abs=1e-6)
    assert evaluation.gini(Y, P) == pytest.approx(0.642857, abs=1e-6)
    assert evaluation.average_precision(Y, P) == pytest.approx(0.733466, abs=1e-6)
    assert evaluation.kolmogorov_smirnov(Y, P) == pytest.approx(0.547619, abs=1e-6)


def test_lift_table_equals_vector_ew_10() -> None:
    rows = evaluation.lift_table(Y, P, (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0))
    assert [row.hits for row in rows] == pytest.approx([2, 3, 4, 4, 5, 6, 6])
    assert [row.lift for row in rows] == pytest.approx([3.3333, 2.5, 2.2222, 1.6667, 1.6667, 1.4286, 1], abs=1e-4)
    assert [row.captured for row in rows] == pytest.approx([0.3333, 0.5, 0.6667, 0.6667, 0.8333, 1, 1], abs=1e-4)


def test_ties_at_the_cut_count_fractionally() -> None:
    churned = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0], bool)
    tied = np.array([0.5] * 4 + [0.1] * 6)
    row = evaluation.lift_table(churned, tied, (0.1,))[0]
    assert (row.n, row.hits, row.lift) == pytest.approx((1, 0.5, 2.5))


def test_calibration_measures_equal_vector_ew_11() -> None:
    assert evaluation.brier_loss(Y, P) == pytest.approx(0.165630, abs=1e-6)
    assert evaluation.brier_skill_score(Y, P) == pytest.approx(0.211286, abs=1e-6)
    assert evaluation.log_loss(Y, P) == pytest.approx(0.490290, abs=1e-6)
    assert evaluation.calibration_error(Y, P, 5, equal="width") == pytest.approx(0.117000, abs=1e-6)
    rows = evaluation.calibration_table(Y, P, 5, equal="width")
    assert [(row.n, row.n_lost) for row in rows] == [(5, 0), (5, 1), (4, 1), (3, 2), (3, 2)]
    assert [row.mean_probability for row in rows] == pytest.approx([0.092, 0.282, 0.475, 0.6667, 0.8567], abs=1e-4)


def test_probability_one_falls_into_the_last_bin() -> None:
    rows = evaluation.calibration_table([True, False], [1.0, 0.0], 5, equal="width")
    assert [(row.n, row.observed_rate) for row in rows] == [(1, 0.0), (1, 1.0)]


def test_bins_of_equal_count_keep_equal_probabilities_together() -> None:
    rows = evaluation.calibration_table([True, False] * 10, [0.3] * 20, 10)
    assert [(row.n, row.n_lost) for row in rows] == [(20, 10)]


def test_observed_over_expected_equals_vector_ew_51() -> None:
    assert evaluation.poisson_ratio(130, 104.0) == pytest.approx((1.25, 1.04437, 1.48427), abs=1e-5)


def test_the_order_of_customers_does_not_matter() -> None:
    order = np.random.default_rng(1).permutation(len(Y))
    assert evaluation.roc_auc(Y[order], P[order]) == evaluation.roc_auc(Y, P)
    assert evaluation.top_lift(Y[order], P[order]) == evaluation.top_lift(Y, P)


def test_auc_and_average_precision_agree_with_another_implementation() -> None:
    from sklearn.metrics import average_precision_score, roc_auc_score

    rng = np.random.default_rng(2)
    score = rng.integers(0, 12, 500)
    churned = rng.random(500) < score / 20
    assert evaluation.roc_auc(churned, score) == pytest.approx(roc_auc_score(churned, score), abs=1e-12)
    assert evaluation.average_precision(churned, score) == pytest.approx(average_precision_score(churned, score))


def test_a_ranking_without_losses_has_no_auc() -> None:
    assert math.isnan(evaluation.roc_auc([False, False], [0.1, 0.2]))


def test_a_missing_score_is_refused() -> None:
    with pytest.raises(evaluation.NothingToEvaluate, match="NaN"):
        evaluation.roc_auc([True, False], [0.1, math.nan])


def test_calibration_slope_of_true_probabilities_is_one() -> None:
    rng = np.random.default_rng(3)
    chance = rng.uniform(0.02, 0.6, 20_000)
    churned = rng.random(20_000) < chance
    assert evaluation.calibration_slope(churned, chance) == pytest.approx(1, abs=0.06)  # three standard errors


def test_delivered_lead_times_equal_vector_ew_33() -> None:
    found = evaluation.lead_times([35, 12, 60, 5, 28, 41, 19, 0, 33, 22])
    quantiles = (found.p10, found.p25, found.median, found.p75, found.p90)
    assert quantiles == pytest.approx((4.5, 13.75, 25, 34.5, 42.9))
    assert found.share_in_time == pytest.approx(0.70)
    with pytest.raises(evaluation.NothingToEvaluate):
        evaluation.lead_times([])
