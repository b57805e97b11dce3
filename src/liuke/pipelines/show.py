"""Reading a snapshot: the tables and documents people ask for by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from liuke.kernel.errors import InvalidInput
from liuke.pipelines.snapshot import Snapshot, find
from liuke.tables import exporting
from liuke.workspace import publishing
from liuke.workspace.folder import Workspace, open_workspace

TABLES = {
    "metrics": "metrics",
    "cohorts": "cohorts",
    "tenure": "tenure",
    "findings": "findings",
    "customers": "customers",
    "states": "states",
    "signals": "signals",
    "evidence": "evidence",
    "reasons": "reasons",
    "tiers": "tiers",
    "concentration": "concentration",
    "effects": "effects",
    "spend-curve": "spend_curve",
    "plan": "plan",
    "held-back": "held_back",
    "let-go": "let_go",
}
"""What can be shown → the snapshot's table."""
DOCUMENTS = ("model", "summary", "manifest")


class NothingOfThatName(InvalidInput):
    """What was asked for is not part of a snapshot."""


def show(workspace: Workspace | Path | str, what: str, *, snapshot: str | None = None) -> pa.Table | dict[str, Any]:
    """Return a table or document of a snapshot.

    Parameters
    ----------
    workspace : Workspace, Path or str
        Where to look.
    what : str
        One of `TABLES` or `DOCUMENTS`.
    snapshot : str, optional
        ``<as_of>.<run>``; the newest by default.

    Raises
    ------
    NothingOfThatName
        If `what` is unknown.
    NoSnapshot
        If there is no such snapshot.
    """
    place = workspace if isinstance(workspace, Workspace) else open_workspace(workspace)
    chosen = find(place, snapshot)
    if what in TABLES:
        return chosen.table(TABLES[what])
    return _document(chosen, what)


def _document(snapshot: Snapshot, what: str) -> dict[str, Any]:
    if what not in DOCUMENTS:
        raise NothingOfThatName(f"{what!r} cannot be shown; choose one of {', '.join((*TABLES, *DOCUMENTS))}")
    return snapshot.manifest if what == "manifest" else snapshot.document(what)


def write(table: pa.Table, path: Path, form: str) -> None:
    """Write `table` to `path` as ``csv``, ``xlsx`` or ``parquet``, whole or not at all."""
    from liuke.pipelines.snapshot import write_parquet

    with publishing.staged_file(path) as temporary:
        if form == "parquet":
            write_parquet(table, temporary)
        elif form == "xlsx":
            exporting.write_xlsx({path.stem: table}, temporary)
        else:
            exporting.write_csv(table, temporary)
