"""Reading workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods): cells as text, as they would stand in a CSV file.

Runs in the limited child process only: a small workbook can ask for any amount of memory.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from liuke.tables import layout
from liuke.tables.delimited import Shape, rows_into
from liuke.tables.normal import Meta, NormalForm, ReadOptions
from liuke.tables.verdicts import FileRefused

MAX_UNZIPPED = 512 << 20
_MAX_PARTS = 10_000
_MAX_RATIO = 400
_RATIO_FREE = 32 << 20
_EXACT = 10**15
_OLE = b"\xd0\xcf\x11\xe0"
_CELL = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"([^>]*)>(.*?)</c>', re.DOTALL)


def read(path: Path, directory: Path, options: ReadOptions) -> Meta:
    """Bring one sheet of the workbook at `path` into plain form in `directory`."""
    from python_calamine import CalamineError, PasswordError, ZipError, load_workbook

    check_zip(path)
    try:
        book: Any = load_workbook(str(path))
        number = _chosen(book, options.sheet)
        sheet = book.get_sheet_by_index(number)
    except PasswordError as error:
        raise _protected() from error
    except (CalamineError, ZipError, OSError) as error:
        if "password" in str(error).lower() or "encrypt" in str(error).lower():
            raise _protected() from error
        raise FileRefused.because(
            f"工作簿无法读取({error}),请另存为 .xlsx 或 CSV",
            f"the workbook cannot be read ({error}): save it as .xlsx or CSV",
        ) from error
    return _into_form(sheet, _lost_values(path, number), directory, options)


def check_zip(path: Path) -> None:
    """Refuse a zip-based workbook that unpacks to far too much, or declares entities."""
    with path.open("rb") as file:
        head = file.read(4)
    if head[:2] != b"PK":
        if head == _OLE and _is_encrypted(path):
            raise _protected()
        return
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            total = sum(part.file_size for part in parts)
            ratio = total / max(1, path.stat().st_size)
            if total > MAX_UNZIPPED or len(parts) > _MAX_PARTS or (ratio > _MAX_RATIO and total > _RATIO_FREE):
                raise FileRefused.because(
                    f"压缩内容展开后 {total >> 20} MiB(压缩比 {ratio:.0f}),拒绝读取;大表请存为 CSV 或 Parquet",
                    f"unpacks to {total >> 20} MiB (ratio {ratio:.0f}): refused; save large tables as CSV or Parquet",
                )
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as content:
                        _refuse_entities(content.read(4096), part.filename)
    except zipfile.BadZipFile as error:
        raise FileRefused.because(
            "文件不完整或不是真正的工作簿", f"the file is cut or no workbook at all ({error}): fetch it again"
        ) from error


def _is_encrypted(path: Path) -> bool:
    return "EncryptedPackage".encode("utf-16-le") in path.read_bytes()[: 64 << 20]


def _protected() -> FileRefused:
    return FileRefused.because(
        "工作簿有密码保护,请去掉密码后再载入", "the workbook is protected by a password: remove it first"
    )


def _refuse_entities(head: bytes, name: str) -> None:
    if b"<!ENTITY" in head or b"<!DOCTYPE" in head:
        raise FileRefused.because(f"{name} 声明了实体,拒绝读取", f"{name} declares entities: refused")


def _chosen(book: Any, wanted: str | None) -> int:
    names = list(book.sheet_names)
    if wanted is not None:
        if wanted not in names:
            raise FileRefused.because(
                f"没有工作表“{wanted}”,有:{'、'.join(names)}", f"no sheet {wanted!r}; there are {names}"
            )
        return names.index(wanted)
    visible = [i for i, meta in enumerate(book.sheets_metadata) if str(meta.visible).endswith("Visible")]
    filled = [i for i in visible if book.get_sheet_by_index(i).end is not None] if len(visible) > 1 else visible
    if len(filled) > 1:
        listed = ", ".join(names[i] for i in filled)
        raise FileRefused.because(
            f"有多个工作表({listed}),请用 --sheet 指明", f"several sheets ({listed}): choose with --sheet"
        )
    if not filled:
        raise FileRefused.because("工作簿中没有数据", "the workbook holds no data")
    return filled[0]


def _into_form(sheet: Any, lost: dict[tuple[int, int], str], directory: Path, options: ReadOptions) -> Meta:
    if sheet.total_width > layout.MAX_COLUMNS:
        raise FileRefused.because(
            f"有 {sheet.total_width:,} 列,超过 {layout.MAX_COLUMNS:,} 列的上限",
            f"{sheet.total_width:,} columns; at most {layout.MAX_COLUMNS:,} are read",
        )
    rows = [_texts(row, line, lost) for line, row in enumerate(sheet.to_python(skip_empty_area=False))]
    header = layout.find_header(_trimmed(rows[:50]), options.names)
    meta = Meta(list(header.names), doubts=list(header.doubts), notes=list(header.notes))
    width = len(header.names)
    form = NormalForm(directory, width)
    below = {row for (top, _), (bottom, _) in sheet.merged_cell_ranges or [] for row in range(top + 1, bottom + 1)}
    shape = Shape(list(header.names), ",", False)
    rows_into(form, _records(rows, form, below, width, header.index), shape, header.index + 1)
    form.close()
    meta.rows, meta.bad = form.rows, form.bad
    return meta


def _trimmed(rows: list[list[str]]) -> list[list[str]]:
    """Cut the empty cells at the right of every row, as a CSV export would have them."""
    width = max((i + 1 for row in rows for i, cell in enumerate(row) if cell), default=0)
    return [row[:width] for row in rows]


def _records(
    rows: list[list[str]], form: NormalForm, below: set[int], width: int, header: int
) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(rows):
        cells = row[:width] if not any(row[width:]) else row
        cells += [""] * (width - len(cells))
        if number in below and number > header and any(cells):
            form.reject(number + 1, "merged_cell", cells)
        else:
            yield number + 1, cells


def _texts(row: list[Any], line: int, lost: dict[tuple[int, int], str]) -> list[str]:
    if not lost:
        return [_text(cell) for cell in row]
    return [_text(cell) or lost.get((line, place), "") for place, cell in enumerate(row)]


def _text(cell: Any) -> str:
    """Return a cell as text; whole numbers without point, numbers too long to be exact in scientific notation."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float | int):
        if cell == int(cell) and abs(cell) < _EXACT:
            return str(int(cell))
        return repr(cell) if abs(cell) < _EXACT else f"{cell:.14e}"
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell.total_seconds()) if isinstance(cell, timedelta) else str(cell)


def _lost_values(path: Path, number: int) -> dict[tuple[int, int], str]:
    """Return the cells of an .xlsx that hold an error or a formula without its value: the reader shows them blank."""
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        sheets = sorted(
            (name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)),
            key=lambda name: int(re.findall(r"\d+", name)[-1]),
        )
        if number >= len(sheets):
            return {}
        content = archive.read(sheets[number])
    if b"<f" not in content and b't="e"' not in content:
        return {}
    return dict(_lost_in(content))


def _lost_in(content: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    for column, row, attributes, inner in _CELL.findall(content):
        value = re.search(rb"<v>([^<]*)</v>", inner)
        text = value.group(1).decode("utf-8", "replace") if value else ""
        place = (int(row) - 1, _column_number(column))
        if b't="e"' in attributes:
            yield place, text or "#VALUE!"
        elif b"<f" in inner and not text:
            yield place, "#FORMULA!"


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
