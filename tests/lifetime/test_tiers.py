from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuke.lifetime import tiers


def test_tiers_are_cut_at_shares_of_total_value() -> None:
    value = [60.0, 20.0, 15.0, 5.0, 0.0, -3.0, np.nan]
    assert tiers.tiers_by_value(value).tolist() == [1, 2, 3, 4, 4, 4, 0]


@given(st.lists(st.integers(-5, 30), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_equal_values_share_a_tier_in_any_order_and_more_value_is_never_a_lower_tier(values: list[int], random) -> None:  # type: ignore[no-untyped-def]
    tier = dict(zip(values, tiers.tiers_by_value(values).tolist(), strict=True))
    shuffled = list(values)
    random.shuffle(shuffled)
    assert dict(zip(shuffled, tiers.tiers_by_value(shuffled).tolist(), strict=True)) == tier
    ranked = [tier[value] for value in sorted(tier, reverse=True)]
    assert ranked == sorted(ranked)


def test_nobody_worth_anything_is_the_last_tier() -> None:
    assert tiers.tiers_by_value([0.0, -1.0]).tolist() == [4, 4]
    assert tiers.tiers_by_value([]).tolist() == []


def test_a_sixth_tier_is_refused() -> None:
    """S2-68."""
    assert len(set(tiers.tiers_by_value(np.arange(1, 200), (0.2, 0.4, 0.6, 0.8)).tolist())) == 5
    with pytest.raises(tiers.TooManyTiers, match="5 cut points make 6"):
        tiers.tiers_by_value([1.0], (0.2, 0.4, 0.6, 0.8, 0.9))
    with pytest.raises(tiers.TooManyTiers, match="must rise"):
        tiers.tiers_by_value([1.0], (0.8, 0.5))


def test_the_eighty_twenty_rule_is_computed() -> None:
    """S2-43."""
    curve = tiers.concentration([80.0, 5.0, 5.0, 5.0, 5.0])
    assert curve.customers_for(0.8) == pytest.approx(0.2)
    assert curve.customers_for(0.9) == pytest.approx(0.6)
    assert tiers.concentration([3.0] * 4).gini == pytest.approx(0.0)
    assert tiers.concentration([0.0] * 99 + [1.0]).gini == pytest.approx(0.99)


def test_each_tier_shows_customers_value_and_hours() -> None:
    """S2-68."""
    value = [60.0, 20.0, 15.0, 5.0, np.nan]
    table = tiers.tier_table(
        tiers.tiers_by_value(value), value, past_value=[1] * 5, minutes_per_customer=[30, 15, 5, 0]
    )
    rows = {row["tier"]: row for row in table.to_pylist()}
    assert rows[1]["share_of_value"] == pytest.approx(0.6)
    assert (rows[1]["staff_hours"], rows[2]["staff_hours"], rows[0]["n_customers"]) == (0.5, 0.25, 1)


def test_past_value_stands_beside_future_value() -> None:
    """S2-38: the biggest spender of the past is worth least from now on."""
    result = tiers.past_beside_future([100.0, 10.0, 5.0, 1.0], [0.0, 10.0, 5.0, 1.0])
    rows = {(row["past_tier"], row["future_tier"]): row for row in result.table.to_pylist()}
    assert rows[(1, 4)]["past_value"] == 100.0
    assert rows[(1, 4)]["future_value"] == 0.0
    assert result.rank_correlation == pytest.approx(-0.2)
    assert sum(row["n_customers"] for row in result.table.to_pylist()) == 4
