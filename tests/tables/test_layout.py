from __future__ import annotations

import pytest

from liuke.tables import layout
from liuke.tables.verdicts import REASONS, FileRefused


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_makes_rows_alike(delimiter: str) -> None:
    lines = [
        delimiter.join(["customer_id", "date", "amount"]),
        *(delimiter.join([f"C{i}", "2026-01-02", "1.50"]) for i in range(5)),
    ]
    assert layout.delimiter_of("\n".join(lines)) == delimiter


def test_decimal_commas_do_not_hide_the_semicolon() -> None:
    assert layout.delimiter_of("a;b\n1,5;2,5\n3,5;4,5\n") == ";"


def test_columns_between_blanks_are_seen_and_one_column_is_one_column() -> None:
    assert layout.delimiter_of(" 00004 0001 19970101  2   29.33\n 00004 0001 19970118  2   29.73\n") == layout.BLANKS
    assert layout.delimiter_of("customer_id\nC1\nC2\n") == ","


def test_titles_above_the_header_are_passed_over_and_doubted() -> None:
    header = layout.find_header([["销售明细", "", ""], ["客户编号", "日期", "金额"], ["C1", "2026-01-02", "5"]], None)
    assert header.names == ("客户编号", "日期", "金额") and header.index == 1 and len(header.doubts) == 1


def test_columns_without_a_name_are_numbered_and_said() -> None:
    header = layout.find_header([["a", "", "c"], ["1", "2", "3"]], None)
    assert header.names == ("a", "column_2", "c") and header.notes


def test_data_in_the_first_line_is_no_header() -> None:
    with pytest.raises(FileRefused, match="--names"):
        layout.find_header([["C1", "2026-01-02", "5"], ["C2", "2026-01-03", "6"]], None)


def test_every_reason_is_said_in_both_languages() -> None:
    assert all(words.zh and words.en and words.zh != words.en for words in REASONS.values())
