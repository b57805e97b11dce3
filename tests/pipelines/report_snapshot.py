"""A snapshot made by hand, for the tests of the report."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from liuke.pipelines.snapshot import Snapshot, publish
from liuke.workspace.folder import Workspace

AS_OF = date(2024, 6, 30)
HOSTILE = "<script>alert('赫')</script>&\"=1+1"
WARNINGS = ("red", "amber", "yellow", "green")


def month(number: int) -> date:
    return date(2023 + (number - 1) // 12, (number - 1) % 12 + 1, 1)


def customers(n: int = 40) -> pa.Table:
    at = range(n)
    return pa.table(
        {
            "customer_id": [f"{i:04}" for i in at],
            "org_unit": ["north/city" if i % 2 else "south" for i in at],
            "kind": ["contractual"] * n,
            "manager_id": [f"m{i % 3}" for i in at],
            "state": ["lost" if i % 10 == 9 else "leaving" if i % 4 == 0 else "active" for i in at],
            "churn_probability": pa.array([None if i % 10 == 9 else round(0.9 - i / 60, 3) for i in at], pa.float64()),
            "warning": pa.array([None if i % 10 == 9 else WARNINGS[i % 4] for i in at], pa.string()),
            "residual_lifetime_value": [12_345.5 - 100 * i for i in at],
            "tier": [1 + i % 4 for i in at],
            "reason_1": [("P2", "Q1", "X", "S1")[i % 4] for i in at],
            "decision": [("keep", "win_back", "let_go", "monitor")[i % 4] for i in at],
            "decision_why": [("胜算 90% 时挽留", "keeping pays at 90 %")[i % 2] for i in at],
            "remedy": pa.array(["coupon" if i % 2 else "manager_call" for i in at], pa.string()),
            "expected_gain": [1_000.25 + i for i in at],
            "cost": [5.5 + i for i in at],
        }
    )


def plan(n: int = 30) -> pa.Table:
    rows = [
        {
            "customer_id": f"{i:04}",
            "wave": wave,
            "channel": ("phone", "sms", "messenger")[i % 3],
            "due_on": AS_OF + timedelta(days=7 * wave + i % 5),
            "from_hour": 9,
            "to_hour": 21,
            "staff_id": "m1",
            "script": "listen_and_remedy" if wave == 1 else "第二次:针对原因提供“优惠券”",
            "condition": "按计划开始" if wave == 1 else "unanswered_or_reason_found",
        }
        for i in range(n)
        for wave in (2, 1)
    ]
    return pa.Table.from_pylist(rows)


def metrics() -> pa.Table:
    values = {
        "customers_at_start": 1000.0, "customers_new": 40.0, "customers_won_back": 5.0, "customers_lost": 25.0,
        "customers_at_end": 1020.0, "churn_rate": 0.025, "net_revenue_retention": 1.01,
    }  # fmt: skip
    rows: list[dict[str, Any]] = [
        {
            "metric": metric,
            "period_start": month(number),
            "period_end": month(number + 1),
            "org_unit": unit,
            "segment": "all",
            "segment_value": "",
            "numerator": value,
            "denominator": 1000.0,
            "value": value,
            "low": 0.022 if metric == "churn_rate" else None,
            "high": 0.028 if metric == "churn_rate" else None,
        }
        for metric, value in values.items()
        for number in range(1, 19)
        for unit in ("", "north")
    ]
    year = {**rows[0], "period_start": month(1), "period_end": month(13), "value": 987_654.0}
    return pa.Table.from_pylist([*rows, year])


def cohorts() -> pa.Table:
    rows = [
        {
            "cohort": month(number), "age": age, "size": 100, "n_observed": 100, "n_retained": 100 - 5 * age,
            "rate": 1 - 0.05 * age, "reading": reading,
        }
        for reading in ("rolling", "strict")
        for number in range(7, 19)
        for age in range(19 - number)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


def tables(reason: str) -> dict[str, pa.Table]:
    features = ("overdue_ratio", "tenure_days", "complaints_90d")
    return {
        "customers": customers(),
        "plan": plan(),
        "metrics": metrics(),
        "cohorts": cohorts(),
        "let_go": pa.table(
            {
                "customer_id": ["0002", "0006"], "rule": ["three_failures", "not_worth_keeping"],
                "why": ["three_failures", "not_worth_keeping"], "tier": [4, 4],
                "residual_lifetime_value": [12.5, 8.0], "review_on": [date(2025, 6, 30)] * 2,
                "needs_confirmation": [True, False],
            }
        ),
        "findings": pa.table(
            {
                "zh": ["老客户流失加快", "不成立的发现"], "en": ["old customers leave faster", "false"],
                "holds": [True, False],
            }
        ),
        "signals": pa.table(
            {
                "customer_id": [f"{i:04}" for i in range(30)], "rank": [1] * 30,
                "feature": [features[i % 3] for i in range(30)],
            }
        ),
        "reasons": pa.table(
            {
                "code": ["P2", "Q1", "X"], "letter": ["P", "Q", "X"], "zh": [reason, "质量缺陷", "未知"],
                "en": [reason, "quality defects", "unknown"], "churn_type": ["COM", "NEG", "UNK"],
                "customers_lost": [10, 5, 1], "customers_leaving": [4, 3, 2], "share": [0.56, 0.32, 0.12],
            }
        ),
        "tiers": pa.table(
            {
                "tier": [1, 2], "zh": ["关键客户", "主要客户"], "en": ["key", "main"], "customers": [10, 30],
                "share_of_customers": [0.25, 0.75], "value": [80_000.0, 20_000.0], "share_of_value": [0.8, 0.2],
                "past_value": [50_000.0, 60_000.0],
            }
        ),
        "concentration": pa.table({"share_of_customers": [0.0, 0.2, 1.0], "share_of_value": [0.0, 0.7, 1.0]}),
        "spend_curve": pa.table({"spent": [0.0, 500.0, 900.0], "gain": [0.0, 3_000.0, 3_400.0]}),
    }  # fmt: skip


def model() -> dict[str, Any]:
    test = {
        "n": 4000, "n_lost": 200, "roc_auc": 0.812, "top_decile_lift": 4.2, "log_loss": 0.15,
        "calibration_error": 0.01, "observed_over_expected": 1.02,
    }  # fmt: skip
    return {
        "used": "model",
        "test": test,
        "model": test,
        "baselines": {"base_rate": {**test, "roc_auc": 0.5, "log_loss": 0.2}, "rfm_cells": {**test, "log_loss": 0.17}},
        "trained_on": ["2023-09-30", "2023-12-31"],
        "tested_on": "2024-03-31",
        "horizon_days": 90,
        "lift_table": [{"share": share, "captured": min(1.0, 3 * share)} for share in (0.1, 0.3, 1.0)],
        "calibration_table": [
            {"n": 100, "n_lost": 9, "mean_probability": 0.1, "observed_rate": 0.09},
            {"n": 100, "n_lost": 30, "mean_probability": 0.28, "observed_rate": 0.3},
            {"n": 0, "n_lost": 0, "mean_probability": None, "observed_rate": None},
        ],
        "warnings": [{"code": "one", "zh": "特征 overdue_ratio 变化很大", "en": "feature overdue_ratio moved far"}],
        "refused": [],
        "cannot_see": [{"zh": "没有进入数据的事情", "en": "what never entered the data"}],
    }


def summary(name: str) -> dict[str, Any]:
    return {
        "company": {"name": name, "industry": "retail", "language": "zh", "currency": "CNY"},
        "headline": {
            "customers": 1_020, "churn_rate": 0.025, "churn_month": "2024-06-01", "value_at_risk": 1_234_567.0,
            "red": 10, "amber": 12, "planned": 30, "plan_cost": 840.0, "expected_gain": 34_000.0,
        },
        "warnings": [{"warning": code, "customers": 10, "value_at_risk": 9_999.5} for code in WARNINGS],
        "decisions": [{"decision": "keep", "customers": 20, "cost": 500.0, "gain": 3_000.0}],
        "budget": {
            "budget": 900.0, "spent": 840.0,
            "words": {"zh": ["预算 900 花了 840。"], "en": ["Of a budget of 900, 840 are spent."]},
            "remedies": [
                {"code": "coupon", "zh": "优惠券", "en": "coupon", "level": "financial", "customers": 12, "cost": 300.0,
                 "gain": 2_000.0},
            ],
        },
        "told": [{"zh": "对照组太小。", "en": "the holdout is too small."}],
        "data": [{"table": "transactions", "rows": 123_456}],
        "windows": None,
        "changes": {
            "previous": "2024-05-31.001",
            "moved": [
                {"what_zh": "客户数", "what_en": "customers", "before": 1_000, "now": 1_020},
                {"what_zh": "流失率", "what_en": "churn", "before": 0.02, "now": 0.025, "key": "churn_rate"},
            ],
        },
    }  # fmt: skip


def full(workspace: Workspace, *, as_of: date = AS_OF, name: str = "晨曦超市", reason: str = "提价") -> Snapshot:
    return publish(
        workspace,
        as_of=as_of,
        tables=tables(reason),
        documents={"model": model(), "summary": summary(name)},
        facts={"seed": 7},
    )


def empty(workspace: Workspace, as_of: date = AS_OF) -> Snapshot:
    return publish(workspace, as_of=as_of, tables={}, documents={}, facts={"seed": 7})


def without_rows(workspace: Workspace) -> Snapshot:
    return publish(
        workspace,
        as_of=AS_OF,
        tables={name: table.slice(0, 0) for name, table in tables("提价").items()},
        documents={"model": {}, "summary": {}},
        facts={"seed": 7},
    )
