from __future__ import annotations

import random
import tempfile
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liuke.tables import loading, sandbox
from liuke.tables.loading import MapNotAccepted
from liuke.tables.store import Store

ORDERS = ["C1,2026-01-02,10.00", "C1,2026-01-02,10.00", "C2,2026-01-03,20.50", "C3,2026-01-04,5"]


def csv(lines: list[str], header: str = "customer_id,date,amount") -> bytes:
    return ("\n".join([header, *lines]) + "\n").encode()


def content(store: Store, table: str = "transactions") -> Counter[str]:
    return Counter(
        str(sorted((k, v) for k, v in row.items() if v is not None)) for row in store.read(table).to_pylist()
    )


def test_a_file_is_read_in_a_child_process_and_appended(load: Any, store: Store) -> None:
    done = load(csv(ORDERS), parse=sandbox.parse)
    assert (done.load, done.read, done.accepted, done.rejected, done.already_there) == ("0001-transactions", 4, 4, 0, 0)
    assert store.read("transactions").num_rows == 4
    assert store.loads()[0]["source_sha256"]


def test_exact_duplicates_within_one_file_are_kept_and_the_same_file_adds_nothing(load: Any, store: Store) -> None:
    load(csv(ORDERS))
    before = content(store)
    again = load(csv(ORDERS), name="renamed.csv")
    assert (again.accepted, again.already_there) == (0, 4)
    assert content(store) == before


@pytest.mark.parametrize("change", ["shuffled", "reencoded", "delimiter", "header", "decimals"])
def test_the_same_rows_in_another_shape_add_nothing(change: str, load: Any, store: Store) -> None:
    lines = [f"张{i},2026-01-{1 + i % 28:02d},{i}.50,北京{i % 3}" for i in range(50)]
    load(csv(lines, "customer_id,date,amount,城市"))
    text = csv(lines, "customer_id,date,amount,城市").decode()
    if change == "shuffled":
        random.Random(1).shuffle(lines)
        source = csv(lines, "customer_id,date,amount,城市")
    elif change == "reencoded":
        source = text.encode("gb18030")
    elif change == "delimiter":
        source = text.replace(",", "\t").encode("utf-16")
    elif change == "header":
        source = text.replace("customer_id,date,amount,城市", "客户编号,交易日期,金额,城市").encode()
    else:
        source = text.replace(".50,", ".5,").replace("2026-01-02", "2026/1/2").encode()
    done = load(source, name="other.csv")
    assert (done.accepted, done.already_there) == (0, 50)


def test_split_and_overlapping_files_add_each_row_once(load: Any, store: Store) -> None:
    lines = [f"C{i},2026-01-02,{i}" for i in range(40)]
    load(csv(lines[:25]))
    done = load(csv(lines[15:]))
    assert (done.accepted, done.already_there) == (15, 10)
    assert store.read("transactions").num_rows == 40


def test_rejected_rows_can_be_mended_and_loaded_again(load: Any, store: Store) -> None:
    done = load(
        csv(["C1,2026-01-02,zehn,=1+1", ",2026-01-02,5,ok", "C2,2026-01-02,7,x"], "customer_id,date,amount,note")
    )
    assert (done.accepted, done.rejected) == (1, 2)
    text = done.rejected_file.read_text("utf-8-sig")
    assert done.rejected_file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert text.splitlines()[0].replace('"', "") == "customer_id,date,amount,note,_line,_column,_value,_reason"
    assert "'=1+1" in text and "zehn" in text and "not a number" in text and "no customer" in text
    mended = text.replace('"zehn"', '"10"', 1).replace('\n"",', '\n"C9",')
    again = load(mended.encode("utf-8-sig"), name="rows.csv")
    assert (again.read, again.accepted, again.rejected) == (2, 2, 0)
    notes = {row["customer_id"]: row["note"] for row in store.read("transactions").to_pylist()}
    assert notes == {"C1": "=1+1", "C9": "ok", "C2": "x"}


