"""NumPy arrays as Arrow columns of the contract's types, without a Python object per row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from liuke.simulation.chance import Array

NEVER = np.iinfo(np.int32).min
"""A day that does not exist: null in a date column."""
DAY_MICROSECONDS = 86_400_000_000
MINUTE_MICROSECONDS = 60_000_000
OPEN_MINUTES = 840
"""Minutes of a day in which things happen: 8 to 22 o'clock in China is 0 to 14 o'clock UTC, the same date in both."""


def digits(numbers: Array, width: int) -> Array:
    """Return whole numbers as ASCII digits, shape (n, width), with leading zeros."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (np.asarray(numbers, dtype=np.int64)[:, None] // powers % 10 + 48).astype(np.uint8)


def fixed_text(*parts: str | Array) -> pa.Array:
    """Return texts of one length from ASCII constants and digit matrices set side by side."""
    rows = next(len(part) for part in parts if not isinstance(part, str))
    widths = [len(part) if isinstance(part, str) else part.shape[1] for part in parts]
    letters = np.empty((rows, sum(widths)), dtype=np.uint8)
    at = 0
    for part, width in zip(parts, widths, strict=True):
        letters[:, at : at + width] = np.frombuffer(part.encode(), np.uint8) if isinstance(part, str) else part
        at += width
    offsets = np.arange(rows + 1, dtype=np.int32) * np.int32(at)
    return pa.Array.from_buffers(pa.string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(letters)])


def words(codes: Array, values: tuple[str, ...] | list[str]) -> pa.Array:
    """Return `values[codes]`; a negative code is null."""
    indices = pa.array(np.asarray(codes, dtype=np.int32), mask=np.asarray(codes) < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(values, pa.string())).cast(pa.string())


def always(value: str, rows: int) -> pa.Array:
    """Return one word `rows` times."""
    return pa.repeat(pa.scalar(value, pa.string()), rows)


def decimals(units: Array, kind: pa.Decimal128Type) -> pa.Array:
    """Return whole units of the last decimal place as decimals."""
    low = np.asarray(units, dtype=np.int64)
    both = np.empty((len(low), 2), dtype=np.int64)
    both[:, 0] = low
    both[:, 1] = low >> 63
    return pa.Array.from_buffers(kind, len(low), [None, pa.py_buffer(both)])


def money(yuan: Array) -> pa.Array:
    """Return money rounded to the cent."""
    return decimals(np.rint(np.asarray(yuan, dtype=np.float64) * 100), pa.decimal128(18, 2))


def numbers(values: Array) -> pa.Array:
    """Return numbers rounded to two places, stored with four."""
    return decimals(np.rint(np.asarray(values, dtype=np.float64) * 100) * 100, pa.decimal128(18, 4))


def dates(days: Array) -> pa.Array:
    """Return day numbers as dates; `NEVER` is null."""
    days = np.asarray(days, dtype=np.int32)
    return pa.array(days, pa.int32(), mask=days == NEVER).cast(pa.date32())


def instants(days: Array, share_of_day: Array | float) -> pa.Array:
    """Return instants in opening hours of the given days; `NEVER` is null."""
    days = np.asarray(days, dtype=np.int64)
    minutes = np.floor(np.asarray(share_of_day, dtype=np.float64) * OPEN_MINUTES).astype(np.int64)
    micros = days * DAY_MICROSECONDS + minutes * MINUTE_MICROSECONDS
    return pa.array(micros, pa.int64(), mask=days == NEVER).cast(pa.timestamp("us"))


def flags(values: Array, unknown: Array | None = None) -> pa.Array:
    """Return booleans, null where `unknown`."""
    return pa.array(np.asarray(values, dtype=bool), mask=unknown)


def whole(values: Array) -> pa.Array:
    """Return whole numbers; negative ones are null."""
    values = np.asarray(values, dtype=np.int64)
    return pa.array(values, mask=values < 0)
