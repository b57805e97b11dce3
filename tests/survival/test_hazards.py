from __future__ import annotations

import numpy as np
import pytest

from liuke.survival import arrays, hazards

HAZARD = [0.02, 0.03, 0.05, 0.04, 0.03, 0.03]


def test_survival_from_hazards_is_exact() -> None:
    """EW-30."""
    expected = [0.98, 0.9506, 0.90307, 0.866947, 0.840939, 0.815711]
    np.testing.assert_allclose(hazards.survival(HAZARD), expected, atol=1e-6)
    assert hazards.loss_between(HAZARD, 0, 3) == pytest.approx(0.096930, abs=1e-6)
    assert hazards.loss_between(HAZARD, 3, 6) == pytest.approx(0.096736, abs=1e-6)
    assert hazards.periods_lost(HAZARD) == pytest.approx(0.458444, abs=1e-6)


def test_urgency_is_the_early_part_of_the_risk() -> None:
    """EW-32."""
    assert hazards.urgency(HAZARD, 2) == pytest.approx(0.268057, abs=1e-6)
    assert np.isnan(hazards.urgency([0.0, 0.0], 1))


def test_many_customers_are_one_call() -> None:
    both = hazards.survival([HAZARD, HAZARD[::-1]])
    assert both.shape == (2, 6)
    np.testing.assert_allclose(both[:, -1], both[0, -1])


def test_observed_hazards_are_those_of_the_cohort_table() -> None:
    """CM-20: pooled steps 171/600, 52/275, 14/112."""
    lived = [1, 2, 3, 3, 1, 2, 2, 1, 1]
    seen = [1, 1, 1, 0, 1, 1, 0, 1, 0]
    weights = [60, 28, 14, 98, 45, 24, 111, 66, 154]
    hazard, at_risk = hazards.observed_hazard(lived, seen, weights=weights)
    np.testing.assert_allclose(at_risk, [600, 275, 112])
    np.testing.assert_allclose(1.0 - hazard, [0.715, 0.810909, 0.875], atol=1e-6)


def test_those_who_came_under_observation_late_are_not_at_risk_before() -> None:
    hazard, at_risk = hazards.observed_hazard([3, 3], [1, 0], entry=[2, 0])
    np.testing.assert_allclose(at_risk, [1, 1, 2])
    np.testing.assert_allclose(hazard, [0.0, 0.0, 0.5])


def test_a_hazard_above_one_is_refused() -> None:
    with pytest.raises(arrays.UnusableColumn, match="between 0 and 1"):
        hazards.survival([0.5, 1.5])
