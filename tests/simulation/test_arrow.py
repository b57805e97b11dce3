from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa

from liuke.simulation import arrow
from liuke.simulation.arrow import NEVER


def test_ids_keep_their_leading_zeros() -> None:
    assert arrow.fixed_text("C", arrow.digits(np.array([7, 12_345]), 5), "-x").to_pylist() == ["C00007-x", "C12345-x"]


def test_ids_of_nobody_are_an_empty_column() -> None:
    assert arrow.fixed_text("C", arrow.digits(np.array([], dtype=np.int64), 5)).to_pylist() == []


def test_money_is_exact_to_the_cent_and_may_be_negative() -> None:
    column = arrow.money(np.array([19.99, -0.01, 123_456_789.1]))
    assert column.type == pa.decimal128(18, 2)
    assert column.to_pylist() == [Decimal("19.99"), Decimal("-0.01"), Decimal("123456789.10")]


def test_numbers_are_stored_with_four_places() -> None:
    assert arrow.numbers(np.array([3.14159, 2])).to_pylist() == [Decimal("3.1400"), Decimal("2.0000")]


def test_a_negative_code_is_no_word_and_never_is_no_day() -> None:
    assert arrow.words(np.array([1, -1, 0]), ("女", "男")).to_pylist() == ["男", None, "女"]
    assert arrow.dates(np.array([0, NEVER])).to_pylist() == [date(1970, 1, 1), None]
    assert arrow.instants(np.array([NEVER]), 0.5).to_pylist() == [None]


def test_opening_hours_fall_on_the_same_day_in_china_and_in_utc() -> None:
    first, last = arrow.instants(np.array([1, 1]), np.array([0.0, 0.9999])).to_pylist()
    assert first == datetime(1970, 1, 2)
    assert last == datetime(1970, 1, 2, 13, 59)


def test_flags_and_whole_numbers_may_be_unknown() -> None:
    assert arrow.flags(np.array([True, False]), unknown=np.array([False, True])).to_pylist() == [True, None]
    assert arrow.whole(np.array([9, -1])).to_pylist() == [9, None]
    assert arrow.always("nps", 2).to_pylist() == ["nps", "nps"]
