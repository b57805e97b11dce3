from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuke.metrics.intervals import wilson_interval


@pytest.mark.parametrize(("count", "total", "low", "high"), [(90, 1000, 0.073796, 0.109342), (0, 50, 0, 0.071348)])
def test_wilson_equals_the_figures_of_cm_01(count: int, total: int, low: float, high: float) -> None:
    found = wilson_interval(count, total)
    assert found[0] == pytest.approx(low, abs=1e-6)
    assert found[1] == pytest.approx(high, abs=1e-6)


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_lies_within_zero_and_one(case: tuple[int, int]) -> None:
    count, total = case
    low, high = wilson_interval(count, total)
    assert 0 <= low <= count / total <= high <= 1


def test_a_rate_above_one_or_without_a_base_has_no_interval() -> None:
    low, high = wilson_interval([3, 0, 2], [2, 0, 4])
    assert np.isnan(low).tolist() == [True, True, False]
    assert np.isnan(high).tolist() == [True, True, False]
