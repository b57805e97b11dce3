"""What every engine can do: answer a question, keep a step under a name, step back to an earlier day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class Engine(Protocol):
    """Holds the canonical tables and runs SQL in DuckDB's dialect with named parameters (``$start``)."""

    def one(self, sql: str, **parameters: object) -> dict[str, Any]:
        """Return the single row that `sql` selects, by column name."""

    def table(self, sql: str, **parameters: object) -> pa.Table:
        """Return all rows that `sql` selects."""

    def create(self, name: str, sql: str, **parameters: object) -> None:
        """Keep what `sql` selects under `name`, replacing what had that name."""

    def register(self, name: str, table: pa.Table) -> None:
        """Keep a copy of `table` under `name`, replacing what had that name."""

    def columns(self, name: str) -> dict[str, str]:
        """Return column name → SQL type of the table `name`."""

    def known(self, as_of: date) -> Engine:
        """Return an engine that sees only what was known on `as_of`, with names of its own for new steps."""

    def forget(self) -> None:
        """Drop every step kept under this engine's names."""

    def close(self) -> None:
        """Let go of files and memory."""
