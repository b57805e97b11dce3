from __future__ import annotations

import numpy as np
import pytest

from liuke.uplift import effect


def test_limits_of_a_rate_are_the_published_ones() -> None:
    """EV-10 and CM-01."""
    low, high = effect.wilson([81, 15, 0, 1, 90], [263, 148, 20, 29, 1000])
    np.testing.assert_allclose(low, [0.2553, 0.0624, 0.0, 0.0061, 0.0738], atol=1e-4)
    np.testing.assert_allclose(high, [0.3662, 0.1605, 0.1611, 0.1718, 0.1093], atol=1e-4)
    assert np.isnan(effect.wilson(0, 0)).all()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((56, 70, 48, 80), (0.2000, 0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.6000, 0.1705, 0.8090)),
        ((6, 7, 2, 7), (0.5714, 0.0582, 0.8062)),
        ((5, 56, 0, 29), (0.0893, -0.0381, 0.1926)),
        ((0, 10, 0, 20), (0.0, -0.1611, 0.2775)),
        ((10, 10, 0, 10), (1.0, 0.6075, 1.0)),
    ],
)
def test_limits_of_a_difference_are_the_published_ones(
    counts: tuple[int, int, int, int], expected: tuple[float, float, float]
) -> None:
    """EV-11."""
    got = effect.difference(*counts)
    assert (got.difference, got.low, got.high) == pytest.approx(expected, abs=1e-4)


def test_a_campaign_is_judged_against_its_holdout() -> None:
    """EV-12."""
    got = effect.difference(1200, 8000, 240, 2000)
    assert (got.difference, got.low, got.high) == pytest.approx((0.03, 0.0132, 0.0457), abs=1e-4)
    assert got.z == pytest.approx(3.41793, abs=1e-5)
    assert got.p_value == pytest.approx(0.000631, abs=1e-6)
    assert got.difference * 8000 == pytest.approx(240)


def test_no_holdout_means_no_statement() -> None:
    got = effect.difference(10, 100, 0, 0)
    assert np.isnan([got.difference, got.low, got.high, got.p_value]).all()


def test_strata_are_compared_within_themselves() -> None:
    """EV-14."""
    got = effect.stratified_difference([300, 400, 100], [1000, 4000, 1000], [110, 12, 50], [500, 200, 1000])
    assert got.difference == pytest.approx(0.057907, abs=1e-6)
    assert got.standard_error == pytest.approx(0.010098, abs=1e-6)
    assert (got.low, got.high) == pytest.approx((0.0381, 0.0777), abs=1e-4)


def test_a_wrong_split_is_found() -> None:
    """EV-13."""
    assert effect.sample_ratio(8100, 1900, 0.8) == pytest.approx((6.25, 0.012419), abs=1e-6)


def test_customers_needed_are_the_published_numbers() -> None:
    """EV-20."""
    pairs = [(0.12, 0.15), (0.20, 0.25), (0.10, 0.12), (0.05, 0.06)]
    needed = [effect.sample_size(*pair) for pair in pairs]
    np.testing.assert_allclose(needed, [2036, 1094, 3841, 8158], atol=1)


def test_unequal_arms_cost_power() -> None:
    """EV-22."""
    powers = [
        effect.power(0.12, 0.15, n_treated=10_000 * share, n_control=10_000 * (1 - share)) for share in (0.8, 0.9, 0.5)
    ]
    np.testing.assert_allclose(powers, [0.9386, 0.7348, 0.9925], atol=2e-4)


def test_the_value_of_a_policy_is_learned_from_random_arms() -> None:
    rng = np.random.default_rng(2)
    n = 40_000
    helped = rng.random(n) < 0.5
    arm = (rng.random(n) < 0.25).astype(int)
    profit = np.where(arm == 1, np.where(helped, 10.0, -4.0), 0.0) + rng.normal(0, 1, n)
    mean, error = effect.policy_value(profit, arm, np.where(arm == 1, 0.25, 0.75), helped.astype(int))
    assert abs(mean - 5.0) < 4 * error
    assert error < 0.1
