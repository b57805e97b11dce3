"""Examples to learn from, and their encoding as a matrix that does not depend on the order of rows or columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from liuke.kernel.errors import InvalidInput

KEY = "customer_id"
MAX_LEVELS = 64
"""Most frequent levels of a category that are told apart; the others count as missing."""
MIN_LEVEL_ROWS = 5
"""Rows a level needs to be told apart from missing."""

Matrix = NDArray[np.float64]


class UnusableFeatures(InvalidInput):
    """The table of features cannot be learned from as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Return the customers at risk on one day with what became of them, sorted by customer.

    Parameters
    ----------
    features : pa.Table
        ``customer_id``, numeric columns (null = unknown) and text columns (categories).
    churned : ndarray of bool, shape (n_customers,)
        Whether the customer was lost within the horizon, in the order of `features`.
    as_of : date
        The day the features were known.

    Raises
    ------
    UnusableFeatures
        If ``customer_id`` is absent or repeated, a column is neither number nor text, or lengths differ.
    """

    features: pa.Table
    churned: NDArray[np.bool_]
    as_of: date

    def __post_init__(self) -> None:
        _check(self.features)
        churned = np.asarray(self.churned, dtype=bool)
        if len(churned) != self.features.num_rows:
            raise UnusableFeatures(
                f"{self.features.num_rows} customers but {len(churned)} labels on {self.as_of}: give one label per row"
            )
        order = pc.sort_indices(self.features[KEY]).to_numpy()
        if not np.array_equal(order, np.arange(len(order))):
            object.__setattr__(self, "features", self.features.take(order))
            churned = churned[order]
        object.__setattr__(self, "churned", churned)
        ids = self.features[KEY]
        if len(ids) > 1 and pc.any(pc.equal(ids[1:], ids[:-1])).as_py():
            raise UnusableFeatures(f"a customer appears twice among the examples of {self.as_of}: give one row each")

    @property
    def n(self) -> int:
        """Number of customers."""
        return len(self.churned)

    @property
    def n_lost(self) -> int:
        """Number of customers lost within the horizon."""
        return int(self.churned.sum())

    def take(self, rows: NDArray[np.intp]) -> Examples:
        """Return the examples at `rows`."""
        return Examples(self.features.take(pa.array(rows)), self.churned[rows], self.as_of)


def _check(features: pa.Table) -> None:
    if KEY not in features.column_names:
        raise UnusableFeatures(f"the features have no column {KEY}: it must say whose row it is")
    for field in features.schema:
        if field.name != KEY and not (_is_number(field.type) or _is_text(field.type)):
            raise UnusableFeatures(
                f"feature {field.name} is of type {field.type}: features are numbers or texts, cast or drop it"
            )


def _is_number(kind: pa.DataType) -> bool:
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return bool(numeric or pa.types.is_boolean(kind) or pa.types.is_null(kind))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def numbers(column: pa.ChunkedArray) -> Matrix:
    """Return a numeric column as float64, null and infinity as NaN."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    values = column.cast(pa.float64()).to_numpy().astype(np.float64, copy=True)
    values[~np.isfinite(values)] = math.nan
    return cast(Matrix, values)


def texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a text column as plain strings."""
    return column.cast(pa.string())


@dataclass(frozen=True, slots=True)
class Encoding:
    """Turns a table of features into a matrix: the same columns in the same order, whatever the table's order.

    Parameters
    ----------
    names : tuple of str
        Columns of the matrix, sorted by name.
    levels : dict
        Known levels of each category, sorted; the code of a level is its place. Unknown levels are missing (NaN).
    """

    names: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]

    def matrix(self, features: pa.Table) -> Matrix:
        """Return the features as an array of shape (n_customers, n_features), NaN where unknown.

        A column that `features` does not have is unknown throughout.
        """
        encoded = np.full((features.num_rows, len(self.names)), math.nan)
        for place, name in enumerate(self.names):
            if name in features.column_names:
                encoded[:, place] = self._column(name, features[name])
        return encoded

    def _column(self, name: str, column: pa.ChunkedArray) -> Matrix:
        if name not in self.levels:
            return numbers(column) if _is_number(column.type) else np.full(len(column), math.nan)
        if not _is_text(column.type):
            return np.full(len(column), math.nan)
        found = pc.index_in(texts(column), value_set=pa.array(self.levels[name], pa.string()))
        return cast(Matrix, found.cast(pa.float64()).to_numpy().astype(np.float64))

    def is_category(self, name: str) -> bool:
        """Return whether the feature is a category."""
        return name in self.levels

    def without(self, dropped: Sequence[str]) -> Encoding:
        """Return the encoding without some features."""
        names = tuple(name for name in self.names if name not in dropped)
        return Encoding(names, {name: self.levels[name] for name in names if name in self.levels})

    def to_json(self) -> dict[str, Any]:
        """Return plain data from which `from_json` builds the same encoding."""
        return {"names": list(self.names), "levels": {name: list(found) for name, found in self.levels.items()}}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Encoding:
        """Return the encoding written by `to_json`."""
        return cls(tuple(data["names"]), {name: tuple(found) for name, found in data["levels"].items()})


def learned_encoding(features: pa.Table) -> tuple[Encoding, tuple[str, ...]]:
    """Return the encoding of the informative columns, and the names of those that say nothing.

    A column says nothing when it is entirely unknown or has one value for all.
    """
    names: list[str] = []
    levels: dict[str, tuple[str, ...]] = {}
    constant: list[str] = []
    for name in sorted(set(features.column_names) - {KEY}):
        column = features[name]
        if _is_text(column.type):
            found = _frequent_levels(column)
            if not found or (
                len(found) == 1 and column.null_count == 0 and pc.count_distinct(texts(column)).as_py() == 1
            ):
                constant.append(name)
                continue
            levels[name] = found
        elif _is_constant(numbers(column)):
            constant.append(name)
            continue
        names.append(name)
    return Encoding(tuple(names), levels), tuple(constant)


def _frequent_levels(column: pa.ChunkedArray) -> tuple[str, ...]:
    counts = pc.value_counts(texts(column).combine_chunks().drop_null()).to_pylist()
    enough = [(-row["counts"], row["values"]) for row in counts if row["counts"] >= MIN_LEVEL_ROWS]
    return tuple(sorted(level for _, level in sorted(enough)[:MAX_LEVELS]))


def _is_constant(values: Matrix) -> bool:
    known = values[~np.isnan(values)]
    return bool(len(known) == 0 or (len(known) == len(values) and known.min() == known.max()))


def stacked(examples: Sequence[Examples]) -> tuple[pa.Table, NDArray[np.bool_]]:
    """Return several days' examples as one table and one array of labels, in order of day and customer.

    Raises
    ------
    UnusableFeatures
        If there are none.
    """
    if not examples:
        raise UnusableFeatures("no examples to learn from: at least one past day with known outcomes is needed")
    ordered = sorted(examples, key=lambda some: some.as_of)
    tables = [some.features for some in ordered]
    if len(tables) == 1:
        return tables[0], ordered[0].churned
    table = pa.concat_tables([_plain(table) for table in tables], promote_options="default")
    return table, np.concatenate([some.churned for some in ordered])


def _plain(table: pa.Table) -> pa.Table:
    columns = {
        name: texts(column)
        if _is_text(column.type)
        else pa.chunked_array([pa.array(numbers(column), from_pandas=True)])
        for name, column in zip(table.column_names, table.columns, strict=True)
        if name != KEY
    }
    return pa.table({KEY: texts(table[KEY]), **columns})
