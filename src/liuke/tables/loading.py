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

from liuke.kernel.errors import NotFound, Unavailable
from liuke.kernel.progress import Progress, silent
from liuke.kernel.words import Language, Words
from liuke.tables import flat, matching, profiling, querying, rejecting, sandbox, sources
from liuke.tables.contract import TABLES
from liuke.tables.mapping import ColumnMap, MapNotAccepted
from liuke.tables.matching import Outcome, Part
from liuke.tables.normal import ReadOptions
from liuke.tables.preparing import STEPS, Job, prepared
from liuke.tables.store import Store, nothing, quoted, write_parquet
from liuke.tables.verdicts import REASONS, FileRefused

__all__ = ["FileRefused", "Loaded", "MapNotAccepted", "load"]

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
        progress(0, STEPS, "reading")
        staged = sources.stage(source, place / "source", options, parse)
        checkpoint("source_read")
        with _connection(place) as connection:
            answers = profiling.Answers(store.time_zone, date_order, excel_dates, today)
            told = flat.FlatOptions(**flat_options) if table == "flat" else None
            job = Job(store, table, connection, place, staged, answers, told, progress, checkpoint)
            columns, parts, extra = prepared(job, dict(mapping or {}), accept)
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


def _remarks(job: Job) -> list[Words]:
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


def _unknown_customers(job: Job) -> int:
    known = job.store.sql("customers")
    if known is None or job.table in ("customers", "flat", "people") or not TABLES[job.table].column("customer_id"):
        return 0
    return querying.number(
        job.connection,
        f"SELECT count(DISTINCT customer_id) FROM sound WHERE customer_id NOT IN (SELECT customer_id FROM ({known}))",
    )


def _rejected(job: Job, columns: ColumnMap, folder: Path, language: Language) -> Path | None:
    job.progress(4, STEPS, "rejected rows")
    if querying.number(job.connection, "SELECT (SELECT count(*) FROM trouble) + (SELECT count(*) FROM bad)") == 0:
        return None
    file = rejecting.write_rejected(job.connection, job.source.meta.names, columns, folder, language)
    job.checkpoint("rejected_written")
    return file


def _commit(
    job: Job,
    name: str,
    seq: int,
    parts: list[Part],
    outcome: Outcome,
    columns: ColumnMap,
    about: dict[str, Any] | None,
) -> None:
    written = []
    for number, part in enumerate(parts):
        columns_sql = ", ".join(f"p.{quoted(column)}" for column in part.columns)
        restriction = "" if _is_everything(job, number) else f"SEMI JOIN new_{number} USING (_line)"
        sql = f"SELECT {columns_sql}, {seq} AS _load, p._row FROM part_{number} AS p {restriction}"
        batches = job.connection.sql(sql).to_arrow_reader(122_880)
        file = job.place / f"{part.table}.parquet"
        rows = write_parquet(batches, file, lambda rows: job.progress(5, STEPS, f"writing {rows:,} rows"))
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
    job.progress(6, STEPS, "committing")
    job.store.commit(entry, written, job.checkpoint)


def _is_everything(job: Job, number: int) -> bool:
    sql = f"SELECT (SELECT count(*) FROM part_{number}) = (SELECT count(*) FROM new_{number})"
    return bool(querying.number(job.connection, sql))


def _samples(job: Job) -> tuple[dict[str, str], ...]:
    names = job.source.meta.names
    cells = ", ".join(f"c{i}::VARCHAR" for i in range(len(names)))
    rows = job.connection.execute(f"SELECT {cells} FROM raw LIMIT 3").fetchall()
    return tuple({name: value or "" for name, value in zip(names, row, strict=True)} for row in rows)


def _loaded(
    job: Job, name: str, outcome: Outcome, columns: ColumnMap, notes: tuple[Words, ...], file: Path | None
) -> Loaded:
    meta = job.source.meta
    reasons = rejecting.reason_counts(job.connection)
    said = [
        Words(f"{times:,} 行:{REASONS[code].zh}", f"{times:,} rows: {REASONS[code].en}")
        for code, times in reasons.items()
    ]
    job.progress(STEPS, STEPS, "done")
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
