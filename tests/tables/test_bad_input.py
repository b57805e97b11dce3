# ruff: noqa: E501  (tables of cases read better unbroken)
"""The sixty kinds of bad input (reliability.md 3.1, T12): each has a small file, its verdict, and the true cells."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from liuke.kernel.errors import InvalidInput
from liuke.tables import sandbox
from liuke.tables.contract import TABLES
from liuke.tables.loading import FileRefused, MapNotAccepted

Row = tuple[Any, ...]
JAN2, JAN3 = date(2026, 1, 2), date(2026, 1, 3)
TEN, TWENTY = Decimal("10.00"), Decimal("20.50")
BASE = "customer_id,date,amount\nC1,2026-01-02,10.00\nC2,2026-01-03,20.50\n"
TRUE_ROWS = [("C1", JAN2, TEN), ("C2", JAN3, TWENTY)]


@dataclass(frozen=True)
class Kind:
    """One kind: what is loaded, and what must come of it."""

    number: int
    label: str
    content: bytes | Callable[[Path], Any]
    truth: list[Row] | None = None
    rejected: dict[str, int] = field(default_factory=dict)
    refused: str | None = None
    answer: dict[str, Any] | None = None
    table: str = "transactions"
    columns: tuple[str, ...] = ("customer_id", "occurred_on", "amount")
    options: dict[str, Any] = field(default_factory=dict)
    name: str = "orders.csv"
    in_child: bool = False

    def __str__(self) -> str:
        return f"{self.number:02d}-{self.label}"


def rows(*lines: str, header: str = "customer_id,date,amount") -> bytes:
    return ("\n".join([header, *lines]) + "\n").encode()


def workbook(*table: list[Any], change: Callable[[Any, Any], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for line in table:
        sheet.append(line)
    if change:
        change(book, sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


HEAD = ["customer_id", "date", "amount"]
LINE1, LINE2 = ["C1", datetime(2026, 1, 2), 10], ["C2", datetime(2026, 1, 3), 20.5]


def altered(book: bytes, old: bytes, new: bytes) -> bytes:
    """Return a workbook with a passage of its first sheet replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as sink:
        for part in source.infolist():
            content = source.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                assert old in content
                content = content.replace(old, new)
            sink.writestr(part.filename, content)
    return buffer.getvalue()


def parquet(table: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def typed_orders() -> pa.Table:
    return pa.table(
        {
            "customer_id": ["C1", "C2"],
            "date": pa.array([datetime(2026, 1, 1, 16), datetime(2026, 1, 3, 1)], pa.timestamp("us", tz="UTC")),
            "amount": pa.array([Decimal("10.00"), Decimal("20.50")], pa.decimal128(12, 2)),
            "n": pa.array([1, 2], pa.uint16()),
        }
    )


def zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (64 << 20))
    return buffer.getvalue()


