"""Warn as of past days, with what was known then, and compare with what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from liuke.features import labels, spells, states
from liuke.kernel.errors import InvalidInput
from liuke.kernel.progress import Progress, silent
from liuke.pipelines.load import store_of
from liuke.pipelines.run import prepared
from liuke.pipelines.steps import Job
from liuke.pipelines.warning import LABELS_SQL, warn
from liuke.risk import evaluation
from liuke.workspace.folder import Workspace, open_workspace


class TooRecent(InvalidInput):
    """What came after the day asked for is not fully known yet."""


def backtest(
    workspace: Workspace | Path | str,
    *,
    days: Sequence[date] = (),
    seed: int = 0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Return how well warnings of past days foretold the losses that followed.

    Parameters
    ----------
    workspace : Workspace, Path or str
        Holds the tables.
    days : sequence of date, optional
        Days to warn from; by default the last one whose horizon is over.
    seed : int
        As for a run.
    progress : callable, optional
        Told the steps.

    Raises
    ------
    TooRecent
        If a day's horizon is not over at the end of the data.
    """
    place = workspace if isinstance(workspace, Workspace) else open_workspace(workspace)
    job = prepared(place, store_of(place), as_of=None, seed=seed, progress=progress)
    try:
        churn = job.definitions.churn
        rule = spells.choose_rule(job.engine, churn.kind, grace_days=churn.grace_days, tail=churn.tail)
        spells.create_spells(job.engine, rule, job.as_of)
        newest = job.as_of - timedelta(days=churn.lead_days + churn.horizon_days)
        late = [day for day in days if day > newest]
        if late:
            raise TooRecent(
                f"what followed {late[0]} is not fully known; the latest day that can be tested is {newest}"
            )
        found = [_tested(job, rule, day) for day in days or [newest]]
    finally:
        job.everything.close()
    return {"workspace": str(place.path), "days": found}


def _tested(job: Job, rule: spells.ChurnRule, day: date) -> dict[str, Any]:
    then = Job(job.everything, job.everything.known(day), job.definitions, day, job.seed, job.progress)
    spells.create_spells(then.engine, rule, day)
    states.create_states(then.engine, day, rule)
    warned = warn(then, rule, None)
    labels.create_labels(job.engine, day, warned.window.lead_days, warned.window.horizon_days)
    known = job.engine.table(LABELS_SQL)
    place = pc.index_in(known["customer_id"], value_set=warned.customers["customer_id"].combine_chunks())
    met = pc.is_valid(place)
    churned = known["churned"].filter(met).to_numpy(zero_copy_only=False).astype(bool)
    chance = warned.customers["churn_probability"].take(place.filter(met)).to_numpy()
    both = bool(churned.any() and not churned.all())
    return {
        "as_of": day.isoformat(),
        "used": warned.card["used"],
        "n": len(churned),
        "n_lost": int(churned.sum()),
        "expected_losses": round(float(chance.sum()), 1),
        "roc_auc": round(evaluation.roc_auc(churned, chance), 4) if both else None,
        "top_decile_lift": round(evaluation.top_lift(churned, chance), 3) if both else None,
        "log_loss": round(evaluation.log_loss(churned, chance), 4) if both else None,
        "calibration_error": round(evaluation.calibration_error(churned, chance), 4) if both else None,
    }
