"""How a table lies in its file: the delimiter, the header's line, the columns' names."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass

from liuke.kernel.words import Words
from liuke.tables.names import is_known_name
from liuke.tables.verdicts import FileRefused

HEADER_BYTES = 1 << 20
MAX_COLUMNS = 5_000
DELIMITERS = (",", ";", "\t", "|")
BLANKS = " "
"""Stands for columns separated by runs of blanks."""

_VALUE = re.compile(r"[-+(]?[￥¥$€]?\d[\d,.]*[%)]?|\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?([ T].*)?")


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header is and what it says.

    Parameters
    ----------
    names : tuple of str
        The columns' names, in the file's order.
    index : int
        Number of the record that is the header; -1 if names were given and every record is data.
    doubts, notes : tuple of Words
        What the user should confirm, and what is merely said.
    """

    names: tuple[str, ...]
    index: int
    doubts: tuple[Words, ...] = ()
    notes: tuple[Words, ...] = ()


def delimiter_of(text: str) -> str:
    """Return the delimiter of the table whose first lines are `text`.

    Raises
    ------
    FileRefused
        If only the full-width comma separates the cells: that is asked about.
    """
    best, chosen = (0.0, 0, False), ""
    for candidate in DELIMITERS:
        score = _regularity(list(csv.reader(text.splitlines(keepends=True), delimiter=candidate)))
        if score > best:
            best, chosen = score, candidate
    if chosen:
        return chosen
    lines = [line for line in text.splitlines() if line.strip()]
    if _regularity([line.split("，") for line in lines])[1] > 1:
        raise FileRefused.because(
            "各列似乎由全角逗号“，”分隔:请用 --delimiter ， 确认,或改用半角逗号",
            "the columns seem to be separated by the full-width comma: confirm with --delimiter ， or export with ,",
        )
    blanks = _regularity([line.split() for line in lines])
    return BLANKS if blanks[2] and len(lines) > 1 else ","


def _regularity(records: list[list[str]]) -> tuple[float, int, bool]:
    """Return how regular a reading is, how many columns most records have, and whether all of them do."""
    sizes = [len(record) for record in records if any(cell.strip() for cell in record)]
    counts = Counter(size for size in sizes if size > 1)
    if not counts:
        return (0.0, 0, False)
    width = max(counts, key=lambda size: (counts[size], size))
    header = next(record for record in records if len(record) == width)
    known = sum(is_known_name(cell) for cell in header)
    return (known + counts[width] / len(sizes), width, counts[width] == len(sizes))


def find_header(records: list[list[str]], names: tuple[str, ...] | None) -> Header:
    """Return the header among the first `records` of a table.

    Parameters
    ----------
    records : list of list of str
        The first records as they stand.
    names : tuple of str or None
        Names given by the user for a table without header.

    Raises
    ------
    FileRefused
        If there is nothing, no header, a name twice, or far too many columns.
    """
    filled = [index for index, record in enumerate(records) if any(cell.strip() for cell in record)]
    if not filled:
        raise FileRefused.because("文件是空的", "the file is empty")
    if names is not None:
        return Header(checked_names(list(names))[0], -1)
    width = _usual_width([records[index] for index in filled])
    named = (i for i in filled if _is_named(records[i]))
    index = next(named, next((i for i in filled if _could_head(records[i], width)), filled[0]))
    header = [cell.strip() for cell in records[index]]
    if _looks_like_data(header):
        raise FileRefused.because(
            f"没有表头:第一行是数据({'、'.join(header[:6])})。请用 --names 依次给出列名",
            f"there is no header, the first line is data ({', '.join(header[:6])}): give the names with --names",
        )
    checked, notes = checked_names(header)
    titles = [" ".join(cell for cell in records[i] if cell.strip()) for i in filled if i < index]
    doubts: tuple[Words, ...] = ()
    if titles:
        shown = " / ".join(titles)[:120]
        doubts = (Words(f"表头之上的标题行已跳过:{shown}", f"title lines above the header are skipped: {shown}"),)
    return Header(checked, index, doubts, notes)


def _usual_width(records: list[list[str]]) -> int:
    counts = Counter(len(record) for record in records)
    return max(counts, key=lambda size: (counts[size], size))


def _is_named(record: list[str]) -> bool:
    """Return whether most cells of a record are names of columns we know."""
    cells = [cell for cell in record if cell.strip()]
    known = sum(is_known_name(cell) for cell in cells)
    return known >= 2 and known * 2 >= len(cells)


def _could_head(record: list[str], width: int) -> bool:
    filled = sum(bool(cell.strip()) for cell in record)
    return len(record) >= width and filled * 5 >= len(record) * 3


def _looks_like_data(header: list[str]) -> bool:
    values = sum(bool(_VALUE.fullmatch(cell)) for cell in header)
    return values > 0 and not any(is_known_name(cell) for cell in header)


def checked_names(header: list[str]) -> tuple[tuple[str, ...], tuple[Words, ...]]:
    """Return the names with empty ones filled, and notes; refuse a name twice and too many columns."""
    if len(header) > MAX_COLUMNS:
        raise FileRefused.because(
            f"有 {len(header):,} 列,超过 {MAX_COLUMNS:,} 列的上限",
            f"{len(header):,} columns; at most {MAX_COLUMNS:,} are read",
        )
    seen: dict[str, int] = {}
    for place, name in enumerate(header, start=1):
        if name and name.casefold() in seen:
            raise FileRefused.because(
                f"表头中“{name}”出现两次(第 {seen[name.casefold()]} 列和第 {place} 列),请改名",
                f"the header has {name!r} twice (columns {seen[name.casefold()]} and {place}): rename one",
            )
        seen[name.casefold()] = place
    notes: tuple[Words, ...] = ()
    if not all(header):
        places = ", ".join(str(place) for place, name in enumerate(header, start=1) if not name)
        notes = (Words(f"第 {places} 列没有列名", f"columns without a name: {places}"),)
    return tuple(name or f"column_{place}" for place, name in enumerate(header, start=1)), notes
