"""The report's pictures as SVG text; a picture without data is left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from liuke.pipelines.report_content import Content

PARETO = 15


def charts(
    content: Content, months: list[dict[str, Any]], cells: list[dict[str, Any]], why: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return every picture by section.

    Parameters
    ----------
    content : Content
    months, cells, why : list of rows
        Months of the whole company, cells of the cohorts, reasons in words.
    """
    language = content.speech.language
    from liuke.plots import history, reasons, style

    def drawn(rows: Any, draw: Callable[[Any], Any]) -> list[str]:
        return [style.svg(draw(rows))] if len(rows) else []

    rated = [row for row in months if row.get("rate") is not None]
    flows = [row for row in months if {"joined", "returned", "lost"} <= row.keys()]
    ceiling = content.definitions.churn.ceiling
    churn = [
        {"month": row["month"], "value": row["rate"], "low": row.get("low"), "high": row.get("high")} for row in rated
    ]
    warned = [row for row in content.parts("warnings") if row.get("warning")]
    wanted = ("reason", "churn_type", "customers")
    named = [{name: row[name] for name in wanted} for row in why[:PARETO]]
    return {
        "history": [
            *drawn(churn, lambda rows: history.churn_by_month(rows, ceiling, language)),
            *drawn(flows, lambda rows: history.leaky_bucket(rows, language)),
        ],
        "cohorts": next(iter(drawn(cells, lambda rows: history.cohort_heatmap(rows, language))), ""),
        "warnings": [
            *drawn(warned, lambda rows: history.warnings(rows, language)),
            *drawn(named, lambda rows: reasons.pareto(pa.Table.from_pylist(rows), language)),
        ],
        **_of_money(content, drawn),
        "model": _of_model(content, drawn),
    }


def _of_money(content: Content, drawn: Callable[[Any, Callable[[Any], Any]], list[str]]) -> dict[str, list[str]]:
    from liuke.plots import value

    language = content.speech.language
    held = content.table("concentration", "share_of_customers", "share_of_value")
    curve = content.table("spend_curve", "spent", "gain")
    spent = float(content.part("budget").get("spent") or 0)
    return {
        "value": drawn(held, lambda rows: value.concentration(rows, language)),
        "plan": drawn(
            curve.slice(0, curve.num_rows if curve.num_rows > 1 else 0),
            lambda rows: value.spend_curve(rows, spent, language),
        ),
    }


def _of_model(content: Content, drawn: Callable[[Any, Callable[[Any], Any]], list[str]]) -> list[str]:
    from liuke.plots import model

    language = content.speech.language
    bins = [
        row
        for row in content.model.get("calibration_table") or []
        if row.get("mean_probability") is not None and row.get("observed_rate") is not None
    ]
    lifts = [
        {"top": row["share"], "captured": row["captured"]}
        for row in content.model.get("lift_table") or []
        if row.get("share") is not None and row.get("captured") is not None
    ]
    return [
        *drawn(bins, lambda rows: model.calibration(rows, language)),
        *drawn(lifts, lambda rows: model.lift(rows, language)),
    ]
