"""What of a source is new: twins and clashes inside it, and what the store already holds.

A keyed row is already there if the row in force says the same in every column the source has; else it revises it. A
row without a key is known by its whole content, and is already there as often as it is stored.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from liuke.tables.contract import TABLES
from liuke.tables.querying import number
from liuke.tables.store import Store, quoted, read_parquet


@dataclass(frozen=True, slots=True)
class Part:
    """What a source gives to one table.

    Parameters
    ----------
    table : str
        The canonical table.
    columns : dict of str to str
        Stored column → SQL over the staged rows.
    where : str
        Which staged rows have something to give.
    is_last_only : bool
        Whether only the last row per key counts (people named in a file of something else).
    """

    table: str
    columns: dict[str, str]
    where: str = "true"
    is_last_only: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """The key's columns, if the source has them all."""
        key = TABLES[self.table].key
        return key if all(column in self.columns for column in key) else ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many staged rows are new, among them revisions, and how many are twins or clashes."""

    accepted: int
    revised: int
    rejected: int
    already_there: int
    revises: dict[str, int]


def match(connection: duckdb.DuckDBPyConnection, store: Store, parts: list[Part]) -> Outcome:
    """Judge the rows of table `staged`; leave tables `trouble` (rejected) and `new_0`, `new_1`, … (to be written).

    `trouble` has `_line`, `_problems` and `_detail`; `new_i` the lines of part i.
    """
    run = connection.execute
    run("CREATE TABLE trouble AS SELECT _line, _problems, NULL::VARCHAR AS _detail FROM staged WHERE _problems <> ''")
    run("CREATE TABLE twins (_line BIGINT)")
    main = parts[0]
    if main.key:
        _inside(connection, main)
    run("CREATE VIEW sound AS SELECT * FROM staged WHERE _problems = '' ")
    if _count(connection, "trouble") or _count(connection, "twins"):
        run(
            "CREATE OR REPLACE VIEW sound AS SELECT * FROM staged WHERE _problems = '' "
            "AND _line NOT IN (SELECT _line FROM trouble) AND _line NOT IN (SELECT _line FROM twins)"
        )
    revises, revised = {}, 0
    for place, part in enumerate(parts):
        run(f"CREATE VIEW part_{place} AS {_part_sql(part)}")
        known = _against_store(connection, store, part, place)
        revises[part.table] = known
        revised = max(revised, known)
    lines = " UNION ".join(f"SELECT _line FROM new_{place}" for place in range(len(parts)))
    accepted = number(connection, f"SELECT count(*) FROM ({lines})" if len(parts) > 1 else "SELECT count(*) FROM new_0")
    total, rejected = _count(connection, "staged"), _count(connection, "trouble")
    return Outcome(accepted, revised if main.key else 0, rejected, total - rejected - accepted, revises)


def _inside(connection: duckdb.DuckDBPyConnection, part: Part) -> None:
    """Find rows of one key: twins of equal content, clashes of different content."""
    keys = [f"{part.columns[column]} AS {quoted(column)}" for column in part.key]
    names = ", ".join(map(quoted, part.key))
    given = " AND ".join(f"{quoted(column)} IS NOT NULL" for column in part.key)
    connection.execute(
        f"CREATE TABLE repeated AS "
        f"WITH named AS (SELECT _line, _row, {', '.join(keys)} FROM staged WHERE _problems = ''), "
        f"often AS (SELECT {names}, count(DISTINCT _row) AS contents, min(_line) AS first, "
        f"string_agg(_line::VARCHAR, ', ' ORDER BY _line) AS lines FROM named WHERE {given} GROUP BY {names} "
        f"HAVING count(*) > 1) SELECT _line, contents, first, lines FROM named JOIN often USING ({names})"
    )
    connection.execute(
        f"INSERT INTO trouble SELECT _line, '{part.key[0]}:key_clash;', lines FROM repeated WHERE contents > 1"
    )
    connection.execute("INSERT INTO twins SELECT _line FROM repeated WHERE contents = 1 AND _line <> first")


def _part_sql(part: Part) -> str:
    columns = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in part.columns.items())
    last = ""
    if part.is_last_only:
        names = ", ".join(part.columns[column] for column in part.key)
        last = f" QUALIFY row_number() OVER (PARTITION BY {names} ORDER BY _line DESC) = 1"
    return f"SELECT _line, _row, {columns} FROM sound WHERE {part.where}{last}"


def _against_store(connection: duckdb.DuckDBPyConnection, store: Store, part: Part, place: int) -> int:
    """Leave the lines of part `place` that are new in table `new_<place>`; return how many revise a stored row."""
    files = store.files(part.table)
    if not files:
        connection.execute(f"CREATE VIEW new_{place} AS SELECT _line FROM part_{place}")
        return 0
    if not part.key:
        connection.execute(f"CREATE TABLE new_{place} AS {_unstored_sql(part, place, files_sql(store, part.table))}")
        return 0
    is_keyed = " AND ".join(f"{quoted(column)} IS NOT NULL" for column in part.key)
    names = ", ".join(map(quoted, part.key))
    connection.execute(
        f"CREATE TABLE current_{place} AS SELECT * FROM ({store.sql(part.table)}) "
        f"WHERE ({names}) IN (SELECT ({names}) FROM part_{place} WHERE {is_keyed})"
    )
    differs = _differs(connection, part, place)
    same_key = " AND ".join(f"p.{quoted(column)} = c.{quoted(column)}" for column in part.key)
    connection.execute(
        f"CREATE TABLE changed_{place} AS SELECT p._line, c.{quoted(part.key[0])} IS NOT NULL AS is_revision "
        f"FROM (SELECT * FROM part_{place} WHERE {is_keyed}) AS p LEFT JOIN current_{place} AS c ON {same_key} "
        f"WHERE (c.{quoted(part.key[0])} IS NULL OR {differs})"
    )
    unkeyed = _unstored_sql(part, place, files_sql(store, part.table), f"NOT ({is_keyed})")
    connection.execute(f"CREATE TABLE new_{place} AS SELECT _line FROM changed_{place} UNION ALL ({unkeyed})")
    return number(connection, f"SELECT count(*) FROM changed_{place} WHERE is_revision")


def files_sql(store: Store, table: str) -> str:
    """Return the SQL relation of all stored rows of `table`."""
    return read_parquet(store.files(table))


def _unstored_sql(part: Part, place: int, relation: str, where: str = "true") -> str:
    """Return the lines whose content stands in the source more often than in the store."""
    return (
        f"WITH stored AS (SELECT _row, count(*) AS times FROM {relation} "
        f"SEMI JOIN part_{place} USING (_row) GROUP BY _row), "
        f"counted AS (SELECT _line, _row, row_number() OVER (PARTITION BY _row ORDER BY _line) AS nth "
        f"FROM part_{place} SEMI JOIN stored USING (_row) WHERE {where}) "
        f"SELECT _line FROM part_{place} ANTI JOIN stored USING (_row) WHERE {where} "
        f"UNION ALL SELECT _line FROM counted JOIN stored USING (_row) WHERE nth > times"
    )


def _differs(connection: duckdb.DuckDBPyConnection, part: Part, place: int) -> str:
    current = {row[0].casefold(): row[1] for row in connection.execute(f"DESCRIBE current_{place}").fetchall()}
    arriving = {row[0]: row[1] for row in connection.execute(f"DESCRIBE part_{place}").fetchall()}
    tests = []
    for column in part.columns:
        mine, theirs = f"p.{quoted(column)}", f"c.{quoted(column)}"
        if column.casefold() not in current:
            tests.append(f"{mine} IS NOT NULL")
        elif current[column.casefold()] == arriving[column]:
            tests.append(f"{mine} IS DISTINCT FROM {theirs}")
        else:
            tests.append(f"content({mine}::VARCHAR) IS DISTINCT FROM content({theirs}::VARCHAR)")
    return f"({' OR '.join(tests)})"


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return number(connection, f"SELECT count(*) FROM {table}")
