"""What an early warning remembers."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from risk_people import SMALL, customers, three_days

from liuke.risk import knowledge
from liuke.risk.early_warning import EarlyWarning


@pytest.fixture(scope="module")
def known() -> knowledge.Knowledge:
    found = EarlyWarning(size=SMALL, seed=1).fit(*three_days(700)).knowledge_
    assert found is not None
    return found


def test_scoring_in_chunks_changes_nothing(known: knowledge.Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    table, _ = customers(500, 8)
    whole = known.scored(table, "model", 1)
    monkeypatch.setattr(knowledge, "CHUNK", 64)
    parts = known.scored(table, "model", 1)
    assert np.array_equal(whole[0], parts[0])
    assert whole[1:] == parts[1:]


def test_the_first_rule_that_still_knows_the_customers_stands_in(known: knowledge.Knowledge) -> None:
    table, _ = customers(700, 9)
    name, raw = known.fallback(table, 1)
    assert name == known.fallbacks[0]
    strange, _ = customers(700, 9, shift=2.0)
    name, raw = known.fallback(strange, 1)
    assert name == "base_rate"
    assert not raw.any()


def test_typical_values_are_medians_of_numbers(known: knowledge.Knowledge) -> None:
    test = three_days(700)[2].features
    assert known.typical["complaints"] == np.median(test["complaints"].to_numpy())
    assert "plan" not in known.typical


def test_nobody_to_score_is_no_error(known: knowledge.Knowledge) -> None:
    raw, drift, _ = known.scored(customers(1, 1)[0].slice(0, 0), "model", 1)
    assert len(raw) == 0
    assert drift.reading == "stable"


def test_what_is_saved_is_plain(known: knowledge.Knowledge) -> None:
    copied = knowledge.Knowledge.from_json(json.loads(json.dumps(known.to_json())))
    table = pa.concat_tables([customers(50, 2)[0]])
    assert np.array_equal(copied.scored(table, "model", 1)[0], known.scored(table, "model", 1)[0])
