"""The report's short tables: warnings, signals, reasons, tiers, decisions, remedies, the model's test, the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow.compute as pc

from liuke.kernel.words import Words
from liuke.pipelines.report_content import NOTHING, Column, Content, Rows, written

SIGNALS, REASONS = 12, 20
CUSTOMERS = Column("customers", Words("客户数", "Customers"), "number")
COST = Column("cost", Words("预计花费", "Expected cost"), "money")
GAIN = Column("gain", Words("预计净收益", "Expected gain"), "money")
WARNINGS = (
    Column("warning", Words("预警等级", "Warning"), "warning"),
    CUSTOMERS,
    Column("value_at_risk", Words("面临流失的价值", "Value at risk"), "money"),
)
SIGNAL = (
    Column("signal", Words("迹象", "Signal")),
    Column("family", Words("方面", "About"), "family"),
    CUSTOMERS,
    Column("share", Words("占被解释客户", "Of those explained"), "share"),
)
REASON = (
    Column("reason", Words("原因", "Reason")),
    Column("churn_type", Words("类型", "Type"), "churn_type"),
    Column("customers_leaving", Words("正在流失", "Leaving"), "number"),
    Column("customers_lost", Words("已流失", "Lost"), "number"),
    Column("share", Words("占已流失", "Of those lost"), "share"),
)
TIER = (
    Column("tier", Words("层级", "Tier"), "tier"),
    CUSTOMERS,
    Column("share_of_customers", Words("占客户", "Of customers"), "share"),
    Column("value", Words("未来价值", "Future value"), "money"),
    Column("share_of_value", Words("占未来价值", "Of future value"), "share"),
    Column("past_value", Words("过去价值", "Past value"), "money"),
)
DECISION = (Column("decision", Words("决策", "Decision"), "decision"), CUSTOMERS, COST, GAIN)
REMEDY = (
    Column("code", Words("对策", "Remedy"), "remedy"),
    Column("level", Words("联系层次", "Bond"), "remedy_level"),
    CUSTOMERS,
    COST,
    GAIN,
)
BASELINE = (
    Column("name", Words("方法", "Method"), "model"),
    Column("roc_auc", Words("AUC", "AUC"), "decimal"),
    Column("top_decile_lift", Words("前 10% 提升倍数", "Lift of the top 10 %"), "decimal"),
    Column("log_loss", Words("对数损失", "Log loss"), "decimal"),
    Column("calibration_error", Words("校准误差", "Calibration error"), "decimal"),
    Column("used", Words("采用", "Used")),
)
CHANGE = (
    Column("what", Words("指标", "Figure")),
    Column("before", Words("上次", "Before")),
    Column("now", Words("本次", "Now")),
)
DATA = (Column("table", Words("数据表", "Table"), "data"), Column("rows", Words("行数", "Rows"), "number"))
UNITS = {"churn_rate": "share", "value_at_risk": "money", "expected_gain": "money", "plan_cost": "money"}
"""How a figure that moved is written; numbers of customers are plain."""
FINDING = (Column("finding", Words("发现", "Finding")),)


def from_summary(content: Content, name: str, columns: Sequence[Column], empty: Words = NOTHING) -> Rows:
    """Return one list of the summary as a table."""
    return written(content.parts(name), columns, content.speech, empty=empty)


def remedies(content: Content) -> Rows:
    """Return the remedies that somebody gets, those that bring most first."""
    rows = [row for row in content.part("budget").get("remedies") or [] if row.get("customers")]
    rows.sort(key=lambda row: (-(row.get("gain") or 0), row["code"]))
    return written(rows, REMEDY, content.speech, empty=Words("没有选用任何对策。", "No remedy was chosen."))


def findings(content: Content) -> Rows:
    """Return the findings that hold."""
    rows = content.table("findings", "zh", "en", "holds").to_pylist()
    said = [{"finding": content.speech.either(row)} for row in rows if row["holds"] in (True, None)]
    return written(said, FINDING, content.speech)


def signals(content: Content) -> Rows:
    """Return the features that speak for a loss, by how many customers they speak of."""
    table = content.table("signals", "customer_id", "feature")
    explained = pc.count_distinct(table["customer_id"]).as_py() or 1
    counts = table.group_by("feature").aggregate([("customer_id", "count_distinct")])
    order = [("customer_id_count_distinct", "descending"), ("feature", "ascending")]
    rows = [
        {
            "signal": content.speech.feature(row["feature"]),
            "family": _family(row["feature"]),
            "customers": row["customer_id_count_distinct"],
            "share": row["customer_id_count_distinct"] / explained,
        }
        for row in counts.sort_by(order).slice(0, SIGNALS).to_pylist()
    ]
    empty = Words("模型没有指出任何迹象。", "The model points at no signals.")
    return written(rows, SIGNAL, content.speech, empty=empty)


def _family(name: str) -> str:
    from liuke.features.dictionary import feature

    return feature(name).family


def reason_rows(content: Content) -> list[dict[str, Any]]:
    """Return the reasons in words, most frequent first."""
    wanted = ("code", "zh", "en", "churn_type", "customers_lost", "customers_leaving", "share")
    speech = content.speech
    rows = [
        {**row, "reason": speech.either(row) or speech.code("reason", row["code"])}
        for row in content.table("reasons", *wanted).to_pylist()
    ]
    for row in rows:
        row["customers"] = int(row["customers_lost"] or 0) + int(row["customers_leaving"] or 0)
    return sorted((row for row in rows if row["customers"]), key=lambda row: (-row["customers"], str(row["code"])))


def reasons(rows: list[dict[str, Any]], content: Content) -> Rows:
    """Return the reasons as a table."""
    empty = Words("还没有关于原因的证据。", "There is no evidence of reasons yet.")
    return written(rows[:REASONS], REASON, content.speech, empty=empty)


def tiers(content: Content) -> Rows:
    """Return tiers by future value, the highest first, the past beside it."""
    rows = content.table("tiers", *(column.name for column in TIER)).sort_by("tier").to_pylist()
    return written(rows, TIER, content.speech, empty=Words("还没有分层。", "There are no tiers yet."))


def tested(content: Content) -> Rows:
    """Return the model and the simple rules on the same test, the best first."""
    card = content.model
    results = {**(card.get("baselines") or {}), "model": card.get("model")}
    used = content.speech.say("✓ 采用", "✓ used")
    rows = [{"name": name, **found} for name, found in results.items() if found]
    rows.sort(key=lambda row: (row.get("log_loss") is None, row.get("log_loss"), row["name"]))
    for row in rows:
        row["used"] = used if row["name"] == card.get("used") else " "
    return written(rows, BASELINE, content.speech)


def changes(content: Content) -> Rows:
    """Return what moved since the previous snapshot."""
    speech = content.speech
    rows = [
        {
            "what": speech.either(row, "what_"),
            "before": speech.written(UNITS.get(str(row.get("key")), "number"), row.get("before")),
            "now": speech.written(UNITS.get(str(row.get("key")), "number"), row.get("now")),
        }
        for row in content.part("changes").get("moved") or []
    ]
    return written(rows, CHANGE, speech)
