"""The whole job: from a workspace's tables to one published snapshot."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from liuke.budget.contact import ContactRules
from liuke.budget.policy import preset
from liuke.budget.remedies import Remedy, catalogue, combined
from liuke.engines import duckdb
from liuke.features import spells, states
from liuke.features.dictionary import feature
from liuke.kernel.errors import InvalidInput
from liuke.kernel.progress import Progress, silent
from liuke.kernel.words import Words
from liuke.pipelines import summing
from liuke.pipelines.assembling import CONTACTS_SQL, assembled, signals_in_words
from liuke.pipelines.decide import Decisions, decide
from liuke.pipelines.load import store_of
from liuke.pipelines.measuring import measure
from liuke.pipelines.proving import measured_effects
from liuke.pipelines.snapshot import Snapshot, publish, snapshots
from liuke.pipelines.steps import Job
from liuke.pipelines.valuing import value_customers
from liuke.pipelines.warning import Warned, warn
from liuke.reasons import agreement, combining, evidence, signals, wording
from liuke.tables.contract import TABLES
from liuke.tables.store import Store
from liuke.workspace.folder import Workspace, open_workspace

VERSIONED = ("duckdb", "lightgbm", "numpy", "pyarrow", "scikit-learn", "scipy")
NOT_SHOWN = ("consent_sms", "consent_email", "consent_phone", "preferred_channel", "preferred_from_hour",
             "preferred_to_hour", "urgency")  # fmt: skip
EVIDENCE_SQL = """
SELECT customer_id, code, kind, happened_on, round(confidence, 6) AS confidence, round(value, 6) AS value, detail,
       reason_zh, reason_en, sentence_zh, sentence_en
FROM evidence_sentences ORDER BY ALL
"""


class NothingLoaded(InvalidInput):
    """The workspace holds no data to run on."""


class AsOfOutside(InvalidInput):
    """The day asked for lies outside the data."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run produced.

    Parameters
    ----------
    snapshot : Snapshot
        Published.
    seconds : float
        From start to publication.
    """

    snapshot: Snapshot
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return the JSON document of the command line."""
        manifest = self.snapshot.manifest
        return {
            "snapshot": self.snapshot.name,
            "as_of": manifest["as_of"],
            "content_hash": manifest["content_hash"],
            "seconds": round(self.seconds, 3),
            "rows": manifest["rows"],
        }

    def headline(self) -> dict[str, object]:
        """Return the figures that matter most, with their names in the workspace's language."""
        return summing.headline_in_words(self.snapshot.document("summary"))


