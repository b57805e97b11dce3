from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from liuke.features import gaps

CDNOW = Path(__file__).resolve().parents[2] / "../shared/data/cdnow/CDNOW_sample.txt"
REGULAR = [7, 6, 8, 7, 9, 6, 7, 8]


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, (2.3026, 2.9957, 4.6052)),
        (2, (1.9449, 2.3719, 3.3192)),
        (3, (1.7741, 2.0986, 2.8020)),
        (5, (1.5987, 1.8307, 2.3209)),
    ],
)
def test_erlang_thresholds_equal_the_table_cm_10(k, expected):
    found = [float(gaps.erlang_threshold(1.0, k, tail)) for tail in (0.10, 0.05, 0.01)]
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_regular_customer_is_waited_for_as_cm_11_says():
    assert gaps.gamma_shape(REGULAR) == pytest.approx(56.7791, abs=0.01)
    assert float(gaps.erlang_threshold(7.25, 56.7795)) == pytest.approx(8.9018, abs=1e-3)
    assert float(gaps.erlang_threshold(7.25, 56.7795, 0.01)) == pytest.approx(9.6740, abs=1e-3)
    assert float(gaps.erlang_threshold(7.25, 2)) == pytest.approx(17.1965, abs=1e-3)
    assert float(gaps.exponential_threshold(7.25)) == pytest.approx(21.719, abs=1e-3)


def test_equal_gaps_are_perfectly_regular():
    assert gaps.gamma_shape([7, 7, 7]) == float("inf")


def test_lomax_thresholds_equal_cm_12():
    prior = gaps.RatePrior(r=0.243, alpha=4.414)
    assert gaps.lomax_threshold([2, 10], [38.86, 39], prior) == pytest.approx([121.264, 14.7489], abs=1e-3)


@pytest.mark.real_data
def test_cdnow_buyers_are_not_regular_cm_13():
    if not CDNOW.exists():
        pytest.skip("the public sets are not beside the project")
    dates: dict[str, set[str]] = {}
    for line in CDNOW.read_text().splitlines():
        _, customer, day, *_ = line.split()
        dates.setdefault(customer, set()).add(day)
    pairs = []
    for days in dates.values():
        own = np.sort(np.array([f"{d[:4]}-{d[4:6]}-{d[6:]}" for d in days], dtype="datetime64[D]"))
        gap = np.diff(own).astype(int)
        if len(gap) >= 2:
            pairs.append(gap[-2:])
    earlier, later = np.array(pairs).T
    assert len(pairs) == 736
    assert gaps.wheat_morrison_k(earlier, later) == pytest.approx(1.009, abs=0.01)


def test_regularity_of_a_simulated_population_is_recovered():
    rng = np.random.default_rng(3)
    draws = rng.gamma(3.0, 10.0, size=(20_000, 2))
    assert gaps.wheat_morrison_k(draws[:, 0], draws[:, 1]) == pytest.approx(3.0, rel=0.05)


def test_the_prior_of_a_simulated_population_is_recovered():
    rng = np.random.default_rng(5)
    rate = rng.gamma(1.5, 1 / 60.0, size=20_000)
    time = rng.integers(100, 700, size=20_000)
    prior = gaps.fit_rate_prior(rng.poisson(rate * time), time, np.ones(20_000))
    assert prior is not None
    assert (prior.r, prior.alpha) == (pytest.approx(1.5, rel=0.05), pytest.approx(60, rel=0.05))


def test_no_prior_is_fitted_to_a_handful_of_customers():
    assert gaps.fit_rate_prior([0, 3], [50, 50], [1000, 5]) is None


def test_open_gaps_lengthen_the_population_threshold():
    completed_only = gaps.population_threshold([10, 20, 30], [5, 4, 1], [0, 0, 0], 0.10)
    with_open_ones = gaps.population_threshold([10, 20, 30], [5, 4, 1], [0, 2, 0], 0.10)
    assert completed_only == 20.0
    assert with_open_ones == 30.0


def test_those_who_never_return_do_not_stretch_the_population_threshold():
    # S falls to .5 and stays: half never return; of the returning half 19 of 20 are back after 20 days.
    assert gaps.population_threshold([10, 20, 90, 400], [10, 9, 1, 0], [0, 0, 0, 20]) == 20.0


def test_a_population_in_which_nobody_returned_has_no_threshold():
    assert gaps.population_threshold([100], [0], [10]) is None
