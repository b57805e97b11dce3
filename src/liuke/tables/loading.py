"""Loading: read a source, check every cell, append what is new, give back what cannot be accepted.

``read = accepted + rejected + already there``, always. The steps are: (1) bring the source into plain form, (2) find
out whose column is which and have doubts settled, (3) cast by rule, (4) match with what is stored, (5) write the
rejected rows, (6) write the new ones, (7) replace the manifest. Killed before (7), the tables are as before.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa

from liuke.kernel.errors import NotFound, Unavailable
from liuke.kernel.progress import Progress, silent
from liuke.kernel.words import Language, Words
from liuke.tables import casting, flat, mapping, matching, profiling, querying, rejecting, rules, sandbox, sources
from liuke.tables.contract import PERSONAL, TABLES, Column
from liuke.tables.mapping import ColumnMap, MapNotAccepted
from liuke.tables.matching import Outcome, Part
from liuke.tables.names import MEND_COLUMNS
from liuke.tables.normal import ReadOptions
from liuke.tables.sources import Source
from liuke.tables.store import Store, nothing, quoted, read_parquet, write_parquet
from liuke.tables.verdicts import REASONS, FileRefused

__all__ = ["FileRefused", "Loaded", "MapNotAccepted", "load"]

_STEPS = 7
_SAMPLE_ROWS = 1_000
_KEY_CLASHES = 0.05
_MEMORY = "4GB"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did, or would do.

    Parameters
    ----------
    load : str
        Its name, such as ``0001-transactions``.
    table : str
        The canonical table, or ``flat``.
    read, accepted, rejected, already_there : int
        Rows of the source; ``read == accepted + rejected + already_there``.
    revised : int
        Accepted rows that replace the content of a stored key.
    rejected_file : Path or None
        The rejected rows in their original form with line, column, value and reason.
    encoding, delimiter : str or None
        As found in a text file.
    columns : ColumnMap
        Whose column was which.
    notes : tuple of Words
        What the user should know.
    samples : tuple of dict
        The first rows as read.
    reasons : dict of str to int
        Rejected rows by code of the reason.
    """

    load: str
    table: str
    read: int
    accepted: int
    rejected: int
    already_there: int
    revised: int
    rejected_file: Path | None
    encoding: str | None
    delimiter: str | None
    columns: ColumnMap
    notes: tuple[Words, ...]
    samples: tuple[dict[str, str], ...]
    reasons: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return the counts as one JSON document."""
        return {
            "load": self.load,
            "table": self.table,
            "read": self.read,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "already_there": self.already_there,
            "revised": self.revised,
            "rejected_file": str(self.rejected_file) if self.rejected_file else None,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "columns": {item.canonical: item.theirs for item in self.columns.mapped},
            "attributes": [name for _, name in self.columns.attributes],
            "reasons": self.reasons,
            "notes": [note.en for note in self.notes],
        }


@dataclass(frozen=True, slots=True)
class _Job:
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


def load(
    store: Store,
    table: str,
    source: object,
    *,
    rejected_dir: Path,
    mapping: Mapping[str, str] | None = None,
    accept: bool | Callable[[ColumnMap], bool] = False,
    dry_run: bool = False,
    today: date | None = None,
    date_order: Literal["dmy", "mdy", "ymd"] | None = None,
    excel_dates: Literal["1900", "1904"] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    names: tuple[str, ...] | None = None,
    sheet: str | None = None,
    language: Language = "en",
    progress: Progress = silent,
    checkpoint: Callable[[str], None] = nothing,
    parse: sources.Parse = sandbox.parse,
    **flat_options: Any,
) -> Loaded:
    """Read a source into a canonical table; the caller holds the workspace's lock.

    Parameters
    ----------
    store : Store
        The tables.
    table : str
        A canonical table, or ``flat`` for one row per customer with a churn label.
    source : path, pyarrow.Table or data frame
        What to read.
    rejected_dir : Path
        Rejected rows go to ``<rejected_dir>/<load>/rows.csv``.
    mapping : mapping of str to str, optional
        Canonical column → header, ``A * B``, ``=constant``, ``subscriptions[header]``, or empty for "not there".
    accept : bool or callable
        Whether a map with doubts is taken; a callable is asked.
    dry_run : bool
        Only say what would happen.
    today : date, optional
        Rows dated later are rejected; without it the future is not checked.
    date_order, excel_dates, encoding, delimiter, names, sheet
        Answers to what the loader may ask about a file.
    language : {'zh', 'en'}
        Of the reasons in the file of rejected rows.
    progress : Progress
        Told how far the load is.
    checkpoint : callable
        Told the name of each point passed.
    parse : callable
        How a file is parsed; in a limited child process by default.
    **flat_options
        For ``flat``: see `liuke.tables.flat.FlatOptions`.

    Returns
    -------
    Loaded
        The counts and what was noticed.

    Raises
    ------
    FileRefused
        If the source as a whole cannot be accepted.
    MapNotAccepted
        If the column map has doubts and nobody accepted it.
    """
    if table not in TABLES and table != "flat":
        raise NotFound(f"there is no table {table!r}; there are: flat, {', '.join(TABLES)}")
    store.sweep()
    seq = store.next_seq()
    place = store.workplace(seq)
    try:
        checkpoint("begun")
        (place / "source").mkdir()
        options = ReadOptions(encoding, delimiter, tuple(names) if names else None, sheet)
        progress(0, _STEPS, "reading")
        staged = sources.stage(source, place / "source", options, parse)
        checkpoint("source_read")
        with _connection(place) as connection:
            answers = profiling.Answers(store.time_zone, date_order, excel_dates, today)
            told = flat.FlatOptions(**flat_options) if table == "flat" else None
            job = _Job(store, table, connection, place, staged, answers, told, progress, checkpoint)
            columns, parts, extra = _prepared(job, dict(mapping or {}), accept)
            outcome = matching.match(connection, store, parts)
            checkpoint("matched")
            about = flat.described(job.flat, columns, connection) if job.flat else None
            notes = (*staged.meta.notes, *columns.notes, *_remarks(job), *extra, *flat.refusals(about))
            name = f"{seq:04d}-{table}"
            file = None if dry_run else _rejected(job, columns, rejected_dir / name, language)
            if not dry_run:
                _commit(job, name, seq, parts, outcome, columns, about)
            return _loaded(job, name, outcome, columns, notes, file)
    except duckdb.OutOfMemoryException as error:
        raise Unavailable(f"not enough memory to load: {str(error).splitlines()[0]}; nothing was changed") from error
    except (duckdb.IOException, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (27, 28, 122):
            raise
        free = shutil.disk_usage(store.path).free >> 20
        raise Unavailable(f"no room to load ({error}); {free:,} MiB are free; nothing was changed") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _connection(place: Path) -> duckdb.DuckDBPyConnection:
    spill = place / "spill"
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _prepared(
    job: _Job, given: dict[str, str], accept: bool | Callable[[ColumnMap], bool]
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
    job.progress(2, _STEPS, "casting")
    attributes = casting.attribute_types(job.connection, columns, types)
    cast = casting.Casting(columns, contract, found, job.answers, types, attributes, _mend_place(job))
    subscriptions = job.store.sql("subscriptions") if job.table != "subscriptions" else None
    sql = casting.staged_sql(cast, subscriptions)
    job.connection.execute(f"CREATE TABLE staged AS {_checked(job, sql, columns)}")
    job.checkpoint("cast")
    job.progress(3, _STEPS, "matching")
    notes = [*found.notes, *columns.doubts]
    if job.flat:
        return columns, flat.parts(job.flat, columns, attributes), notes
    return columns, _parts(job.table, columns, attributes, contract), notes


def _contract(job: _Job) -> dict[str, Column]:
    columns = flat.columns() if job.flat else mapping.source_columns(job.table)
    return {column.name: column for column in columns}


def _raw(job: _Job) -> dict[int, str]:
    """Make the views `raw` and `texts`, the table `bad` and the macros; return the columns' types."""
    connection, meta, source = job.connection, job.source.meta, job.source
    rules.define(connection, meta.is_plain, job.store.time_zone)
    if isinstance(source.rows, pa.Table):
        connection.register("arriving", source.rows)
        relation, line = "arriving", "row_number() OVER () AS _line"
    else:
        relation, line = read_parquet([source.rows]), "_line"
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    types = {int(row[0][1:]): row[1] for row in described if row[0] != "_line"}
    is_mended = _mend_place(job) is not None
    cells = [_raw_cell(place, kind, is_mended) for place, kind in types.items()]
    connection.execute(f"CREATE VIEW raw AS SELECT {', '.join([line, *cells])} FROM {relation}")
    types = {place: "VARCHAR" if _is_text(kind) else kind for place, kind in types.items()}
    connection.execute(casting.texts_sql(types))
    bad = (
        f"SELECT * FROM {read_parquet([source.bad])}"
        if source.bad
        else "SELECT 0::BIGINT AS _line, '' AS _code, '' AS _text LIMIT 0"
    )
    connection.execute(f"CREATE VIEW bad AS {bad}")
    return types


