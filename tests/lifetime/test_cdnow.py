"""The published fits on the published data, from raw orders on."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from liuke.lifetime.beta_geometric import BetaGeometric
from liuke.lifetime.gamma_gamma import GammaGamma
from liuke.lifetime.summary import histories_of, summary_of
from liuke.survival import arrays

pytestmark = pytest.mark.real_data
END = date(1997, 9, 30)


@pytest.fixture(scope="module")
def orders(cdnow_orders: dict[str, np.ndarray]) -> pa.Table:
    times = cdnow_orders["occurred_at"].astype("datetime64[us]")
    return pa.table({**cdnow_orders, "occurred_at": times})


@pytest.fixture(scope="module")
def calibration(orders: pa.Table) -> pa.Table:
    return summary_of(orders, END, unit_days=7)


@pytest.fixture(scope="module")
def bought_later(orders: pa.Table, calibration: pa.Table) -> np.ndarray:
    """Purchase days of each customer in the 39 weeks of the holdout."""
    names = np.asarray(orders["customer_id"])
    days = np.asarray(orders["occurred_at"]).astype("datetime64[D]")
    pairs = {(name, day) for name, day in zip(names, days, strict=True) if day > np.datetime64(END)}
    place = {name: row for row, name in enumerate(calibration["customer_id"].to_pylist())}
    return np.bincount([place[name] for name, _ in pairs], minlength=len(place)).astype(float)


def test_the_data_are_those_of_the_papers(calibration: pa.Table, bought_later: np.ndarray) -> None:
    frequency, _, _ = histories_of(calibration)
    assert (len(frequency), frequency.sum(), (frequency == 0).sum()) == (2357, 2457, 1411)
    assert bought_later.sum() == 1882


def test_bg_nbd_has_the_published_parameters(calibration: pa.Table) -> None:
    """BT-01 (Fader, Hardie & Lee 2005)."""
    model = BetaGeometric().fit(*histories_of(calibration))
    np.testing.assert_allclose(model.parameters_, [0.2426, 4.4135, 0.7929, 2.4258], rtol=1e-3)
    assert model.log_likelihood_ == pytest.approx(-9582.4292, abs=5e-4)
    assert model.is_converged_ and not model.is_at_bound_


def test_mbg_nbd_has_the_published_parameters(calibration: pa.Table) -> None:
    """BT-10."""
    model = BetaGeometric(modified=True).fit(*histories_of(calibration))
    np.testing.assert_allclose(model.parameters_, [0.525, 6.183, 0.891, 1.614], rtol=1e-3)
    assert model.log_likelihood_ == pytest.approx(-9582.133, abs=0.05)


def test_the_holdout_is_forecast_as_published(calibration: pa.Table, bought_later: np.ndarray) -> None:
    """BT-06."""
    histories = histories_of(calibration)
    expected = BetaGeometric().fit(*histories).expected_purchases(*histories, horizon=39)
    bins = np.minimum(histories[0], 7).astype(int)
    size = np.bincount(bins)
    np.testing.assert_array_equal(size, [1411, 439, 214, 100, 62, 38, 29, 64])
    actual_means = [0.2367, 0.6970, 1.3925, 1.5600, 2.5323, 2.9474, 3.8621, 6.3594]
    np.testing.assert_allclose(np.bincount(bins, bought_later) / size, actual_means, atol=1e-4)
    means = [0.2251, 0.5231, 1.0441, 1.5203, 2.1638, 2.6538, 3.5040, 6.1570]
    np.testing.assert_allclose(np.bincount(bins, expected) / size, means, atol=1e-3)
    assert expected.sum() == pytest.approx(1653.4, abs=0.5)
    assert np.abs(expected - bought_later).mean() == pytest.approx(0.7855, abs=1e-3)
    assert np.sqrt(((expected - bought_later) ** 2).mean()) == pytest.approx(1.6080, abs=1e-3)
    assert np.corrcoef(expected, bought_later)[0, 1] == pytest.approx(0.6256, abs=1e-3)


def test_the_modified_model_forecasts_the_holdout_as_recomputed(
    calibration: pa.Table, bought_later: np.ndarray
) -> None:
    """BT-12."""
    histories = histories_of(calibration)
    expected = BetaGeometric(modified=True).fit(*histories).expected_purchases(*histories, horizon=39)
    assert expected.sum() == pytest.approx(1576.7, abs=0.5)
    assert np.abs(expected - bought_later).mean() == pytest.approx(0.7648, abs=1e-3)


def test_gamma_gamma_has_the_published_parameters(calibration: pa.Table) -> None:
    """BT-40."""
    frequency, spend = arrays.columns(calibration, "frequency", "monetary_value")
    model = GammaGamma().fit(frequency, spend)
    np.testing.assert_allclose(model.parameters_, [6.2488, 3.7446, 15.4477], rtol=2e-3)
    assert model.log_likelihood_ == pytest.approx(-4055.92, abs=0.02)
    assert (model.n_customers_, model.n_left_out_) == (946, 1411)
    assert model.population_mean_ == pytest.approx(35.171, abs=0.01)
    assert np.nanmean(spend) == pytest.approx(35.079, abs=0.01)


def test_the_fit_does_not_depend_on_the_order_of_customers(calibration: pa.Table) -> None:
    frequency, recency, age = histories_of(calibration)
    order = np.random.default_rng(1).permutation(len(age))
    there = BetaGeometric().fit(frequency, recency, age)
    back = BetaGeometric().fit(frequency[order], recency[order], age[order])
    np.testing.assert_allclose(back.parameters_, there.parameters_, rtol=1e-12)


def test_the_unit_of_time_changes_alpha_alone(calibration: pa.Table) -> None:
    frequency, recency, age = histories_of(calibration)
    weeks = BetaGeometric().fit(frequency, recency, age)
    days = BetaGeometric().fit(frequency, recency * 7, age * 7)
    np.testing.assert_allclose(days.parameters_, np.array(weeks.parameters_) * [1, 7, 1, 1], rtol=1e-6)
    assert days.log_likelihood_ == pytest.approx(weeks.log_likelihood_ - frequency.sum() * np.log(7))
    np.testing.assert_allclose(
        days.probability_alive(frequency, recency * 7, age * 7),
        weeks.probability_alive(frequency, recency, age),
        rtol=1e-6,
    )
