"""The audit of indicators: the Longley data, near-copies, and indicators invented to fill a list."""

from __future__ import annotations

import numpy as np
import pytest

from liuke.risk import audit
from liuke.risk.audit import NoMeasuredEffect, NotAuditable

LONGLEY = np.array(
    [
        (83.0, 234289, 2356, 1590, 107608, 1947),
        (88.5, 259426, 2325, 1456, 108632, 1948),
        (88.2, 258054, 3682, 1616, 109773, 1949),
        (89.5, 284599, 3351, 1650, 110929, 1950),
        (96.2, 328975, 2099, 3099, 112075, 1951),
        (98.1, 346999, 1932, 3594, 113270, 1952),
        (99.0, 365385, 1870, 3547, 115094, 1953),
        (100.0, 363112, 3578, 3350, 116219, 1954),
        (101.2, 397469, 2904, 3048, 117388, 1955),
        (104.6, 419180, 2822, 2857, 118734, 1956),
        (108.4, 442769, 2936, 2798, 120445, 1957),
        (110.8, 444546, 4681, 2637, 121950, 1958),
        (112.6, 482704, 3813, 2552, 123366, 1959),
        (114.2, 502601, 3931, 2514, 125368, 1960),
        (115.7, 518173, 4806, 2572, 127852, 1961),
        (116.9, 554894, 4007, 2827, 130081, 1962),
    ]
)


def test_variance_inflation_of_the_longley_data_equals_vector_cm_44() -> None:
    found = audit.variance_inflation(LONGLEY)
    assert found == pytest.approx([135.532, 1788.513, 33.619, 3.589, 399.151, 758.981], abs=0.01)
    assert audit.condition_index(LONGLEY) == pytest.approx(110.544, abs=1e-3)
    assert np.corrcoef(LONGLEY[:, 1], LONGLEY[:, 5])[0, 1] == pytest.approx(0.995273, abs=1e-6)


def test_an_exact_copy_has_infinite_inflation() -> None:
    x = np.random.default_rng(1).random((100, 2))
    assert np.isinf(audit.variance_inflation(np.column_stack([x, x[:, 0]]))[[0, 2]]).all()
    assert audit.variance_inflation(np.column_stack([x, x[:, 0]]))[1] == pytest.approx(1, abs=0.1)


def test_rank_correlation_agrees_with_another_implementation() -> None:
    from scipy.stats import spearmanr

    x = np.random.default_rng(2).integers(0, 5, (200, 3))
    assert audit.spearman(x) == pytest.approx(spearmanr(x).statistic)


@pytest.fixture(scope="module")
def found() -> audit.Audit:
    rng = np.random.default_rng(3)
    silence, response, invented = rng.random((3, 4000))
    copy = np.clip(silence + rng.normal(0, 0.02, 4000), 0, 1)
    lost = rng.random(4000) < 1 / (1 + np.exp(3.5 - 3 * silence - 2 * response))
    names = ["silence", "copy", "response", "invented", "reversed"]
    return audit.audit(names, np.column_stack([silence, copy, response, invented, 1 - response]), lost)


def test_near_copies_are_merged_and_inventions_dropped(found: audit.Audit) -> None:
    verdicts = {row.name: row.verdict for row in found.rows}
    assert sorted([verdicts["silence"], verdicts["copy"]]) == ["keep", "merge"]
    assert verdicts["response"] == "keep"
    assert verdicts["invented"] == verdicts["reversed"] == "drop"
    merged = next(row for row in found.rows if row.verdict == "merge")
    assert {merged.name, merged.closest} == {"silence", "copy"}
    assert merged.correlation > 0.95
    assert "wrong_direction" in found.row("reversed").warnings
    assert found.is_ill_conditioned
    assert found.to_table()["indicator"].to_pylist() == ["silence", "copy", "response", "invented", "reversed"]


def test_an_indicator_without_effect_is_activated_only_with_a_reason(found: audit.Audit) -> None:
    with pytest.raises(NoMeasuredEffect, match="invented"):
        audit.activated(found, {"reversed": "regulator asks for it", "invented": "  "})
    used = audit.activated(found, {"reversed": "regulator asks for it", "invented": "pilot until June"})
    assert {"response", "invented", "reversed"} < set(used)
    assert len({"silence", "copy"} & set(used)) == 1


def test_an_audit_needs_losses() -> None:
    with pytest.raises(NotAuditable, match="0 losses"):
        audit.audit(["a"], np.zeros((3, 1)), [False] * 3)


def test_half_a_year_without_a_purchase_raises_more_false_alarms_than_the_own_rhythm() -> None:
    rng = np.random.default_rng(5)
    own_gap = rng.choice([20, 90, 300], 3000)
    lost = rng.random(3000) < 0.3
    silence = np.where(lost, rng.uniform(2, 5, 3000), rng.uniform(0, 1.5, 3000)) * own_gap
    compared = audit.rule_against_score(silence > 182, silence / own_gap, lost)
    assert compared.n_flagged > 0
    assert compared.score_false_alarms < compared.rule_false_alarms
    assert compared.score_missed < compared.rule_missed
    assert audit.rule_against_score([False, False], [1, 2], [True, False]).rule_missed == 1
