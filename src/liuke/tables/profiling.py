"""What only a whole column can tell: the order of day and month, a decimal comma, ids that went through a float."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from liuke.kernel.words import Words
from liuke.tables import querying
from liuke.tables.contract import Column
from liuke.tables.mapping import ColumnMap, Mapped
from liuke.tables.verdicts import FileRefused

EPOCHS = {"1900": "1899-12-30", "1904": "1904-01-01"}
"""The day that Excel's serial number 0 stands for, by date system."""

_NUMBERS = ("money", "number", "whole", "share")
_DAYS = ("date", "instant")


@dataclass(frozen=True, slots=True)
class Answers:
    """What the user said about values.

    Parameters
    ----------
    time_zone : str
        The workspace's zone: times without a zone are local there.
    date_order : {'dmy', 'mdy', 'ymd'} or None
        How 03/04/2026 is to be read.
    excel_dates : {'1900', '1904'} or None
        The date system of serial numbers.
    today : date or None
        The day after which nothing can have happened; None leaves the future unchecked.
    """

    time_zone: str
    date_order: str | None = None
    excel_dates: str | None = None
    today: date | None = None


@dataclass(slots=True)
class Profile:
    """How each column is to be read, what to confirm about that, and what is merely said."""

    decimal_comma: dict[int, bool] = field(default_factory=dict)
    day_first: dict[int, bool] = field(default_factory=dict)
    drops_zero: set[int] = field(default_factory=set)
    doubts: list[Words] = field(default_factory=list)
    notes: list[Words] = field(default_factory=list)


def profile(
    connection: duckdb.DuckDBPyConnection,
    columns: ColumnMap,
    contract: dict[str, Column],
    answers: Answers,
    names: list[str],
) -> Profile:
    """Return how the mapped columns of view `texts` are to be read.

    Raises
    ------
    FileRefused
        If dates such as 03/04/2026 or serial numbers leave the whole column open: the user is asked.
    """
    found = Profile()
    pairs = {(place, contract[item.canonical].kind) for item in columns.mapped for place in item.places}
    wanted = {place: _role(kind, item_form(columns, place)) for place, kind in sorted(pairs)}
    aggregates = [sql for place, role in wanted.items() for sql in _aggregates(place, role)]
    if not aggregates:
        return found
    values = querying.row(connection, f"SELECT {', '.join(aggregates)} FROM texts")
    for place, role in wanted.items():
        counts = {key.partition("_")[2]: count for key, count in values.items() if key.startswith(f"n{place}_")}
        _CONCLUSIONS[role](found, place, counts, answers, names[place])
    return found


def item_form(columns: ColumnMap, place: int) -> Mapped:
    """Return the mapped column that uses the column at `place`."""
    return next(item for item in columns.mapped if place in item.places)


def _role(kind: str, item: Mapped) -> str:
    if kind in _DAYS:
        return "day"
    if kind in _NUMBERS or item.form == "product":
        return "number"
    return "id" if kind == "id" else "other"


def _aggregates(place: int, role: str) -> list[str]:
    text = f"t{place}"
    conditions: dict[str, str] = {}
    if role == "id":
        conditions = {
            "filled": f"{text} IS NOT NULL AND NOT is_missing({text})",
            "whole": rf"regexp_full_match({text}, '\d+')",
            "floated": rf"regexp_full_match({text}, '\d+\.0+')",
            "trimmed": f"length({text}) < length(c{place}::VARCHAR)",
        }
    elif role == "number":
        conditions = {
            "comma": rf"contains({text}, ',') AND regexp_full_match({text}, '[^,]*\d,\d{{1,2}}[^\d,]*')",
            "point": rf"contains({text}, '.') AND regexp_full_match({text}, '.*\d\.(\d{{1,2}}|\d{{4,}})[^\d.]*')",
            "signed": f"regexp_matches({text}, '[¥￥元]|CNY|RMB')",
            "foreign": f"regexp_matches({text}, '[$€£]|USD|EUR|GBP|HKD')",
        }
    elif role == "day":
        slashed = rf"regexp_full_match({text}, '\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{4}}.*')"
        conditions = {
            "filled": f"NOT is_missing({text})",
            "slashed": slashed,
            "first": rf"{slashed} AND TRY_CAST(regexp_extract({text}, '^\d+') AS INTEGER) > 12",
            "second": rf"{slashed} AND TRY_CAST(regexp_extract({text}, '^\d+[-/.](\d+)', 1) AS INTEGER) > 12",
            "serial": rf"regexp_full_match({text}, '\d{{5}}(\.\d+)?')",
            "zoned": rf"length({text}) > 16 AND zone_of({text}) <> ''",
            "timed": f"contains({text}, ':')",
        }
    return [f'count(*) FILTER (WHERE {sql}) AS "n{place}_{name}"' for name, sql in conditions.items()]


