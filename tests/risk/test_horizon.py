"""From a probability to days left and urgency."""

from __future__ import annotations

import json

import numpy as np
import pytest

from liuke.risk.horizon import Baseline, NoFollowUp, Window, expected_days_left, relative_hazard, urgency

HAZARDS = (0.02, 0.03, 0.05, 0.04, 0.03, 0.03)
WINDOW = Window(14, 90)


def test_urgency_equals_vector_ew_32() -> None:
    baseline = Baseline.of_hazards(HAZARDS, 1)
    probability = 1 - 0.815711  # of loss in six periods, vector EW-30
    assert urgency([probability], baseline, Window(0, 6)) == pytest.approx([0.268057], abs=1e-5)


def test_days_left_under_a_constant_hazard_are_its_half_life() -> None:
    baseline = Baseline.constant(0.2, 90, 2000)
    rate = -np.log(1 - 0.2) / 90
    found = expected_days_left([0.2, 0.5], baseline, WINDOW)
    assert found == pytest.approx([np.log(2) / rate, 90.0])


def test_days_left_beyond_the_follow_up_are_unknown() -> None:
    baseline = Baseline.constant(0.2, 90, 360)
    found = expected_days_left([0.0, 0.01, 0.6], baseline, WINDOW)
    assert np.isnan(found[:2]).all()
    assert found[2] < 90
    assert np.isnan(expected_days_left([0.6], baseline, WINDOW, longest_days=30)).all()


def test_the_probability_itself_is_kept_by_the_curve() -> None:
    baseline = Baseline.of_hazards(HAZARDS, 30)
    theta = relative_hazard([0.05, 0.3], baseline, WINDOW)
    within = baseline.hazard_by(WINDOW.end) - baseline.hazard_by(WINDOW.lead_days)
    assert 1 - np.exp(-theta * within) == pytest.approx([0.05, 0.3])


def test_follow_up_recovers_the_hazard_that_made_it() -> None:
    rng = np.random.default_rng(4)
    lifetime = rng.exponential(400, 20_000)
    baseline = Baseline.of_follow_up(np.minimum(lifetime, 300), lifetime <= 300)
    # One standard error of the cumulative hazard at day 200 is about 0.005.
    assert baseline.hazard_by(200) == pytest.approx(0.5, abs=0.015)
    assert np.isnan(baseline.day_of(2.0))
    assert np.array_equal(Baseline.from_json(json.loads(json.dumps(baseline.to_json()))).days, baseline.days)


def test_higher_risk_is_nearer() -> None:
    near = urgency([0.05, 0.5, 0.9], Baseline.constant(0.1, 90, 720), WINDOW)
    assert np.all(np.diff(near) > 0)


def test_a_deadline_inside_the_lead_time_is_fully_urgent() -> None:
    baseline = Baseline.constant(0.1, 90, 720)
    found = urgency([0.1] * 4, baseline, WINDOW, [5, 60, 500, np.nan])
    plain = urgency([0.1], baseline, WINDOW)[0]
    assert found == pytest.approx([1.0, max(plain, 44 / 90), plain, plain])


def test_nobody_lost_gives_no_baseline() -> None:
    with pytest.raises(NoFollowUp, match="nobody was lost"):
        Baseline.of_follow_up([10, 20], [False, False])
    early = Baseline.of_follow_up([5, 6, 200, 200], [True, False, False, False])
    assert relative_hazard([0.2], early, WINDOW) > 0  # beyond the last loss the mean rate goes on