def run(
    workspace: Workspace | Path | str,
    *,
    as_of: date | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Ran:
    """Measure, warn, value, find reasons, decide and plan; publish one snapshot.

    Parameters
    ----------
    workspace : Workspace, Path or str
        Holds the tables and definitions.
    as_of : date, optional
        The day looked from, inclusive; by default the last day in the data.
    seed : int, default 0
        Decides the holdout and every draw inside the models.
    progress : callable, optional
        Told the steps.

    Returns
    -------
    Ran
        The snapshot; the same inputs, definitions and seed give the same content hash.

    Raises
    ------
    NothingLoaded
        If no table tells of customers.
    AsOfOutside
        If `as_of` lies before the first or after the last day in the data.
    """
    began = time.perf_counter()
    place = workspace if isinstance(workspace, Workspace) else open_workspace(workspace)
    with place.locked():
        store = store_of(place)
        job = prepared(place, store, as_of=as_of, seed=seed, progress=progress)
        try:
            snapshot = _carried_out(place, store, job)
        finally:
            job.everything.close()
    return Ran(snapshot, time.perf_counter() - began)


def prepared(place: Workspace, store: Store, *, as_of: date | None, seed: int, progress: Progress = silent) -> Job:
    """Return a job over the verified tables of a workspace, cut to what was known on `as_of`."""
    definitions = place.definitions
    sources = {name: sql for name in TABLES if name != "people" and (sql := store.sql(name))}
    if not sources:
        raise NothingLoaded(
            f"{place.path} holds no data yet; load some first: liuke load {place.path} transactions orders.csv"
        )
    everything = duckdb.open_files(
        sources,
        threads=definitions.limits.threads,
        memory_limit=definitions.limits.memory_limit,
        temporary=place.spill,
    )
    day = _day(everything, as_of, _observed_on(store.flat))
    return Job(everything, everything.known(day), definitions, day, seed, progress)


def _observed_on(flat: Mapping[str, Any] | None) -> date | None:
    """Return the day a flat file shows, if there is one."""
    return date.fromisoformat(str(flat["observed_on"])) if flat and flat.get("observed_on") else None


def _day(everything: duckdb.DuckDBEngine, as_of: date | None, observed_on: date | None) -> date:
    first, last = _days(everything)
    if last is None or first is None:
        raise NothingLoaded("no row of the tables has a date; load subscriptions or transactions")
    last = max(last, observed_on or last)
    if as_of is None:
        return last
    if not first <= as_of <= last:
        raise AsOfOutside(f"the data reach from {first} to {last}; {as_of} lies outside. Leave --as-of out for {last}")
    return as_of


def _days(everything: duckdb.DuckDBEngine) -> tuple[date | None, date | None]:
    """Return the first and last day on which anything happened."""
    parts = [
        f'SELECT min("{column}") AS first_on, max("{column}") AS last_on FROM "{name}"'
        for name, column in _DATED.items()
    ]
    found = everything.one(
        f"SELECT min(first_on) AS first_on, max(last_on) AS last_on FROM ({' UNION ALL '.join(parts)})"
    )
    return found["first_on"], found["last_on"]


_DATED = {
    "subscriptions": "started_on",
    "transactions": "occurred_on",
    "events": "occurred_on",
    "contacts": "occurred_on",
    "complaints": "occurred_on",
    "balances": "on",
    "survey_answers": "answered_on",
    "treatments": "assigned_on",
}


def _carried_out(place: Workspace, store: Store, job: Job) -> Snapshot:
    with job.step("check"):
        store.verify()
        earlier = [one for one in snapshots(place) if one.as_of < job.as_of]
        previous = earlier[-1] if earlier else None
        before = previous.table("customers") if previous else None
    with job.step("lives"):
        rule = _rule(job, store.flat)
        spells.create_spells(job.engine, rule, job.as_of)
        abandoned = _abandoned(job, previous)
        states.create_states(job.engine, job.as_of, rule, abandoned=abandoned)
    flat = store.flat
    warned = warn(job, rule, flat)
    with job.step("value"):
        valued = value_customers(job, rule, warned.customers, warned.window)
    with job.step("reasons"):
        _find_reasons(job, warned)
    with job.step("measure"):
        measured = measure(job, is_picture=_observed_on(flat) is not None)
    with job.step("decide"):
        customers = assembled(job, warned, valued, before)
        effects = measured_effects(job.engine, job.as_of)
        decisions = _decided(job, customers, effects)
        customers = _with_decisions(job, customers, decisions)
    with job.step("publish"):
        summary = summing.summary(job, customers, measured, valued, warned, decisions, previous)
        tables = {
            "customers": customers.drop_columns(list(NOT_SHOWN)),
            "states": job.engine.table("SELECT * FROM states ORDER BY ALL"),
            "metrics": measured.metrics,
            "cohorts": measured.cohorts,
            "tenure": measured.tenure,
            "findings": measured.findings,
            "signals": signals_in_words(warned.signals),
            "evidence": job.engine.table(EVIDENCE_SQL),
            "reasons": agreement.pareto(job.engine, _at_stake(customers)),
            "tiers": valued.tiers,
            "concentration": valued.concentration,
            "effects": effects,
            "plan": decisions.plan,
            "held_back": decisions.held_back,
            "let_go": decisions.let_go,
            "spend_curve": decisions.spend_curve,
        }
        documents = {"model": _plain(warned.card), "summary": _plain(summary)}
        facts = _facts(place, store, job, previous)
        snapshot = publish(place, as_of=job.as_of, tables=tables, documents=documents, facts=facts)
    return snapshot


def _rule(job: Job, flat: Mapping[str, Any] | None) -> spells.ChurnRule:
    """Return what counts as leaving; a label of a flat file is final, so its losses have no days of grace."""
    churn = job.definitions.churn
    grace_days = 0 if _observed_on(flat) else churn.grace_days
    return spells.choose_rule(job.engine, churn.kind, grace_days=grace_days, tail=churn.tail)


def _abandoned(job: Job, previous: Snapshot | None) -> str | None:
    """Keep whom the previous snapshot let go; they stay let go until their review."""
    if previous is None:
        return None
    let_go = previous.table("let_go").select(["customer_id"])
    decided = pa.array([previous.as_of] * let_go.num_rows, pa.date32())
    job.engine.register("let_go_before", let_go.append_column("decided_on", decided))
    return "let_go_before"


def _find_reasons(job: Job, warned: Warned) -> None:
    hints = {
        name: feature(name).hints for name in warned.signals["feature"].unique().to_pylist() if feature(name).hints
    }
    hinted = signals.evidence_from_signals(warned.signals, hints, as_of=job.as_of)
    evidence.create_evidence(job.engine, job.as_of, extra=hinted)
    combining.create_reasons(job.engine, job.as_of)
    wording.create_sentences(job.engine, {name: feature(name).words for name in hints})


def remedies_of(job: Job) -> tuple[Remedy, ...]:
    """Return the industry's remedies with the company's own over them."""
    own = [
        Remedy(
            code=one.code, words=Words(one.zh, one.en), level=one.level, contact_cost=one.contact_cost,
            incentive=one.incentive, capacity=one.capacity, minutes=one.minutes, channels=one.channels,
            reasons=one.reasons, efforts=one.efforts, success_prior=one.success_prior,
        )
        for one in job.definitions.remedies
    ]  # fmt: skip
    return combined(catalogue(job.definitions.company.industry), own)


def _decided(job: Job, customers: pa.Table, effects: pa.Table) -> Decisions:
    given = job.definitions
    rules = ContactRules(**given.contact.model_dump())
    return decide(
        summing.for_decision(customers),
        policy=preset(given.policy.preset).with_stance(given.policy.stance),
        remedies=remedies_of(job),
        budget=summing.budget_of(given, customers),
        staff_minutes=given.budget.staff_hours * 60,
        contact_rules=rules,
        holdout_share=given.holdout.share,
        as_of=job.as_of,
        seed=job.seed,
        contacts=job.engine.table(CONTACTS_SQL, as_of=job.as_of),
        effects=effects,
        language=given.company.language,
        currency=given.company.currency,
    )


def _with_decisions(job: Job, customers: pa.Table, decisions: Decisions) -> pa.Table:
    job.engine.register("assembled", customers)
    job.engine.register("decided", decisions.customers)
    return job.engine.table(
        "SELECT assembled.*, decided.* EXCLUDE (customer_id) FROM assembled JOIN decided USING (customer_id) "
        "ORDER BY customer_id"
    )


def _at_stake(customers: pa.Table) -> pa.Table:
    return pa.table({"customer_id": customers["customer_id"], "value": customers["value_if_kept"]})


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return `document` with dates as text and numbers rounded so that a hash of it is stable."""

    def simple(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(key): simple(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [simple(one) for one in value]
        if isinstance(value, float):
            return round(value, 6) if value == value and abs(value) != float("inf") else None
        if value is None or isinstance(value, bool | int | str):
            return value
        if isinstance(value, Words):
            return {"zh": value.zh, "en": value.en}
        return value.isoformat() if hasattr(value, "isoformat") else simple(float(value))

    plain: dict[str, Any] = simple(document)
    return plain


def _facts(place: Workspace, store: Store, job: Job, previous: Snapshot | None) -> dict[str, Any]:
    inputs = {file["path"]: file["sha256"] for load in store.loads() for file in load["files"]}
    text = json.dumps(inputs, sort_keys=True)
    return {
        "seed": job.seed,
        "engine": "duckdb",
        "definitions_hash": place.definitions.hash,
        "definitions": place.definitions.model_dump(mode="json", exclude={"limits"}),
        "inputs_hash": hashlib.sha256(text.encode()).hexdigest(),
        "inputs": inputs,
        "previous": previous.name if previous else None,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in VERSIONED}},
        "seconds": dict(job.seconds),
    }
