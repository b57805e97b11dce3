"""Why a customer was decided as they were, in words with the numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from liuke.budget import letting_go
from liuke.kernel.words import Language, Words

SUM = Words(
    "流失概率 {risk} × 成功率 {success} × 未来价值 {value} − 预期成本 {cost} = 净收益 {gain} {currency}",
    "loss probability {risk} × success {success} × future value {value} − expected cost {cost} = net gain {gain} "
    "{currency}",
)

REASONS: dict[str, Words] = {
    **{
        code: Words(
            f"放弃规则:{words.zh};级别 {{tier}},未来价值 {{value}} {{currency}}",
            f"rule for letting go: {words.en}; tier {{tier}}, future value {{value}} {{currency}}",
        )
        for code, words in letting_go.RULES.items()
    },
    "best_remedy": Words(
        f"{{effort}},采用“{{remedy}}”:{SUM.zh}",
        f"{{effort}}; {{remedy}}: {SUM.en}",
    ),
    "holdout": Words(
        f"抽入对照组,不做任何动作;否则会采用“{{remedy}}”:{SUM.zh}",
        f"drawn into the holdout, nothing is done; would have had {{remedy}}: {SUM.en}",
    ),
    "complaint_first": Words(
        "疑似恶意,但我方先有未结投诉:先处理投诉并安抚,人工核查后再定",
        "malice suspected, but a complaint against us is open: answer it and calm first, then a person decides",
    ),
    "suspected": Words(
        "疑似恶意欠费或欺诈,尚未确认:人工核查之前不给任何优惠",
        "malicious arrears or fraud suspected, not confirmed: no offer before a person has looked",
    ),
    "calm": Words(
        "因我方原因离开,本次不采取挽回措施:致歉并安抚,阻止负面评价;流失概率 {risk},未来价值 {value} {currency}",
        "leaves by our own fault and gets no remedy this time: apologise and calm; loss probability {risk}, "
        "future value {value} {currency}",
    ),
    "healthy": Words("没有流失预警:流失概率 {risk},继续观察", "no warning: loss probability {risk}; keep watching"),
    "unknown_value": Words(
        "流失概率({risk})或未来价值({value})未知,无法计算收益",
        "loss probability ({risk}) or future value ({value}) unknown: the gain cannot be computed",
    ),
    "held_back": Words(
        "“{remedy}”合算,但联系规则不允许联系;净收益本可达 {gain} {currency}",
        "{remedy} would pay, but the rules of contact forbid it; net gain forgone {gain} {currency}",
    ),
    "budget": Words(
        f"预算或人手用于更有效的客户;最佳措施“{{remedy}}”:{SUM.zh},预算影子价格 {{price}}",
        f"budget or staff go further elsewhere; best remedy {{remedy}}: {SUM.en}; shadow price {{price}}",
    ),
    "no_remedy": Words(
        "政策对该原因({reason})与级别({tier})不采取措施", "the policy has no remedy for reason {reason} and tier {tier}"
    ),
    "not_worth": Words(
        f"没有合算的措施;最好的“{{remedy}}”:{SUM.zh}",
        f"no remedy pays; the best, {{remedy}}: {SUM.en}",
    ),
    "beyond_cap": Words(
        f"{{effort}}:“{{remedy}}”超出单客费用或时间上限;{SUM.zh}",
        f"{{effort}}: {{remedy}} is beyond the cap on money or minutes for one customer; {SUM.en}",
    ),
}
"""The words of every rule; names in braces are filled with the customer's numbers."""

UNKNOWN = Words("未知", "unknown")

WHY_SQL = """
WITH texts AS (
    SELECT place, rule,
        coalesce(format('{:.1f}%', 100 * risk), $unknown) AS risk,
        coalesce(format('{:.1f}%', 100 * success), $unknown) AS success,
        coalesce(format('{:,.2f}', value), $unknown) AS value,
        coalesce(format('{:,.2f}', cost), $unknown) AS cost,
        coalesce(format('{:,.2f}', gain), $unknown) AS gain,
        coalesce(CAST(tier AS VARCHAR), $unknown) AS tier,
        coalesce(reason, $unknown) AS reason, coalesce(effort, $unknown) AS effort,
        coalesce(remedy, $unknown) AS remedy
    FROM facts
),
filled AS (
    SELECT place, replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(template,
        '{risk}', risk), '{success}', success), '{value}', value), '{cost}', cost), '{gain}', gain), '{tier}', tier),
        '{reason}', reason), '{effort}', effort), '{remedy}', remedy),
        '{price}', $price), '{currency}', $currency) AS why
    FROM texts JOIN templates USING (rule)
)
SELECT why FROM filled ORDER BY place
"""


