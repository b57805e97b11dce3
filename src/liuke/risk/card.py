"""The model card as plain data: what is used, how it did, what was refused, and what it cannot see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liuke.kernel.words import Words
from liuke.risk import evaluation, gates, selection
from liuke.risk.baselines import MODEL
from liuke.risk.drift import Drift

CANNOT_SEE = (
    Words(
        "概率说的是“若不采取行动”；挽留行动会改变结果，效果要看对照组，而不是看本模型。",
        "the probability speaks of what happens if nothing changes; whether an action helps is seen against a "
        "holdout, not in this model.",
    ),
    Words(
        "迹象不是原因：特征的贡献解释的是预测，原因须由回访、投诉或走访证实。",
        "signals are not causes: contributions explain the prediction; a cause needs a survey, a complaint or a visit.",
    ),
    Words(
        "没有进入数据的事情它看不见：竞争对手私下的报价、客户的生活变故、口头的不满。",
        "it cannot see what never entered the data: a rival's private offer, a change in the customer's life, "
        "dissatisfaction that nobody wrote down.",
    ),
    Words(
        "它从过去学习：新产品、新政策、突发事件之后，须等新的结果成熟才能重新校准。",
        "it learns from the past: after a new product, policy or shock it must wait for new outcomes to mature.",
    ),
)


def report(
    choice: selection.Choice,
    results: Mapping[str, selection.Tested],
    churned: NDArray[np.bool_],
    probabilities: Mapping[str, NDArray[np.float64]],
    refused: Sequence[gates.Refusal],
    notices: Sequence[gates.Notice],
) -> dict[str, Any]:
    """Return the part of the card that the test decides.

    Parameters
    ----------
    choice : Choice
        What is used.
    results : mapping
        Measures of every candidate.
    churned : ndarray of bool, shape (n_customers,)
        Outcomes on the day of test.
    probabilities : mapping
        Of every candidate for the same customers.
    refused : sequence of Refusal
        Features not used.
    notices : sequence of Notice
        What the reader must know.
    """
    said = [*notices, *choice.notices]
    ratio = results[choice.used].observed_over_expected
    if not 0.8 <= ratio <= 1.25:
        said.append(gates.off_level(ratio))
    if results[choice.used].roc_auc >= gates.TOO_GOOD_AUC:
        said.append(gates.too_good(results[choice.used].roc_auc))
    return {
        "used": choice.used,
        "test": results[choice.used].to_json(),
        "model": results[MODEL].to_json() if MODEL in results else None,
        "baselines": {name: found.to_json() for name, found in sorted(results.items()) if name != MODEL},
        "tables": {name: _tables(churned, chance) for name, chance in sorted(probabilities.items())},
        "refused": [refusal.to_json() for refusal in refused],
        "warnings": [notice.to_json() for notice in said],
    }


def complete(
    known: Mapping[str, Any],
    used: str | None = None,
    score: Drift | None = None,
    features: Mapping[str, Drift] | None = None,
    notices: Sequence[gates.Notice] = (),
) -> dict[str, Any]:
    """Return the whole card; with a forecast's `used`, drift and notices, as it stood on that occasion."""
    card = dict(known)
    if used is not None and used != card["used"]:
        card["used"] = used
        card["test"] = card["baselines"][used]
    card |= card.pop("tables")[card["used"]]
    card["warnings"] = [*card["warnings"], *(notice.to_json() for notice in notices)]
    card["psi"] = {
        "score": None if score is None else selection.rounded(score.psi),
        "features": {name: selection.rounded(found.psi) for name, found in sorted((features or {}).items())},
        "large": list(gates.moved_features(features or {})),
    }
    card["cannot_see"] = [{"zh": words.zh, "en": words.en} for words in CANNOT_SEE]
    return card


def top(importances: Mapping[str, float], at_most: int = 30) -> list[dict[str, Any]]:
    """Return the most important features as rows, largest first."""
    return [{"feature": name, "share": selection.rounded(share)} for name, share in list(importances.items())[:at_most]]


def _tables(churned: NDArray[np.bool_], probability: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "lift_table": [_plain(asdict(row)) for row in evaluation.lift_table(churned, probability)],
        "calibration_table": [_plain(asdict(row)) for row in evaluation.calibration_table(churned, probability)],
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: selection.rounded(value) if isinstance(value, float) else value for name, value in row.items()}
