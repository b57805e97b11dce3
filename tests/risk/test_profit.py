"""Published numbers of the maximum profit measures."""

from __future__ import annotations

import numpy as np
import pytest

from liuke.risk import profit

Y = np.array([1, 1, 0, 0, 0, 1, 1, 1, 1, 0], bool)
S = np.array(
    [0.6125478, 0.3642710, 0.4321361, 0.1402911, 0.3848959, 0.2444155, 0.9706413, 0.8901728, 0.7817814, 0.8687518]
)


def test_expected_maximum_profit_equals_vector_ew_20() -> None:
    found = profit.expected_maximum_profit(Y, S)
    assert found.profit == pytest.approx(30.3003222630, abs=1e-9)
    assert found.share == pytest.approx(0.899655, abs=1e-6)
    best = profit.maximum_profit(Y, S)
    assert (best.profit, best.share) == pytest.approx((30.30, 0.90), abs=1e-2)


def test_expected_maximum_profit_equals_vector_ew_21() -> None:
    once = S.copy()
    once[0] = 0.287577520124614
    assert profit.expected_maximum_profit(Y, once).profit == pytest.approx(30.3001182344, abs=1e-9)
    once[6] = 0.113703411305323
    assert profit.expected_maximum_profit(Y, once).profit == pytest.approx(29.2002764793, abs=1e-9)


def test_expected_maximum_profit_equals_vector_ew_22() -> None:
    right = profit.expected_maximum_profit([False, True], [0, 1])
    assert (right.profit, right.share) == pytest.approx((28.0, 0.5), abs=1e-9)
    for score in ([1, 0], [1, 1]):
        found = profit.expected_maximum_profit([False, True], score)
        assert found.profit == pytest.approx(22.5007912245, abs=1e-9)


def test_profit_curve_equals_vector_ew_13() -> None:
    y = np.array([1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], bool)
    curve = profit.profit_curve(y, -np.arange(20), np.arange(11) / 10)
    published = [0, 5.60, 7.85, 10.10, 9.00, 11.25, 10.15, 12.40, 11.30, 10.20, 9.10]
    assert curve == pytest.approx(published, abs=1e-9)
    best = profit.maximum_profit(y, -np.arange(20))
    assert (best.profit, best.share) == pytest.approx((12.40, 0.70))
