"""What the invented company writes down: rows gathered month by month into canonical tables."""

from __future__ import annotations

import pyarrow as pa

from liuke.tables.contract import TABLES, Kind

ARROW_TYPES: dict[Kind, pa.DataType] = {
    "id": pa.string(),
    "word": pa.string(),
    "text": pa.string(),
    "instant": pa.timestamp("us"),
    "date": pa.date32(),
    "money": pa.decimal128(18, 2),
    "number": pa.decimal128(18, 4),
    "whole": pa.int64(),
    "hour": pa.int64(),
    "share": pa.float64(),
    "flag": pa.bool_(),
}
"""The Arrow type of each kind of the contract; instants are UTC without a zone."""


def schema_of(table: str) -> pa.Schema:
    """Return the Arrow schema of a canonical table."""
    return pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in TABLES[table].columns])


class Records:
    """Rows of canonical tables, added in batches."""

    def __init__(self) -> None:
        self._schemas = {name: schema_of(name) for name in TABLES}
        self._batches: dict[str, list[pa.RecordBatch]] = {name: [] for name in TABLES}

    def add(self, table: str, **columns: pa.Array) -> None:
        """Add rows to `table`; columns not given are null."""
        schema = self._schemas[table]
        unknown = set(columns) - set(schema.names)
        if unknown:
            raise KeyError(f"{table} has no column {sorted(unknown)}")
        rows = len(next(iter(columns.values())))
        if rows:
            arrays = [columns.get(field.name, pa.nulls(rows, field.type)) for field in schema]
            self._batches[table].append(pa.RecordBatch.from_arrays(arrays, schema=schema))

    def tables(self) -> dict[str, pa.Table]:
        """Return every canonical table, the untouched ones empty."""
        return {name: pa.Table.from_batches(self._batches[name], schema=self._schemas[name]) for name in TABLES}
