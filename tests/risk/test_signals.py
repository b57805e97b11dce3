"""Signals: contributions of known models, their order, and what is never told."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from risk_people import SMALL, customers, three_days

from liuke.risk.additive import AdditiveLogit, Curve
from liuke.risk.early_warning import EarlyWarning
from liuke.risk.examples import Encoding
from liuke.risk.signals import Wanted, strongest_signals


def straight(name: str, slope: float, mean: float) -> Curve:
    knots = np.array([-100.0, 100.0])
    return Curve(name, knots, slope * (knots - mean), 0.0)


def test_contributions_of_a_plain_logistic_regression_equal_vector_ew_40() -> None:
    curves = (straight("bill_rise", 0.03, 2), straight("complaints", 0.6, 0.5), straight("tenure", -0.04, 24))
    model, encoding = AdditiveLogit(-2.0, curves), Encoding(("bill_rise", "complaints", "tenure"), {})
    customer = pa.table({"customer_id": ["Wang"], "tenure": [6.0], "complaints": [3.0], "bill_rise": [15.0]})
    matrix = encoding.matrix(customer)
    chance = 1 / (1 + np.exp(-model.raw(matrix, encoding)))
    assert chance == pytest.approx([0.647941], abs=1e-6)
    told = strongest_signals(customer, model, encoding, {"tenure": 24.0})
    assert told["feature"].to_pylist() == ["complaints", "tenure", "bill_rise"]
    assert told["contribution"].to_pylist() == pytest.approx([1.50, 0.72, 0.39])
    assert told["share"].to_pylist() == pytest.approx([1.50 / 2.61, 0.72 / 2.61, 0.39 / 2.61], abs=1e-6)
    assert told["typical"].to_pylist() == [None, 24.0, None]
    strict = strongest_signals(customer, model, encoding, {}, Wanted(min_share=0.2))
    assert strict["feature"].to_pylist() == ["complaints", "tenure"]
    strictest = strongest_signals(customer, model, encoding, {}, Wanted(min_share=0.9))
    assert strictest["feature"].to_pylist() == ["complaints"]  # the strongest is told whatever its share


@pytest.fixture(scope="module")
def warning() -> EarlyWarning:
    return EarlyWarning(size=SMALL, seed=1).fit(*three_days(800))


def test_contributions_of_the_model_add_up_to_its_score(warning: EarlyWarning) -> None:
    table, _ = customers(200, 3)
    known = warning.knowledge_
    assert known is not None
    model, matrix = known.scorers["model"], known.encoding.matrix(table)
    rest = model.raw(matrix, known.encoding) - model.contributions(matrix, known.encoding).sum(axis=1)
    assert np.ptp(rest) < 1e-9


def test_signals_name_values_and_levels(warning: EarlyWarning) -> None:
    table, _ = customers(300, 4)
    told = warning.signals(table, riskiest=20)
    assert len(set(told["customer_id"].to_pylist())) <= 20
    rows = told.to_pylist()
    assert rows == sorted(rows, key=lambda row: (row["customer_id"], row["rank"]))
    by_id = {row["customer_id"]: row for row in table.to_pylist()}
    for row in rows:
        expected = by_id[row["customer_id"]][row["feature"]]
        assert expected == (row["value_text"] if row["feature"] == "plan" else row["value"])
        assert row["contribution"] > 0
    shares: dict[str, float] = {}
    for row in rows:
        shares[row["customer_id"]] = shares.get(row["customer_id"], 0) + row["share"]
    assert max(shares.values()) <= 1 + 1e-5


def test_the_riskiest_are_those_explained(warning: EarlyWarning) -> None:
    table, _ = customers(300, 4)
    forecast = warning.predict(table)
    top = set(np.argsort(-forecast.probability)[:5].tolist())
    ids = table["customer_id"].to_pylist()
    told = warning.signals(table, riskiest=5, forecast=forecast)
    assert set(told["customer_id"].to_pylist()) <= {ids[place] for place in top}


def test_protected_features_are_never_told(warning: EarlyWarning) -> None:
    table, _ = customers(300, 4)
    told = warning.signals(table, never=["overdue_ratio"])
    assert "overdue_ratio" not in told["feature"].to_pylist()
    assert told.num_rows > 0
