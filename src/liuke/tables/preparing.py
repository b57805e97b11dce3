"""From a source in plain form to cast rows: whose column is which, doubts settled, every cell cast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from liuke.kernel.progress import Progress
from liuke.kernel.words import Words
from liuke.tables import casting, flat, mapping, profiling, querying, rejecting, rules
from liuke.tables.contract import PERSONAL, TABLES, Column
from liuke.tables.mapping import ColumnMap, MapNotAccepted
from liuke.tables.matching import Part
from liuke.tables.names import MEND_COLUMNS
from liuke.tables.sources import Source
from liuke.tables.store import Store, quoted, read_parquet

STEPS = 7
_SAMPLE_ROWS = 1_000
_KEY_CLASHES = 0.05
_JUMP, _ENOUGH_TO_COMPARE = 50, 20


@dataclass(frozen=True, slots=True)
class Job:
    """One load under way: where it works and what the user said."""

    store: Store
    table: str
    connection: duckdb.DuckDBPyConnection
    place: Path
    source: Source
    answers: profiling.Answers
    flat: flat.FlatOptions | None
    progress: Progress
    checkpoint: Callable[[str], None]


def prepared(
    job: Job, given: dict[str, str], accept: bool | Callable[[ColumnMap], bool]
) -> tuple[ColumnMap, list[Part], list[Words]]:
    """Settle the map, cast into table `staged`, and return the map, the parts and remarks."""
    types = _raw(job)
    contract = _contract(job)
    if job.flat:
        given |= job.flat.mapping()
    columns = _proposed(job, given, contract, types)
    if job.flat:
        columns = flat.with_attributes(columns, job.source.meta.names)
    found = profiling.profile(job.connection, columns, contract, job.answers, job.source.meta.names)
    columns = columns.doubting(*job.source.meta.doubts, *found.doubts)
    if columns.doubts and not (accept(columns) if callable(accept) else accept):
        raise MapNotAccepted(columns)
    job.progress(2, STEPS, "casting")
    attributes = casting.attribute_types(job.connection, columns, types)
    cast = casting.Casting(columns, contract, found, job.answers, types, attributes, _mend_place(job))
    subscriptions = job.store.sql("subscriptions") if job.table != "subscriptions" else None
    sql = casting.staged_sql(cast, subscriptions)
    job.connection.execute(f"CREATE TABLE staged AS {_checked(job, sql, columns)}")
    jumps = _jumps(job, columns)
    if jumps and not (accept(columns.doubting(*jumps)) if callable(accept) else accept):
        raise MapNotAccepted(columns.doubting(*jumps))
    job.checkpoint("cast")
    job.progress(3, STEPS, "matching")
    notes = [*found.notes, *columns.doubts, *jumps]
    if job.flat:
        return columns, flat.parts(job.flat, columns, attributes), notes
    return columns, _parts(job.table, columns, attributes, contract), notes


def _contract(job: Job) -> dict[str, Column]:
    columns = flat.columns() if job.flat else mapping.source_columns(job.table)
    return {column.name: column for column in columns}


def _raw(job: Job) -> dict[int, str]:
    """Make the views `raw` and `texts`, the table `bad` and the macros; return the columns' types."""
    connection, meta, source = job.connection, job.source.meta, job.source
    rules.define(connection, meta.is_plain, job.store.time_zone)
    if isinstance(source.rows, pa.Table):
        connection.register("arriving", source.rows)
        relation = "arriving"
    else:
        relation = read_parquet([source.rows])
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    types = {int(row[0][1:]): row[1] for row in described if row[0] != "_line"}
    is_mended = _mend_place(job) is not None
    cells = [_raw_cell(place, kind, is_mended) for place, kind in types.items()]
    connection.execute(f"CREATE VIEW raw AS SELECT {', '.join(['_line', *cells])} FROM {relation}")
    types = {place: "VARCHAR" if _is_text(kind) else kind for place, kind in types.items()}
    connection.execute(casting.texts_sql(types))
    bad = (
        f"SELECT * FROM {read_parquet([source.bad])}"
        if source.bad
        else "SELECT 0::BIGINT AS _line, '' AS _code, '' AS _text LIMIT 0"
    )
    connection.execute(f"CREATE VIEW bad AS {bad}")
    return types


def _mend_place(job: Job) -> int | None:
    """Return where a file of rejected rows says which column was wrong; None for any other source."""
    names = job.source.meta.names
    return names.index("_column") if set(MEND_COLUMNS) <= set(names) else None


def _is_text(kind: str) -> bool:
    return kind.startswith(("VARCHAR", "ENUM", "TIME", "UUID", "INTERVAL", '"NULL"', "NULL")) and not kind.startswith(
        "TIMESTAMP"
    )


