"""The additive logistic regression."""

from __future__ import annotations

import json

import numpy as np
import pytest

from liuke.risk.additive import LINEAR, AdditiveLogit, Smoothness, fitted_additive_logit
from liuke.risk.examples import Encoding

RNG = np.random.default_rng(1)
N = 20_000
X = np.column_stack([RNG.uniform(-2, 2, N), RNG.integers(0, 3, N).astype(float)])
ENCODING = Encoding(("level", "plan"), {"plan": ("a", "b", "c")})


def lost(odds: np.ndarray) -> np.ndarray:
    return np.random.default_rng(2).random(N) < 1 / (1 + np.exp(-odds))


def test_a_bent_curve_and_the_levels_are_recovered() -> None:
    truth = -2 + np.abs(X[:, 0]) + np.array([0.0, 0.5, 1.0])[X[:, 1].astype(int)]
    found = fitted_additive_logit(X, lost(truth), ENCODING)
    assert np.corrcoef(found.raw(X, ENCODING), truth)[0, 1] > 0.99
    plan = found.curves[1].values
    assert plan - plan[0] == pytest.approx([0, 0.5, 1.0], abs=0.15)  # about three standard errors


def test_one_piece_is_plain_logistic_regression() -> None:
    from sklearn.linear_model import LogisticRegression

    churned = lost(-1 + 0.8 * X[:, 0])
    soft = Smoothness(pieces=1, slope_ridge=1e-6)
    found = fitted_additive_logit(X, churned, ENCODING, ("level",), soft)
    other = LogisticRegression(C=1e6, tol=1e-8).fit(X[:, :1], churned)
    assert found.raw(X[:50], ENCODING) == pytest.approx(other.decision_function(X[:50, :1]), abs=1e-3)


def test_contributions_average_to_zero_and_sum_to_the_score() -> None:
    found = fitted_additive_logit(X, lost(-1 + X[:, 0]), ENCODING, smoothness=LINEAR)
    parts = found.contributions(X, ENCODING)
    assert parts.mean(axis=0) == pytest.approx([0, 0], abs=1e-9)
    assert found.raw(X, ENCODING) == pytest.approx(found.intercept + parts.sum(axis=1))


def test_missing_has_its_own_value_and_is_neutral_if_never_seen() -> None:
    gaps = X.copy()
    gaps[::4, 0] = np.nan
    churned = lost(np.where(np.isnan(gaps[:, 0]), 1.5, -1.5))
    found = fitted_additive_logit(gaps, churned, ENCODING)
    assert found.curves[0].missing == pytest.approx(3.0 * 0.75, abs=0.2)
    assert fitted_additive_logit(X, churned, ENCODING).curves[0].missing == 0.0


def test_values_beyond_those_seen_do_not_run_away() -> None:
    found = fitted_additive_logit(X, lost(-1 + X[:, 0]), ENCODING)
    far = found.raw(np.array([[1e9, 0.0], [2.0, 0.0]]), ENCODING)
    assert far[0] == pytest.approx(far[1], abs=1e-3)


def test_a_perfectly_separating_feature_still_has_a_fit() -> None:
    found = fitted_additive_logit(X, X[:, 0] > 0, ENCODING)
    assert np.isfinite(found.raw(X, ENCODING)).all()


def test_what_is_saved_is_what_was_fitted() -> None:
    found = fitted_additive_logit(X, lost(-1 + X[:, 0]), ENCODING)
    copied = AdditiveLogit.from_json(json.loads(json.dumps(found.to_json())))
    assert np.array_equal(copied.raw(X, ENCODING), found.raw(X, ENCODING))
