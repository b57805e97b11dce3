from __future__ import annotations

import numpy as np
import pytest

from liuke.lifetime import value
from liuke.lifetime.beta_geometric import BetaGeometric
from liuke.lifetime.gamma_gamma import GammaGamma
from liuke.lifetime.shifted_beta_geometric import ShiftedBetaGeometric
from liuke.lifetime.value import Terms
from liuke.survival.curves import kaplan_meier

PURCHASES = BetaGeometric.with_parameters(0.243, 4.414, 0.793, 2.426)
SPEND = GammaGamma.with_parameters(6.25, 3.74, 15.44)


def test_value_without_contract_is_margin_times_spend_times_purchases() -> None:
    """BT-03 and BT-41, without discount."""
    terms = Terms(horizon_days=39 * 7, annual_discount_rate=0.0, margin_rate=0.3)
    history = ([2.0, 0.0], [30.43, 0.0], [38.86, 38.86])
    got = value.without_contract(history, [40.0, np.nan], purchases=PURCHASES, spend=SPEND, terms=terms, unit_days=7)
    np.testing.assert_allclose(got.expected_purchases, [1.226028, 0.195098], atol=1e-6)
    expected = [0.3 * 39.1404 * 1.226028, 0.3 * 35.2190 * 0.195098]
    np.testing.assert_allclose(got.residual_lifetime_value, expected, rtol=1e-5)


def test_money_later_is_worth_less() -> None:
    history = ([2.0], [30.43], [38.86])
    worth = [
        value.without_contract(
            history, [40.0], purchases=PURCHASES, spend=SPEND, terms=Terms(1095, rate, 0.3), unit_days=7
        ).residual_lifetime_value[0]
        for rate in (0.0, 0.1, 0.3)
    ]
    assert worth[0] > worth[1] > worth[2] > 0.5 * worth[0]


def test_without_a_model_of_spend_the_mean_of_the_known_is_taken() -> None:
    history = ([1.0, 0.0], [3.0, 0.0], [9.0, 9.0])
    got = value.without_contract(history, [30.0, np.nan], purchases=PURCHASES, spend=None, terms=Terms())
    np.testing.assert_allclose(got.expected_spend, [30.0, 30.0])


def test_value_with_a_constant_hazard_is_the_geometric_sum() -> None:
    """A tenth lost per month, fee due at the start of each month, twelve months."""
    terms = Terms(horizon_days=365.25, annual_discount_rate=0.12, margin_rate=0.5)
    got = value.with_contract([0.1, 0.0], [100.0, np.nan], probability_days=30.4375, terms=terms)
    kept = 0.9 / 1.12 ** (1 / 12)
    assert got.residual_lifetime_value[0] == pytest.approx(50 * (1 - kept**12) / (1 - kept))
    assert np.isnan(got.residual_lifetime_value[1])
    assert got.expected_months[1] == pytest.approx(12.0)
    assert got.median_months_left[0] == 7.0
    assert np.isnan(got.median_months_left[1])


def test_the_chance_of_loss_over_its_own_horizon_is_kept_and_the_hazard_then_declines() -> None:
    segment = ShiftedBetaGeometric.with_parameters(0.7, 3.0)
    terms = Terms(horizon_days=36 * 30.4375, annual_discount_rate=0.0, margin_rate=1.0)
    arguments = {"probability_days": 3 * 30.4375, "terms": terms, "tenure_days": [60.875]}
    constant = value.with_contract([0.3], [1.0], **arguments)
    declining = value.with_contract([0.3], [1.0], **arguments, segment_hazard=segment.cumulative_hazard)
    assert declining.expected_months[0] > constant.expected_months[0]
    short = Terms(horizon_days=4 * 30.4375, annual_discount_rate=0.0, margin_rate=1.0)
    arguments["terms"] = short
    four = value.with_contract([0.3], [1.0], **arguments, segment_hazard=segment.cumulative_hazard).expected_months
    arguments["terms"] = Terms(3 * 30.4375, 0.0, 1.0)
    three = value.with_contract([0.3], [1.0], **arguments, segment_hazard=segment.cumulative_hazard).expected_months
    assert four[0] - three[0] == pytest.approx(0.7)


def test_a_customer_as_risky_as_the_segment_follows_the_segment() -> None:
    segment = ShiftedBetaGeometric.with_parameters(0.7, 3.0)
    chance = 1.0 - segment.survival(5.0) / segment.survival(2.0)
    terms = Terms(24 * 30.4375, 0.0, 1.0)
    got = value.with_contract(
        [chance],
        [1.0],
        probability_days=3 * 30.4375,
        terms=terms,
        tenure_days=[60.875],
        segment_hazard=segment.cumulative_hazard,
    )
    expected = (segment.survival(2.0 + np.arange(24)) / segment.survival(2.0)).sum()
    assert got.expected_months[0] == pytest.approx(expected)


def test_an_observed_curve_goes_on_with_the_slope_of_its_last_half() -> None:
    hazard = value.hazard_of_curve(kaplan_meier([1, 2, 3, 4, 4], [1, 1, 1, 1, 0]))
    assert hazard(0.0) == 0.0
    assert hazard(2.0) == pytest.approx(1 / 5 + 1 / 4)
    last_half = (1 / 3 + 1 / 2) / 2
    assert hazard(6.0) - hazard(4.0) == pytest.approx(2 * last_half)


def test_credit_for_friends_never_raises_the_total() -> None:
    """S2-74: row 0 referred row 1, who referred rows 2 and 3; row 3 is worth nothing, row 4 named itself."""
    own = np.array([100.0, 50.0, 40.0, -5.0, 30.0, np.nan])
    credit, passed_on = value.referral_credit(own, [-1, 0, 1, 1, 4, 0], share=0.2)
    np.testing.assert_allclose(credit, [10.0, 8.0, 0, 0, 0, 0])
    assert credit.sum() == pytest.approx(passed_on.sum())
