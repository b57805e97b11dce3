from __future__ import annotations

import numpy as np
import pytest

from liuke.simulation.truth import residual_value


def test_a_customer_who_never_leaves_is_worth_the_discounted_annuity() -> None:
    annuity = 10 * (1 - 1.008**-36) / 0.008
    assert residual_value(np.array([10.0]), np.array([0.0])) == pytest.approx([annuity])


def test_the_likelier_the_loss_the_smaller_the_value() -> None:
    value = residual_value(np.full(3, 10.0), np.array([0.01, 0.2, 0.9]))
    assert value[0] > value[1] > value[2] > 0


def test_nobody_is_worth_nothing() -> None:
    assert residual_value(np.zeros(0), np.zeros(0)).shape == (0,)
