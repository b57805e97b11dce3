"""The population stability index."""

from __future__ import annotations

import numpy as np
import pytest

from liuke.risk import drift


@pytest.mark.parametrize(
    ("actual", "index", "reading"),
    [((0.1, 0.25, 0.35, 0.3), 0.126685, "moderate"), ((0.05, 0.2, 0.35, 0.4), 0.394828, "large")],
)
def test_index_equals_vector_ew_50(actual: tuple[float, ...], index: float, reading: str) -> None:
    found = drift.population_stability_index((0.2, 0.3, 0.3, 0.2), actual)
    assert found == pytest.approx(index, abs=1e-6)
    assert drift.Drift(found, limit=0.0).reading == reading


def test_small_shifts_over_ten_bins_equal_vector_ew_50() -> None:
    actual = (0.08, 0.09, 0.09, 0.10, 0.10, 0.10, 0.10, 0.11, 0.11, 0.12)
    assert drift.population_stability_index([0.1] * 10, actual) == pytest.approx(0.012123, abs=1e-6)


def test_chance_limits_equal_the_published_ones() -> None:
    assert drift.chance_limit(10, 1000, 1000) == pytest.approx(0.033838, abs=1e-6)
    assert drift.chance_limit(4, 1000, 1000) == pytest.approx(0.015629, abs=1e-6)


def test_an_empty_bin_is_finite() -> None:
    found = drift.population_stability_index([10, 10, 0], [10, 0, 10])
    e, a = np.array([10.5, 10.5, 0.5]) / 21.5, np.array([10.5, 0.5, 10.5]) / 21.5
    assert found == pytest.approx(((a - e) * np.log(a / e)).sum())


def test_a_shift_is_found_and_its_absence_is_not() -> None:
    rng = np.random.default_rng(1)
    reference = drift.Reference.of(rng.normal(size=5000))
    same = reference.drift(reference.counts_of(rng.normal(size=5000)))
    moved = reference.drift(reference.counts_of(rng.normal(1.0, 1, 5000)))
    assert same.reading == "stable"
    assert moved.reading == "large"


def test_a_column_that_goes_missing_is_drift() -> None:
    values = np.linspace(0, 1, 500)
    gone = np.where(np.arange(500) % 2, np.nan, values)
    reference = drift.Reference.of(values)
    assert reference.drift(reference.counts_of(gone)).reading == "large"


def test_counts_of_parts_add_up() -> None:
    rng = np.random.default_rng(2)
    values = rng.exponential(size=300)
    reference = drift.Reference.from_json(drift.Reference.of(values).to_json())
    parts = reference.counts_of(values[:100]) + reference.counts_of(values[100:])
    assert np.array_equal(parts, reference.counts)