def entity_bomb() -> bytes:
    return altered(workbook(HEAD, LINE1), b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet')


def far_cell() -> bytes:
    return altered(
        workbook(HEAD, LINE1), b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )


def merged(book: Any, sheet: Any) -> None:
    sheet.merge_cells("A2:A3")


def second_sheet(book: Any, sheet: Any) -> None:
    book.create_sheet("二月").append(["x"])


def hidden_sheet(book: Any, sheet: Any) -> None:
    hidden = book.create_sheet("hidden")
    hidden.append(["x"])
    hidden.sheet_state = "hidden"


def growing(path: Path) -> Path:
    """Return a file that grows while it is read."""
    path.write_bytes(rows("C1,2026-01-02,10.00"))
    return path


def grows_while_read(path: Path, kind: str, directory: Path, options: dict[str, object]) -> None:
    sandbox.read_here(path, kind, directory, options)
    with path.open("ab") as file:
        file.write(b"C9,2026-01-09,9\n")


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


C = "customers"
KINDS = [
    Kind(1, "utf8-mark", b"\xef\xbb\xbf" + BASE.encode(), TRUE_ROWS),
    Kind(2, "gbk", ("客户编号,日期,金额,商品\n" + "".join(f"C{i},2026-01-02,10,牛奶面包\n" for i in (1, 2))).encode("gbk"),
         [("C1", JAN2, TEN, "牛奶面包"), ("C2", JAN2, TEN, "牛奶面包")], columns=("customer_id", "occurred_on", "amount", "商品")),
    Kind(3, "gb18030-four-bytes", "客户编号,日期,金额,商品\nC1,2026-01-02,10,𠮷野家的牛肉饭\n".encode("gb18030"),
         [("C1", "𠮷野家的牛肉饭")], columns=("customer_id", "商品")),
    Kind(4, "utf16", BASE.replace("C1", "张三").encode("utf-16"), [("张三", JAN2, TEN), ("C2", JAN3, TWENTY)]),
    Kind(5, "mixed-encodings", rows("C1,2026-01-02,10", "张三,2026-01-02,10", "李四,2026-01-03,10") + "王五,2026-01-03,10\n".encode("gbk"),
         [("C1", JAN2, TEN), ("张三", JAN2, TEN), ("李四", JAN3, TEN)], {"other_encoding": 1}),
    Kind(6, "cut-in-a-character", rows("C1,2026-01-02,10", "张三,2026-01-02,10,备")[:-3], refused="incomplete|cut"),
    Kind(6, "cut-in-a-row", b"customer_id,date,amount\nC1,2026-01-02,10.00\nC2,2026-0", refused="incomplete"),
    Kind(6, "cut-gzip", gzip.compress(BASE.encode() * 50)[:-20], name="orders.csv.gz", refused="cut or damaged"),
    Kind(7, "quoted-line-break", rows('C1,2026-01-02,10.00,"two\nlines"', header="customer_id,date,amount,note"),
         [("C1", "two\nlines")], columns=("customer_id", "note")),
    Kind(8, "cr-only", BASE.replace("\n", "\r").encode(), TRUE_ROWS),
    Kind(9, "crlf-and-lf", b"customer_id,date,amount\r\nC1,2026-01-02,10.00\nC2,2026-01-03,20.50\r\n", TRUE_ROWS),
    Kind(10, "quote-never-closed", rows('C1,2026-01-02,"10', "C2,2026-01-03,20.50"), refused="line 2 is never closed"),
    Kind(10, "quote-closed-too-late", rows('C1,2026-01-02,"10', 'C2,2026-01-03,"20.50', "C3,2026-01-03,1"),
         [("C3", JAN3, Decimal(1))], {"open_quote": 1}),
    Kind(11, "stray-quote", rows('C1,2026-01-02,10.00,5" disk', header="customer_id,date,amount,note"), [("C1", '5" disk')],
         columns=("customer_id", "note")),
    Kind(12, "semicolon", BASE.replace(",", ";").encode(), TRUE_ROWS),
    Kind(13, "tab", BASE.replace(",", "\t").encode(), TRUE_ROWS),
    Kind(14, "full-width-comma", BASE.replace(",", "，").encode(), TRUE_ROWS, answer={"delimiter": "，"}),
    Kind(15, "too-short", rows("C1,2026-01-02", "C2,2026-01-03,20.50"), TRUE_ROWS[1:], {"too_short": 1}),
    Kind(16, "too-long", rows("C1,2026-01-02,10.00,x,y", "C2,2026-01-03,20.50"), TRUE_ROWS[1:], {"too_long": 1}),
    Kind(17, "header-twice", rows("C1,2026-01-02,10,11", header="customer_id,date,amount,amount"), refused="twice"),
    Kind(18, "no-header", BASE.partition("\n")[2].encode(), TRUE_ROWS, answer={"names": ("customer_id", "date", "amount")}),
    Kind(19, "header-otherwise", "  金额（元） ,下单 时间, 客户 编号\n10.00,2026-01-02,C1\n20.50,2026-01-03,C2\n".encode(), TRUE_ROWS),
    Kind(20, "title-lines", "2026年1月销售明细,,\n制表:财务部,,\n".encode() + BASE.encode(), TRUE_ROWS, answer={"accept": True}),
    Kind(21, "empty", b"", refused="empty"),
    Kind(21, "only-blank-lines", b"\n\n\n", refused="empty"),
    Kind(22, "header-only", rows(), []),
    Kind(23, "totals", rows("C1,2026-01-02,10.00", "C2,2026-01-03,20.50", "合计,,30.50", "制表人：王芳,,"), TRUE_ROWS, {"total_line": 2}),
    Kind(24, "leading-zeros", rows("00017,2026-01-02,10.00"), [("00017",)], columns=("customer_id",)),
    Kind(25, "scientific-id", rows("1.38123E+10,2026-01-02,10", "C2,2026-01-03,20.50"), TRUE_ROWS[1:], {"scientific_id": 1}),
    Kind(26, "nineteen-digits", rows("6222021234567890123,2026-01-02,10", "6.22202E+18,2026-01-02,10"),
         [("6222021234567890123", JAN2, TEN)], {"scientific_id": 1}),
    Kind(27, "id-number-in-X", rows("C1,11010519491231002X", "C2,440524188001010014", header="客户编号,身份证号"),
         [("C1", "11010519491231002X"), ("C2", "440524188001010014")], table=C, columns=("people.customer_id", "id_number")),
    Kind(28, "thousands", rows('C1,2026-01-02,"1,234.50"', 'C2,2026-01-03,"１，２３４，５６７"'),
         [("C1", JAN2, Decimal("1234.50")), ("C2", JAN3, Decimal("1234567.00"))]),
    Kind(29, "currency-words", rows("C1,2026-01-02,￥10.00", "C1,2026-01-02,¥11", "C1,2026-01-02,12元", "C1,2026-01-02,1.2万元", "C1,2026-01-02,12%"),
         [("C1", JAN2, Decimal(n)) for n in ("10", "11", "12", "12000")], {"not_a_number": 1}),
    Kind(29, "declared-unit", rows("C1,2026-01-02,1.5", header="客户编号,日期,金额(万元)"), [("C1", JAN2, Decimal(15000))]),
    Kind(30, "negatives", rows("C1,2026-01-02,(1.00)", "C2,2026-01-02,1.00-", "C3,2026-01-02,−1"),
         [(c, JAN2, Decimal(-1)) for c in ("C1", "C2", "C3")]),
    Kind(31, "decimal-comma", b"customer_id;date;amount\nC1;2026-01-02;10,00\nC2;2026-01-03;20,50\nC3;2026-01-03;1.234,50\n",
         [*TRUE_ROWS, ("C3", JAN3, Decimal("1234.50"))], answer={"accept": True}),
    Kind(32, "full-width-digits", rows("C1,２０２６-０１-０２,１０.００"), TRUE_ROWS[:1]),
    Kind(33, "several-formats", rows("C1,2026年1月2日,10", "C1,2026/1/2,10", "C1,20260102,10", "C1,2026-01-02T10:00:00,10", "C1,2 Jan 2026,10", "C1,soon,10"),
         [("C1", JAN2, TEN)] * 5, {"not_a_date": 1}),
    Kind(34, "ambiguous-dates", rows("C1,02/01/2026,10.00", "C2,03/01/2026,20.50"), TRUE_ROWS, answer={"date_order": "dmy"}),
    Kind(34, "settled-by-column", rows("C1,02/01/2026,10.00", "C2,31/01/2026,20.50"), [("C1", JAN2, TEN), ("C2", date(2026, 1, 31), TWENTY)]),
    Kind(35, "excel-serial", rows("C1,46024,10.00", "C2,46025,20.50"), TRUE_ROWS, answer={"excel_dates": "1900"}),
    Kind(35, "excel-serial-1904", rows("C1,44562,10.00", "C2,44563,20.50"), TRUE_ROWS, answer={"excel_dates": "1904"}),
    Kind(36, "placeholders", rows("S1,C1,2026-01-02,9999-12-31", "S2,C2,0000-00-00,", "S3,C3,1900-01-01,", "S4,C4,2026-01-03,0000-00-00",
         header="subscription_id,customer_id,started_on,ended_on"), [("C1", JAN2, None), ("C4", JAN3, None)], {"placeholder_date": 2},
         table="subscriptions", columns=("customer_id", "started_on", "ended_on")),
    Kind(37, "impossible-days", rows("C1,2026-02-30,10", "C1,26-01-02,10", "C1,2027-01-02,10", "C1,1920-01-02,10", "C2,2026-01-03,20.50"),
         TRUE_ROWS[1:], {"no_such_day": 1, "two_digit_year": 1, "in_future": 1, "too_early": 1}, options={"today": date(2026, 1, 31)}),
    Kind(38, "zones", rows("C1,2026-01-02T23:30:00+08:00,10", "C1,2026-01-02T16:30:00Z,10", "C1,2026-01-02 00:30:00,10"),
         [("C1", JAN2, datetime(2026, 1, 2, 15, 30)), ("C1", JAN3, datetime(2026, 1, 2, 16, 30)), ("C1", JAN2, datetime(2026, 1, 1, 16, 30))],
         answer={"accept": True}, columns=("customer_id", "occurred_on", "occurred_at")),
    Kind(39, "control-characters", rows("C\x001,2026-01-02,10", "C\x072,2026-01-02,10", "C\u202e3,2026-01-02,10", "C4\x1b,2026-01-02,10", "C2,2026-01-03,20.50"),
         TRUE_ROWS[1:], {"control_character": 4}),
    Kind(40, "missing-words", rows("C1,Na,NULL,无", "C2,None,N/A,-", "C3,李,2001-02-03,不详", "\\N,x,,", header="customer_id,name,born_on,joined_on"),
         [("C1", None), ("C2", None), ("C3", date(2001, 2, 3))], {"no_customer": 1}, table=C, columns=("customer_id", "born_on")),
    Kind(40, "a-name-may-be-Na", rows("C1,Na", "C2,None", header="customer_id,name"), [("C1", "Na"), ("C2", "None")],
         table=C, columns=("people.customer_id", "name")),
    Kind(41, "not-finite", rows("C1,2026-01-02,NaN", "C1,2026-01-02,Infinity", "C1,2026-01-02,-inf", "C2,2026-01-03,20.50"),
         TRUE_ROWS[1:], {"not_finite": 3}),
    Kind(42, "blanks-round-ids", rows("\u200bC1\u200b,2026-01-02,10.00", "\u3000C1\u00a0,2026-01-02,11", " C1 ,2026-01-02,12"),
         [("C1", JAN2, Decimal(n)) for n in (10, 11, 12)]),
    Kind(43, "same-id-twice", rows("C1,广东", "C1,广东", "C2,湖南", "C2,湖北", "C3,四川", header="customer_id,region"),
         [("C1", "广东"), ("C3", "四川")], {"key_clash": 2}, table=C, columns=("customer_id", "region")),
    Kind(44, "late-text", rows(*(f"C{i},2026-01-02,10" for i in range(30_000)), "C1,2026-01-02,zehn"), None, {"not_a_number": 1}),
    Kind(45, "zip-named-csv", zip_bomb()[:2000], refused="zip"),
    Kind(45, "binary-named-csv", bytes(range(256)) * 40, refused="binary"),
    Kind(46, "html-named-csv", b"<html><table><tr><td>1</td></tr></table></html>", refused="web page"),
    Kind(46, "html-named-xls", b"<table><tr><td>1</td></tr></table>", name="orders.xls", refused="web page"),
    Kind(47, "huge-field", rows("C1,2026-01-02,10," + "x" * (3 << 20), header="customer_id,date,amount,note"), refused="1 MiB", in_child=True),
    Kind(48, "million-columns", (",".join(f"c{i}" for i in range(1_000_000)) + "\n").encode(), refused="1 MiB|columns", in_child=True),
    Kind(48, "six-thousand-columns", (",".join(f"c{i}" for i in range(6_000)) + "\n").encode(), refused="columns"),
    Kind(49, "formulas", rows("C1,2026-01-02,10,=cmd|' /C calc'!A0", "C2,2026-01-02,10,+1", "C3,2026-01-02,10,@x", header="customer_id,date,amount,note"),
         [("C1", "=cmd|' /C calc'!A0"), ("C2", "+1"), ("C3", "@x")], columns=("customer_id", "note")),
    Kind(50, "flags-as-text", rows("C1,true", "C2,是", "C3,1", "C4,Y", header="customer_id,region"),
         [("C1", "true"), ("C2", "是"), ("C3", "1"), ("C4", "Y")], table=C, columns=("customer_id", "region")),
    Kind(51, "returns", rows("C1,2026-01-02,-10", "C2,2026-01-02,0"), [("C1", JAN2, -TEN), ("C2", JAN2, Decimal(0))]),
    Kind(52, "self-reference", rows("C1,C1,2026-01-02", "C1,C2,2026-01-02", header="referrer_id,referred_id,date"),
         [("C1", "C2")], {"self_reference": 1}, table="referrals", columns=("referrer_id", "referred_id")),
    Kind(53, "homoglyphs", rows("CО1,2026-01-02,10", "Ｃ１,2026-01-02,10.00"), TRUE_ROWS[:1], {"mixed_scripts": 1}),
    Kind(54, "wrong-dimension", altered(workbook(HEAD, LINE1, LINE2), b'<dimension ref="A1:C3"', b'<dimension ref="A1:A1"'), TRUE_ROWS, name="orders.xlsx"),
    Kind(54, "several-sheets", workbook(HEAD, LINE1, LINE2, change=second_sheet), TRUE_ROWS, name="orders.xlsx", answer={"sheet": "Sheet"}),
    Kind(54, "hidden-sheet", workbook(HEAD, LINE1, LINE2, change=hidden_sheet), TRUE_ROWS, name="orders.xlsx"),
    Kind(54, "merged-cells", workbook(HEAD, LINE1, ["", *LINE2[1:]], LINE2, change=merged), TRUE_ROWS, {"merged_cell": 1}, name="orders.xlsx"),
    Kind(55, "formula-without-value", workbook(HEAD, LINE1, LINE2, ["C3", datetime(2026, 1, 3), "=1+1"], ["C4", datetime(2026, 1, 3), "#N/A"]),
         TRUE_ROWS, {"cell_error": 2}, name="orders.xlsx"),
    Kind(56, "numbers-as-ids", workbook(["customer_id", "phone"], [17, 13812345678.0], [6222021234567890123, 13812345679]),
         [("17", "13812345678")], {"scientific_id": 1}, table=C, columns=("people.customer_id", "phone"), name="people.xlsx"),
    Kind(57, "ole-rubbish", b"\xd0\xcf\x11\xe0" + b"\0" * 4096, name="orders.xls", refused="cannot be read"),
    Kind(57, "password", b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), name="orders.xlsx", refused="password"),
    Kind(57, "macros", workbook(HEAD, LINE1, LINE2), TRUE_ROWS, name="orders.xlsm"),
    Kind(58, "far-cell", far_cell(), name="orders.xlsx", refused="memory|columns", in_child=True),
    Kind(58, "zip-bomb", zip_bomb(), name="orders.xlsx", refused="unpacks"),
    Kind(58, "entity-bomb", entity_bomb(), name="orders.xlsx", refused="entities"),
    Kind(59, "parquet-typed", parquet(typed_orders()), [("C1", JAN2, TEN, 1), ("C2", JAN3, TWENTY, 2)], name="orders.parquet",
         columns=("customer_id", "occurred_on", "amount", "n")),
    Kind(59, "parquet-int96", parquet(typed_orders(), use_deprecated_int96_timestamps=True), name="orders.parquet",
         truth=[("C1", TEN), ("C2", TWENTY)], columns=("customer_id", "amount")),
    Kind(59, "parquet-truncated", parquet(typed_orders())[:-40], name="orders.parquet", refused="damaged|cannot be read"),
    Kind(59, "parquet-rubbish", b"PAR1" + b"\0" * 100 + b"PAR1", name="orders.parquet", refused="damaged|cannot be read"),
    Kind(59, "parquet-nested", parquet(typed_orders().append_column("tags", pa.array([[1], [2, 3]]))), TRUE_ROWS, name="orders.parquet"),
    Kind(59, "parquet-names-twice", parquet(typed_orders().rename_columns(["customer_id", "date", "amount", "amount"])), name="orders.parquet",
         refused="twice"),
    Kind(60, "changed-while-read", growing, refused="changed while it was read", options={"parse": grows_while_read}),
    Kind(60, "folder", folder, refused="not a file"),
    Kind(60, "fifo", fifo, refused="not a file"),
]  # fmt: skip


