"""The report as a workbook: a sheet each for summary, plan, let go, metrics, cohorts, reasons, tiers and model."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from liuke.kernel.words import Words
from liuke.pipelines import report_customers, report_figures, report_tables, report_text
from liuke.pipelines.report_content import Column, Content, Rows, joined

MOST_ROWS = 1_000_000
"""A sheet holds 1,048,576 rows."""
PLAN = (
    report_customers.NAME,
    Column("org_unit", Words("组织单元", "Unit")),
    Column("warning", Words("预警", "Warning"), "warning"),
    Column("state", Words("状态", "State"), "state"),
    Column("churn_probability", Words("流失概率", "Chance of loss"), "share"),
    Column("residual_lifetime_value", Words("未来价值", "Future value"), "money"),
    Column("tier", Words("层级", "Tier"), "tier"),
    Column("reason_1", Words("主要原因", "Main reason"), "reason"),
    Column("decision", Words("决策", "Decision"), "decision"),
    Column("remedy", Words("对策", "Remedy"), "remedy"),
    Column("wave", Words("第几次", "Wave"), "number"),
    Column("channel", Words("渠道", "Channel"), "channel"),
    Column("due_on", Words("联系日期", "Due on"), "date"),
    Column("from_hour", Words("几点起", "From hour"), "number"),
    Column("to_hour", Words("几点止", "To hour"), "number"),
    Column("staff_id", Words("员工", "Staff")),
    Column("manager_id", Words("客户经理", "Account manager")),
    Column("script", Words("话术", "What to say"), "script"),
    Column("condition", Words("条件", "Condition"), "condition"),
    Column("cost", Words("预计花费", "Expected cost"), "money"),
    Column("expected_gain", Words("预计净收益", "Expected gain"), "money"),
)
LET_GO = (
    report_customers.NAME,
    Column("tier", Words("层级", "Tier"), "tier"),
    Column("rule", Words("规则", "Rule"), "rule"),
    Column("residual_lifetime_value", Words("未来价值", "Future value"), "money"),
    Column("review_on", Words("复核日期", "Review on"), "date"),
    Column("needs_confirmation", Words("须人工确认", "A person must confirm"), "flag"),
)
METRICS = (
    Column("metric", Words("指标", "Metric"), "metric"),
    Column("period_start", Words("期初", "From"), "date"),
    Column("period_end", Words("期末（不含）", "Until (excluded)"), "date"),
    Column("org_unit", Words("组织单元", "Unit"), "unit"),
    Column("segment", Words("分群", "Segment"), "segment"),
    Column("segment_value", Words("分群取值", "Value of the segment"), "segment_value"),
    Column("numerator", Words("分子", "Numerator"), "number"),
    Column("denominator", Words("分母", "Denominator"), "number"),
    Column("value", Words("数值", "Value"), "number"),
    Column("low", Words("95% 下限", "95% from"), "number"),
    Column("high", Words("95% 上限", "95% to"), "number"),
)
COHORTS = (
    Column("cohort", Words("加入月份", "Joined in"), "date"),
    Column("age", Words("加入后月数", "Months since"), "number"),
    Column("size", Words("人数", "Size"), "number"),
    Column("n_observed", Words("可观察", "Observed"), "number"),
    Column("n_retained", Words("保持", "Retained"), "number"),
    Column("rate", Words("保持率", "Retained"), "share"),
    Column("reading", Words("口径", "Reading"), "reading"),
)
REASONS = (
    Column("code", Words("原因", "Reason"), "reason"),
    *(column for column in report_tables.REASON if column.name != "reason"),
)
SHEETS = {
    "summary": Words("摘要", "Summary"),
    "plan": Words("计划", "Plan"),
    "let_go": Words("放手名单", "Let go"),
    "metrics": Words("指标", "Metrics"),
    "cohorts": Words("各批客户", "Cohorts"),
    "reasons": Words("原因", "Reasons"),
    "tiers": Words("分层", "Tiers"),
    "model": Words("模型", "Model"),
}


def sheets(content: Content) -> dict[str, pa.Table]:
    """Return the workbook's sheets, names and titles in the report's language."""
    tables = {
        "plan": _sheet(_plan(content), PLAN, content),
        "let_go": _sheet(content.table("let_go", *(one.name for one in LET_GO)), LET_GO, content),
        "metrics": _sheet(content.table("metrics", *report_figures.METRIC), METRICS, content),
        "cohorts": _sheet(content.table("cohorts", *(one.name for one in COHORTS)), COHORTS, content),
        "reasons": _sheet(content.table("reasons", *(one.name for one in REASONS)), REASONS, content),
        "tiers": _sheet(content.table("tiers", *(one.name for one in report_tables.TIER)), report_tables.TIER, content),
        "model": _as_text(report_tables.tested(content), report_text.model_words(content), content),
    }
    cut = [name for name, table in tables.items() if table.num_rows > MOST_ROWS]
    named = {"summary": _summary(content, cut), **tables}
    return {SHEETS[name].in_(content.speech.language): table.slice(0, MOST_ROWS) for name, table in named.items()}


def _plan(content: Content) -> pa.Table:
    customers = content.table("customers", *report_customers.CUSTOMER)
    plan = content.table("plan", *report_customers.PLAN)
    keys = ("due_on", "customer_id", "wave")
    return joined(plan, customers).sort_by([(name, "ascending") for name in keys])


def _sheet(table: pa.Table, columns: Sequence[Column], content: Content) -> pa.Table:
    values = [_values(table[one.name], one, content) for one in columns]
    return pa.table(values, names=[_title(one, content) for one in columns])


def _title(column: Column, content: Content) -> str:
    title = column.words.in_(content.speech.language)
    return f"{title} (%)" if column.kind == "share" else title


def _values(column: pa.ChunkedArray, shown: Column, content: Content) -> pa.ChunkedArray | pa.Array:
    """Return a column's values: codes in words, shares in percent, all else as it is."""
    speech = content.speech
    if column.null_count == len(column) or shown.kind in {"text", "name", "number", "money", "date"}:
        return column
    if shown.kind == "share":
        return pc.round(pc.multiply(pc.cast(column, pa.float64()), 100.0), 2)
    if shown.kind == "flag":
        return pc.if_else(pc.fill_null(column, False), speech.say("是", "yes"), speech.say("否", "no"))
    if shown.kind == "unit":
        return pc.if_else(pc.equal(column, ""), speech.say("全公司", "whole company"), column)
    return speech.codes(shown.kind, column)


