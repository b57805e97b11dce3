"""The one exporter: tables to CSV and XLSX that a spreadsheet opens with Chinese intact and nothing executed.

A text cell that a spreadsheet would take for a formula is given a leading apostrophe (OWASP ASVS 1.2.10), and so
is a cell that already begins with apostrophes before such a character, so that `released` undoes it exactly.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

DANGEROUS = "=+\\-@\\t\\r\\x00＝＋－＠"
_NEEDS_APOSTROPHE = f"^('*[{DANGEROUS}])"
_HAS_APOSTROPHE = f"^'('*[{DANGEROUS}])"
BYTE_ORDER_MARK = "\ufeff"


def neutralised(table: pa.Table) -> pa.Table:
    """Return `table` with every text cell safe to open in a spreadsheet."""
    return _replaced(table, _NEEDS_APOSTROPHE, r"'\1")


def released(table: pa.Table) -> pa.Table:
    """Return `table` with what `neutralised` added taken away again."""
    return _replaced(table, _HAS_APOSTROPHE, r"\1")


def _replaced(table: pa.Table, pattern: str, replacement: str) -> pa.Table:
    for index, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            column = pc.replace_substring_regex(table.column(index), pattern=pattern, replacement=replacement)
            table = table.set_column(index, field, column)
    return table


def to_csv(table: pa.Table) -> str:
    """Return `table` as CSV text without a byte-order mark."""
    buffer = io.BytesIO()
    pa_csv.write_csv(neutralised(_flat(table)), buffer, pa_csv.WriteOptions(quoting_style="needed"))
    return buffer.getvalue().decode("utf-8")


def write_csv(table: pa.Table, path: Path) -> None:
    """Write `table` as CSV in UTF-8 with a byte-order mark, which Excel needs to show Chinese."""
    path.write_text(BYTE_ORDER_MARK + to_csv(table), encoding="utf-8", newline="")


def _flat(table: pa.Table) -> pa.Table:
    for index, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(index, field.name, table.column(index).cast(field.type.value_type))
    return table


def write_xlsx(sheets: Mapping[str, pa.Table], path: Path) -> None:
    """Write one sheet a table; text stays text, whatever it begins with.

    Parameters
    ----------
    sheets : mapping of str to pyarrow.Table
        Sheet name (at most 31 characters) → rows; the first row holds the column names, frozen and filtered.
    path : Path
        The file to write.
    """
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        for name, table in sheets.items():
            sheet = book.add_worksheet(name[:31])
            _write_sheet(sheet, _flat(table), bold)


def _write_sheet(sheet: Any, table: pa.Table, bold: Any) -> None:
    for index, column in enumerate(table.column_names):
        sheet.set_column(index, index, _column_width(table, index))
        sheet.write_string(0, index, column, bold)
    row = 0
    for batch in table.to_batches(max_chunksize=10_000):
        for values in batch.to_pylist():
            row += 1
            for index, value in enumerate(values.values()):
                _write_cell(sheet, row, index, value)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(row, 1), max(table.num_columns - 1, 0))


def _column_width(table: pa.Table, index: int) -> float:
    shown = [table.column_names[index], *map(str, table.column(index).slice(0, 50).to_pylist())]
    widest = max(sum(2 if ord(character) > 0x2E7F else 1 for character in text) for text in shown)
    return min(max(widest + 1, 8), 60)


def _write_cell(sheet: Any, row: int, column: int, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float | Decimal):
        sheet.write_number(row, column, float(value))
    elif hasattr(value, "isoformat"):
        sheet.write_datetime(row, column, value)
    else:
        sheet.write_string(row, column, str(value)[:32_767])
