"""The page of results: what was measured beside what was aimed at, misses in plain words."""

from __future__ import annotations

import itertools
import math
import os
import platform
import sys
from importlib.metadata import version
from typing import Any

Figures = dict[str, Any]
Companies = dict[int, dict[str, Figures]]

PIECES = {
    "floor": "lower bound: one pass, every table grouped by customer",
    "features": "lives (spells) and features of one day",
    "measures": "every indicator and the cohorts",
    "run": "the whole run",
}
LIBRARIES = ("duckdb", "pyarrow", "numpy", "scipy", "scikit-learn", "lightgbm")
RUN_GOAL, PIECE_GOAL, MEMORY_GOAL_GIB = 10.0, 2.0, 8.0


def page(companies: Companies, alone: dict[str, Figures], trials: int) -> str:
    """Return the page in Markdown."""
    parts = [_head(trials), _goals(companies, alone)]
    parts += [_company(customers, found) for customers, found in companies.items()]
    parts += [_growth(companies), _alone(companies, alone)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(trials: int) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"""# Speed and memory

Written by `make bench` (`python -m benchmarks`; `--large` adds a million customers). Machine: {os.cpu_count()} cores
({platform.machine()}), {memory:.0f} GiB, {platform.system()}; Python {sys.version.split()[0]}, {libraries}.
Load average at the end: {load:.1f}. {_trials(trials)},
in turn, each in a process of its own; the clock leaves out the start of Python and imports. Other work may share the
machine: read the ratios inside one table, not the seconds. CPU seconds (all threads) move less with the neighbours.
The lower bound is one DuckDB pass over the same Parquet files: no views, no sorting, no distinct counts, no windows."""


def _trials(trials: int) -> str:
    """Say how often each piece was tried."""
    if trials == 1:
        return "One trial of each piece"
    return f"Medians of {trials} trials (of the whole run one trial where it takes minutes)"


def _ratio(found: dict[str, Figures], name: str, unit: str = "seconds") -> float:
    return float(found[name][unit] / max(found["floor"][unit], 1e-9))


def _met(value: float, goal: float) -> str:
    return "met" if value <= goal else "**missed**"


def _goals(companies: Companies, alone: dict[str, Figures]) -> str:
    largest = max(companies)
    rows = []
    for customers, found in companies.items():
        for name, goal in (("features", PIECE_GOAL), ("measures", PIECE_GOAL), ("run", RUN_GOAL)):
            wall, cpu = _ratio(found, name), _ratio(found, name, "cpu")
            rows.append(
                f"| {PIECES[name]}, {customers:,} | {goal:g}x | {wall:.1f}x | {cpu:.1f}x | {_met(wall, goal)} |"
            )
    peak = companies[largest]["run"]["peak_mib"] / 1024
    rows.append(f"| peak memory of a run, {largest:,} | {MEMORY_GOAL_GIB:g} GiB | {peak:.1f} GiB | | "
                f"{_met(peak, MEMORY_GOAL_GIB)} |")  # fmt: skip
    for growth in _growths(companies):
        rows.append(f"| growth of the run, {growth[0]:,} to {growth[1]:,} (exponent) | 1 | {growth[2]:.2f} | "
                    f"{growth[3]:.2f} | {_met(growth[2], 1.0)} |")  # fmt: skip
    rows.append(f"| BG/NBD fit, 2,357 customers | 0.012 s | {alone['cdnow']['seconds']:.4f} s | "
                f"{alone['cdnow']['cpu']:.4f} s | {_met(alone['cdnow']['seconds'], 0.012)} |")  # fmt: skip
    rows.append(f"| BG/NBD fit, 1,000,000 customers | 0.2 CPU s | {alone['million']['seconds']:.3f} s | "
                f"{alone['million']['cpu']:.3f} s | {_met(alone['million']['cpu'], 0.2)} |")  # fmt: skip
    found = companies[largest]
    wall = found["summary"]["seconds"] / found["summary_bare"]["seconds"]
    cpu = found["summary"]["cpu"] / found["summary_bare"]["cpu"]
    rows.append(f"| RFM summary to the bare query, {largest:,} | 1.1x | {wall:.2f}x | {cpu:.2f}x | "
                f"{_met(max(wall, cpu), 1.1)} |")  # fmt: skip
    head = "## Goals\n\n| what | goal | wall | CPU | |\n|---|---|---|---|---|\n"
    missed = [row.split("|")[1].strip() for row in rows if "missed" in row]
    told = "\n\nMissed: " + "; ".join(missed) + "." if missed else "\n\nAll goals are met."
    return head + "\n".join(rows) + told


def _company(customers: int, found: dict[str, Figures]) -> str:
    rows = [
        f"| {words} | {found[name]['seconds']:.2f} | {found[name]['fastest']:.2f}-{found[name]['slowest']:.2f} | "
        f"{_ratio(found, name):.1f}x | {found[name]['cpu']:.2f} | {_ratio(found, name, 'cpu'):.1f}x | "
        f"{found[name]['peak_mib']:,.0f} |"
        for name, words in PIECES.items()
    ]
    simulated = found["simulate"]
    split = ", ".join(f"{part} {simulated[part]:.1f} s" for part in ("invent", "load") if part in simulated) or "in one"
    steps = ", ".join(f"{name} {seconds:.1f}" for name, seconds in found["run"]["steps"].items())
    return f"""## {customers:,} customers, 24 months

| piece | wall s | from-to | ratio | CPU s | ratio | peak MiB |
|---|---|---|---|---|---|---|
{chr(10).join(rows)}

Of features: lives {found["features"]["spells"]:.2f} s, features {found["features"]["features"]:.2f} s. Of measures:
indicators {found["measures"]["metrics"]:.2f} s, cohorts {found["measures"]["cohorts"]:.2f} s.
Steps of the run, wall s: {steps}.
Inventing the company and loading its {simulated["rows"]:,} rows took {simulated["seconds"]:.0f} s ({split}) when it
was made, peak {simulated["peak_mib"]:,.0f} MiB."""


def _growths(companies: Companies) -> list[tuple[int, int, float, float]]:
    """Return (from, to, exponent of wall, exponent of CPU) of the run between neighbouring sizes."""
    sizes = sorted(companies)
    found = []
    for small, big in itertools.pairwise(sizes):
        rows = companies[big]["simulate"]["rows"] / companies[small]["simulate"]["rows"]
        times = [companies[big]["run"][unit] / companies[small]["run"][unit] for unit in ("seconds", "cpu")]
        found.append((small, big, *(math.log(each) / math.log(rows) for each in times)))
    return found  # type: ignore[return-value]


def _growth(companies: Companies) -> str:
    sizes = sorted(companies)
    if len(sizes) < 2:
        return ""
    small, big = sizes[0], sizes[-1]
    rows = companies[big]["simulate"]["rows"] / companies[small]["simulate"]["rows"]
    lines = []
    for name, words in PIECES.items():
        wall, cpu = (companies[big][name][unit] / companies[small][name][unit] for unit in ("seconds", "cpu"))
        lines.append(f"| {words} | {wall:.1f}x | {math.log(wall) / math.log(rows):.2f} | {cpu:.1f}x | "
                     f"{math.log(cpu) / math.log(rows):.2f} |")  # fmt: skip
    return f"""## Growth from {small:,} to {big:,} customers

Rows grow {rows:.1f}x; an exponent of 1 grows with the data.

| piece | wall | exponent | CPU | exponent |
|---|---|---|---|---|
{chr(10).join(lines)}"""


def _alone(companies: Companies, alone: dict[str, Figures]) -> str:
    rows = [
        f"| RFM summary, {customers:,} customers | {found['summary']['seconds']:.2f} | "
        f"{found['summary']['cpu']:.2f} | bare query: {found['summary_bare']['seconds']:.2f} s, "
        f"{found['summary_bare']['cpu']:.2f} CPU s |"
        for customers, found in companies.items()
    ]
    for name, words in (("cdnow", "2,357"), ("million", "1,000,000")):
        found = alone[name]
        parameters = ", ".join(f"{value:.3f}" for value in found["found"])
        rows.append(f"| BG/NBD fit, {words} customers | {found['seconds']:.4f} | {found['cpu']:.4f} | "
                    f"drawn with 0.243, 4.414, 0.793, 2.426; found {parameters} |")  # fmt: skip
    ours, bare = alone["csv_liuke"], alone["csv_duckdb"]
    rows.append(f"| load a CSV of {ours['rows']:,} purchases ({ours['megabytes']:.0f} MB) | {ours['seconds']:.2f} | "
                f"{ours['cpu']:.2f} | {ours['rows'] / ours['seconds']:,.0f} rows a second, "
                f"{ours['peak_mib']:,.0f} MiB; "
                f"bare CSV to Parquet {bare['seconds']:.2f} s, {bare['cpu']:.2f} CPU s |")  # fmt: skip
    head = "## Alone\n\n| what | wall s | CPU s | beside |\n|---|---|---|---|\n"
    return head + "\n".join(rows)
