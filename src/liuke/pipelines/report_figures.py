"""The report's figures month by month: one row a month, drawn from the metrics table."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from liuke.kernel.words import Words
from liuke.pipelines.report_content import Column, Content, Rows, written

MONTHS = 12
SHOWN = {
    "customers_at_start": "start",
    "customers_new": "joined",
    "customers_won_back": "returned",
    "customers_lost": "lost",
    "customers_at_end": "end",
    "churn_rate": "rate",
    "gross_revenue_retention": "gross",
    "net_revenue_retention": "net",
}
BUCKET_COLUMNS = (
    Column("month", Words("月份", "Month"), "name"),
    Column("start", Words("期初", "At the start"), "number"),
    Column("joined", Words("新增", "Joined"), "number"),
    Column("returned", Words("挽回", "Returned"), "number"),
    Column("lost", Words("流失", "Lost"), "number"),
    Column("end", Words("期末", "At the end"), "number"),
    Column("rate", Words("月流失率", "Monthly churn"), "share"),
    Column("between", Words("95% 区间", "95% interval"), "name"),
    Column("gross", Words("毛收入留存", "Gross revenue retention"), "share"),
    Column("net", Words("净收入留存", "Net revenue retention"), "share"),
)
METRIC = (
    "metric", "period_start", "period_end", "org_unit", "segment", "segment_value", "numerator", "denominator",
    "value", "low", "high",
)  # fmt: skip


def months(content: Content) -> list[dict[str, Any]]:
    """Return the latest months of the whole company, oldest first, one row each."""
    table = content.table("metrics", *METRIC)
    whole = pc.and_(pc.equal(table["org_unit"], ""), pc.equal(table["segment"], "all"))
    known = table.filter(pc.and_(whole, pc.is_in(table["metric"], pa.array(list(SHOWN), pa.string()))))
    rows: dict[Any, dict[str, Any]] = {}
    for one in known.to_pylist():
        if not _is_month(one["period_start"], one["period_end"]):
            continue
        row = rows.setdefault(one["period_start"], {"month": one["period_start"].isoformat()[:7]})
        row[SHOWN[one["metric"]]] = one["value"]
        if one["metric"] == "churn_rate":
            row |= {"low": one["low"], "high": one["high"]}
    return [rows[start] for start in sorted(rows)][-MONTHS:]


def _is_month(start: Any, end: Any) -> bool:
    return start is not None and end is not None and 0 < (end - start).days <= 31


def bucket(rows: list[dict[str, Any]], content: Content) -> Rows:
    """Return the leaky bucket as a table, the latest month first."""
    speech = content.speech
    said = [
        {**row, "between": f"{speech.share(row['low'])} – {speech.share(row['high'])}"}
        if row.get("low") is not None
        else row
        for row in reversed(rows)
    ]
    return written(said, BUCKET_COLUMNS, speech)


def cohorts(content: Content) -> list[dict[str, Any]]:
    """Return the cells of the latest cohorts, in the rolling reading."""
    table = content.table("cohorts", "cohort", "age", "rate", "reading")
    rows = [row for row in table.filter(pc.equal(table["reading"], "rolling")).to_pylist() if row["rate"] is not None]
    latest = sorted({str(row["cohort"])[:7] for row in rows})[-MONTHS:]
    cells = [{"cohort": str(row["cohort"])[:7], "age": row["age"], "rate": row["rate"]} for row in rows]
    return [cell for cell in cells if cell["cohort"] in latest and 0 <= cell["age"] <= MONTHS]
