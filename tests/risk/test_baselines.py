"""The simple rules."""

from __future__ import annotations

import json

import numpy as np
import pytest

from liuke.risk.baselines import BaselineColumns, CellRate, fitted_baselines, scorer_from_json
from liuke.risk.evaluation import roc_auc
from liuke.risk.examples import Encoding

NAMES = ("days_since_last_purchase", "overdue_ratio", "p_alive", "purchase_days_365d", "spend_365d")
ENCODING = Encoding(NAMES, {})


def shop(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    silence = rng.exponential(60, n)
    count, spend = rng.poisson(5, n).astype(float), rng.lognormal(4, 1, n)
    chance = 1 / (1 + np.exp(2 - silence / 40 + count / 4))
    x = np.column_stack([silence, silence * count / 300, 1 - chance, count, spend])
    x[rng.random(n) < 0.05, 1] = np.nan
    return x, rng.random(n) < chance


@pytest.fixture(scope="module")
def rules() -> dict[str, object]:
    x, churned = shop(5000, 1)
    return dict(fitted_baselines(x, churned, ENCODING, BaselineColumns(), dict.fromkeys(NAMES, 0.6)))


def test_every_rule_the_columns_allow_is_there_the_simplest_first(rules: dict[str, object]) -> None:
    assert list(rules) == ["base_rate", "overdue_ratio", "p_alive", "rfm_cells", "logistic_ten"]
    some = fitted_baselines(*shop(300, 2), ENCODING, BaselineColumns(alive=(), monetary=("absent",)), {})
    assert list(some) == ["base_rate", "overdue_ratio", "logistic_ten"]


def test_each_rule_ranks_in_its_direction(rules: dict[str, object]) -> None:
    x, churned = shop(5000, 3)
    auc = {name: roc_auc(churned, rule.raw(x, ENCODING)) for name, rule in rules.items()}  # type: ignore[attr-defined]
    assert auc["base_rate"] == 0.5
    assert auc["p_alive"] == max(auc.values())  # it is the truth here
    assert auc["rfm_cells"] > 0.65
    assert auc["logistic_ten"] > 0.7


def test_rules_survive_saving(rules: dict[str, object]) -> None:
    x, _ = shop(200, 4)
    for name, rule in rules.items():
        copied = scorer_from_json(name, json.loads(json.dumps(rule.to_json())))  # type: ignore[attr-defined]
        assert np.array_equal(copied.raw(x, ENCODING), rule.raw(x, ENCODING))  # type: ignore[attr-defined]
        assert copied.contributions(x, ENCODING).shape == x.shape


def test_a_cell_has_the_loss_rate_of_its_customers() -> None:
    x = np.repeat([[1.0, 1.0, 1.0], [9.0, 9.0, 9.0]], 1000, axis=0)
    churned = np.concatenate([np.arange(1000) < 100, np.arange(1000) < 500])
    encoding = Encoding(("f", "m", "r"), {})
    cells = CellRate.of(("r", "f", "m"), x, churned, encoding)
    rate = 1 / (1 + np.exp(-cells.raw(x[[0, 1500]], encoding)))
    assert rate == pytest.approx([0.1, 0.5], abs=0.005)  # ten customers at the base rate of .3 are mixed in
    empty = 1 / (1 + np.exp(-cells.raw(np.array([[1.0, 9.0, np.nan]]), encoding)))
    assert empty == pytest.approx([0.3])
