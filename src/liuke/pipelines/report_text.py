"""The report's sentences: the headline, what must be told, how far the model can be trusted, the definitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from liuke.pipelines.report_content import Content

SECTIONS = (
    ("history", "发生了什么", "What happened"),
    ("warnings", "谁要走，为什么", "Who is leaving, and why"),
    ("value", "价值与分层", "Value and tiers"),
    ("plan", "计划与花费", "The plan and its cost"),
    ("let-go", "放手名单", "Let go"),
    ("model", "模型有多可信", "How far the model can be trusted"),
    ("changes", "与上次相比", "Since the previous snapshot"),
    ("data", "数据与定义", "Data and definitions"),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the headline."""

    label: str
    value: str
    note: str = ""


def title(content: Content) -> str:
    """Return the report's title."""
    month = content.speech.month(content.snapshot.as_of)
    return content.speech.say(
        f"{content.company} 客户保持报告 · {month}", f"{content.company}: keeping customers, {month}"
    )


def headline(content: Content) -> list[Figure]:
    """Return the figures everybody asks for first."""
    told, speech = content.part("headline"), content.speech
    if not told:
        return []
    warned = int(told.get("red") or 0) + int(told.get("amber") or 0)
    red, amber = speech.code("warning", "red"), speech.code("warning", "amber")
    split = speech.say(
        f"{red} {speech.number(told.get('red'))}，{amber} {speech.number(told.get('amber'))}",
        f"{red} {speech.number(told.get('red'))}, {amber} {speech.number(told.get('amber'))}",
    )
    cost = speech.say(
        f"预计花费 {speech.money(told.get('plan_cost'))}", f"expected cost {speech.money(told.get('plan_cost'))}"
    )
    return [
        Figure(speech.say("在网客户", "Customers"), speech.number(told.get("customers"))),
        Figure(
            speech.say("月流失率", "Monthly churn"),
            speech.share(told.get("churn_rate")),
            str(told.get("churn_month") or "")[:7],
        ),
        Figure(speech.say("面临流失的价值", "Value at risk"), speech.money(told.get("value_at_risk"))),
        Figure(speech.say("需要关注的客户", "Customers in danger"), speech.number(warned), split),
        Figure(speech.say("列入计划", "In the plan"), speech.number(told.get("planned")), cost),
        Figure(speech.say("预计净收益", "Expected gain"), speech.money(told.get("expected_gain"))),
    ]


def told(content: Content) -> list[str]:
    """Return what the reader must be told before anything else."""
    lines = [content.speech.spoken(content.speech.either(row)) for row in content.parts("told")]
    if not content.summary:
        lines.append(
            content.speech.say(
                "这个快照没有摘要，报告并不完整。", "This snapshot has no summary; the report is not complete."
            )
        )
    return [line for line in lines if line]


def budget_words(content: Content) -> list[str]:
    """Return what the budget buys, in sentences."""
    words = content.part("budget").get("words") or {}
    lines = words.get(content.speech.language) or []
    return [lines] if isinstance(lines, str) else [str(line) for line in lines]


def model_words(content: Content) -> list[str]:
    """Return how the model was tested and what must be known about it, in sentences."""
    card, speech = content.model, content.speech
    if not card:
        return [speech.say("还没有模型。", "There is no model yet.")]
    lines = [_used(card, content), _test(card.get("test") or {}, content)]
    notices = [*(card.get("warnings") or []), *(card.get("notices") or [])]
    lines += [speech.spoken(speech.either(row)) for row in [*notices, *(card.get("refused") or [])]]
    return list(dict.fromkeys(line for line in lines if line))


def _used(card: dict[str, Any], content: Content) -> str:
    speech = content.speech
    used, days = speech.code("model", card.get("used")), card.get("trained_on") or []
    when = f"{days[0]} – {days[-1]}" if len(days) > 1 else "".join(map(str, days[:1]))
    horizon, tested = card.get("horizon_days"), card.get("tested_on")
    if not when or not tested or not horizon:
        return speech.say(f"采用：{used}。", f"In use: {used}.")
    return speech.say(
        f"采用：{used}，预测未来 {horizon} 天内的流失；学习于 {when}，检验于 {tested}。",
        f"In use: {used}, for losses within {horizon} days; learned from {when}, tested on {tested}.",
    )


def _test(test: dict[str, Any], content: Content) -> str:
    speech = content.speech
    if test.get("roc_auc") is None or test.get("n") is None:
        return ""
    auc, lift = speech.number(test["roc_auc"], 3), speech.number(test.get("top_decile_lift"), 2)
    n, lost = speech.number(test["n"]), speech.number(test.get("n_lost"))
    ratio = speech.number(test.get("observed_over_expected"), 2)
    return speech.say(
        f"检验的 {n} 位客户中有 {lost} 位流失：AUC {auc}，风险最高的 10% 里流失者是平均的 {lift} 倍，"
        f"实际流失为预测的 {ratio} 倍。",
        f"Of the {n} customers tested {lost} were lost: AUC {auc}; the riskiest 10 % hold {lift} times as many losses "
        f"as average; losses were {ratio} times the expected.",
    )


def cannot_see(content: Content) -> list[str]:
    """Return what the model cannot see."""
    rows = content.model.get("cannot_see") or []
    return [line for line in (content.speech.either(row) for row in rows) if line]


def facts(content: Content) -> list[tuple[str, str]]:
    """Return the definitions and marks under which the figures hold."""
    speech, defined, manifest = content.speech, content.definitions, content.snapshot.manifest
    say = speech.say
    days = say("天", "days")
    named = [
        (say("快照", "Snapshot"), content.snapshot.name),
        (say("内容校验", "Content hash"), manifest.get("content_hash")),
        (say("随机种子", "Seed"), manifest.get("seed")),
        (say("行业", "Industry"), speech.code("industry", defined.company.industry)),
        (say("时区", "Time zone"), defined.company.time_zone),
        (say("流失判定", "When a customer is lost"), speech.code("churn_kind", defined.churn.kind)),
        (say("合约宽限", "Grace after a contract"), f"{defined.churn.grace_days} {days}"),
        (say("预警提前量", "Lead time"), f"{defined.churn.lead_days} {days}"),
        (say("预警窗口", "Horizon"), f"{defined.churn.horizon_days} {days}"),
        (say("流失率上限", "Ceiling of churn"), speech.share(defined.churn.ceiling)),
        (say("对照组", "Holdout"), speech.share(defined.holdout.share, 0)),
        (say("年折现率", "Discount rate a year"), speech.share(defined.value.annual_discount_rate)),
        (say("数据窗口", "Windows"), speech.either(content.part("windows"))),
    ]
    return [(name, str(value)) for name, value in named if value not in (None, "")]
