"""Where the canonical tables are kept: Parquet files under one manifest.

What the manifest does not list is not there. A load writes its files under names nobody reads, syncs them, renames
them, and becomes real by one replacement of `manifest.json`; whatever a killed load left behind is swept by the next.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from liuke.kernel.errors import InvalidInput, NotFound, Unavailable
from liuke.tables.contract import TABLES
from liuke.workspace import publishing

FORMAT = 1


class StoreDamaged(Unavailable):
    """A file of the tables is missing or not what the manifest says; the message names it."""


class NoSuchLoad(NotFound):
    """There is no load of that name."""


def nothing(name: str) -> None:
    """Pass a named point of a load without doing anything."""


class Store:
    """The tables of one workspace.

    Parameters
    ----------
    path : Path
        The folder `tables` of the workspace; created by the first load.
    time_zone : str
        The workspace's zone, in which local days are counted, such as ``Asia/Shanghai``.

    Raises
    ------
    InvalidInput
        If the tables there were written for another zone: their local days would not agree.
    """

    def __init__(self, path: Path, time_zone: str) -> None:
        self.path = Path(path)
        self.time_zone = time_zone
        written_for = self.manifest()["time_zone"]
        if written_for != time_zone:
            raise InvalidInput(
                f"the tables in {self.path} were loaded for the time zone {written_for}, not {time_zone}: "
                "set the zone back, or load the data into a new workspace"
            )

    def manifest(self) -> dict[str, Any]:
        """Return the manifest as it is on disk now; an empty one where nothing was loaded yet."""
        file = self.path / "manifest.json"
        if not file.exists():
            return {"format": FORMAT, "time_zone": self.time_zone, "last_seq": 0, "loads": []}
        try:
            found = json.loads(file.read_text("utf-8"))
        except ValueError as error:
            raise StoreDamaged(f"{file} cannot be read: {error}; restore it from a backup", permanent=True) from error
        if found.get("format") != FORMAT:
            raise InvalidInput(f"{file} is of format {found.get('format')}; this version reads format {FORMAT}")
        return dict(found)

    def loads(self) -> list[dict[str, Any]]:
        """Return the loads in force, oldest first, as the manifest describes them."""
        return list(self.manifest()["loads"])

    def next_seq(self) -> int:
        """Return the number the next load will bear; numbers are never given twice."""
        return int(self.manifest()["last_seq"]) + 1

    @property
    def flat(self) -> dict[str, Any] | None:
        """What is known of the last flat load (label, observed_on, columns that are no features), or None."""
        return next((load["flat"] for load in reversed(self.loads()) if load.get("flat")), None)

    def _records(self, table: str) -> list[dict[str, Any]]:
        _known(table)
        return [file for load in self.loads() for file in load["files"] if file["table"] == table]

    def files(self, table: str) -> list[Path]:
        """Return the Parquet files of `table`, oldest load first."""
        return [self.path / record["path"] for record in self._records(table)]

    def rows(self, table: str) -> int:
        """Return the number of stored rows of `table`, revisions counted."""
        return sum(int(record["rows"]) for record in self._records(table))

    def has_revisions(self, table: str) -> bool:
        """Return whether a key of `table` stands in more than one load, so that rows must be combined."""
        return any(record["revises"] for record in self._records(table))

    def given(self, table: str) -> dict[str, tuple[int, ...]]:
        """Return for every stored column of `table` the numbers of the loads whose source had that column."""
        found: dict[str, list[int]] = {}
        spelling: dict[str, str] = {}  # names that differ only in case are one column, as in SQL
        for load in self.loads():
            for record in load["files"]:
                if record["table"] == table:
                    for column in record["columns"]:
                        found.setdefault(spelling.setdefault(column.casefold(), column), []).append(load["seq"])
        return {column: tuple(numbers) for column, numbers in found.items()}

    def sql(self, table: str) -> str | None:
        """Return a SELECT of the rows in force of `table`, without `_load` and `_row`; None if it is empty."""
        files = self.files(table)
        if not files:
            return None
        relation = read_parquet(files)
        columns = list(self.given(table))
        if not self.has_revisions(table):
            return f"SELECT {', '.join(map(quoted, columns))} FROM {relation}"
        return combined_sql(table, relation, columns, self.given(table))

    def read(self, table: str) -> pa.Table:
        """Return the rows in force of `table`; a table never loaded has its contract columns and no row."""
        sql = self.sql(table)
        with duckdb.connect() as connection:
            if sql is None:
                types = TABLES[table].stored_types()
                sql = "SELECT " + ", ".join(f"NULL::{kind} AS {quoted(name)}" for name, kind in types.items())
                sql += " LIMIT 0"
            return connection.sql(sql).to_arrow_table()

    def verify(self) -> None:
        """Check length and SHA-256 of every file.

        Raises
        ------
        StoreDamaged
            Naming the first file that is missing or altered.
        """
        for load in self.loads():
            for record in load["files"]:
                file = self.path / record["path"]
                problem = _difference(file, record)
                if problem:
                    raise StoreDamaged(
                        f"{file} {problem}: restore it from a backup, or take load {load['load']} back and load "
                        f"{load['source']} again",
                        permanent=True,
                    )

    def commit(
        self,
        entry: dict[str, Any],
        parts: Iterable[tuple[str, Path, dict[str, Any]]],
        checkpoint: Callable[[str], None],
    ) -> None:
        """Make a load real: move its written files to their names, then replace the manifest.

        Parameters
        ----------
        entry : dict
            The load as the manifest shall describe it; `files` is filled in here.
        parts : iterable of (table, file, record)
            Files written in a directory of the same file system, with what else their record says.
        checkpoint : callable
            Told the name of each point passed, for tests that kill here.
        """
        entry["files"] = []
        for table, written, record in parts:
            final = self.path / table / f"{entry['seq']:04d}.parquet"
            final.parent.mkdir(parents=True, exist_ok=True)
            digest, size = publishing.sha256(written), written.stat().st_size
            os.replace(written, final)
            publishing.sync(final.parent)
            path = final.relative_to(self.path).as_posix()
            entry["files"].append({"table": table, "path": path, "bytes": size, "sha256": digest, **record})
            checkpoint("file_in_place")
        manifest = self.manifest()
        manifest["last_seq"] = entry["seq"]
        manifest["loads"].append(entry)
        self._replace_manifest(manifest, checkpoint)

    def unload(self, load: str) -> dict[str, Any]:
        """Take a load back whole; later loads stay as they are.

        Rows of later loads that were already there because of this one are not stored anywhere else: load those
        files again.

        Returns
        -------
        dict
            The load as it was described.
        """
        manifest = self.manifest()
        found = [entry for entry in manifest["loads"] if entry["load"] == load]
        if not found:
            names = ", ".join(entry["load"] for entry in manifest["loads"]) or "none"
            raise NoSuchLoad(f"there is no load {load!r}; there are: {names}")
        manifest["loads"] = [entry for entry in manifest["loads"] if entry["load"] != load]
        self._replace_manifest(manifest, nothing)
        for record in found[0]["files"]:
            (self.path / record["path"]).unlink(missing_ok=True)
        return dict(found[0])

    def sweep(self) -> None:
        """Remove what killed loads left behind: everything the manifest does not list."""
        if not self.path.exists():
            return
        listed = {self.path / record["path"] for load in self.loads() for record in load["files"]}
        listed.add(self.path / "manifest.json")
        for item in self.path.iterdir():
            if item.is_dir() and item.name in TABLES:
                for file in item.iterdir():
                    if file not in listed:
                        file.unlink()
            elif item not in listed and item.name.startswith("."):
                shutil.rmtree(item) if item.is_dir() else item.unlink()

    def workplace(self, seq: int) -> Path:
        """Return a fresh directory for the files of load `seq` before they are in force."""
        place = self.path / f".load-{seq:04d}"
        place.mkdir(parents=True)
        return place

    def _replace_manifest(self, manifest: dict[str, Any], checkpoint: Callable[[str], None]) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        fresh = self.path / ".manifest.json"
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(manifest, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        checkpoint("manifest_written")
        os.replace(fresh, self.path / "manifest.json")
        publishing.sync(self.path)
        checkpoint("manifest_in_place")


def combined_sql(table: str, relation: str, columns: Iterable[str], given: dict[str, tuple[int, ...]]) -> str:
    """Return a SELECT of the rows in force where keys stand in several loads.

    For every key and column the value of the latest load counts whose source had that column: a later file with
    other columns completes a row, and a later file with the same column replaces the value, also by nothing. Rows
    without a key are known by their content and stay as they are.

    Parameters
    ----------
    table : str
        The canonical table.
    relation : str
        What to select from, such as ``read_parquet([...], union_by_name=true)``; it has `_load`.
    columns : iterable of str
        The columns wanted.
    given : dict
        For every column the numbers of the loads that had it (`Store.given`).
    """
    keys = TABLES[table].key
    wanted = list(columns)
    if not keys:
        return f"SELECT {', '.join(map(quoted, wanted))} FROM {relation}"
    groups: dict[tuple[int, ...], list[str]] = {}
    for column in wanted:
        if column not in keys:
            groups.setdefault(given.get(column, ()), []).append(column)
    states, places = [], {column: quoted(column) for column in keys}
    for number, (loads, members) in enumerate(groups.items()):
        fields = ", ".join(f"v{i} := {quoted(member)}" for i, member in enumerate(members))
        among = ", ".join(map(str, loads)) or "-1"
        states.append(f"max(struct_pack(l := _load, {fields})) FILTER (WHERE _load IN ({among})) AS _g{number}")
        places.update({member: f"_g{number}.v{i} AS {quoted(member)}" for i, member in enumerate(members)})
    key = ", ".join(map(quoted, keys))
    is_keyed = " AND ".join(f"{quoted(column)} IS NOT NULL" for column in keys)
    plain = ", ".join(map(quoted, wanted))
    return (
        f"WITH stored AS (SELECT * FROM {relation}), "
        f"latest AS (SELECT {', '.join([key, *states])} FROM stored WHERE {is_keyed} GROUP BY {key}) "
        f"SELECT {', '.join(places[column] for column in wanted)} FROM latest "
        f"UNION ALL SELECT {plain} FROM stored WHERE NOT ({is_keyed})"
    )


def read_parquet(files: Iterable[Path]) -> str:
    """Return the SQL relation of Parquet `files`, columns matched by name."""
    names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    return f"read_parquet([{names}], union_by_name=true)"


def quoted(name: str) -> str:
    """Return `name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def write_parquet(batches: pa.RecordBatchReader, file: Path, progress: Callable[[int], None]) -> int:
    """Write `batches` in the one layout of the store (zstd, page checksums), synced; return the number of rows."""
    rows = 0
    with (
        file.open("wb") as sink,
        pq.ParquetWriter(sink, batches.schema, compression="zstd", write_page_checksum=True) as writer,
    ):
        for batch in batches:
            writer.write_batch(batch, row_group_size=122_880)
            rows += batch.num_rows
            progress(rows)
    with file.open("rb") as written:
        os.fsync(written.fileno())
    return rows


def _difference(file: Path, record: dict[str, Any]) -> str | None:
    if not file.exists():
        return "is missing"
    if file.stat().st_size != record["bytes"]:
        return f"has {file.stat().st_size} bytes instead of {record['bytes']}"
    return "was altered (its SHA-256 differs)" if publishing.sha256(file) != record["sha256"] else None


def _known(table: str) -> None:
    if table not in TABLES:
        raise NotFound(f"there is no table {table!r}; there are: {', '.join(TABLES)}")
