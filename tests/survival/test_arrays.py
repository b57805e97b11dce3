from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from liuke.survival import arrays

DATA = {"duration": [1, 2, 3], "event_observed": [True, False, True]}


@pytest.mark.parametrize("make", [dict, pa.table, pd.DataFrame, pl.DataFrame])
def test_any_table_gives_the_same_columns(make: type) -> None:
    duration, seen = arrays.columns(make(DATA), "duration", "event_observed")
    assert duration.tolist() == [1.0, 2.0, 3.0]
    assert seen.tolist() == [1.0, 0.0, 1.0]


@pytest.mark.parametrize("make", [list, pa.array, pd.Series, pl.Series])
def test_any_column_of_flags_is_understood(make: type) -> None:
    assert arrays.flags(make(DATA["event_observed"]), "event_observed").tolist() == [True, False, True]


def test_a_missing_column_is_named_with_those_there() -> None:
    with pytest.raises(arrays.UnusableColumn, match="no column T; it has duration"):
        arrays.columns(DATA, "T")


def test_a_flag_that_is_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(arrays.UnusableColumn, match="only true and false"):
        arrays.flags([0, 2], "event_observed")
