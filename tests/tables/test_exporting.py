from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuke.tables import exporting

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\tx",
    "\rx",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "'=1",
    "''+1",
    "=cmd|' /C calc'!A0",
    "https://x.cn",
]


@given(st.lists(st.text(alphabet=st.sampled_from("'=+-@\t＝＋－＠a王1"), max_size=6)))
def test_what_is_neutralised_is_released_exactly(cells: list[str]) -> None:
    table = pa.table({"note": pa.array(cells, pa.string())})
    assert exporting.released(exporting.neutralised(table)).equals(table)


def test_no_cell_of_a_csv_begins_with_a_formula() -> None:
    text = exporting.to_csv(pa.table({"note": HOSTILE, "amount": [-1] * len(HOSTILE)}))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["note"][0] for row in rows[:-1]] == ["'"] * (len(HOSTILE) - 1)
    assert {row["amount"] for row in rows} == {"-1"}


def test_a_csv_file_begins_with_the_mark_that_excel_needs(tmp_path: Path) -> None:
    exporting.write_csv(pa.table({"姓名": ["王芳"]}), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert "王芳" in (tmp_path / "a.csv").read_text(encoding="utf-8-sig")


def test_t19_a_workbook_holds_no_formula_and_no_link(tmp_path: Path) -> None:
    exporting.write_xlsx({"计划": pa.table({"note": HOSTILE})}, tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet
    shown = [
        row[0] for row in openpyxl.load_workbook(tmp_path / "a.xlsx")["计划"].iter_rows(min_row=2, values_only=True)
    ]
    assert shown[0] == "=1+1"


def test_numbers_dates_and_blanks_arrive_in_a_workbook_as_what_they_are(tmp_path: Path) -> None:
    table = pa.table({"d": [date(2024, 2, 29), None], "m": [Decimal("1.50"), None], "b": [True, False], "n": [1, 2]})
    exporting.write_xlsx({"s": table}, tmp_path / "a.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "a.xlsx")["s"].iter_rows(min_row=2, values_only=True))
    assert rows[0][0].date() == date(2024, 2, 29)
    assert rows[0][1:] == (1.5, True, 1)
    assert rows[1] == (None, None, False, 2)


@pytest.mark.parametrize("kind", [pa.dictionary(pa.int32(), pa.string()), pa.string()])
def test_a_category_is_written_as_its_word(kind: pa.DataType) -> None:
    text = exporting.to_csv(pa.table({"tier": pa.array(["关键"]).cast(kind)}))
    assert list(csv.reader(io.StringIO(text))) == [["tier"], ["关键"]]
