from __future__ import annotations

import pyarrow as pa
import pytest

from liuke.simulation.records import Records, schema_of
from liuke.tables.contract import TABLES


def test_columns_not_given_are_null_and_untouched_tables_are_empty() -> None:
    records = Records()
    records.add("people", customer_id=pa.array(["C1"]), name=pa.array(["王安"]))
    tables = records.tables()
    assert tables["people"].to_pylist()[0]["phone"] is None
    assert tables["market"].num_rows == 0
    assert all(tables[name].schema == schema_of(name) for name in TABLES)


def test_a_column_outside_the_contract_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="shoe_size"):
        Records().add("people", customer_id=pa.array(["C1"]), shoe_size=pa.array([42]))
