from __future__ import annotations

import numpy as np
import pytest

from liuke.uplift.ranking import ranking_curve

SCORE = [0.95, 0.90, 0.85, 0.80, 0.70, 0.65, 0.60, 0.50, 0.40, 0.30, 0.20, 0.10]
TREATMENT = [1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 1]
Y = [1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 0]


def test_both_curves_and_their_areas_are_exact() -> None:
    """DE-30."""
    got = ranking_curve(SCORE, y=Y, treatment=TREATMENT)
    np.testing.assert_allclose(got.qini, [0, 1, 1, 2, 3, 3, 2, 2.666667, 3, 2.4, 2, 1.5, 1], atol=1e-6)
    np.testing.assert_allclose(got.gain, [0, 1, 2, 3, 4, 5, 4, 4.666667, 6, 5.4, 4, 3.3, 2], atol=1e-6)
    assert got.qini_area == pytest.approx(18.066667, abs=1e-6)
    assert got.qini_coefficient == pytest.approx(0.612429, abs=1e-6)
    assert got.gain_area == pytest.approx(31.366667, abs=1e-6)
    assert got.gain_coefficient == pytest.approx(0.836444, abs=1e-6)


def test_equal_scores_enter_together_in_any_order() -> None:
    score = [3, 3, 2, 2, 1, 1]
    treatment, y = [1, 0, 1, 0, 1, 0], [1, 0, 0, 1, 1, 0]
    there = ranking_curve(score, y=y, treatment=treatment)
    back = ranking_curve(score[::-1], y=y[::-1], treatment=treatment[::-1])
    assert there.depth.tolist() == [0, 2, 4, 6]
    np.testing.assert_array_equal(there.qini, back.qini)


def test_a_score_that_says_nothing_gains_nothing_over_chance() -> None:
    got = ranking_curve([0] * 12, y=Y, treatment=TREATMENT)
    assert got.qini_area == pytest.approx(0.0)


def test_a_prefix_without_control_counts_no_loss() -> None:
    assert ranking_curve([2, 1], y=[1, 1], treatment=[1, 0]).qini.tolist() == [0.0, 1.0, 0.0]
