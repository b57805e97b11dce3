from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liuke.survival.concordance import concordance


def by_hand(duration: list[int], seen: list[bool], risk: list[int]) -> tuple[int, int, int]:
    concordant = tied = comparable = 0
    for first, second in combinations(range(len(duration)), 2):
        i, j = (first, second) if (duration[first], not seen[first]) <= (duration[second], not seen[second]) else (
            second, first)  # fmt: skip
        if not seen[i] or (duration[i] == duration[j] and seen[j]):
            continue
        comparable += 1
        concordant += risk[i] > risk[j]
        tied += risk[i] == risk[j]
    return concordant, tied, comparable


def test_six_customers_are_ordered_as_published() -> None:
    """EW-31."""
    result = concordance([5, 3, 8, 6, 2, 9], [1, 1, 0, 1, 1, 0], [0.6, 0.7, 0.2, 0.75, 0.8, 0.3])
    assert (result.comparable, result.concordant, result.tied) == (14, 12, 0)
    assert result.value == pytest.approx(0.857143, abs=1e-6)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 5)), min_size=1, max_size=40))
def test_counting_digits_agrees_with_forming_every_pair(rows: list[tuple[int, bool, int]]) -> None:
    duration, seen, risk = map(list, zip(*rows, strict=True))
    result = concordance(duration, seen, risk)
    assert (result.concordant, result.tied, result.comparable) == by_hand(duration, seen, risk)


def test_a_score_that_says_nothing_is_a_coin() -> None:
    assert concordance([1, 2, 3], [1, 1, 1], [0, 0, 0]).value == 0.5


def test_a_hundred_thousand_customers_are_quick_and_perfectly_ordered() -> None:
    duration = np.random.default_rng(1).permutation(100_000)
    result = concordance(duration, np.ones(100_000), -duration)
    assert result.value == 1.0
    assert result.comparable == 100_000 * 99_999 // 2


def test_no_loss_means_no_answer() -> None:
    assert np.isnan(concordance([1, 2], [0, 0], [1, 2]).value)
