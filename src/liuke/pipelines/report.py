"""The report of one snapshot for management: one HTML file or one workbook, in Chinese or English."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast, get_args

from liuke.kernel.errors import InvalidInput
from liuke.kernel.progress import Progress, silent
from liuke.kernel.words import Language
from liuke.pipelines.report_content import Content, content_of
from liuke.pipelines.snapshot import NoSnapshot, Snapshot, find, snapshots
from liuke.workspace.folder import Workspace, open_workspace
from liuke.workspace.publishing import staged_file

FORMS = (".html", ".xlsx")


class ReportInvalid(InvalidInput):
    """The month, the language or the kind of file asked for is not acceptable."""


def report(
    workspace: Workspace | Path | str,
    output: Path | str,
    *,
    month: str | None = None,
    snapshot: str | None = None,
    language: str | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Write the report of a snapshot and return where it is.

    Parameters
    ----------
    workspace : Workspace, Path or str
        Whose snapshots.
    output : Path or str
        The file to write, ``.html`` or ``.xlsx``; it appears whole or not at all.
    month : str, optional
        ``YYYY-MM``: the newest snapshot that looks from a day of this month.
    snapshot : str, optional
        ``<as_of>.<run>``; the newest by default.
    language : {'zh', 'en'}, optional
        The company's by default.
    progress : Progress
        Told of three steps.

    Returns
    -------
    dict
        file, bytes, language, snapshot.

    Raises
    ------
    ReportInvalid
        If month, language or the file's ending is not acceptable.
    NoSnapshot
        If there is no such snapshot, or none in the month.
    SnapshotDamaged
        If the snapshot is not what its manifest says.
    """
    place = workspace if isinstance(workspace, Workspace) else open_workspace(workspace)
    file = Path(output)
    if file.suffix not in FORMS:
        raise ReportInvalid(f"{file.name}: a report ends in {' or '.join(FORMS)}; name the file so")
    spoken = _language(language or place.definitions.company.language)
    progress(0, 3, "read")
    chosen = _chosen(place, month, snapshot)
    chosen.verify()
    content = content_of(chosen, place.definitions, spoken)
    progress(1, 3, "write")
    with staged_file(file) as temporary:
        _write(content, temporary)
    progress(3, 3, "done")
    return {"file": str(file), "bytes": file.stat().st_size, "language": spoken, "snapshot": chosen.name}


def _language(asked: str) -> Language:
    if asked not in get_args(Language):
        raise ReportInvalid(f"there is no report in {asked!r}; choose zh or en")
    return cast(Language, asked)


def _chosen(workspace: Workspace, month: str | None, name: str | None) -> Snapshot:
    """Return the snapshot asked for."""
    if month is None:
        return find(workspace, name)
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise ReportInvalid(f"{month!r} is no month; write it as YYYY-MM, such as 2024-06")
    if name is not None:
        raise ReportInvalid("name either a month or a snapshot, not both")
    present = [one for one in snapshots(workspace) if one.name.startswith(f"{month}-")]
    if not present:
        there = ", ".join(sorted({one.name[:7] for one in snapshots(workspace)})) or "none"
        raise NoSnapshot(f"there is no snapshot of {month}; the months that have one: {there}")
    return present[-1]


def _write(content: Content, path: Path) -> None:
    if path.suffix == ".html":
        from liuke.pipelines.report_html import html

        path.write_text(html(content), encoding="utf-8")
        return
    from liuke.pipelines.report_workbook import sheets
    from liuke.tables.exporting import write_xlsx

    write_xlsx(sheets(content), path)