def test_every_failing_cell_of_a_row_is_named_with_its_value(load: Any) -> None:
    done = load(csv(["C1,2026-02-30,zehn"]), language="zh")
    line = done.rejected_file.read_text("utf-8-sig").splitlines()[1]
    assert "date; amount" in line and "2026-02-30 | zehn" in line and "日历上没有这一天" in line and ",2," in line


def test_a_key_with_new_content_revises_and_one_with_the_same_is_already_there(load: Any, store: Store) -> None:
    load("customer_id,region,age\nC1,广东,30\nC2,湖南,40\n", "customers")
    done = load("customer_id,region,age\nC1,广东,30\nC2,四川,40\nC3,北京,50\n", "customers")
    assert (done.accepted, done.already_there, done.revised) == (2, 1, 1)
    assert store.has_revisions("customers")
    assert sorted((row["customer_id"], row["region"]) for row in store.read("customers").to_pylist()) == [
        ("C1", "广东"),
        ("C2", "四川"),
        ("C3", "北京"),
    ]


def test_a_value_that_returns_to_what_it_was_is_a_revision_too(load: Any, store: Store) -> None:
    for region in ("广东", "湖南", "广东"):
        load(f"customer_id,region\nC1,{region}\n", "customers", name=f"{region}.csv")
    assert store.read("customers").to_pylist() == [{"customer_id": "C1", "region": "广东"}]


def test_a_later_file_with_other_columns_completes_a_customer(load: Any, store: Store) -> None:
    load("customer_id,region\nC1,广东\nC2,湖南\n", "customers")
    done = load("customer_id,internet\nC1,DSL\n", "customers", name="internet.csv")
    assert (done.accepted, done.revised) == (1, 1)
    assert load("customer_id,internet\nC1,DSL\n", "customers", name="internet.csv").already_there == 1
    found = {row["customer_id"]: row for row in store.read("customers").to_pylist()}
    assert found["C1"] == {"customer_id": "C1", "region": "广东", "internet": "DSL"}
    assert found["C2"]["region"] == "湖南" and found["C2"]["internet"] is None


def test_a_later_file_can_take_a_value_back_where_it_has_the_column(load: Any, store: Store) -> None:
    head = "subscription_id,customer_id,started_on,ended_on\n"
    load(head + "S1,C1,2026-01-01,2026-06-30\n", "subscriptions")
    load(head + "S1,C1,2026-01-01,\n", "subscriptions", name="renewed.csv")
    assert store.read("subscriptions")["ended_on"].to_pylist() == [None]


def test_an_order_number_that_repeats_over_lines_is_an_attribute(load: Any, store: Store) -> None:
    done = load(csv([f"{i // 2},C1,2026-01-02,{i}" for i in range(20)], "order id,customer_id,date,amount"))
    assert done.accepted == 20
    assert store.read("transactions").column_names[-1] == "order id"
    assert done.columns.of("transaction_id") is None


def test_an_order_number_that_names_its_row_is_the_key(load: Any, store: Store) -> None:
    lines = [f"{i},C1,2026-01-02,{i}" for i in range(20)]
    load(csv(lines, "order id,customer_id,date,amount"))
    done = load(csv(["3,C1,2026-01-02,99", *lines[10:]], "order id,customer_id,date,amount"), name="later.csv")
    assert (done.accepted, done.revised, done.already_there) == (1, 1, 10)
    assert store.read("transactions").num_rows == 20


def test_quantity_and_unit_price_make_the_amount(load: Any, store: Store) -> None:
    load(csv(["C1,2026-01-02,6,2.55", "C1,2026-01-02,-1,0.125"], "CustomerID,InvoiceDate,Quantity,UnitPrice"))
    amounts = store.read("transactions")["amount"].to_pylist()
    assert sorted(amounts) == [Decimal("-0.13"), Decimal("15.30")]


