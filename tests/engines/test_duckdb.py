from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa
import pytest

from liuke.engines import duckdb
from liuke.tables.contract import TABLES


def two_contracts() -> pa.Table:
    return pa.table(
        {
            "subscription_id": ["a", "b"],
            "customer_id": ["Wang", "Li"],
            "started_on": [date(2020, 1, 1), date(2020, 6, 1)],
            "ended_on": [date(2020, 5, 1), None],
            "end_reason": ["moved", None],
            "room": ["301", "302"],
        }
    )


def test_a_table_that_was_never_loaded_exists_and_is_empty() -> None:
    engine = duckdb.open_tables({})
    for name, table in TABLES.items():
        assert engine.one(f'SELECT count(*) AS n FROM "{name}"') == {"n": 0}
        assert list(engine.columns(name)) == list(table.stored_types())


def test_rows_dated_after_the_day_are_not_known_on_it() -> None:
    engine = duckdb.open_tables({"subscriptions": two_contracts()}).known(date(2020, 5, 31))
    assert engine.table("SELECT customer_id FROM subscriptions").to_pydict() == {"customer_id": ["Wang"]}


def test_an_end_is_not_known_before_its_day() -> None:
    engine = duckdb.open_tables({"subscriptions": two_contracts()})
    question = "SELECT ended_on, end_reason, room FROM subscriptions WHERE customer_id = 'Wang'"
    assert engine.known(date(2020, 4, 30)).one(question) == {"ended_on": None, "end_reason": None, "room": "301"}
    assert engine.known(date(2020, 5, 1)).one(question)["end_reason"] == "moved"


def test_a_step_kept_on_one_day_is_not_seen_on_another() -> None:
    engine = duckdb.open_tables({})
    earlier, later = engine.known(date(2020, 1, 1)), engine.known(date(2020, 2, 1))
    earlier.create("step", "SELECT $n::INTEGER AS n", n=1)
    later.register("step", pa.table({"n": [2]}))
    assert earlier.one("FROM step") == {"n": 1}
    assert later.one("FROM step") == {"n": 2}


def test_the_local_day_of_an_instant_is_added_where_it_is_absent() -> None:
    orders = pa.table({"customer_id": ["Wang"], "occurred_at": [datetime(2020, 1, 1, 23, 30)], "amount": ["3.50"]})
    engine = duckdb.open_tables({"transactions": orders})
    assert engine.one("SELECT occurred_on FROM transactions") == {"occurred_on": date(2020, 1, 1)}


def test_a_missing_required_column_is_named() -> None:
    with pytest.raises(duckdb.TablesDoNotFit, match="transactions has no column amount"):
        duckdb.open_tables({"transactions": pa.table({"customer_id": ["Wang"], "occurred_at": [date(2020, 1, 1)]})})


def test_a_value_of_another_kind_is_refused_in_words() -> None:
    orders = pa.table({"customer_id": ["Wang"], "occurred_at": ["yesterday"], "amount": ["3.50"]})
    with pytest.raises(duckdb.TablesDoNotFit, match="table transactions"):
        duckdb.open_tables({"transactions": orders})


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_data_frame_is_as_good_as_an_arrow_table(library: str) -> None:
    frame = (
        two_contracts().to_pandas()
        if library == "pandas"
        else pytest.importorskip("polars").from_arrow(two_contracts())
    )
    assert duckdb.open_tables({"subscriptions": frame}).one("SELECT count(*) AS n FROM subscriptions") == {"n": 2}
