"""Small answers from SQL: a row, a number."""

from __future__ import annotations

from typing import Any

import duckdb


def row(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    """Return the one row that `sql` selects, by column name."""
    result = connection.execute(sql)
    names = [column[0] for column in result.description or []]
    return dict(zip(names, result.fetchall()[0], strict=True))


def number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    """Return the one number that `sql` selects."""
    return int(connection.execute(sql).fetchall()[0][0])
