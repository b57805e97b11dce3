from __future__ import annotations

import numpy as np
import pytest

from liuke.lifetime.histories import ImpossibleHistory
from liuke.lifetime.shifted_beta_geometric import ShiftedBetaGeometric

HIGH_END = np.array([1000, 869, 743, 653, 593, 551, 517, 491])
REGULAR = np.array([1000, 631, 468, 382, 326, 289, 262, 241])


@pytest.mark.parametrize(
    ("survivors", "alpha", "beta", "log_likelihood"),
    [
        (HIGH_END, 0.6681, 3.8061, -1611.16),
        (REGULAR, 0.7041, 1.1820, -1680.27),
        (HIGH_END[:5], 1.2810, 7.7904, -1225.13),
        (REGULAR[:5], 0.7637, 1.2958, -1401.56),
    ],
)
def test_the_published_cohorts_are_fitted(
    survivors: np.ndarray, alpha: float, beta: float, log_likelihood: float
) -> None:
    """BT-51."""
    model = ShiftedBetaGeometric().fit_survivors(survivors)
    np.testing.assert_allclose(model.parameters_, [alpha, beta], rtol=1e-3)
    assert model.log_likelihood_ == pytest.approx(log_likelihood, abs=0.01)
    assert model.is_converged_


def test_later_years_are_forecast_as_published() -> None:
    """BT-50 and BT-51."""
    years = np.arange(8, 13)
    high = 100 * ShiftedBetaGeometric().fit_survivors(HIGH_END).survival(years)
    regular = 100 * ShiftedBetaGeometric().fit_survivors(REGULAR).survival(years)
    np.testing.assert_allclose(high, [46.04, 43.58, 41.42, 39.51, 37.80], atol=0.02)
    np.testing.assert_allclose(regular, [22.01, 20.44, 19.12, 17.99, 17.00], atol=0.02)


def test_retention_rises_by_sorting() -> None:
    """BT-52."""
    model = ShiftedBetaGeometric().fit_survivors(HIGH_END)
    np.testing.assert_allclose(model.retention_rate([1, 2, 3, 4]), [0.8507, 0.8780, 0.8968, 0.9106], atol=1e-4)


def test_discounted_renewals_are_exact() -> None:
    """BT-53."""
    model = ShiftedBetaGeometric.with_parameters(0.668, 3.806)
    expected = [5.414856, 5.901753, 6.294261, 6.897057]
    np.testing.assert_allclose(model.residual_renewals([1, 2, 3, 5], discount_rate=0.1), expected, atol=1e-6)
    perils = ShiftedBetaGeometric.with_parameters(3.80, 15.19).residual_renewals([1, 2, 3, 4, 5], discount_rate=0.1)
    np.testing.assert_allclose(perils, [3.308377, 3.449617, 3.585215, 3.715534, 3.840904], atol=1e-6)


def test_discounted_renewals_are_the_sum_they_stand_for() -> None:
    model = ShiftedBetaGeometric.with_parameters(0.668, 3.806)
    t = np.arange(3, 4000)
    brute = (model.survival(t) / model.survival(2) * 1.1 ** -(t - 3.0)).sum()
    assert model.residual_renewals(3, discount_rate=0.1) == pytest.approx(brute, rel=1e-9)


def test_single_customers_and_cohort_counts_give_the_same_fit() -> None:
    periods = np.repeat([1, 2, 3, 3], [369, 163, 86, 382])
    seen = np.repeat([1, 1, 1, 0], [369, 163, 86, 382])
    one_by_one = ShiftedBetaGeometric().fit(periods, seen)
    cohort = ShiftedBetaGeometric().fit_survivors([1000, 631, 468, 382])
    np.testing.assert_allclose(one_by_one.parameters_, cohort.parameters_, rtol=1e-6)


def test_survivors_that_rise_are_refused() -> None:
    with pytest.raises(ImpossibleHistory, match="must not rise"):
        ShiftedBetaGeometric().fit_survivors([10, 11])
