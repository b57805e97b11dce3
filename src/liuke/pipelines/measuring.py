"""What happened: every indicator, cohorts, tenure, and what is worth noticing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from liuke.kernel.words import Words
from liuke.metrics import bucket, ceiling, cohorts, tenure, types
from liuke.metrics.churn import NobodyToCount
from liuke.metrics.table import metrics_table
from liuke.pipelines.steps import Job


@dataclass(frozen=True, slots=True)
class Measured:
    """Tables of the snapshot."""

    metrics: pa.Table
    cohorts: pa.Table
    tenure: pa.Table
    findings: pa.Table


def measure(job: Job, *, is_picture: bool = False) -> Measured:
    """Return the measures of all complete months; the engine holds `spells` and `reasons`.

    Parameters
    ----------
    job : Job
        Looks from its day.
    is_picture : bool, default False
        Whether the data are one picture without history (a flat file): then nothing is found by comparing months.
    """
    reasons = job.engine.table("SELECT * FROM reasons ORDER BY customer_id")
    metrics = metrics_table(job.engine, as_of=job.as_of, reasons=reasons)
    on = job.as_of + timedelta(days=1)
    return Measured(
        metrics=metrics,
        cohorts=_sorted(cohorts.cohort_table(job.engine, as_of=job.as_of)),
        tenure=_sorted(tenure.tenure_structure(job.engine, on=on, before=_year_before(on))),
        findings=_as_table([] if is_picture else _findings(job, metrics)),
    )


def _sorted(table: pa.Table) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in table.column_names[:2]])


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=min(day.day, 28))


def _findings(job: Job, metrics: pa.Table) -> list[Words]:
    """Return what is worth noticing, in both languages: ceilings exceeded, orders broken, the leak hidden by inflow."""
    found = [alert.words for alert in ceiling.ceiling_alerts(metrics, [ceiling.Ceiling(job.definitions.churn.ceiling)])]
    first = job.as_of.replace(day=1) if (job.as_of + timedelta(days=1)).day != 1 else job.as_of + timedelta(days=1)
    found += _orders(job, _year_before(first), first)
    return [*found, *_hidden_leak(job, first)]


def _as_table(found: list[Words]) -> pa.Table:
    return pa.table(
        {"zh": pa.array([one.zh for one in found], pa.string()), "en": pa.array([one.en for one in found], pa.string())}
    )


def _orders(job: Job, start: date, end: date) -> list[Words]:
    try:
        return [one.words for one in types.order_findings(job.engine, start=start, end=end) if not one.holds]
    except NobodyToCount:
        return []


def _hidden_leak(job: Job, end: date) -> list[Words]:
    """Return the old sign: new customers keep coming while the share of old ones shrinks (S2-07)."""
    middle = (end - timedelta(days=1)).replace(day=1)
    start = (middle - timedelta(days=1)).replace(day=1)
    try:
        before = bucket.leaky_bucket(job.engine, start=start, end=middle)
        now = bucket.leaky_bucket(job.engine, start=middle, end=end)
    except NobodyToCount:
        return []
    if not bucket.has_new_up_old_down(before, now):
        return []
    return [
        Words(
            "新客户不断增加,而老客户的比例在下降:流入掩盖了流失",
            "new customers keep coming while the share of old ones shrinks: inflow hides the leak",
        )
    ]