def stored(store: Any, kind: Kind) -> list[Row]:
    table, columns = kind.table, list(kind.columns)
    if columns[0].startswith("people."):
        table, columns[0] = "people", columns[0].removeprefix("people.")
    return [tuple(row[column] for column in columns) for row in store.read(table).to_pylist()]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_each_kind_of_bad_input_gets_its_verdict(kind: Kind, load: Any, store: Any, tmp_path: Path) -> None:
    source = kind.content(tmp_path / kind.name) if callable(kind.content) else kind.content
    options = {"table": kind.table, "name": kind.name, **kind.options}
    if kind.in_child:
        options["parse"] = sandbox.parse
    if kind.refused is not None:
        with pytest.raises(FileRefused, match=kind.refused) as caught:
            load(source, **options)
        assert caught.value.words.zh != caught.value.words.en
        assert store.loads() == []
        return
    if kind.answer is not None:
        with pytest.raises((FileRefused, MapNotAccepted)):
            load(source, **options)
        assert store.loads() == []
        options |= kind.answer
    done = load(source, **options)
    assert done.reasons == kind.rejected
    assert done.read == done.accepted + done.rejected + done.already_there
    if kind.truth is not None:
        assert sorted(stored(store, kind), key=str) == sorted(kind.truth, key=str)


