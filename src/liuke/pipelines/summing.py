"""A run in a page: the figures that matter, what changed, what the budget bought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liuke.kernel.words import Words
from liuke.tables.contract import TABLES

if TYPE_CHECKING:
    from liuke.pipelines.decide import Decisions
    from liuke.pipelines.measuring import Measured
    from liuke.pipelines.snapshot import Snapshot
    from liuke.pipelines.steps import Job
    from liuke.pipelines.valuing import Valued
    from liuke.pipelines.warning import Warned
    from liuke.workspace.definitions import Definitions

WARNINGS = ("red", "amber", "yellow", "green")
HEADLINE = {
    "customers": Words("在网客户", "customers"),
    "churn_rate": Words("月流失率", "monthly churn"),
    "value_at_risk": Words("风险价值", "value at risk"),
    "red": Words("高危客户", "red warnings"),
    "expected_gain": Words("计划预计净收益", "expected net gain of the plan"),
}


def for_decision(customers: pa.Table) -> pa.Table:
    """Return the customers as the decision sees them: worth what is at stake, the value of one who stays or returns."""
    place = customers.schema.get_field_index("residual_lifetime_value")
    return customers.set_column(place, "residual_lifetime_value", customers["value_if_kept"])


def _sum(values: Any) -> float:
    return round(float(np.nansum(np.asarray(values, dtype=float))), 2)


def value_at_risk(customers: pa.Table) -> np.ndarray:
    """Return churn probability × future value of each present customer, NaN where unknown."""
    chance, worth = customers["churn_probability"].to_numpy(), customers["residual_lifetime_value"].to_numpy()
    return np.asarray(chance * worth, dtype=float)


def budget_of(definitions: Definitions, customers: pa.Table) -> float:
    """Return the plan's budget: as defined, or a share of the value at risk."""
    given = definitions.budget
    if given.amount is not None:
        return given.amount
    return round(given.share_of_value_at_risk * max(_sum(value_at_risk(customers)), 0.0), 2)


def summary(
    job: Job,
    customers: pa.Table,
    measured: Measured,
    valued: Valued,
    warned: Warned,
    decisions: Decisions,
    previous: Snapshot | None,
) -> dict[str, Any]:
    """Return the snapshot's summary document."""
    company = job.definitions.company
    at_risk = value_at_risk(customers)
    headline = _headline(customers, measured, decisions, at_risk)
    if warned.card.get("flat"):  # one picture holds all losses ever: they are no month's rate
        headline |= {"churn_rate": None, "churn_month": None}
    return {
        "company": company.model_dump(mode="json", include={"name", "industry", "language", "currency"}),
        "ceiling": job.definitions.churn.ceiling,
        "headline": headline,
        "warnings": [_of_warning(customers, at_risk, level) for level in WARNINGS],
        "decisions": _decisions(customers),
        "states": {row["values"]: row["counts"] for row in pc.value_counts(customers["state"]).to_pylist()},
        "budget": decisions.summary,
        "value_model": valued.model,
        "told": measured.findings.to_pylist() + _contradictions(job) + _limits(customers, warned.card.get("flat")),
        "data": _rows_known(job),
        "windows": warned.card.get("windows"),
        "changes": _changes(previous, headline) if previous else None,
    }


def _rows_known(job: Job) -> list[dict[str, Any]]:
    """Return how many rows of each table were known on the day looked from."""
    counts = {name: job.engine.one(f"SELECT count(*) AS n FROM {name}")["n"] for name in TABLES if name != "people"}
    return [{"table": name, "rows": n} for name, n in counts.items() if n]


def _headline(customers: pa.Table, measured: Measured, decisions: Decisions, at_risk: np.ndarray) -> dict[str, Any]:
    state = customers["state"]
    present = pc.sum(pc.is_in(state, value_set=pa.array(["active", "leaving", "won_back"]))).as_py() or 0
    month = _last_month(measured.metrics)
    levels = customers["warning"]
    return {
        "customers": present,
        "lost": pc.sum(pc.equal(state, "lost")).as_py() or 0,
        "churn_rate": month["value"] if month else None,
        "churn_month": month["period_start"].strftime("%Y-%m") if month else None,
        "value_at_risk": _sum(at_risk),
        "red": pc.sum(pc.equal(levels, "red")).as_py() or 0,
        "amber": pc.sum(pc.equal(levels, "amber")).as_py() or 0,
        "planned": pc.count_distinct(decisions.plan["customer_id"]).as_py(),
        "plan_cost": decisions.summary.get("spent", 0.0),
        "expected_gain": decisions.summary.get("expected_gain", 0.0),
        "holdout": pc.sum(customers["is_holdout"]).as_py() or 0,
        "let_go": decisions.let_go.num_rows,
    }


def _last_month(metrics: pa.Table) -> dict[str, Any] | None:
    wanted = pc.and_(
        pc.and_(pc.equal(metrics["metric"], "churn_rate"), pc.equal(metrics["org_unit"], "")),
        pc.equal(metrics["segment"], "all"),
    )
    rows = [
        row
        for row in metrics.filter(wanted).to_pylist()
        if (row["period_end"] - row["period_start"]).days < 32 and row["value"] is not None
    ]
    return max(rows, key=lambda row: row["period_start"]) if rows else None


def _of_warning(customers: pa.Table, at_risk: np.ndarray, level: str) -> dict[str, Any]:
    here = pc.equal(customers["warning"], level).fill_null(False).to_numpy(zero_copy_only=False)
    return {"warning": level, "customers": int(here.sum()), "value_at_risk": _sum(at_risk[here])}


