"""Three axes, four colours, and how a customer gets out of red."""

from __future__ import annotations

import numpy as np
import pytest

from liuke.risk import levels
from liuke.risk.levels import BadCutPoints, CutPoints, Memory


def colours(found: levels.Levels) -> list[str | None]:
    return found.to_table()["warning"].to_pylist()


def test_colours_equal_vector_ew_01() -> None:
    found = levels.levels([0.40, 0.40, 0.20, 0.20, 0.10], [0.85, 0.30, 0.90, 0.90, 0.99], [0.7, 0.7, 0.65, 0.2, 0.9])
    assert colours(found) == ["red", "amber", "amber", "yellow", "green"]
    table = found.to_table()
    assert table["risk_level"].to_pylist() == ["high", "high", "mid", "mid", "low"]
    assert table["value_level"].to_pylist() == ["high", "low", "high", "high", "high"]
    assert table["urgency_level"].to_pylist() == ["high", "high", "high", "low", "high"]


def test_red_is_left_only_after_two_runs_below_the_exit() -> None:
    memory, seen = None, []
    for risk in (0.34, 0.36, 0.30, 0.14, 0.14):
        found = levels.levels([risk], [0.9], [0.9 if risk > 0.3 else 0.5], before=memory)
        memory = found.memory
        seen.append(colours(found)[0])
    assert [colour == "red" for colour in seen] == [False, True, True, True, False]
    assert seen[-1] == "green"


def test_a_run_above_the_exit_starts_the_count_again() -> None:
    memory = None
    for risk in (0.40, 0.10, 0.20, 0.10):
        found = levels.levels([risk], [0.9], [0.9], before=memory)
        memory = found.memory
    assert colours(found) == ["red"]
    assert memory is not None
    assert memory.runs_below.tolist() == [1]


def test_a_customer_not_scored_keeps_the_level() -> None:
    before = levels.levels([0.4], [0.9], [0.9]).memory
    assert colours(levels.levels([np.nan], [0.9], [0.9], before=before)) == ["red"]
    assert levels.levels([np.nan], [0.9], [0.9]).to_table()["risk_level"].to_pylist() == [None]


def test_unknown_value_hides_no_danger() -> None:
    found = levels.levels([0.5], [np.nan], [0.9])
    assert colours(found) == ["red"]
    assert found.to_table()["value_level"].to_pylist() == [None]


def test_cut_points_follow_the_base_rate_and_are_bounded() -> None:
    low, high = levels.cut_points_for(0.02), levels.cut_points_for(0.5)
    assert (low.risk, low.risk_leave) == ((0.03, 0.06), 0.03)
    assert high.risk == (0.35, 0.6)


def test_cut_points_must_ascend() -> None:
    with pytest.raises(BadCutPoints, match="urgency"):
        CutPoints(urgency=(0.6, 0.3))
    with pytest.raises(BadCutPoints, match="left below"):
        CutPoints(risk_leave=0.4)


def test_percentiles_share_ties_and_skip_the_unknown() -> None:
    found = levels.percentile([10.0, np.nan, 30.0, 10.0, 20.0])
    assert found[[0, 2, 3, 4]] == pytest.approx([0.375, 1.0, 0.375, 0.75])
    assert np.isnan(found[1])


def test_a_new_customer_has_no_memory() -> None:
    fresh = levels.levels([0.2, 0.2], [0.9, 0.9], [0.1, 0.1], before=Memory.nothing(2))
    assert colours(fresh) == ["yellow", "yellow"]


def test_losses_in_high_danger_are_told_with_and_without_a_call() -> None:
    found = levels.losses_by_call([1, 1, 1, 0], [1, 0, 0, 1], [0, 1, 0, 1])
    assert (found.n_called, found.lost_called, found.n_not_called, found.lost_not_called) == (1, 0, 2, 1)