def whys(facts: pa.Table, *, language: Language, currency: str, price: float) -> pa.ChunkedArray:
    """Return the words for every decision.

    Parameters
    ----------
    facts : pa.Table
        place (rising), rule, risk, success, value, cost, gain, tier, reason, effort, remedy; null is unknown.
    language : {'zh', 'en'}
    currency : str
        Code of the currency.
    price : float
        Shadow price of the budget.
    """
    templates = pa.table({"rule": list(REASONS), "template": [words.in_(language) for words in REASONS.values()]})
    with duckdb.connect() as connection:
        connection.register("facts", facts)
        connection.register("templates", templates)
        given = {
            "unknown": UNKNOWN.in_(language),
            "price": f"{price:.2f}",
            "currency": currency_words(currency, language),
        }
        return connection.sql(WHY_SQL, params=given).to_arrow_table()["why"]


def currency_words(currency: str, language: Language) -> str:
    """Return what stands behind an amount: 元 for yuan in Chinese, else the code."""
    return "元" if currency == "CNY" and language == "zh" else currency


HEADS = {
    "inputs": Words(
        "输入:状态 {state},流失概率 {risk},未来价值 {value},级别 {tier},原因 {reason}",
        "inputs: state {state}, loss probability {risk}, future value {value}, tier {tier}, reason {reason}",
    ),
    "decision": Words("决定:{decision}(规则 {rule})", "decision: {decision} (rule {rule})"),
    "why": Words("理由:{why}", "why: {why}"),
    "sum": Words(
        "算式:{risk} × {success} × {value} − {cost} = {sum},记录的净收益 {gain}",
        "sum: {risk} × {success} × {value} − {cost} = {sum}; net gain on record {gain}",
    ),
    "holdout": Words("对照组:不做任何动作;否则会采用 {would}", "holdout: nothing is done; would have had {would}"),
    "review": Words("复核日 {review}{confirm}", "review on {review}{confirm}"),
    "confirm": Words(",需人工确认", "; needs a person's confirmation"),
}


def explain(row: Mapping[str, Any], language: Language) -> list[str]:
    """Return the inputs, the rule and the sum of one decision, recomputed from its row.

    Parameters
    ----------
    row : mapping
        A row of the decisions joined with the customer's inputs (state, churn_probability, residual_lifetime_value,
        tier, reason_1); absent ones are unknown.
    language : {'zh', 'en'}

    Returns
    -------
    list of str
        One sentence each: inputs, decision, why; and where they apply the sum, the holdout and the review.
    """
    risk = _risk(row)
    numbers = {
        "state": row.get("state") or UNKNOWN.in_(language),
        "risk": _number(risk, ".9g", language),
        "value": _number(row.get("residual_lifetime_value"), ",.2f", language),
        "tier": row.get("tier") or UNKNOWN.in_(language),
        "reason": row.get("reason_1") or UNKNOWN.in_(language),
        "decision": row.get("decision"),
        "rule": row.get("decision_rule"),
        "why": row.get("decision_why"),
        "success": _number(row.get("success_probability"), ".9g", language),
        "cost": _number(row.get("cost"), ",.2f", language),
        "gain": _number(row.get("expected_gain"), ",.2f", language),
        "would": row.get("would_have_had") or UNKNOWN.in_(language),
        "review": row.get("let_go_review_on"),
        "confirm": HEADS["confirm"].in_(language) if row.get("needs_confirmation") else "",
    }
    heads = ["inputs", "decision", "why"]
    parts = (risk, row.get("success_probability"), row.get("residual_lifetime_value"), row.get("cost"))
    if all(part is not None for part in parts):
        numbers["sum"] = f"{_sum(parts):,.2f}"
        heads.append("sum")
    heads += ["holdout"] if row.get("is_holdout") else []
    heads += ["review"] if row.get("let_go_review_on") else []
    return [HEADS[head].in_(language).format(**numbers) for head in heads]


def _risk(row: Mapping[str, Any]) -> float | None:
    """Return the loss probability that was used: 1 for the lost, and for the leaving without a number."""
    if row.get("is_lost") or row.get("state") in ("lost", "abandoned"):
        return 1.0
    risk = row.get("churn_probability")
    if risk is None or math.isnan(risk):
        return 1.0 if row.get("state") == "leaving" else None
    return float(risk)


def _sum(parts: Sequence[Any]) -> float:
    risk, success, value, cost = (float(part) for part in parts)
    return risk * success * value - cost


def _number(value: Any, style: str, language: Language) -> str:
    return UNKNOWN.in_(language) if value is None else format(float(value), style)