def _decisions(customers: pa.Table) -> list[dict[str, Any]]:
    grouped = customers.select(["decision", "cost", "expected_gain"]).group_by("decision", use_threads=False)
    counted = grouped.aggregate([("decision", "count"), ("cost", "sum"), ("expected_gain", "sum")])
    rows = [
        {
            "decision": row["decision"],
            "customers": row["decision_count"],
            "cost": round(row["cost_sum"] or 0.0, 2),
            "gain": round(row["expected_gain_sum"] or 0.0, 2),
        }
        for row in counted.to_pylist()
    ]
    return sorted(rows, key=lambda row: (-row["customers"], row["decision"] or ""))


def _changes(previous: Snapshot, headline: dict[str, Any]) -> dict[str, Any]:
    """Return the headline now and in the previous snapshot."""
    before = previous.document("summary")["headline"]
    names = {
        **HEADLINE,
        "lost": Words("累计流失", "lost so far"),
        "amber": Words("预警客户", "amber warnings"),
        "planned": Words("计划联系客户", "customers in the plan"),
        "plan_cost": Words("计划花费", "cost of the plan"),
        "let_go": Words("放手客户", "let go"),
    }
    moved = [
        {"key": key, "what_zh": words.zh, "what_en": words.en, "before": before.get(key), "now": headline.get(key)}
        for key, words in names.items()
    ]
    return {"previous": previous.name, "moved": moved}


CONTRADICTIONS_SQL = """
WITH flags AS (
    SELECT customer_id, lower(CAST(churn_flag AS VARCHAR)) IN ('true', '1', 'yes', 'y', 'churned', '是') AS is_flagged
    FROM customers WHERE churn_flag IS NOT NULL
),
ended AS (
    SELECT customer_id, bool_and(ended_on IS NOT NULL) AS has_ended FROM subscriptions GROUP BY customer_id
),
told AS (
    SELECT DISTINCT customer_id FROM events WHERE kind ILIKE '%churn%' OR kind IN ('流失', '离网', '销户')
)
SELECT count(*) AS n, count(*) FILTER (WHERE is_flagged) AS flagged,
       count(*) FILTER (WHERE has_ended) AS ended,
       count(*) FILTER (WHERE told.customer_id IS NOT NULL) AS told,
       count(*) FILTER (WHERE is_flagged <> coalesce(has_ended, false)) AS flag_against_contract,
       count(*) FILTER (WHERE is_flagged <> (told.customer_id IS NOT NULL)) AS flag_against_event
FROM flags LEFT JOIN ended USING (customer_id) LEFT JOIN told USING (customer_id)
"""


def _contradictions(job: Job) -> list[dict[str, str]]:
    """Return where sources on who is lost contradict each other: flag, contracts, events."""
    if "churn_flag" not in job.engine.columns("customers"):
        return []
    row = job.engine.one(CONTRADICTIONS_SQL)
    if not row["flag_against_contract"] and not (row["told"] and row["flag_against_event"]):
        return []
    zh = (
        f"关于谁已流失,数据来源互相矛盾:标记流失 {row['flagged']:,} 户,合同全部终止 {row['ended']:,} 户,"
        f"有流失事件 {row['told']:,} 户;标记与合同不一致 {row['flag_against_contract']:,} 户,"
        f"标记与事件不一致 {row['flag_against_event']:,} 户。本快照以合同为准"
    )
    en = (
        f"sources contradict each other on losses: {row['flagged']:,} customers flagged, {row['ended']:,} with all "
        f"contracts ended, {row['told']:,} with a churn event; flag and contracts disagree on "
        f"{row['flag_against_contract']:,}, flag and events on {row['flag_against_event']:,}. Contracts decide here"
    )
    return [{"zh": zh, "en": en}]


def _limits(customers: pa.Table, flat: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """Return what the data cannot say: when those of a flat file were lost, and what customers are worth."""
    found = []
    if flat and flat.get("observed_on"):
        lost, all_ = pc.sum(pc.equal(customers["state"], "lost")).as_py() or 0, customers.num_rows
        found.append(
            Words(
                f"数据是 {flat['observed_on']} 的一份快照:{all_:,} 位客户中流失 {lost:,} 位({lost / max(all_, 1):.2%}),"
                "都记在这一天;此前各月的流失无从得知,并非为零",
                f"the data are one picture of {flat['observed_on']}: {lost:,} of {all_:,} customers were lost "
                f"({lost / max(all_, 1):.2%}), all dated that day; losses of earlier months are unknown, not zero",
            )
        )
    if customers["residual_lifetime_value"].null_count == customers.num_rows:
        found.append(
            Words(
                "没有月费也没有消费,未来价值未知,无法安排计划;请载入 transactions 或用 --map monthly_fee=列名 指明月费",
                "future value is unknown: there are no fees and no purchases, so nothing can be planned; "
                "load transactions, or say which column is the fee with --map monthly_fee=COLUMN",
            )
        )
    return [{"zh": one.zh, "en": one.en} for one in found]


def headline_in_words(document: dict[str, Any]) -> dict[str, object]:
    """Return the five figures that matter with their names, in the company's language."""
    language, figures = document["company"]["language"], document["headline"]
    currency = document["company"]["currency"]
    shown = {
        "customers": f"{figures['customers']:,}",
        "churn_rate": "–"
        if figures["churn_rate"] is None
        else f"{figures['churn_rate']:.2%} ({figures['churn_month']})",
        "value_at_risk": f"{figures['value_at_risk']:,.0f} {currency}",
        "red": f"{figures['red']:,}",
        "expected_gain": f"{figures['expected_gain']:,.0f} {currency}",
    }
    return {HEADLINE[key].in_(language): value for key, value in shown.items()}
