"""The immutable result of one run: a folder of Parquet and JSON files with a manifest that vouches for each.

Published by one rename, verified by length and SHA-256 before it is trusted. The content hash covers every file
but the manifest, so the same inputs, definitions and seed give the same hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from liuke.kernel.errors import InvalidInput, NotFound
from liuke.workspace import publishing
from liuke.workspace.folder import Workspace

MANIFEST = "manifest.json"
FORMAT = 1
ROWS_PER_GROUP = 122_880


class NoSnapshot(NotFound):
    """There is no such snapshot, or none at all yet."""


class SnapshotDamaged(InvalidInput):
    """A file of the snapshot is missing, added, or is not what the manifest says."""


class SnapshotTooNew(InvalidInput):
    """The snapshot was written by a newer version."""


@dataclass(frozen=True)
class Snapshot:
    """One published result.

    Parameters
    ----------
    path : Path
        Its folder, called ``<as_of>.<run>``.
    """

    path: Path

    @property
    def name(self) -> str:
        """``<as_of>.<run>``."""
        return self.path.name

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest, read once.

        Raises
        ------
        SnapshotDamaged
            If there is none, or it cannot be read.
        SnapshotTooNew
            If its format is newer than this version knows.
        """
        try:
            manifest: dict[str, Any] = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
            version = int(manifest["format"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SnapshotDamaged(f"snapshot {self.name}: its {MANIFEST} cannot be read; run again") from error
        if version > FORMAT:
            raise SnapshotTooNew(
                f"snapshot {self.name} was written by a newer version (format {version}, this one knows {FORMAT}); "
                "upgrade, or choose an older snapshot"
            )
        return manifest

    @property
    def as_of(self) -> date:
        """The day the snapshot looks from."""
        return date.fromisoformat(self.manifest["as_of"])

    def table(self, name: str) -> pa.Table:
        """Return the rows of ``<name>.parquet``."""
        return pq.read_table(self.file(f"{name}.parquet"), memory_map=True)

    def document(self, name: str) -> dict[str, Any]:
        """Return the content of ``<name>.json``."""
        content: dict[str, Any] = json.loads(self.file(f"{name}.json").read_text(encoding="utf-8"))
        return content

    def file(self, name: str) -> Path:
        """Return the path of the file `name`, if the manifest lists it.

        Raises
        ------
        NoSnapshot
            If the manifest does not list it.
        """
        if name not in self.manifest["files"]:
            raise NoSnapshot(f"snapshot {self.name} has no {name}")
        return self.path / name

    def verify(self) -> None:
        """Check every file against the manifest.

        Raises
        ------
        SnapshotDamaged
            Naming the first file that is missing, added, or changed.
        """
        listed = self.manifest["files"]
        present = {path.name for path in self.path.iterdir()} - {MANIFEST}
        for name in sorted(set(listed) | present):
            fault = _fault(self.path / name, listed.get(name))
            if fault:
                raise SnapshotDamaged(f"snapshot {self.name}: {name} {fault}; do not trust it, run again")
        if content_hash(listed) != self.manifest["content_hash"]:
            raise SnapshotDamaged(f"snapshot {self.name}: {MANIFEST} was changed; do not trust it, run again")


def _fault(path: Path, entry: Mapping[str, Any] | None) -> str | None:
    if entry is None:
        return "is not in the manifest"
    if not path.is_file():
        return "is missing"
    if path.stat().st_size != entry["bytes"]:
        return f"has {path.stat().st_size} bytes where the manifest says {entry['bytes']}"
    if publishing.sha256(path) != entry["sha256"]:
        return "is damaged: its SHA-256 is not the manifest's"
    return None


def content_hash(files: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the hash of all files by name, the manifest aside."""
    lines = [f"{name} {files[name]['sha256']}\n" for name in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def snapshots(workspace: Workspace) -> list[Snapshot]:
    """Return the published snapshots of a workspace, oldest first by `as_of` and run."""
    if not workspace.snapshots.is_dir():
        return []
    folders = [path for path in workspace.snapshots.iterdir() if (path / MANIFEST).is_file() and "." in path.name]
    return [Snapshot(path) for path in sorted(folders) if not path.name.startswith(publishing.STAGED)]


def find(workspace: Workspace, name: str | None = None) -> Snapshot:
    """Return the snapshot called `name`, or the newest.

    Raises
    ------
    NoSnapshot
        If there is none; lists those there are.
    """
    present = snapshots(workspace)
    if not present:
        raise NoSnapshot(f"{workspace.path} has no snapshot yet; make one with: liuke run {workspace.path}")
    if name is None:
        return present[-1]
    chosen = [snapshot for snapshot in present if snapshot.name == name]
    if not chosen:
        raise NoSnapshot(f"there is no snapshot {name}; there are {', '.join(one.name for one in present)}")
    return chosen[0]


def publish(
    workspace: Workspace,
    *,
    as_of: date,
    tables: Mapping[str, pa.Table],
    documents: Mapping[str, Mapping[str, Any]],
    facts: Mapping[str, Any],
) -> Snapshot:
    """Write a new snapshot and publish it by one rename.

    Parameters
    ----------
    workspace : Workspace
        Held by the caller's lock.
    as_of : date
        The day looked from.
    tables, documents : mapping
        File stem → Arrow table, file stem → JSON document; all of them go into the content hash.
    facts : mapping
        What else the manifest says: seed, hashes of definitions and inputs, versions, seconds per step.
    """
    final = workspace.snapshots / f"{as_of.isoformat()}.{_next_run(workspace, as_of):03d}"
    with publishing.staged(final) as folder:
        for stem, table in tables.items():
            write_parquet(table, folder / f"{stem}.parquet")
        for stem, document in documents.items():
            _write_json(document, folder / f"{stem}.json")
        files = {
            path.name: {"bytes": path.stat().st_size, "sha256": publishing.sha256(path)}
            for path in sorted(folder.iterdir())
        }
        for path in folder.iterdir():
            publishing.sync(path)
        rows = {f"{stem}.parquet": table.num_rows for stem, table in tables.items()}
        manifest = {
            "format": FORMAT,
            "as_of": as_of.isoformat(),
            "run": final.name.rsplit(".", 1)[1],
            **facts,
            "rows": rows,
            "files": files,
            "content_hash": content_hash(files),
        }
        _write_json(manifest, folder / MANIFEST)
    return Snapshot(final)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write `table` in the one layout all snapshots share, with page checksums."""
    plain = table.replace_schema_metadata(None).combine_chunks()
    pq.write_table(
        plain, path, compression="zstd", row_group_size=ROWS_PER_GROUP, write_page_checksum=True, store_schema=True
    )


def _write_json(content: Mapping[str, Any], path: Path) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _next_run(workspace: Workspace, as_of: date) -> int:
    runs = [int(one.name.rsplit(".", 1)[1]) for one in snapshots(workspace) if one.name.startswith(as_of.isoformat())]
    return max(runs, default=0) + 1