def _conclude_id(found: Profile, place: int, counts: dict[str, int], answers: Answers, name: str) -> None:
    if counts["floated"] and counts["floated"] + counts["whole"] == counts["filled"]:
        found.drops_zero.add(place)
        found.doubts.append(
            Words(
                f"“{name}”全是整数却写成 17850.0:按 17850 读取?",
                f"{name!r} holds whole numbers written 17850.0: read as 17850?",
            )
        )
    if counts["trimmed"]:
        found.notes.append(
            Words(
                f"“{name}”有 {counts['trimmed']:,} 个值去掉了首尾的空白或零宽字符",
                f"{name!r}: blanks or zero-width characters were trimmed from {counts['trimmed']:,} values",
            )
        )


def _conclude_number(found: Profile, place: int, counts: dict[str, int], answers: Answers, name: str) -> None:
    found.decimal_comma[place] = counts["comma"] > 0 and counts["point"] == 0
    if found.decimal_comma[place]:
        found.doubts.append(
            Words(f"“{name}”以逗号作小数点(1,50 即 1.50)?", f"{name!r} has decimal commas (1,50 is 1.50)?")
        )
    if counts["signed"] and counts["foreign"]:
        raise FileRefused.because(
            f"“{name}”混有不同币种,请先换算成一种", f"{name!r} mixes currencies: convert them to one first"
        )
    if counts["foreign"]:
        found.notes.append(
            Words(f"“{name}”带外币符号,按数值读取", f"{name!r} bears a foreign currency sign: read as numbers")
        )


def _conclude_day(found: Profile, place: int, counts: dict[str, int], answers: Answers, name: str) -> None:
    found.day_first[place] = answers.date_order == "dmy"
    if answers.date_order is None and counts["slashed"]:
        if bool(counts["first"]) == bool(counts["second"]):
            raise FileRefused.because(
                f"“{name}”的日期(如 03/04/2026)无法判断先日后月还是先月后日,请用 --date-order dmy 或 mdy 指明",
                f"dates in {name!r} such as 03/04/2026 may be read in two ways: say --date-order dmy or mdy",
            )
        found.day_first[place] = counts["first"] > 0
        order = ("先日后月", "day first") if counts["first"] else ("先月后日", "month first")
        found.notes.append(
            Words(f"“{name}”整列判定为{order[0]}", f"{name!r} is read {order[1]}, settled from the whole column")
        )
    if counts["serial"] * 10 > counts["filled"] * 9 and answers.excel_dates is None:
        raise FileRefused.because(
            f"“{name}”像 Excel 日期序号,请用 --excel-dates 1900 或 1904 指明",
            f"{name!r} looks like Excel serial numbers: say --excel-dates 1900 or 1904",
        )
    if counts["zoned"] and counts["timed"] > counts["zoned"]:
        found.doubts.append(
            Words(
                f"“{name}”部分时间没有时区:按 {answers.time_zone} 读取?",
                f"some times in {name!r} have no zone: read them as {answers.time_zone}?",
            )
        )


def _conclude_nothing(found: Profile, place: int, counts: dict[str, int], answers: Answers, name: str) -> None:
    """Words and texts are read as they stand."""


_CONCLUSIONS: dict[str, Any] = {
    "id": _conclude_id,
    "number": _conclude_number,
    "day": _conclude_day,
    "other": _conclude_nothing,
}
