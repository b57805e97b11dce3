from __future__ import annotations

import numpy as np
import pytest

from liuke.lifetime.gamma_gamma import GammaGamma, rank_correlation
from liuke.lifetime.histories import ImpossibleHistory


def test_expected_spend_is_the_published_one() -> None:
    """BT-41."""
    model = GammaGamma.with_parameters(6.25, 3.74, 15.44)
    spend = model.expected_spend([2, 1, 7, 2], [40, 35, 35, 22.35])
    np.testing.assert_allclose(spend, [39.1404, 35.0667, 35.0129, 24.6637], atol=1e-4)
    assert model.population_mean_ == pytest.approx(35.2190, abs=1e-4)


def test_those_without_repeats_are_given_the_mean_of_all() -> None:
    model = GammaGamma.with_parameters(6.25, 3.74, 15.44)
    np.testing.assert_allclose(model.expected_spend([0, 1], [np.nan, np.nan]), model.population_mean_)


def test_known_parameters_are_recovered() -> None:
    rng = np.random.default_rng(5)
    x = rng.integers(1, 12, 30_000)
    rate = rng.gamma(4.0, 1 / 20.0, 30_000)
    z = rng.gamma(6.0 * x, 1.0 / rate) / x
    model = GammaGamma().fit(x, z)
    np.testing.assert_allclose(model.parameters_, [6.0, 4.0, 20.0], rtol=0.1)
    assert abs(model.rank_correlation_) < 0.05


def test_spend_that_is_nil_or_unknown_is_left_out_and_counted() -> None:
    model = GammaGamma().fit([1, 2, 3, 0, 1], [10, 30, 20, np.nan, -4])
    assert (model.n_customers_, model.n_left_out_) == (3, 2)


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(ImpossibleHistory, match="there are 1"):
        GammaGamma().fit([0, 1], [np.nan, 5.0])


def test_the_unit_of_money_changes_gamma_alone() -> None:
    rng = np.random.default_rng(6)
    x, z = rng.integers(1, 5, 300), rng.gamma(3.0, 10.0, 300)
    yuan, fen = GammaGamma().fit(x, z), GammaGamma().fit(x, z * 100)
    np.testing.assert_allclose(fen.parameters_, np.array(yuan.parameters_) * [1, 1, 100], rtol=1e-4)


def test_rank_correlation_uses_average_ranks() -> None:
    assert rank_correlation(np.array([1.0, 2.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0, 9.0])) == pytest.approx(1.0)
    assert rank_correlation(np.array([1.0, 1.0]), np.array([1.0, 2.0])) == 0.0