def test_the_list_names_all_sixty_kinds() -> None:
    assert {kind.number for kind in KINDS} == set(range(1, 61))


def test_an_amount_without_declared_unit_keeps_its_sign_and_scale(load: Any, store: Any) -> None:
    load(rows("C1,2026-01-02,-0.01"))
    assert store.read("transactions")["amount"].to_pylist() == [Decimal("-0.01")]


def test_trimmed_ids_and_settled_dates_are_said(load: Any) -> None:
    done = load(rows("\u3000C1,31/01/2026,10"))
    said = " ".join(note.en for note in done.notes)
    assert "trimmed from 1 values" in said and "day first" in said


def test_a_link_to_a_file_is_read_as_the_file(load: Any, tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text(BASE)
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "real.csv")
    assert load(link).accepted == 2


def test_a_file_that_is_not_there_is_said(load: Any, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"no file .*missing\.csv"):
        load(tmp_path / "missing.csv")


def test_customers_nobody_knows_are_accepted_with_a_warning(load: Any) -> None:
    load("customer_id,region\nC1,广东\n", "customers")
    done = load(BASE)
    assert done.accepted == 2
    assert any("1 customers are not in the table customers" in note.en for note in done.notes)


def test_an_end_before_the_start_is_rejected(load: Any) -> None:
    done = load("subscription_id,customer_id,started_on,ended_on\nS1,C1,2026-02-01,2026-01-01\n", "subscriptions")
    assert done.reasons == {"ends_before_start": 1}


@pytest.mark.parametrize("word", ["No", "Never", "-", "至今", "", "NULL", "在网"])
def test_words_for_still_active_leave_the_end_open(word: str, load: Any, store: Any) -> None:
    load(
        f"subscription_id,customer_id,started_on,ended_on\nS1,C1,2026-01-01,{word}\nS2,C2,2026-01-01,2026-02-01\n",
        "subscriptions",
    )
    assert sorted(store.read("subscriptions")["ended_on"].to_pylist(), key=str) == [date(2026, 2, 1), None]


def test_a_mistyped_table_is_named_with_those_there_are(load: Any) -> None:
    with pytest.raises(Exception, match="transactions"):
        load(BASE, "orders")


def test_no_error_but_ours_leaves_a_load() -> None:
    assert issubclass(FileRefused, InvalidInput) and issubclass(MapNotAccepted, InvalidInput)
    assert "transactions" in TABLES and timedelta(1)
