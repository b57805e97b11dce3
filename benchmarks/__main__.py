"""Measure Liuke and write `benchmarks/RESULTS.md`; see ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import results

Figures = dict[str, Any]
MONTHS = 24
SIZES = (20_000, 200_000)
PIECES = ("floor", "features", "measures", "summary_bare", "summary")
LARGE = 1_000_000
ROOT = Path(__file__).resolve().parents[1]


def piece(name: str, *arguments: object) -> Figures:
    """Run one piece in a process of its own and return its figures."""
    command = [sys.executable, "-m", "benchmarks.pieces", name, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    print(f"  {name:<13}{figures['seconds']:>9.2f} s {figures['peak_mib']:>8,.0f} MiB", flush=True)
    return figures


def median(found: list[Figures]) -> Figures:
    """Return the figures of the trial whose seconds are the median, with how far they spread."""
    seconds = [one["seconds"] for one in found]
    middle = statistics.median_low(seconds)
    chosen = next(one for one in found if one["seconds"] == middle)
    least_cpu = statistics.median_low(one.get("seconds_cpu", 0.0) for one in found)
    peak = max(one["peak_mib"] for one in found)
    return chosen | {"fastest": min(seconds), "slowest": max(seconds), "cpu": least_cpu, "peak_mib": peak}


def invented(workspace: Path, customers: int) -> Figures:
    """Invent a company where there is none yet; return what that took, then or now."""
    notes = workspace.with_suffix(".json")
    if not notes.is_file():
        notes.write_text(json.dumps(piece("simulate", workspace, customers, MONTHS)), encoding="utf-8")
    figures: Figures = json.loads(notes.read_text(encoding="utf-8"))
    return figures


def company(customers: int, folder: Path, trials: int) -> dict[str, Figures]:
    """Measure all that is done for a company of so many customers, piece by piece in turn.

    In turn, so that a busy neighbour disturbs all alike; the whole run is tried once where it takes minutes.
    """
    print(f"{customers:,} customers x {MONTHS} months", flush=True)
    workspace = folder / f"telecom_{customers}"
    simulated = invented(workspace, customers)
    runs = 1 if customers > SIZES[0] else trials
    found: dict[str, list[Figures]] = {name: [] for name in (*PIECES, "run")}
    for trial in range(trials):
        for name in (*PIECES, "run") if trial < runs else PIECES:
            found[name].append(piece(name, workspace))
    return {"simulate": simulated, **{name: median(each) for name, each in found.items()}}


def alone(folder: Path, trials: int) -> dict[str, Figures]:
    """Measure what needs no company: fits of lifetime models, and loading a file."""
    print("alone", flush=True)
    found = {
        "cdnow": median([piece("lifetime", 2357) for _ in range(trials)]),
        "million": median([piece("lifetime", 1_000_000) for _ in range(trials)]),
    }
    for reader in ("duckdb", "liuke"):
        found[f"csv_{reader}"] = median(
            [piece("load_csv", folder / f"csv_{reader}_{trial}", 1_000_000, reader) for trial in range(trials)]
        )
    return found


def main() -> None:
    """Measure the sizes asked for and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES), help="customers (default: %(default)s)")
    parser.add_argument("--large", action="store_true", help=f"also {LARGE:,} customers: half an hour, 8 GiB")
    parser.add_argument("--trials", type=int, default=3, help="of each piece; medians are shown (default: 3)")
    parser.add_argument("--folder", type=Path, help="keep the companies here and use those already here")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("RESULTS.md"))
    given = parser.parse_args()
    sizes = sorted({*given.sizes, *([LARGE] if given.large else [])})
    with tempfile.TemporaryDirectory(prefix="liuke_bench_") as passing:
        folder = given.folder or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        companies = {customers: company(customers, folder.resolve(), given.trials) for customers in sizes}
        others = alone(Path(passing), given.trials)
    page = results.page(companies, others, given.trials)
    given.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
