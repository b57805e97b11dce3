"""The pieces that are measured; each runs in a process of its own and says its seconds and its peak memory.

``python -m benchmarks.pieces NAME ARGUMENT...`` prints one JSON object. The clock runs around the work alone: not
around the start of Python nor the import of libraries.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

AS_OF = "2026-06-30"
"""The last day of an invented history."""

Figures = dict[str, Any]
CDNOW_LIKE = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}


@contextmanager
def clock(figures: Figures, name: str = "seconds") -> Iterator[None]:
    """Add wall and CPU seconds to `figures`."""
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    figures[name] = time.perf_counter() - wall
    figures[f"{name}_cpu"] = time.process_time() - cpu


def simulate(workspace: str, customers: str, months: str) -> Figures:
    """Invent a telecom company, then load its tables."""
    import liuke
    from liuke.pipelines.simulate import ENDS_ON
    from liuke.simulation import company

    figures: Figures = {}
    with clock(figures, "invent"):
        invented = company.simulate("telecom", customers=int(customers), months=int(months), seed=1, ends_on=ENDS_ON)
    place = liuke.open_workspace(liuke.new(workspace, industry="telecom").path)
    rows = 0
    with clock(figures, "load"):
        for name, table in invented.tables.items():
            if table.num_rows:
                rows += liuke.load(place, name, table, accept=True, today=ENDS_ON).accepted
    return figures | {"rows": rows, "seconds": figures["invent"] + figures["load"]}


def floor(workspace: str) -> Figures:
    """Measure the lower bound."""
    from benchmarks.floor import one_pass

    figures: Figures = {}
    with clock(figures):
        figures["groups"] = one_pass(Path(workspace), AS_OF)
    return figures


def _job(workspace: str) -> Any:
    import liuke
    from liuke.pipelines.load import store_of
    from liuke.pipelines.run import prepared

    place = liuke.open_workspace(workspace)
    return prepared(place, store_of(place), as_of=None, seed=0)


def features(workspace: str) -> Figures:
    """Find the customers' lives, then everything known about each today."""
    from liuke.features import spells, table

    figures: Figures = {}
    job = _job(workspace)
    rule = spells.choose_rule(job.engine)
    with clock(figures):
        with clock(figures, "spells"):
            spells.create_spells(job.engine, rule, job.as_of)
        with clock(figures, "features"):
            table.create_features(job.engine, job.as_of, rule)
    job.everything.close()
    return figures


def measures(workspace: str) -> Figures:
    """Measure every indicator and the cohorts; the customers' lives are found before the clock starts."""
    from liuke.features import spells
    from liuke.metrics.cohorts import cohort_table
    from liuke.metrics.table import metrics_table

    figures: Figures = {}
    job = _job(workspace)
    spells.create_spells(job.engine, spells.choose_rule(job.engine), job.as_of)
    with clock(figures):
        with clock(figures, "metrics"):
            figures["rows"] = metrics_table(job.engine, as_of=job.as_of).num_rows
        with clock(figures, "cohorts"):
            cohort_table(job.engine, as_of=job.as_of)
    job.everything.close()
    return figures


def run(workspace: str) -> Figures:
    """Do the whole job; its steps are in the snapshot's manifest."""
    import liuke

    figures: Figures = {}
    with clock(figures):
        done = liuke.run(workspace)
    steps = dict(done.snapshot.manifest["seconds"])
    steps["publish"] = figures["seconds"] - sum(steps.values())
    return figures | {"steps": steps, "content_hash": done.snapshot.manifest["content_hash"]}


def summary_bare(workspace: str) -> Figures:
    """Run the RFM summary as one bare query."""
    import duckdb

    from benchmarks.floor import SUMMARY_SQL, files

    figures: Figures = {}
    connection = duckdb.connect(config={"preserve_insertion_order": False})
    sql = SUMMARY_SQL.format(files=files(Path(workspace), "transactions"))
    with clock(figures):
        connection.execute(f"CREATE TABLE summary AS {sql}", {"as_of": AS_OF})
    return figures


def summary(workspace: str) -> Figures:
    """Run the RFM summary as Liuke does, with its refunds, order and counts."""
    from liuke.lifetime.summary import create_summary

    figures: Figures = {}
    job = _job(workspace)
    with clock(figures):
        create_summary(job.engine, job.as_of)
    return figures


def lifetime(customers: str) -> Figures:
    """Fit BG/NBD to invented histories of 39 weeks on the day grid, with the published parameters of CDNOW."""
    from threadpoolctl import threadpool_limits

    from liuke.lifetime.beta_geometric import BetaGeometric

    histories = _histories(int(customers))
    figures: Figures = {}
    with threadpool_limits(1):
        BetaGeometric().fit(*(part[:100] for part in histories))
        with clock(figures):
            model = BetaGeometric().fit(*histories)
    found = model.parameters_
    return figures | {"found": [found.r, found.alpha, found.a, found.b]}


def _histories(customers: int) -> tuple[Any, Any, Any]:
    """Return frequency, recency and T in weeks, drawn from BG/NBD."""
    import numpy as np

    rng = np.random.default_rng(1)
    given = CDNOW_LIKE
    rate = rng.gamma(given["r"], 1 / given["alpha"], customers)
    leaves = rng.beta(given["a"], given["b"], customers)
    age = 39 - rng.integers(0, 85, customers) / 7
    frequency, last = np.zeros(customers), np.zeros(customers)
    active, at = np.arange(customers), np.zeros(customers)
    while len(active):
        at[active] += rng.exponential(1 / np.maximum(rate[active], 1e-12))
        active = active[at[active] <= age[active]]
        frequency[active] += 1
        last[active] = at[active]
        active = active[rng.random(len(active)) >= leaves[active]]
    days = np.where(frequency > 0, np.maximum(np.floor(last * 7), 1), 0) / 7
    return frequency, np.minimum(days, age), age


def load_csv(workspace: str, rows: str, reader: str) -> Figures:
    """Load a CSV of purchases: ``liuke`` checks and records it, ``duckdb`` only casts it to Parquet."""
    from datetime import date

    import duckdb

    import liuke

    file = Path(f"{workspace}.{reader}.csv")
    duckdb.execute(
        f"""COPY (SELECT 'C' || (i % 100000) AS customer_id, 'T' || i AS transaction_id,
                  TIMESTAMP '2024-01-01' + INTERVAL (i % 900) DAY + INTERVAL (i % 86400) SECOND AS occurred_at,
                  round(5 + (i * 7919 % 20000) / 100, 2) AS amount, 'K' || (i % 12) AS category
                  FROM range({int(rows)}) numbers(i)) TO '{file}' (HEADER)"""
    )
    figures: Figures = {"rows": int(rows), "megabytes": file.stat().st_size / 1e6}
    if reader == "duckdb":
        with clock(figures):
            duckdb.execute(f"COPY (FROM read_csv('{file}')) TO '{file}.parquet'")
    else:
        place = liuke.new(workspace, industry="retail")
        with clock(figures):
            loaded = liuke.load(place, "transactions", file, accept=True, today=date(2026, 6, 30))
        figures["accepted"] = loaded.accepted
    file.unlink()
    return figures


PIECES: dict[str, Callable[..., Figures]] = {
    piece.__name__: piece
    for piece in (simulate, floor, features, measures, run, summary_bare, summary, lifetime, load_csv)
}


def main() -> None:
    """Run one piece and print its figures."""
    name, *arguments = sys.argv[1:]
    figures = PIECES[name](*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures["peak_mib"] = peak / (1024 if sys.platform != "darwin" else 1024**2)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
