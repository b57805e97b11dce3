from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from metric_lives import company, spells

from liuke.metrics.outcomes import outcomes

EARLY, START, WITHIN, END = date(2024, 1, 5), date(2024, 6, 1), date(2024, 6, 15), date(2024, 7, 1)
LIVES = [
    ("went to a rival", 1, EARLY, WITHIN),
    ("moved away", 1, EARLY, WITHIN),
    ("card failed", 1, EARLY, WITHIN),
    ("nobody knows", 1, EARLY, WITHIN),
    ("came back", 1, EARLY, WITHIN),
    ("came back", 2, date(2024, 8, 1), None),
    ("stays", 1, EARLY, None),
    *((f"stays too {i}", 1, EARLY, None) for i in range(4)),
]
REASONS = pa.table(
    {
        "customer_id": ["went to a rival", "moved away", "card failed", "came back"],
        "reason_1": ["C1", "U1", "F3", "C1"],
        "churn_type": ["COM", "NAT", "NEG", "COM"],
        "is_voluntary": [True, True, False, True],
        "intent": ["DEL", "UNI", "INV", "DEL"],
    }
)


def test_the_lost_are_split_by_where_they_went_and_the_parts_sum() -> None:
    found = outcomes(company(spells(LIVES)), start=START, end=END, as_of=date(2024, 12, 31), reasons=REASONS)
    assert (found.n_to_rival, found.n_left_market, found.n_undecided) == (1, 1, 3)
    assert found.n_lost_of_start == 5
    assert found.n_involuntary == 1
    assert found.strict_churn_rate.value == pytest.approx(0.1)
    assert found.wide_churn_rate.value == pytest.approx(0.5)
    assert found.voluntary_churn_rate.value == pytest.approx(0.4)


def test_the_reason_of_the_last_loss_is_not_given_to_an_earlier_one() -> None:
    found = outcomes(company(spells(LIVES)), start=START, end=END, as_of=END, reasons=REASONS.slice(3))
    assert (found.n_to_rival, found.n_undecided) == (0, 5)


def test_without_reasons_every_loss_is_undecided() -> None:
    found = outcomes(company(spells(LIVES)), start=START, end=END, as_of=date(2024, 12, 31))
    assert (found.n_to_rival, found.n_left_market, found.n_undecided, found.n_involuntary) == (0, 0, 5, 0)


def test_a_loss_within_the_grace_period_is_provisional() -> None:
    engine = company(spells(LIVES, certain=False))
    assert outcomes(engine, start=START, end=END, as_of=END).n_provisional == 5
