"""Examples and their encoding."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from liuke.risk.examples import Encoding, Examples, UnusableFeatures, learned_encoding, stacked

DAY = date(2024, 1, 1)


def test_examples_are_sorted_by_customer_with_their_labels() -> None:
    some = Examples(pa.table({"customer_id": ["b", "a"], "x": [2.0, 1.0]}), np.array([True, False]), DAY)
    assert some.features["customer_id"].to_pylist() == ["a", "b"]
    assert some.churned.tolist() == [False, True]
    assert (some.n, some.n_lost) == (2, 1)


@pytest.mark.parametrize(
    ("table", "labels", "says"),
    [
        (pa.table({"x": [1.0]}), [True], "no column customer_id"),
        (pa.table({"customer_id": ["a", "a"]}), [True, False], "appears twice"),
        (pa.table({"customer_id": ["a"]}), [True, False], "2 labels"),
        (pa.table({"customer_id": ["a"], "born_on": [DAY]}), [True], "born_on is of type date32"),
    ],
)
def test_unusable_examples_are_refused(table: pa.Table, labels: list[bool], says: str) -> None:
    with pytest.raises(UnusableFeatures, match=says):
        Examples(table, np.array(labels), DAY)


def test_numbers_of_all_kinds_and_categories_become_one_matrix() -> None:
    n = 6
    table = pa.table(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "money": pa.array([Decimal("1.50")] * 5 + [None], pa.decimal128(18, 2)),
            "flag": pa.array([True, False] * 3),
            "count": pa.array([1, 2, 3, 4, 5, None]),
            "plan": pa.array(["a"] * 5 + ["b"]).dictionary_encode(),
            "same": ["x"] * n,
            "void": pa.nulls(n),
            "bad": [1.0, float("inf"), float("nan"), 2.0, 3.0, 4.0],
        }
    )
    encoding, constant = learned_encoding(table)
    assert encoding.names == ("bad", "count", "flag", "money", "plan")
    assert constant == ("same", "void")
    matrix = encoding.matrix(table)
    assert matrix[0].tolist() == [1.0, 1.0, 1.0, 1.5, 0.0]
    # Level b was seen once: too rare to be told apart from missing.
    assert np.isnan(matrix[5, [1, 3, 4]]).all()
    assert np.isnan(matrix[[1, 2], 0]).all()
    assert Encoding.from_json(encoding.to_json()) == encoding


def test_days_are_stacked_in_order_whatever_the_order_given() -> None:
    early = Examples(pa.table({"customer_id": ["a"], "x": pa.array([1], pa.int64())}), np.array([True]), DAY)
    late = Examples(pa.table({"customer_id": ["a"], "y": ["q"], "x": [2.0]}), np.array([False]), date(2024, 2, 1))
    table, churned = stacked([late, early])
    assert table["x"].to_pylist() == [1.0, 2.0]
    assert table["y"].to_pylist() == [None, "q"]
    assert churned.tolist() == [True, False]
