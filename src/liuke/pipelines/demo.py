"""The whole job on an invented operator: simulate, run, both reports, the work list."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from liuke.kernel.progress import Progress, silent
from liuke.pipelines.report import report
from liuke.pipelines.run import run
from liuke.pipelines.show import write
from liuke.pipelines.simulate import simulate
from liuke.pipelines.summing import headline_in_words
from liuke.pipelines.worklist import work_list
from liuke.workspace.folder import DEFINITIONS, open_workspace


def demonstrate(
    directory: Path, *, customers: int = 20_000, months: int = 24, seed: int = 1, progress: Progress = silent
) -> dict[str, Any]:
    """Invent a telecom operator in `directory` (kept if it is already there), run, report; return where all lies."""
    began = time.perf_counter()
    if not (directory / DEFINITIONS).is_file():
        simulate(directory, industry="telecom", customers=customers, months=months, seed=seed, progress=progress)
    place = open_workspace(directory)
    ran = run(place, seed=seed, progress=progress)
    files = {}
    for language in ("zh", "en"):
        target = directory / f"report-{language}.html"
        report(place, target, language=language, progress=progress)
        files[f"report_{language}"] = str(target)
    listed = work_list(ran.snapshot, place.definitions.company.language)
    for suffix in ("csv", "xlsx"):
        target = directory / f"work-list.{suffix}"
        write(listed, target, suffix)
        files[f"work_list_{suffix}"] = str(target)
    summary = ran.snapshot.document("summary")
    return {
        "workspace": str(directory),
        "snapshot": str(ran.snapshot.path),
        "seconds": round(time.perf_counter() - began, 1),
        "headline": headline_in_words(summary),
        "files": files,
        "first": listed.slice(0, 10).to_pylist(),
        "language": place.definitions.company.language,
    }