def _mend_place(job: _Job) -> int | None:
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


def _proposed(job: _Job, given: dict[str, str], contract: dict[str, Column], types: dict[int, str]) -> ColumnMap:
    job.progress(1, _STEPS, "mapping")
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


def _is_key(job: _Job, place: int, width: int) -> bool:
    """Return whether values at `place` name rows: hardly any stands in lines of different content."""
    row = ", ".join(f"t{i}" for i in range(width))
    found = querying.row(
        job.connection,
        f"SELECT count(*) FILTER (WHERE contents > 1) AS clashing, count(*) AS names FROM (SELECT count(DISTINCT hash({row})) "
        f"AS contents FROM texts WHERE t{place} IS NOT NULL GROUP BY t{place})",
    )
    return bool(found["clashing"] <= _KEY_CLASHES * found["names"])


def _checked(job: _Job, sql: str, columns: ColumnMap) -> str:
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


def _remarks(job: _Job) -> list[Words]:
    notes = []
    meta = job.source.meta
    if meta.encoding and meta.encoding not in ("utf-8", "utf-8-sig"):
        shown = " | ".join(" ".join(row.values())[:60] for row in _samples(job)[:2])
        notes.append(Words(f"编码:{meta.encoding};样例:{shown}", f"encoding: {meta.encoding}; samples: {shown}"))
    if meta.rows + meta.bad == 0:
        notes.append(Words("文件只有表头,没有数据行", "the file has a header and no rows"))
    if any(load["source_sha256"] == job.source.sha256 for load in job.store.loads() if job.source.sha256):
        notes.append(Words("这个文件以前载入过", "this very file was loaded before"))
    unknown = _unknown_customers(job)
    if unknown:
        notes.append(
            Words(f"{unknown:,} 位客户不在 customers 表中", f"{unknown:,} customers are not in the table customers")
        )
    return notes