def test_personal_columns_are_split_off_and_stand_nowhere_else(load: Any, store: Store) -> None:
    load("客户编号,姓名,手机号,地区\nC1,张三,13812345678,广东\n", "customers")
    load("客户编号,下单时间,金额,收货人,手机\nC2,2026-01-02,5,李四,13912345678\n", name="b.csv")
    assert store.read("customers").column_names == ["customer_id", "region"]
    assert set(store.read("transactions").column_names) == {"customer_id", "occurred_at", "occurred_on", "amount"}
    assert {row["customer_id"]: (row["name"], row["phone"]) for row in store.read("people").to_pylist()} == {
        "C1": ("张三", "13812345678"),
        "C2": ("李四", "13912345678"),
    }


def test_a_column_of_phone_numbers_is_personal_whatever_its_name(load: Any, store: Store) -> None:
    load("客户编号,联络\n" + "".join(f"C{i},138123456{i:02d}\n" for i in range(10)), "customers")
    assert store.read("customers").column_names == ["customer_id"]
    assert store.read("people").num_rows == 10


def test_customers_are_looked_up_by_subscription(load: Any, store: Store) -> None:
    load("subscription_id,customer_id,started_on\nS1,C1,2026-01-01\n", "subscriptions")
    usage = "subscription_id,usage_date,feature_name,usage_count\nS1,2026-01-02,login,3\nS9,2026-01-02,login,1\n"
    with pytest.raises(MapNotAccepted, match="look the customer up"):
        load(usage, "events", name="usage.csv")
    done = load(usage, "events", name="usage.csv", accept=True)
    assert done.reasons == {"unknown_subscription": 1}
    assert store.read("events")["customer_id"].to_pylist() == ["C1"]


def test_a_constant_and_an_unnamed_complaint_get_what_they_lack(load: Any, store: Store) -> None:
    load("customer_id,date,text\nC1,2026-01-02,too slow\nC1,2026-01-03,too slow\n", "complaints")
    ids = store.read("complaints")["complaint_id"].to_pylist()
    assert len(set(ids)) == 2
    load("customer_id,date\nC1,2026-01-02\n", "events", name="e.csv", mapping={"kind": "=login"})
    assert store.read("events")["kind"].to_pylist() == ["login"]


def test_attributes_get_the_type_all_their_values_share(load: Any, store: Store) -> None:
    header = "customer_id,age,score,vip,since_day,Zip Code,mixed\n"
    load(header + "C1,30,1.5,TRUE,2020-01-02,01234,1\nC2,NA,2,FALSE,,90001,x\n", "customers")
    types = {field.name: str(field.type) for field in store.read("customers").schema}
    assert types == {
        "customer_id": "string",
        "age": "int64",
        "score": "double",
        "vip": "bool",
        "since_day": "date32[day]",
        "Zip Code": "string",
        "mixed": "string",
    }


FRAME = {
    "customer_id": [17850.0, 17851.0, None],
    "date": [datetime(2026, 1, 2, 3, 4), datetime(2026, 1, 3), datetime(2026, 1, 3)],
    "amount": [1.25, 2.5, 3.0],
    "city": ["x", "y", None],
}


@pytest.mark.parametrize(
    "frame", [pd.DataFrame(FRAME), pl.DataFrame(FRAME), pa.table(FRAME)], ids=["pandas", "polars", "arrow"]
)
def test_a_data_frame_is_loaded_like_a_file(frame: Any, load: Any, store: Store) -> None:
    with pytest.raises(MapNotAccepted, match=r"17850\.0"):
        load(frame)
    done = load(frame, accept=True)
    assert (done.accepted, done.reasons) == (2, {"no_customer": 1})
    rows = sorted(store.read("transactions").to_pylist(), key=lambda row: row["customer_id"])
    assert rows[0]["customer_id"] == "17850" and rows[0]["amount"] == Decimal("1.25")
    assert rows[0]["occurred_on"] == date(2026, 1, 2) and rows[0]["occurred_at"] == datetime(2026, 1, 1, 19, 4)


