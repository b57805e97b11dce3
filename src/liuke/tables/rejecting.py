"""Rejected rows: in their original form, with line, column, value and reason, to be mended and loaded again."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pyarrow as pa

from liuke.kernel.words import Language, Words
from liuke.tables import exporting
from liuke.tables.mapping import ColumnMap
from liuke.tables.names import MEND_COLUMNS, WHOLE_ROW
from liuke.tables.store import quoted
from liuke.tables.verdicts import MISSHAPEN, REASONS
from liuke.workspace import publishing

_ONCE_MENDED = Words(";改好后请清空 _column 一格", "; once mended, empty its cell _column")


def write_rejected(
    connection: duckdb.DuckDBPyConnection, names: list[str], columns: ColumnMap, folder: Path, language: Language
) -> Path:
    """Write the rows of tables `trouble` and `bad` to ``rows.csv`` in `folder`; return the file.

    Cells a spreadsheet would take for formulas are neutralised; the loader takes that back.
    """
    rows = rejected_rows(connection, names, columns, language)
    folder.mkdir(parents=True, exist_ok=True)
    fresh, file = folder / ".rows.csv", folder / "rows.csv"
    exporting.write_csv(rows, fresh)
    with fresh.open("rb") as written:
        os.fsync(written.fileno())
    os.replace(fresh, file)
    publishing.sync(folder)
    return file


def rejected_rows(
    connection: duckdb.DuckDBPyConnection, names: list[str], columns: ColumnMap, language: Language
) -> pa.Table:
    """Return the rejected rows with their reasons, in the order of their lines."""
    connection.register("problem_words", _problem_words(connection, names, columns, language))
    kept = [(place, name) for place, name in enumerate(names) if name not in MEND_COLUMNS]
    cells = "".join(f"c{place}::VARCHAR AS {quoted(name)}, " for place, name in kept)
    return connection.sql(
        f"SELECT {cells} _line, _column, _value, _reason FROM ("
        f"SELECT raw.*, w._column, {_values(names, columns)} AS _value, "
        "w._reason || coalesce(': ' || t._detail, '') AS _reason "
        "FROM trouble AS t JOIN raw USING (_line) JOIN problem_words AS w ON w._problems = t._problems "
        f"UNION ALL BY NAME SELECT bad.* EXCLUDE (_code, _text), '{WHOLE_ROW}' AS _column, "
        "nullif(_text, '') AS _value, w._reason "
        "FROM bad JOIN problem_words AS w ON w._problems = bad._code) ORDER BY _line"
    ).to_arrow_table()


def released_sql(text: str) -> str:
    """Return the SQL that takes back from `text` what the exporter added to keep spreadsheets from running it."""
    dangerous = exporting.DANGEROUS
    return f"regexp_replace({text}, '^''(''*[{dangerous}])', '\\1')"


def reason_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return how many rows were rejected for each reason, most frequent first."""
    found = connection.execute(
        "WITH codes AS (SELECT regexp_extract(unnest(string_split(rtrim(_problems, ';'), ';')), ':(.*)', 1) AS code "
        "FROM trouble UNION ALL SELECT _code FROM bad) "
        "SELECT code, count(*) AS times FROM codes GROUP BY code ORDER BY times DESC, code"
    ).fetchall()
    return {code: times for code, times in found}


def _values(names: list[str], columns: ColumnMap) -> str:
    cases = [
        f"CASE WHEN contains(t._problems, '{item.canonical}:') THEN raw.c{place}::VARCHAR END"
        for item in columns.mapped
        for place in item.places
    ]
    cases += [
        f"CASE WHEN contains(t._problems, 'c{place}:') THEN raw.c{place}::VARCHAR END"
        for place, _ in columns.attributes
    ]
    return f"concat_ws(' | ', {', '.join(cases)})" if cases else "NULL::VARCHAR"


def _problem_words(
    connection: duckdb.DuckDBPyConnection, names: list[str], columns: ColumnMap, language: Language
) -> pa.Table:
    theirs = {item.canonical: item.theirs for item in columns.mapped}
    theirs |= {f"c{place}": name for place, name in enumerate(names)}
    found = connection.execute("SELECT DISTINCT _problems FROM trouble UNION SELECT DISTINCT _code FROM bad").fetchall()
    rows: list[tuple[str, str, str]] = []
    for (problems,) in found:
        pairs = [part.rpartition(":") for part in problems.rstrip(";").split(";")]
        where = "; ".join(theirs.get(column, column) for column, _, _ in pairs)
        reasons = "; ".join(dict.fromkeys(REASONS[code].in_(language) for _, _, code in pairs))
        if problems in MISSHAPEN:
            reasons += _ONCE_MENDED.in_(language)
        rows.append((problems, where, reasons))
    schema = pa.schema([("_problems", pa.string()), ("_column", pa.string()), ("_reason", pa.string())])
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