def _unknown_customers(job: _Job) -> int:
    known = job.store.sql("customers")
    if known is None or job.table in ("customers", "flat", "people") or not TABLES[job.table].column("customer_id"):
        return 0
    return querying.number(
        job.connection,
        f"SELECT count(DISTINCT customer_id) FROM sound WHERE customer_id NOT IN (SELECT customer_id FROM ({known}))",
    )


def _rejected(job: _Job, columns: ColumnMap, folder: Path, language: Language) -> Path | None:
    job.progress(4, _STEPS, "rejected rows")
    if querying.number(job.connection, "SELECT (SELECT count(*) FROM trouble) + (SELECT count(*) FROM bad)") == 0:
        return None
    file = rejecting.write_rejected(job.connection, job.source.meta.names, columns, folder, language)
    job.checkpoint("rejected_written")
    return file


def _commit(job: _Job, name: str, seq: int, parts: list[Part], outcome: Outcome, columns: ColumnMap, about: dict[str, Any] | None) -> None:
    written = []
    for number, part in enumerate(parts):
        columns_sql = ", ".join(f"p.{quoted(column)}" for column in part.columns)
        restriction = "" if _is_everything(job, number) else f"SEMI JOIN new_{number} USING (_line)"
        sql = f"SELECT {columns_sql}, {seq} AS _load, p._row FROM part_{number} AS p {restriction}"
        batches = job.connection.sql(sql).to_arrow_reader(122_880)
        file = job.place / f"{part.table}.parquet"
        rows = write_parquet(batches, file, lambda rows: job.progress(5, _STEPS, f"writing {rows:,} rows"))
        job.checkpoint("file_written")
        if rows:
            record = {"rows": rows, "columns": list(part.columns), "revises": outcome.revises[part.table]}
            written.append((part.table, file, record))
    meta, source = job.source.meta, job.source
    entry = {
        "load": name,
        "seq": seq,
        "table": job.table,
        "source": source.name,
        "source_sha256": source.sha256,
        "encoding": meta.encoding,
        "read": meta.rows + meta.bad,
        "accepted": outcome.accepted,
        "rejected": outcome.rejected + meta.bad,
        "already_there": outcome.already_there,
        "revised": outcome.revised,
        "columns": {item.canonical: item.theirs for item in columns.mapped},
        "flat": about,
    }
    job.progress(6, _STEPS, "committing")
    job.store.commit(entry, written, job.checkpoint)


def _is_everything(job: _Job, number: int) -> bool:
    sql = f"SELECT (SELECT count(*) FROM part_{number}) = (SELECT count(*) FROM new_{number})"
    return bool(querying.number(job.connection, sql))


def _samples(job: _Job) -> tuple[dict[str, str], ...]:
    names = job.source.meta.names
    cells = ", ".join(f"c{i}::VARCHAR" for i in range(len(names)))
    rows = job.connection.execute(f"SELECT {cells} FROM raw LIMIT 3").fetchall()
    return tuple({name: value or "" for name, value in zip(names, row, strict=True)} for row in rows)


def _loaded(
    job: _Job, name: str, outcome: Outcome, columns: ColumnMap, notes: tuple[Words, ...], file: Path | None
) -> Loaded:
    meta = job.source.meta
    reasons = rejecting.reason_counts(job.connection)
    said = [
        Words(f"{times:,} 行:{REASONS[code].zh}", f"{times:,} rows: {REASONS[code].en}")
        for code, times in reasons.items()
    ]
    job.progress(_STEPS, _STEPS, "done")
    return Loaded(
        name,
        job.table,
        meta.rows + meta.bad,
        outcome.accepted,
        outcome.rejected + meta.bad,
        outcome.already_there,
        outcome.revised,
        file,
        meta.encoding,
        meta.delimiter,
        columns,
        (*notes, *said),
        _samples(job),
        reasons,
    )
