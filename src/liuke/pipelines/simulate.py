"""An invented company loaded like any other data, its truth kept where a run never looks."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from liuke.kernel.errors import InvalidInput
from liuke.kernel.progress import Progress, silent
from liuke.pipelines.load import load
from liuke.pipelines.snapshot import write_parquet
from liuke.workspace import publishing
from liuke.workspace.definitions import Industry
from liuke.workspace.folder import DEFINITIONS, AlreadyThere, Workspace, new_workspace, open_workspace

ENDS_ON = date(2026, 6, 30)
"""The last day of an invented history; a constant, so that the same seed gives the same company."""


class NotInvented(InvalidInput):
    """There is no simulation of that industry."""


def simulate(
    workspace: Path | str,
    *,
    industry: Industry = "telecom",
    customers: int = 20_000,
    months: int = 24,
    seed: int = 1,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Invent a company and load its tables.

    Parameters
    ----------
    workspace : Path or str
        An empty workspace, or a folder to be made one.
    industry : {'telecom', 'retail'}
        What is invented.
    customers, months, seed : int
        How many, over how long, and which draw.
    progress : callable, optional
        Told the tables as they are loaded.

    Returns
    -------
    dict
        ``workspace``, ``truth`` (folder) and ``rows`` per table.

    Raises
    ------
    AlreadyThere
        If the workspace already holds loads: invented and real customers are never mixed.
    """
    from liuke.simulation.company import simulate as invent

    if industry not in ("telecom", "retail"):
        raise NotInvented(f"{industry} cannot be invented yet; choose telecom or retail")
    place = _empty_workspace(Path(workspace), industry)
    zh = place.definitions.company.language == "zh"
    invented = invent(industry, customers=customers, months=months, seed=seed, ends_on=ENDS_ON, progress=progress)
    step = "载入表" if zh else "loading tables"
    rows: dict[str, int] = {}
    for done, (name, table) in enumerate(invented.tables.items()):
        progress(done, len(invented.tables), step)
        if table.num_rows:
            rows[name] = load(place, name, table, accept=True, today=ENDS_ON).accepted
    progress(len(invented.tables), len(invented.tables), step)
    with publishing.staged(place.path / "truth") as folder:
        for name, table in invented.truth.items():
            write_parquet(table, folder / f"{name}.parquet")
    return {"workspace": str(place.path), "truth": str(place.path / "truth"), "rows": rows}


def _told(progress: Progress, zh: bool) -> Progress:
    """Return a progress that says the simulation's steps in the workspace's language."""
    names = {"months": "虚构客户的每个月", "truth": "记下真相"} if zh else {"months": "inventing month by month"}

    def report(done: int, total: int, step: str) -> None:
        progress(done, total, names.get(step, step))

    return report


def _empty_workspace(path: Path, industry: Industry) -> Workspace:
    if not (path / DEFINITIONS).is_file():
        return new_workspace(path, industry=industry)
    place = open_workspace(path)
    if (place.tables / "manifest.json").exists() or (place.path / "truth").exists():
        raise AlreadyThere(f"{path} already holds data; simulate into a new folder")
    return place