def _summary(content: Content, cut: Sequence[str]) -> pa.Table:
    speech = content.speech
    rows = [(speech.say("报告", "Report"), report_text.title(content))]
    rows += [
        (figure.label, " ".join(filter(None, (figure.value, figure.note)))) for figure in report_text.headline(content)
    ]
    told = speech.say("请注意", "Please note")
    rows += [(told, line) for line in report_text.told(content)]
    rows += [(speech.say("预算", "Budget"), line) for line in report_text.budget_words(content)]
    rows += report_text.facts(content)
    rows += [
        (
            told,
            speech.say(f"“{name}”只写出前 {MOST_ROWS:,} 行", f"{name}: only the first {MOST_ROWS:,} rows are written"),
        )
        for name in (SHEETS[one].in_(speech.language) for one in cut)
    ]
    return pa.table(
        {speech.say("项目", "Item"): [row[0] for row in rows], speech.say("内容", "Content"): [row[1] for row in rows]}
    )


def _as_text(rows: Rows, lines: Sequence[str], content: Content) -> pa.Table:
    """Return a table for people as text, followed by sentences in its first column."""
    titles = [heading.title for heading in rows.columns]
    cells: list[list[str | None]] = [[cell.text for cell in row] for row in rows.rows]
    cells += [[line, *[None] * (len(titles) - 1)] for line in [*lines, *report_text.cannot_see(content)]]
    return pa.table({title: pa.array([row[place] for row in cells], pa.string()) for place, title in enumerate(titles)})
