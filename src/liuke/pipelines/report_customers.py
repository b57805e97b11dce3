"""The report's lists of single customers: whom to contact first, whom to let go."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from liuke.budget.letting_go import RULES
from liuke.kernel.words import Words
from liuke.pipelines.deciding_words import SUM
from liuke.pipelines.report_content import Column, Content, Rows, joined, written
from liuke.pipelines.report_words import UNKNOWN

FIRST, LET_GO = 20, 20
CUSTOMER = (
    "customer_id", "org_unit", "manager_id", "state", "warning", "churn_probability", "residual_lifetime_value",
    "tier", "reason_1", "decision", "decision_why", "remedy", "cost", "expected_gain", "success_probability",
    "value_if_kept",
)  # fmt: skip
PLAN = ("customer_id", "wave", "channel", "due_on", "from_hour", "to_hour", "staff_id", "script", "condition")
NAME = Column("customer_id", Words("客户", "Customer"), "name")
FIRST_COLUMNS = (
    NAME,
    Column("warning", Words("预警", "Warning"), "warning"),
    Column("state", Words("状态", "State"), "state"),
    Column("reason_1", Words("主要原因", "Main reason"), "reason"),
    Column("remedy", Words("对策", "Remedy"), "remedy"),
    Column("channel", Words("渠道", "Channel"), "channel"),
    Column("due_on", Words("联系日期", "Due on"), "date"),
    Column("expected_gain", Words("预计净收益", "Expected gain"), "money"),
    Column("why", Words("为什么", "Why"), "long"),
)
LET_GO_COLUMNS = (
    NAME,
    Column("tier", Words("层级", "Tier"), "tier"),
    Column("rule", Words("规则", "Rule"), "rule"),
    Column("residual_lifetime_value", Words("未来价值", "Future value"), "money"),
    Column("review_on", Words("复核日期", "Review on"), "date"),
    Column("confirm", Words("确认", "Confirmation"), "name"),
)

RULE_COLUMNS = (
    Column("rule", Words("规则", "Rule"), "rule"),
    Column("customers", Words("客户数", "Customers"), "number"),
    Column("value", Words("未来价值", "Future value"), "money"),
)


def first_contacts(content: Content) -> Rows:
    """Return the customers of the plan with the highest expected gain, each with the first contact."""
    plan = first_waves(content.table("plan", *PLAN))
    if not plan.num_rows:
        return written([], FIRST_COLUMNS, content.speech)
    rows = joined(plan, content.table("customers", *CUSTOMER))
    order = pc.sort_indices(
        rows.append_column("gain_rank", pc.cast(rows["expected_gain"], pa.float64())),
        sort_keys=[("gain_rank", "descending"), ("customer_id", "ascending")],
    )
    shown = rows.take(order[:FIRST]).to_pylist()
    more = _more(len(shown), rows.num_rows)
    return written([{**row, "why": why(row, content)} for row in shown], FIRST_COLUMNS, content.speech, more=more)


def first_waves(plan: pa.Table) -> pa.Table:
    """Return the first contact planned with each customer."""
    waves = plan.sort_by([("customer_id", "ascending"), ("wave", "ascending"), ("due_on", "ascending")])
    identity = waves["customer_id"].combine_chunks()
    if not len(identity):
        return waves
    starts = pc.not_equal(identity[1:], identity[:-1])
    return waves.filter(pa.concat_arrays([pa.array([True]), starts]))


def let_go(content: Content) -> Rows:
    """Return those let go: who needs a confirmation first, then the most valuable."""
    wanted = ("customer_id", "rule", "tier", "residual_lifetime_value", "review_on", "needs_confirmation")
    table = content.table("let_go", *wanted)
    keys = [
        ("needs_confirmation", "descending"),
        ("residual_lifetime_value", "descending"),
        ("customer_id", "ascending"),
    ]
    shown = table.take(pc.sort_indices(table, sort_keys=keys)[:LET_GO]).to_pylist()
    confirm = content.speech.say("须人工确认", "to be confirmed by a person")
    for row in shown:
        row["confirm"] = confirm if row["needs_confirmation"] else None
    return written(shown, LET_GO_COLUMNS, content.speech, more=_more(len(shown), table.num_rows))


def let_go_rules(content: Content) -> Rows:
    """Return how many each rule lets go, and what they are worth."""
    table = content.table("let_go", "rule", "residual_lifetime_value", "customer_id")
    worth = pc.cast(table["residual_lifetime_value"], pa.float64())
    counts = (
        table.set_column(1, "value", worth)
        .group_by("rule", use_threads=False)
        .aggregate([("customer_id", "count"), ("value", "sum")])
        .sort_by([("customer_id_count", "descending"), ("rule", "ascending")])
        .rename_columns(["rule", "customers", "value"])
    )
    return written(counts.to_pylist(), RULE_COLUMNS, content.speech)


def why(row: dict[str, Any], content: Content) -> str:
    """Return why this customer: the reason told if it is in the report's language, otherwise the sum."""
    speech = content.speech
    told = str(row.get("decision_why") or "")
    if told in RULES:
        return speech.code("rule", told)
    if speech.is_mine(told):
        return told
    return _sum(row, content)


def _sum(row: dict[str, Any], content: Content) -> str:
    """Return the sum that decided, as far as its parts are known."""
    speech = content.speech
    is_lost = row.get("state") in {"lost", "abandoned"}
    risk = 1.0 if is_lost else row.get("churn_probability")
    worth = row.get("value_if_kept")
    parts = {
        "risk": speech.share(risk),
        "success": speech.share(row.get("success_probability")),
        "value": speech.money(row.get("residual_lifetime_value") if worth is None else worth),
        "cost": speech.money(row.get("cost")),
        "gain": speech.money(row.get("expected_gain")),
    }
    if UNKNOWN not in parts.values():
        return SUM.in_(speech.language).format(**parts, currency="").strip()
    names = {
        "risk": speech.say("流失概率", "chance of loss"),
        "value": speech.say("未来价值", "future value"),
        "cost": speech.say("预计花费", "expected cost"),
    }
    return speech.say("，", ", ").join(f"{name} {parts[key]}" for key, name in names.items() if parts[key] != UNKNOWN)


def _more(shown: int, all_of_them: int) -> Words | None:
    if shown >= all_of_them:
        return None
    return Words(
        f"共 {all_of_them:,} 位，此处列出前 {shown} 位；完整名单见工作簿。",
        f"The first {shown} of {all_of_them:,}; the workbook holds all of them.",
    )
