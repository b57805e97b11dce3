from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuke.metrics.change import NotAShare, churn_change, compounded, half_life, mean_life


def test_rates_compound_as_in_cm_02() -> None:
    assert compounded(0.02, 12) == pytest.approx(0.215283, abs=1e-6)
    assert compounded(0.2, 1 / 12) == pytest.approx(0.018423, abs=1e-6)
    assert compounded(1, 3) == 1


@pytest.mark.parametrize(
    ("retention", "half", "mean"), [(0.95, 13.5134, 20), (0.9, 6.5788, 10), (0.8, 3.1063, 5), (0.5, 1, 2)]
)
def test_half_life_and_mean_life_equal_cm_03(retention: float, half: float, mean: float) -> None:
    assert half_life(retention) == pytest.approx(half, abs=1e-4)
    assert mean_life(retention) == pytest.approx(mean, abs=1e-4)


def test_the_mix_effect_of_cm_04_is_all_mix() -> None:
    change = churn_change([100, 900], [5, 90], [500, 500], [25, 50])
    assert (change.before, change.after) == pytest.approx((0.095, 0.075))
    assert change.within == pytest.approx(0, abs=1e-12)
    assert change.mix == pytest.approx(-0.02)


segment = st.integers(0, 500).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@given(st.lists(st.tuples(segment, segment), min_size=1, max_size=6))
def test_within_and_mix_sum_to_the_change(segments: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    before, after = zip(*segments, strict=True)
    (n0, l0), (n1, l1) = (tuple(zip(*each, strict=True)) for each in (before, after))
    if sum(n0) == 0 or sum(n1) == 0:
        with pytest.raises(NotAShare):
            churn_change(n0, l0, n1, l1)
        return
    change = churn_change(n0, l0, n1, l1)
    assert change.within + change.mix == pytest.approx(change.after - change.before, abs=1e-9)


@pytest.mark.parametrize("rate", [-0.1, 1.5])
def test_a_rate_that_is_no_share_is_refused(rate: float) -> None:
    with pytest.raises(NotAShare):
        compounded(rate, 12)
    with pytest.raises(NotAShare):
        half_life(rate)
    with pytest.raises(NotAShare):
        mean_life(rate)