def _raw_cell(place: int, kind: str, is_mended: bool) -> str:
    if not _is_text(kind):
        return f"c{place}"
    text = f"c{place}::VARCHAR"
    return f"{rejecting.released_sql(text) if is_mended else text} AS c{place}"


def _proposed(job: Job, given: dict[str, str], contract: dict[str, Column], types: dict[int, str]) -> ColumnMap:
    job.progress(1, STEPS, "mapping")
    names = job.source.meta.names
    first = job.connection.execute(
        f"SELECT {', '.join(f't{i}' for i in range(len(names)))} FROM texts LIMIT {_SAMPLE_ROWS}"
    ).fetchall()
    samples = [list(dict.fromkeys(row[i] for row in first if row[i] is not None))[:200] for i in range(len(names))]
    return mapping.propose(
        names,
        samples,
        job.table,
        columns=tuple(contract.values()),
        given=given,
        is_key=lambda place: _is_key(job, place, len(names)),
        has_subscriptions=job.table != "subscriptions" and bool(job.store.files("subscriptions")),
    )


def _jumps(job: Job, columns: ColumnMap) -> list[Words]:
    """Return a doubt for every money column whose usual value is fifty times, or a fiftieth of, what is stored."""
    stored = job.store.sql(job.table) if job.table in TABLES else None
    doubts = []
    for item in columns.mapped:
        column = TABLES[job.table].column(item.canonical) if stored else None
        if column is None or column.kind != "money" or item.canonical not in job.store.given(job.table):
            continue
        middle = f"SELECT count({item.canonical}) AS n, median(abs({item.canonical})) AS usual FROM"
        here = querying.row(job.connection, f"{middle} staged WHERE {item.canonical} <> 0")
        there = querying.row(job.connection, f"{middle} ({stored}) WHERE {item.canonical} <> 0")
        if min(here["n"], there["n"]) < _ENOUGH_TO_COMPARE:
            continue
        ratio = float(here["usual"]) / float(there["usual"])
        if not 1 / _JUMP < ratio < _JUMP:
            doubts.append(
                Words(
                    f"{item.canonical} 通常是已存数据的 {ratio:.4g} 倍:单位是否是分或万元?"
                    f'(--map "{item.canonical}=列名 * 0.01")',
                    f"{item.canonical} is usually {ratio:.4g} times what is stored: is it another unit? "
                    f'(--map "{item.canonical}=COLUMN * 0.01")',
                )
            )
    return doubts


def _is_key(job: Job, place: int, width: int) -> bool:
    """Return whether values at `place` name rows: hardly any stands in lines of different content."""
    row = ", ".join(f"t{i}" for i in range(width))
    found = querying.row(
        job.connection,
        "SELECT count(*) FILTER (WHERE contents > 1) AS clashing, count(*) AS names "
        f"FROM (SELECT count(DISTINCT hash({row})) AS contents FROM texts "
        f"WHERE t{place} IS NOT NULL GROUP BY t{place})",
    )
    return bool(found["clashing"] <= _KEY_CLASHES * found["names"])


def _checked(job: Job, sql: str, columns: ColumnMap) -> str:
    """Add what only several cells of a row together can tell."""
    if job.flat:
        return flat.staged_sql(job.flat, sql, job.connection, columns)
    extra = []
    if job.table == "referrals":
        extra.append("CASE WHEN referrer_id = referred_id THEN 'referred_id:self_reference;' END")
    if columns.of("started_on") and columns.of("ended_on"):
        extra.append("CASE WHEN ended_on < started_on THEN 'ended_on:ends_before_start;' END")
    if not extra:
        return sql
    return f"SELECT * REPLACE (concat(_problems, {', '.join(extra)}) AS _problems) FROM ({sql})"


def _parts(
    table: str, columns: ColumnMap, attributes: dict[str, tuple[int, str]], contract: dict[str, Column]
) -> list[Part]:
    """Return what the source gives to its table, and to `people`."""
    own = TABLES[table]
    stored: dict[str, str] = {}
    for item in columns.mapped:
        if own.column(item.canonical):
            stored[item.canonical] = quoted(item.canonical)
            companion = contract[item.canonical].companion
            if companion:
                stored[companion] = quoted(companion)
    stored |= {name: quoted(name) for name in attributes}
    parts = [Part(table, stored)]
    personal = people_part(columns, own.column("name") is not None)
    if personal and table != "people":
        parts.append(Part("people", personal[0], personal[1], is_last_only=table != "customers"))
    return parts


def people_part(columns: ColumnMap, has_own_name: bool = False) -> tuple[dict[str, str], str] | None:
    """Return the columns of a source that say who someone is, and which rows have any."""
    found = [item.canonical for item in columns.mapped if item.canonical in PERSONAL]
    if not found or has_own_name:
        return None
    where = " OR ".join(f"{quoted(name)} IS NOT NULL" for name in found)
    return {"customer_id": "customer_id"} | {name: quoted(name) for name in found}, f"({where})"
