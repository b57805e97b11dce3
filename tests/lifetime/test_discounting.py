from __future__ import annotations

import numpy as np
import pytest

from liuke.lifetime import discounting


@pytest.mark.parametrize(
    ("retention", "multiples"),
    [
        (0.60, [1.2000, 1.1538, 1.1111, 1.0714]),
        (0.70, [1.7500, 1.6667, 1.5909, 1.5217]),
        (0.80, [2.6667, 2.5000, 2.3529, 2.2222]),
        (0.90, [4.5000, 4.0909, 3.7500, 3.4615]),
    ],
)
def test_margin_multiples_are_those_of_the_table(retention: float, multiples: list[float]) -> None:
    """BT-60."""
    got = [discounting.margin_multiple(retention, rate) for rate in (0.10, 0.12, 0.14, 0.16)]
    np.testing.assert_allclose(got, multiples, atol=1e-4)


def test_growth_and_a_first_margin_raise_the_multiple() -> None:
    """BT-60."""
    assert discounting.margin_multiple(0.9, 0.12, growth=0.05) == pytest.approx(5.1429, abs=1e-4)
    assert discounting.margin_multiple(0.9, 0.12, is_first_margin_included=True) == pytest.approx(5.0909, abs=1e-4)
    with pytest.raises(discounting.NeverEnding, match="give a horizon"):
        discounting.margin_multiple(1.0, 0.05, growth=0.06)


def test_the_parts_of_value_add_up() -> None:
    """BT-61."""
    value = discounting.lifetime_value(
        {
            "base": [40] * 6,
            "growth": [0, 4, 8, 12, 16, 20],
            "savings": [0, 3, 6, 7, 8, 8],
            "referrals": [0, 2, 4, 6, 8, 10],
            "premium": [0, 0, 3, 5, 7, 9],
        },
        0.8 ** np.arange(6),
        rate=0.1,
        acquisition_cost=60,
    )
    np.testing.assert_allclose(list(value.parts.values()), [124.9639, 20.3020, 11.9139, 10.1510, 7.2997], atol=1e-4)
    assert value.total == pytest.approx(114.6305, abs=1e-4)


def test_referrals_are_worth_margin_or_only_the_saved_cost() -> None:
    """BT-62: ten yuan to the referrer of each of five friends."""
    got = discounting.referral_value(n_because=[3], n_anyway=[2], margin=60, saved_cost=25, incentive=10, rate=0.1)
    assert got == pytest.approx(231.8182, abs=1e-4)


def test_a_second_lifetime_is_discounted_from_the_day_of_return() -> None:
    """EV-02."""
    assert discounting.present_value(90 * 0.75 ** np.arange(5), rate=0.1) - 35 == pytest.approx(206.1788, abs=1e-4)


def test_a_monthly_rate_compounds_to_the_annual_one() -> None:
    monthly = discounting.rate_per(0.1, days=discounting.DAYS_PER_MONTH)
    assert (1 + monthly) ** 12 == pytest.approx(1.1)
