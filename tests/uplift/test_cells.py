from __future__ import annotations

import numpy as np
import pytest

from liuke.uplift import cells


def test_the_priors_are_the_starting_rates_and_give_way_to_own_results() -> None:
    """S2-19: one in four lost customers, one in sixteen prospects."""
    assert cells.success_rate(0, 0) == 0.25
    assert cells.success_rate(0, 0, prior=cells.PROSPECT_PRIOR) == 0.0625
    assert cells.success_rate(300, 1000) == pytest.approx(0.3, abs=1e-3)


def test_cells_that_differ_by_chance_alone_share_one_effect() -> None:
    got = cells.shrunken_effects([30, 31, 29], [100] * 3, [20, 20, 20], [100] * 3)
    assert got.spread == 0.0
    np.testing.assert_allclose(got.effect, got.common_effect)
    assert got.common_effect == pytest.approx(0.10, abs=0.001)


def test_large_cells_keep_their_own_effect_and_small_ones_borrow() -> None:
    got = cells.shrunken_effects([3000, 1000, 2, 0], [10_000, 10_000, 4, 0], [2000, 1500, 1, 0], [10_000, 10_000, 4, 0])
    assert got.effect[0] == pytest.approx(0.10, abs=0.005)
    assert got.effect[1] == pytest.approx(-0.05, abs=0.005)
    assert abs(got.effect[2] - got.common_effect) < 0.25 * abs(0.25 - got.common_effect)
    assert got.effect[3] == got.common_effect
    assert got.own_weight[3] == 0.0


def test_shrunken_effects_are_nearer_the_truth_than_raw_ones() -> None:
    rng = np.random.default_rng(6)
    truth = rng.normal(0.08, 0.04, 200)
    n = rng.integers(20, 400, 200)
    treated, control = rng.binomial(n, 0.2 + truth), rng.binomial(n, 0.2)
    got = cells.shrunken_effects(treated, n, control, n)
    raw = treated / n - control / n
    assert np.mean((got.effect - truth) ** 2) < 0.6 * np.mean((raw - truth) ** 2)
    assert got.spread == pytest.approx(0.04, abs=0.02)
    assert np.mean(np.abs(got.effect - truth) < 1.96 * got.standard_error) > 0.88


def test_without_any_control_the_prior_effect_is_all_there_is() -> None:
    got = cells.shrunken_effects([5], [20], [0], [0], prior_effect=0.05)
    assert got.effect.tolist() == [0.05]
    assert np.isnan(got.standard_error).all()
