from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from liuke.survival import competing, curves

DURATION = [1, 2, 2, 3, 4, 5, 5, 6]
CAUSE = ["price", "competitor", None, "price", "moved", None, "competitor", None]


def test_the_shares_by_cause_are_exact() -> None:
    """CM-22."""
    shares = competing.aalen_johansen(DURATION, CAUSE)
    assert shares.causes == ("competitor", "moved", "price")
    assert shares.of("price", 6) == pytest.approx(0.275, abs=1e-12)
    assert shares.of("competitor", 6) == pytest.approx(0.275, abs=1e-12)
    assert shares.of("moved", 6) == pytest.approx(0.150, abs=1e-12)
    assert shares.survival[-1] == pytest.approx(0.300, abs=1e-12)
    assert shares.of("price", 0.5) == 0.0


def test_the_causes_and_those_still_there_make_one() -> None:
    rng = np.random.default_rng(2)
    duration = rng.integers(1, 30, 500)
    cause = pa.array(rng.choice(["a", "b", "c"], 500), mask=rng.random(500) < 0.4)
    shares = competing.aalen_johansen(duration, cause, entry=rng.uniform(0, 0.9, 500))
    np.testing.assert_allclose(shares.incidence.sum(axis=1) + shares.survival, 1.0)


def test_a_single_cause_is_the_plain_curve() -> None:
    shares = competing.aalen_johansen(DURATION, ["left" if word else None for word in CAUSE])
    curve = curves.kaplan_meier(DURATION, [word is not None for word in CAUSE])
    np.testing.assert_allclose(shares.survival, curve.survival)
    np.testing.assert_allclose(shares.incidence[:, 0], 1.0 - curve.survival)


def test_weights_count_customers() -> None:
    weighted = competing.aalen_johansen(DURATION, CAUSE, weights=[2] * 8)
    np.testing.assert_allclose(weighted.incidence, competing.aalen_johansen(DURATION * 2, CAUSE * 2).incidence)


def test_nobody_lost_means_no_causes() -> None:
    assert competing.aalen_johansen([1, 2], [None, None]).causes == ()
