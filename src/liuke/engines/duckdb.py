"""DuckDB in the process: the default engine, on Parquet files or on Arrow tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from liuke.kernel.errors import InvalidInput, Unavailable
from liuke.tables.contract import KNOWN_LATER, TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

STORED = "stored"
HIDDEN = ("_load", "_row")


class TablesDoNotFit(InvalidInput):
    """A canonical table lacks a required column or holds values of another kind."""


def quoted(name: str) -> str:
    """Return `name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _in_plain_words() -> Iterator[None]:
    """Turn the engine's out-of-memory and disk errors into ours."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise Unavailable(
            f"not enough memory for this step: {str(error).splitlines()[0]}. Nothing was changed; give the engine more "
            "with [limits] memory_limit, or free disk space in its temporary folder"
        ) from error
    except duckdb.IOException as error:
        raise Unavailable(f"a file could not be read or written: {str(error).splitlines()[0]}") from error


class DuckDBEngine:
    """One DuckDB connection whose unqualified names are the canonical tables, all of them or cut to a day.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Holds schema ``stored`` with every canonical table.
    schema : str
        Where this engine's names live.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str) -> None:
        self._connection = connection
        self._schema = schema
        self._connection.execute(f"USE {quoted(schema)}")

    def one(self, sql: str, **parameters: object) -> dict[str, Any]:
        """Return the single row that `sql` selects, by column name."""
        rows = self.table(sql, **parameters).to_pylist()
        if len(rows) != 1:
            raise ValueError(f"expected one row, got {len(rows)}")
        return dict(rows[0])

    def table(self, sql: str, **parameters: object) -> pa.Table:
        """Return all rows that `sql` selects."""
        with _in_plain_words():
            return self._connection.sql(sql, params=parameters or None).to_arrow_table()

    def create(self, name: str, sql: str, **parameters: object) -> None:
        """Keep what `sql` selects under `name`, replacing what had that name."""
        with _in_plain_words():
            self._drop(name)
            self._connection.execute(f"CREATE TABLE {quoted(name)} AS {sql}", parameters or None)

    def register(self, name: str, table: pa.Table) -> None:
        """Keep a copy of `table` under `name`, replacing what had that name."""
        with _in_plain_words():
            self._drop(name)
            self._connection.register("_arriving", table)
            self._connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT * FROM _arriving")
            self._connection.unregister("_arriving")

    def columns(self, name: str) -> dict[str, str]:
        """Return column name → SQL type of the table `name`."""
        rows = self._connection.execute(f"DESCRIBE {quoted(name)}").fetchall()
        return {row[0]: row[1] for row in rows}

    def known(self, as_of: date) -> DuckDBEngine:
        """Return an engine that sees only what was known on `as_of`, with names of its own for new steps.

        Rows dated after `as_of` are not there; columns that become known later (the end of a subscription, the
        answer to a complaint) are null until their day has come.
        """
        schema = f"known_{as_of:%Y%m%d}"
        cursor = self._connection.cursor()
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for table in TABLES.values():
            cursor.execute(_known_view_sql(schema, table, _columns(cursor, STORED, table.name), as_of))
        return DuckDBEngine(cursor, schema)

    def forget(self) -> None:
        """Drop every step kept under this engine's names."""
        self._connection.execute(f"DROP SCHEMA IF EXISTS {quoted(self._schema)} CASCADE")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _drop(self, name: str) -> None:
        kind = self._connection.execute(
            "SELECT table_type FROM information_schema.tables WHERE table_schema = $schema AND table_name = $name",
            {"schema": self._schema, "name": name},
        ).fetchone()
        if kind:
            self._connection.execute(f"DROP {'VIEW' if kind[0] == 'VIEW' else 'TABLE'} {quoted(name)}")


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> list[str]:
    return [row[0] for row in connection.execute(f"DESCRIBE {quoted(schema)}.{quoted(name)}").fetchall()]


def _known_view_sql(schema: str, table: Table, columns: Sequence[str], as_of: date) -> str:
    """Return the view of `table` as it was known on `as_of`."""
    day = f"DATE '{as_of.isoformat()}'"
    later = KNOWN_LATER.get(table.name, {})
    chosen = [
        f"CASE WHEN {quoted(later[column])} <= {day} THEN {quoted(column)} END AS {quoted(column)}"
        if column in later
        else quoted(column)
        for column in columns
        if column not in HIDDEN
    ]
    where = f"WHERE {quoted(table.known_by)} IS NULL OR {quoted(table.known_by)} <= {day}" if table.known_by else ""
    source = f"{STORED}.{quoted(table.name)}"
    return f"CREATE OR REPLACE VIEW {schema}.{quoted(table.name)} AS SELECT {', '.join(chosen)} FROM {source} {where}"


def connect(
    *, threads: int | None = None, memory_limit: str | None = None, temporary: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """Return a private in-memory DuckDB that never reaches for the network.

    Parameters
    ----------
    threads : int, optional
        How many to use; all by default. The answers do not depend on it.
    memory_limit : str, optional
        For example ``"4GB"``; beyond it DuckDB spills to `temporary`.
    temporary : Path, optional
        Where it may spill.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "preserve_insertion_order": False,
    }
    if threads:
        config["threads"] = threads
    if memory_limit:
        config["memory_limit"] = memory_limit
    if temporary:
        config["temp_directory"] = str(temporary)
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE SCHEMA {STORED}")
    return connection


def open_tables(tables: Mapping[str, object], **settings: Any) -> DuckDBEngine:
    """Return an engine over tables in memory; those not given exist and are empty.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table, pandas or Polars DataFrame
        Canonical names and their rows. Missing optional columns are added as null; the local-date companions of
        instants are computed in UTC where they are absent; columns beyond the contract are kept.
    **settings
        As for `connect`.

    Raises
    ------
    TablesDoNotFit
        If a table's name is not canonical, a required column is absent or a value does not fit its column.
    """
    unknown = sorted(set(tables) - set(TABLES))
    if unknown:
        raise TablesDoNotFit(f"no canonical table is called {unknown[0]!r}; known are {', '.join(TABLES)}")
    connection = connect(**settings)
    for table in TABLES.values():
        if table.name in tables:
            connection.register("_arriving", _as_arrow(tables[table.name]))
            _store(connection, table, _arriving_sql(connection, table))
            connection.unregister("_arriving")
        else:
            connection.execute(_empty_sql(table))
    return _opened(connection)


def open_files(sources: Mapping[str, str], **settings: Any) -> DuckDBEngine:
    """Return an engine over the canonical tables of a workspace.

    Parameters
    ----------
    sources : mapping of str to str
        Canonical name → SQL that selects its rows, stored columns and attributes, from its files.
    **settings
        As for `connect`.
    """
    connection = connect(**settings)
    for table in TABLES.values():
        source = sources.get(table.name)
        if source is None:
            connection.execute(_empty_sql(table))
            continue
        connection.execute(f"CREATE VIEW {STORED}._arriving AS {source}")
        present = _columns(connection, STORED, "_arriving")
        missing = [
            f"NULL::{kind} AS {quoted(name)}" for name, kind in table.stored_types().items() if name not in present
        ]
        columns = ", ".join(["*", *missing])
        connection.execute(f"DROP VIEW {STORED}._arriving")
        connection.execute(f"CREATE VIEW {STORED}.{quoted(table.name)} AS SELECT {columns} FROM ({source})")
    return _opened(connection)


def _opened(connection: duckdb.DuckDBPyConnection) -> DuckDBEngine:
    connection.execute("CREATE SCHEMA everything")
    for name in TABLES:
        connection.execute(f"CREATE VIEW everything.{quoted(name)} AS SELECT * FROM {STORED}.{quoted(name)}")
    return DuckDBEngine(connection, "everything")


def _as_arrow(table: object) -> pa.Table:
    if isinstance(table, pa.Table):
        return table
    if hasattr(table, "to_arrow"):
        return table.to_arrow()
    if hasattr(table, "iloc"):
        return pa.Table.from_pandas(table, preserve_index=False)
    raise TablesDoNotFit(f"a table may be Arrow, pandas or Polars, not {type(table).__name__}")


def _empty_sql(table: Table) -> str:
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in table.stored_types().items())
    return f"CREATE TABLE {STORED}.{quoted(table.name)} ({columns})"


def _arriving_sql(connection: duckdb.DuckDBPyConnection, table: Table) -> str:
    present = {row[0] for row in connection.execute("DESCRIBE _arriving").fetchall()}
    absent = [column.name for column in table.columns if column.required and column.name not in present]
    if absent:
        raise TablesDoNotFit(f"table {table.name} has no column {absent[0]}; it has {', '.join(sorted(present))}")
    chosen = []
    types = table.stored_types()
    for column in table.columns:
        for name in filter(None, (column.name, column.companion)):
            if name in present:
                chosen.append(f"{quoted(name)}::{types[name]} AS {quoted(name)}")
            elif name == column.companion and column.name in present:
                chosen.append(f"{quoted(column.name)}::TIMESTAMP::DATE AS {quoted(name)}")
            else:
                chosen.append(f"NULL::{types[name]} AS {quoted(name)}")
    chosen += [quoted(name) for name in present if name not in types]
    return f"SELECT {', '.join(chosen)} FROM _arriving"


def _store(connection: duckdb.DuckDBPyConnection, table: Table, sql: str) -> None:
    try:
        connection.execute(f"CREATE TABLE {STORED}.{quoted(table.name)} AS {sql}")
    except duckdb.ConversionException as error:
        raise TablesDoNotFit(f"table {table.name}: {str(error).splitlines()[0]}") from error