def test_a_csv_export_of_a_loaded_frame_is_already_there(load: Any, store: Store) -> None:
    frame = pd.DataFrame({"customer_id": ["a", "b"], "date": ["2026-01-02"] * 2, "amount": [1.5, 2.0], "n": [1, 2]})
    load(frame)
    assert load(frame.to_csv(index=False)).already_there == 2


def test_amounts_a_hundred_times_what_is_stored_are_asked_about(load: Any, store: Store) -> None:
    load(csv([f"C{i},2026-01-02,{i}.50" for i in range(1, 40)]))
    cents = csv([f"C{i},2026-02-02,{i}50" for i in range(1, 40)])
    with pytest.raises(MapNotAccepted, match="another unit"):
        load(cents, name="cents.csv")
    load(cents, name="cents.csv", mapping={"amount": "amount * 0.01"})
    assert (
        store.read("transactions")["amount"].to_pylist()[:2] * 2
        == store.read("transactions")["amount"].to_pylist()[39:41] * 2
    )


def test_attributes_of_changing_type_and_spelling_stay_one_column(load: Any, store: Store) -> None:
    load("customer_id,Level\nC1,1\n", "customers")
    load("customer_id,level\nC1,1\nC2,gold\n", "customers", name="b.csv")
    found = {row["customer_id"]: row["Level"] for row in store.read("customers").to_pylist()}
    assert found == {"C1": "1", "C2": "gold"}


def test_a_dry_run_changes_nothing(load: Any, store: Store, tmp_path: Path) -> None:
    done = load(csv([*ORDERS, "C1,x,1"]), dry_run=True)
    assert (done.accepted, done.rejected, done.rejected_file) == (4, 1, None)
    assert store.loads() == [] and not (tmp_path / "acme" / "rejected").exists()


def test_the_map_can_be_changed_by_the_user(load: Any, store: Store) -> None:
    load(csv(["a,2026-01-02,5,7"], "who,date,amount,paid"), mapping={"customer_id": "who", "amount": "paid"})
    assert store.read("transactions").to_pylist()[0]["amount"] == Decimal(7)


def test_an_acceptor_is_shown_the_map_with_its_doubts(load: Any) -> None:
    shown = []
    load(csv(["17850.0,2026-01-02,5"]), accept=lambda proposal: bool(shown.append(proposal.shown("zh")) or True))
    assert "customer_id" in shown[0] and "17850.0" in shown[0]


CELLS = st.sampled_from(
    [
        "C1",
        "C2",
        "",
        "007",
        "1.38123E+10",
        "2026-01-02",
        "2026-02-30",
        "3.5",
        "-1",
        "(2)",
        "1,234.5",
        "x",
        "合计",
        "Na",
        "张三",
        '"',
        "\u3000",
        "1e3",
        "nan",
    ]
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=12), st.sampled_from([",", ";", "\t"]), st.booleans())
def test_every_row_read_is_accepted_rejected_or_already_there(
    rows: list[list[str]], delimiter: str, twice: bool
) -> None:
    lines = [delimiter.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in rows]
    text = "\n".join([delimiter.join(["customer_id", "date", "amount", "note"]), *lines]) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "tables", "Asia/Shanghai")
        file = Path(folder) / "orders.csv"
        file.write_text(text, "utf-8")
        options: Any = {"rejected_dir": Path(folder) / "rejected", "parse": sandbox.read_here, "accept": True}
        done = loading.load(store, "transactions", file, **options)
        assert done.read == done.accepted + done.rejected + done.already_there
        assert done.read == sum(any(cell.strip() for cell in row) for row in rows)
        assert store.read("transactions").num_rows == done.accepted
        if done.rejected_file:
            again = loading.load(store, "transactions", done.rejected_file, **options)
            assert (again.accepted, again.already_there) == (0, 0) and again.read == done.rejected
        if twice:
            assert loading.load(store, "transactions", file, **options).accepted == 0
