"""The scoring-indicator system: score, confidence, bands, excuses, and where each point comes from."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from liuke.kernel.words import Words
from liuke.risk.indicators import CATALOGUE, BadIndicators, Bands, Excuse, Indicator, IndicatorSystem, available

W = Words("指标", "indicator")


def system(*, excuses: tuple[Excuse, ...] = ()) -> IndicatorSystem:
    indicators = [Indicator(name, W, "up", kept_at=0.0, lost_at=1.0) for name in "abcd"]
    return IndicatorSystem(indicators, [0.565009, 0.262201, 0.117504, 0.055285], excuses)


def people(**columns: list[float | None]) -> pa.Table:
    n = len(next(iter(columns.values())))
    return pa.table({"customer_id": [f"c{i}" for i in range(n)]} | columns)


def test_the_score_equals_vector_cm_41_and_is_the_sum_of_its_parts() -> None:
    table = people(a=[0.9], b=[0.5], c=[0.2], d=[1.0])
    scores = system().fit(table).score(table)
    assert scores.score == pytest.approx([0.718395], abs=2e-6)
    assert scores.contributions.sum() == pytest.approx(scores.score[0])
    assert scores.band.to_pylist() == ["presumed_lost"]
    row = scores.to_table().to_pylist()[0]
    assert row["from_a"] == pytest.approx(0.9 * 0.565009, abs=1e-5)


def test_a_gap_counts_as_the_median_and_lowers_the_confidence() -> None:
    table = people(a=[0.2, 0.4, None], b=[0.1, 0.1, 0.1], c=[0, 0, 0.0], d=[0, 0, None])
    scores = system().fit(people(a=[0.2, 0.4], b=[0.1, 0.1], c=[0.0, 0.0], d=[0, 0.0])).score(table)
    assert scores.coverage == pytest.approx([1, 1, 1 - 0.565009 - 0.055285], abs=1e-5)
    assert np.isnan(scores.score[2])  # under 60 % of the weight is known
    assert scores.band.to_pylist()[2] is None
    assert scores.contributions[2, 0] == pytest.approx(0.3 * 0.565009, abs=1e-5)


def test_direction_and_range_are_frozen_when_fitted() -> None:
    falling = IndicatorSystem([Indicator("visits", W, "down")], [1.0]).fit(people(visits=[2.0, 10.0]))
    later = falling.score(people(visits=[0.0, 6.0, 50.0]))
    assert later.score == pytest.approx([1.0, 0.5, 0.0])


def test_missing_rules_lost_and_kept_are_known_values() -> None:
    rules = [Indicator("a", W, "up", missing="lost"), Indicator("b", W, "up", missing="kept")]
    fitted = IndicatorSystem(rules, [0.7, 0.3]).fit(people(a=[0.0, 1.0], b=[0.0, 1.0]))
    scores = fitted.score(people(a=[None], b=[None]))
    assert scores.score == pytest.approx([0.7])
    assert scores.coverage == pytest.approx([1.0])


def test_an_excuse_lowers_the_score_and_says_by_how_much() -> None:
    table = people(a=[1.0, 1.0], b=[1.0, 1.0], c=[1.0, 1.0], d=[1.0, 1.0], lives_far=[0.0, 1.0])
    scores = system(excuses=(Excuse("lives_far", Words("住得远", "lives far away"), 0.5),)).fit(table).score(table)
    assert scores.score == pytest.approx([1.0, 0.5])
    assert scores.band.to_pylist() == ["lost", "dormant"]
    assert scores.relief == pytest.approx([0.0, 0.5])


def test_cut_points_belong_to_the_worse_band() -> None:
    found = Bands().of(np.array([0.0, 0.2, 0.4, 0.6, 0.8])).to_pylist()
    assert found == ["active", "slowing", "dormant", "presumed_lost", "lost"]


def test_an_indicator_that_says_nothing_is_refused() -> None:
    with pytest.raises(BadIndicators, match="visits"):
        IndicatorSystem([Indicator("visits", W, "up")], [1.0]).fit(people(visits=[3.0, 3.0]))
    with pytest.raises(BadIndicators, match="no column calls"):
        IndicatorSystem([Indicator("calls", W, "up")], [1.0]).fit(people(visits=[3.0, 4.0]))


def test_weights_must_fit_the_indicators() -> None:
    with pytest.raises(BadIndicators, match="as many weights"):
        IndicatorSystem([Indicator("a", W, "up")], [0.5, 0.5])


def test_the_catalogue_has_both_languages_and_offers_what_is_there() -> None:
    assert all(indicator.label.zh and indicator.label.en for indicator in CATALOGUE)
    table = people(overdue_ratio=[1.0, 2.0], overdue_days=[None, 1.0]).append_column(
        "non_response", pa.nulls(2, pa.float64())
    )
    assert [indicator.name for indicator in available(table)] == ["overdue_ratio", "overdue_days"]


def test_the_frozen_system_can_be_written_down() -> None:
    table = people(a=[0.9], b=[0.5], c=[0.2], d=[1.0])
    written = system().fit(table).to_json()
    assert [row["name"] for row in written["indicators"]] == list("abcd")
    assert written["bands"] == {"cut_points": [0.2, 0.4, 0.6, 0.8], "version": 1}
