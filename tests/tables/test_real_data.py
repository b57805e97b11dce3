# ruff: noqa: E501  (tables of cases read better unbroken)
"""Public data, where it is present beside the project: the figures are those counted or published for the sets."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from liuke.tables import sandbox
from liuke.tables.loading import FileRefused, MapNotAccepted
from liuke.tables.store import Store

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA.exists(), reason="the public data sets are not beside the project"),
]


def one(store: Store, table: str, sql: str) -> tuple[Any, ...]:
    rows = store.read(table)
    with duckdb.connect() as connection:
        connection.register("t", rows)
        return connection.execute(sql).fetchall()[0]


@pytest.mark.slow
def test_online_retail_is_read_whole_with_its_rows_without_customer_rejected(load: Any, store: Store) -> None:
    file = DATA / "online_retail/online_retail.csv.gz"
    with pytest.raises(MapNotAccepted, match=r"17850\.0"):
        load(file, parse=sandbox.parse)
    done = load(file, accept=True, parse=sandbox.parse)
    assert (done.read, done.accepted, done.rejected, done.already_there) == (541_909, 406_829, 135_080, 0)
    assert done.reasons == {"no_customer": 135_080}
    assert done.columns.of("transaction_id") is None and done.columns.of("amount").theirs == "Quantity * UnitPrice"
    sums = one(
        store, "transactions", "SELECT count(DISTINCT customer_id), sum(Quantity), count(DISTINCT InvoiceNo) FROM t"
    )
    assert sums == (4_372, 4_906_888, 22_190)
    again = load(file, accept=True)
    assert (again.accepted, again.already_there) == (0, 406_829)
    store.verify()


def test_cdnow_master_needs_no_configuration(load: Any, store: Store) -> None:
    done = load(DATA / "cdnow/CDNOW_master.txt.gz")
    assert (done.read, done.accepted, done.delimiter) == (69_659, 69_659, " ")
    assert one(store, "transactions", "SELECT count(DISTINCT customer_id), sum(amount), min(occurred_on), max(occurred_on) FROM t") == (
        23_570, Decimal("2500315.63"), date(1997, 1, 1), date(1998, 6, 30),
    )  # fmt: skip
    assert one(store, "transactions", "SELECT min(customer_id), sum(number_of_cds) FROM t") == ("00001", 167_881)


def test_cdnow_sample_has_no_header_and_is_read_once_its_columns_are_named(load: Any, store: Store) -> None:
    file = DATA / "cdnow/CDNOW_sample.txt"
    with pytest.raises(FileRefused, match="--names"):
        load(file)
    done = load(file, names=("master_id", "customer_id", "date", "cds", "dollars"))
    assert done.accepted == 6_919
    assert one(store, "transactions", "SELECT count(DISTINCT customer_id) FROM t") == (2_357,)


def test_ibm_telco_is_a_flat_file_with_the_published_churn(load: Any, store: Store) -> None:
    done = load(DATA / "ibm_telco/Telco-Customer-Churn.csv", "flat", observed_on=date(2020, 1, 31))
    assert done.accepted == 7_043 and store.flat is not None and store.flat["not_features"] == []
    ended = {row["customer_id"] for row in store.read("subscriptions").to_pylist() if row["ended_on"]}
    assert len(ended) == 1_869
    customers = store.read("customers").to_pylist()
    size = Counter(row["Contract"] for row in customers)
    lost = Counter(row["Contract"] for row in customers if row["customer_id"] in ended)
    assert {name: round(100 * lost[name] / size[name], 2) for name in size} == {
        "Month-to-month": 42.71, "One year": 11.27, "Two year": 2.83,
    }  # fmt: skip
    assert sum(row["TotalCharges"] is None for row in customers) == 11


def test_the_traps_of_the_extended_telco_set_are_no_features(load: Any, store: Store) -> None:
    options: dict[str, Any] = {"observed_on": date(2020, 1, 31)}
    done = load(DATA / "ibm_telco_extended/Telco_customer_churn.csv.gz", "flat", **options)
    assert (done.accepted, done.reasons) == (7_024, {"too_short": 19})
    assert store.flat is not None
    assert set(store.flat["refused"]) == {"Churn Value", "Churn Score"}
    status = DATA / "ibm_telco_extended/Telco_customer_churn_status.csv"
    load(status, "flat", mapping={"_tenure": "=12"}, **options)
    assert {"Customer Status", "Churn Category", "Churn Score", "Churn Value", "Satisfaction Score"} <= set(
        store.flat["refused"]
    )
    assert "CLTV" not in store.flat["refused"]


def test_interconnect_contracts_lose_what_was_counted_and_the_other_files_complete_the_customers(
    load: Any, store: Store
) -> None:
    folder = DATA / "interconnect_contracts"
    assert load(folder / "contract.csv", "subscriptions").accepted == 7_043
    ended = Counter(str(day) for day in store.read("subscriptions")["ended_on"].to_pylist() if day)
    assert ended == {"2019-10-01": 458, "2019-11-01": 485, "2019-12-01": 466, "2020-01-01": 460}
    assert load(folder / "personal.csv", "customers").accepted == 7_043
    internet, phone = load(folder / "internet.csv", "customers"), load(folder / "phone.csv", "customers")
    assert (internet.revised, phone.revised) == (5_517, 6_361)
    customers = store.read("customers")
    assert customers.num_rows == 7_043
    assert customers["InternetService"].null_count == 7_043 - 5_517
    assert customers["MultipleLines"].null_count == 7_043 - 6_361
    assert customers["Partner"].null_count == 0


def test_ravenstack_is_loaded_from_five_files(load: Any, store: Store) -> None:
    folder = DATA / "ravenstack_saas"
    assert load(folder / "ravenstack_accounts.csv", "customers").accepted == 500
    assert load(folder / "ravenstack_subscriptions.csv", "subscriptions").accepted == 5_000
    assert sum(day is not None for day in store.read("subscriptions")["ended_on"].to_pylist()) == 486
    usage = load(folder / "ravenstack_feature_usage.csv.gz", "events", accept=True)
    assert (usage.accepted, usage.columns.of("customer_id").form) == (25_000, "lookup")
    tickets = load(folder / "ravenstack_support_tickets.csv", "complaints")
    assert tickets.accepted == 2_000
    churn = load(
        folder / "ravenstack_churn_events.csv", "events", mapping={"kind": "=churn", "occurred_at": "churn_date"}
    )
    assert churn.accepted == 600
    assert one(store, "events", "SELECT count(DISTINCT customer_id) FROM t WHERE kind = 'churn'") == (352,)
    assert "name" not in store.read("customers").column_names and store.read("people").num_rows == 500


def test_other_flat_files_are_understood_by_their_names(load: Any, store: Store) -> None:
    day = date(2026, 1, 31)
    done = load(DATA / "bank_churn/Churn_Modelling.csv", "flat", observed_on=day, tenure_unit="years")
    assert done.accepted == 10_000
    ended = [row["ended_on"] for row in store.read("subscriptions").to_pylist()]
    assert sum(item is not None for item in ended) == 2_037
