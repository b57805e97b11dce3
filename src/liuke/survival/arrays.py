"""The one door for input: columns and tables of any kind become float arrays and Arrow tables, checked once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from liuke.kernel.errors import InvalidInput

Floats = NDArray[np.floating[Any]]
Whole = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]


class UnusableColumn(InvalidInput):
    """A column has the wrong shape, a missing value where none may be, or a value out of range."""


def table_of(data: Any) -> pa.Table:
    """Return `data` as an Arrow table.

    Parameters
    ----------
    data : pa.Table, pandas.DataFrame, polars.DataFrame or mapping of column name to values
        Anything Arrow can read; nothing is copied that need not be.

    Returns
    -------
    pa.Table
        The same columns.
    """
    return data if isinstance(data, pa.Table) else pa.table(data)


def columns(data: Any, *names: str) -> tuple[Floats, ...]:
    """Return the named columns of a table as float arrays.

    Parameters
    ----------
    data : table of any kind
        See `table_of`.
    *names : str
        Columns wanted, in this order.

    Returns
    -------
    tuple of ndarray
        One float array per name; NULL becomes NaN.

    Raises
    ------
    UnusableColumn
        If a column is not there.
    """
    table = table_of(data)
    missing = [name for name in names if name not in table.column_names]
    if missing:
        raise UnusableColumn(f"the table has no column {', '.join(missing)}; it has {', '.join(table.column_names)}")
    return tuple(floats(table[name]) for name in names)


def floats(values: Any) -> Floats:
    """Return `values` as a float array, NULL as NaN, without any check of range."""
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        values = pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False) if len(values) else []
    return np.asarray(values, dtype=np.float64)


def numbers(values: Any, name: str, *, length: int | None = None, at_least: float | None = None) -> Floats:
    """Return one column as a checked float array.

    Parameters
    ----------
    values : array-like of shape (n,)
        Array, list, Arrow array, pandas or Polars series.
    name : str
        What to call it in messages.
    length : int, optional
        How long it must be.
    at_least : float, optional
        The smallest value allowed.

    Returns
    -------
    ndarray of shape (n,)
        Finite floats.

    Raises
    ------
    UnusableColumn
        If it is not one column of that length, or a value is missing, infinite or too small; the first such row
        is named.
    """
    array = floats(values)
    if array.ndim != 1 or (length is not None and len(array) != length):
        wanted = "one column" if length is None else f"one column of {length} values"
        raise UnusableColumn(f"`{name}` must be {wanted}, not of shape {array.shape}")
    bad = ~np.isfinite(array) if at_least is None else ~(np.isfinite(array) & (array >= at_least))
    if bad.any():
        row = int(np.argmax(bad))
        rule = "" if at_least is None else f" of at least {at_least:g}"
        raise UnusableColumn(f"`{name}` must hold numbers{rule}; row {row} holds {array[row]}")
    return array


def flags(values: Any, name: str, *, length: int | None = None) -> Flags:
    """Return one column of yes and no (booleans, or the numbers 1 and 0) as a boolean array."""
    if isinstance(values, (pa.Array, pa.ChunkedArray)) and pa.types.is_boolean(values.type):
        values = pc.cast(values, pa.uint8())
    array = numbers(values, name, length=length)
    if not np.isin(array, (0.0, 1.0)).all():
        raise UnusableColumn(f"`{name}` must hold only true and false (1 and 0)")
    return np.asarray(array == 1.0)


def weights_of(weights: Any | None, length: int) -> Floats:
    """Return case weights, one each if none were given."""
    return np.ones(length) if weights is None else numbers(weights, "weights", length=length, at_least=0.0)


def weight_from(values: Floats, weights: Floats, times: Floats) -> Floats:
    """Return the weight of the values that are at or after each of `times`."""
    order = np.argsort(values, kind="stable")
    after = np.append(np.cumsum(weights[order][::-1])[::-1], 0.0)
    return np.asarray(after[np.searchsorted(values[order], times, side="left")])
