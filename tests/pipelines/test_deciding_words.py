from __future__ import annotations

from datetime import date

import pyarrow as pa

from liuke.budget.contact import ContactRules
from liuke.budget.policy import preset
from liuke.budget.remedies import catalogue
from liuke.pipelines.decide import decide, explain
from liuke.pipelines.deciding_rules import RULES
from liuke.pipelines.deciding_words import REASONS

INPUTS = pa.table(
    {
        "customer_id": ["An", "Bo"],
        "state": ["leaving", "lost"],
        "churn_probability": pa.array([None, None], pa.float64()),
        "residual_lifetime_value": [1234.56, 7890.12],
        "tier": [2, 5],
        "reason_1": ["P1", "S1"],
    }
)


def joined() -> list[dict]:
    got = decide(
        INPUTS, policy=preset("mobile"), remedies=catalogue("telecom"), budget=1000, staff_minutes=None,
        contact_rules=ContactRules(), holdout_share=0, as_of=date(2025, 3, 31), seed=1,
    )  # fmt: skip
    return [{**a, **b} for a, b in zip(INPUTS.to_pylist(), got.customers.to_pylist(), strict=True)]


def test_every_rule_has_words_in_both_languages():
    assert set(REASONS) == set(RULES)
    assert all(words.zh and words.en for words in REASONS.values())


def test_an_explanation_recomputes_the_sum_from_the_row():
    an, bo = joined()
    lines = explain(an, "zh")
    assert lines[0] == "输入:状态 leaving,流失概率 1,未来价值 1,234.56,级别 2,原因 P1"
    assert lines[1] == "决定:keep(规则 best_remedy)"
    recomputed = round(an["success_probability"] * 1234.56 - an["cost"], 2)
    assert abs(recomputed - an["expected_gain"]) <= 0.01
    assert lines[3].endswith(f"= {recomputed:,.2f},记录的净收益 {an['expected_gain']:,.2f}")
    assert explain(bo, "en")[-1] == "review on 2026-03-31"


def test_a_row_without_numbers_is_explained_as_unknown():
    row = {"decision": "monitor", "decision_rule": "holdout", "decision_why": "drawn", "is_holdout": True}
    assert explain(row, "en") == [
        "inputs: state unknown, loss probability unknown, future value unknown, tier unknown, reason unknown",
        "decision: monitor (rule holdout)",
        "why: drawn",
        "holdout: nothing is done; would have had unknown",
    ]
