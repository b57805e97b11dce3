from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import csv

from liuke.engines import duckdb
from liuke.features import spells
from liuke.metrics.cohorts import cohort_table
from liuke.metrics.table import metrics_table

pytestmark = pytest.mark.real_data
SEEN_UNTIL = date(2020, 1, 31)


def interconnect(public_data: Path) -> duckdb.DuckDBEngine:
    contracts = csv.read_csv(public_data / "interconnect_contracts" / "contract.csv")
    ended = pc.if_else(pc.equal(contracts["EndDate"], "No"), None, pc.utf8_slice_codeunits(contracts["EndDate"], 0, 10))
    engine = duckdb.open_tables(
        {
            "subscriptions": pa.table(
                {
                    "subscription_id": contracts["customerID"],
                    "customer_id": contracts["customerID"],
                    "plan": contracts["Type"],
                    "started_on": contracts["BeginDate"],
                    "ended_on": ended,
                    "monthly_fee": contracts["MonthlyCharges"],
                }
            )
        },
        threads=2,
    )
    rule = spells.choose_rule(engine)
    spells.create_spells(engine, rule, SEEN_UNTIL)
    return engine


def test_interconnect_loses_458_485_466_and_460_customers_a_month(public_data: Path) -> None:
    engine = interconnect(public_data)
    rows = [
        row
        for row in metrics_table(engine, as_of=SEEN_UNTIL).to_pylist()
        if (row["org_unit"], row["segment"]) == ("", "all") and (row["period_end"] - row["period_start"]).days < 32
    ]
    lost = [int(row["value"]) for row in rows if row["metric"] == "customers_lost"]
    assert lost[-4:] == [458, 485, 466, 460]
    assert not any(lost[:-4])
    at_end = [int(row["value"]) for row in rows if row["metric"] == "customers_at_end"]
    began = engine.one("SELECT count(*) AS n FROM spells WHERE started_on <= $as_of", as_of=SEEN_UNTIL)["n"]
    assert at_end[-1] == began - 1869


def test_interconnect_cohorts_hold_every_contract_once(public_data: Path) -> None:
    engine = interconnect(public_data)
    found = cohort_table(engine, as_of=SEEN_UNTIL, at_most=120).to_pylist()
    began = engine.one("SELECT count(*) AS n FROM spells WHERE started_on <= $as_of", as_of=SEEN_UNTIL)["n"]
    starts = [row for row in found if row["age"] == 0 and row["reading"] == "rolling"]
    assert sum(row["size"] for row in starts) == began
    last = [row for row in found if row["reading"] == "rolling" and row["cohort"] == date(2019, 9, 1)]
    assert last[0]["rate"] == 1
