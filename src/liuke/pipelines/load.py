"""Loading into a workspace: one deed at a time, held by the workspace's lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from liuke.kernel.progress import Progress, silent
from liuke.tables import loading
from liuke.tables.loading import Loaded
from liuke.tables.store import Store
from liuke.workspace.folder import Workspace, open_workspace


def store_of(workspace: Workspace) -> Store:
    """Return the canonical tables of `workspace`."""
    return Store(workspace.tables, workspace.definitions.company.time_zone)


def load(
    workspace: Workspace | Path | str,
    table: str,
    source: object,
    *,
    mapping: Mapping[str, str] | None = None,
    accept: bool = False,
    dry_run: bool = False,
    progress: Progress = silent,
    **options: Any,
) -> Loaded:
    """Read, check and append rows to a canonical table.

    Parameters
    ----------
    workspace : Workspace, Path or str
        Where the tables are.
    table : str
        A canonical table, or ``"flat"`` for one row per customer with a churn label.
    source : Path, str, pyarrow.Table, pandas or Polars DataFrame
        What to read; a path may be CSV, Excel or Parquet.
    mapping : mapping of str to str, optional
        Canonical column → the source's column, over what is proposed.
    accept : bool, default False
        Take the proposed column map without asking.
    dry_run : bool, default False
        Only say what would happen.
    progress : callable, optional
        Told how far the work is.
    **options
        ``today``, ``date_order``, ``excel_dates``, ``encoding``, ``delimiter``, ``names``, ``sheet``, ``language`` (the
        workspace's by default) and, for flat files, ``churned``, ``tenure``, ``tenure_unit``, ``observed_on``,
        ``known_after``; see `liuke.tables.loading.load`.

    Returns
    -------
    Loaded
        With ``read == accepted + rejected + already_there``.
    """
    place = workspace if isinstance(workspace, Workspace) else open_workspace(workspace)
    options.setdefault("language", place.definitions.company.language)
    with place.locked():
        return loading.load(
            store_of(place),
            table,
            source,
            mapping=mapping,
            accept=accept,
            dry_run=dry_run,
            rejected_dir=place.rejected,
            progress=progress,
            **options,
        )


def loads(workspace: Workspace | Path | str) -> Sequence[Mapping[str, Any]]:
    """Return the loads of a workspace, oldest first."""
    place = workspace if isinstance(workspace, Workspace) else open_workspace(workspace)
    return store_of(place).loads()


def unload(workspace: Workspace | Path | str, load: str) -> None:
    """Take one load back whole."""
    place = workspace if isinstance(workspace, Workspace) else open_workspace(workspace)
    with place.locked():
        store_of(place).unload(load)
