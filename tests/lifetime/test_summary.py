from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pyarrow as pa
import pytest

from liuke.engines import duckdb
from liuke.lifetime import summary

ROWS = [
    ("Ana", datetime(2025, 1, 1, 9), 10),
    ("Ana", datetime(2025, 1, 1, 18), 5),
    ("Ana", datetime(2025, 1, 11), 40),
    ("Ana", datetime(2025, 1, 31), 20),
    ("Ana", datetime(2025, 2, 2), -30),
    ("Bo", datetime(2025, 1, 20), 8),
    ("Chen", datetime(2025, 1, 5), 9),
    ("Chen", datetime(2025, 1, 5), -9),
    ("Dai", datetime(2025, 1, 3), -7),
    ("Dai", datetime(2025, 1, 4), 3),
    ("Dai", datetime(2025, 1, 9), 4),
    ("Eve", datetime(2025, 6, 1), 4),
]
TABLE = pa.table(dict(zip(["customer_id", "occurred_at", "amount"], map(list, zip(*ROWS, strict=True)), strict=True)))
AS_OF = date(2025, 2, 10)


def by_customer(table: pa.Table) -> dict[str, dict[str, object]]:
    return {row["customer_id"]: row for row in table.to_pylist()}


def test_purchases_of_one_day_are_one_and_refunds_lower_spend_not_frequency() -> None:
    ana = by_customer(summary.summary_of(TABLE, AS_OF))["Ana"]
    assert (ana["frequency"], ana["recency"], ana["T"]) == (2, 30.0, 40.0)
    assert ana["monetary_value"] == (40 + 20 - 30) / 2


def test_refunds_can_be_ignored() -> None:
    people = by_customer(summary.summary_of(TABLE, AS_OF, refunds="ignore"))
    assert people["Ana"]["monetary_value"] == 30.0
    assert people["Chen"]["frequency"] == 0


def test_a_purchase_taken_back_in_full_is_none_and_what_is_left_out_is_counted() -> None:
    engine = duckdb.open_tables({"transactions": TABLE})
    counts = summary.create_summary(engine, AS_OF)
    people = by_customer(engine.table("SELECT * FROM summary"))
    assert set(people) == {"Ana", "Bo", "Dai"}
    assert (counts.n_rows, counts.n_refunds, counts.refunded) == (11, 3, 46)
    assert (counts.n_customers, counts.n_without_purchase, counts.n_bought_once) == (3, 1, 1)


def test_a_refund_before_the_first_purchase_belongs_to_another_time() -> None:
    assert by_customer(summary.summary_of(TABLE, AS_OF))["Dai"]["monetary_value"] == 4.0


def test_one_time_buyers_have_no_repeat_spend() -> None:
    bo = by_customer(summary.summary_of(TABLE, AS_OF))["Bo"]
    assert (bo["frequency"], bo["recency"], bo["T"], bo["monetary_value"]) == (0, 0.0, 21.0, None)


def test_weeks_are_days_divided_by_seven() -> None:
    weeks = by_customer(summary.summary_of(TABLE, AS_OF, unit_days=7))["Ana"]
    assert weeks["recency"] == pytest.approx(30 / 7)


def test_a_data_frame_gives_the_same_summary_in_any_row_order() -> None:
    frame = TABLE.to_pandas().sample(frac=1.0, random_state=3)
    assert isinstance(frame, pd.DataFrame)
    assert summary.summary_of(frame, AS_OF).equals(summary.summary_of(TABLE, AS_OF))
