"""Which candidate is used."""

from __future__ import annotations

import numpy as np
import pytest

from liuke.risk import selection

RNG = np.random.default_rng(1)
CHANCE = RNG.beta(1, 5, 5000)
LOST = RNG.random(5000) < CHANCE
RATE = np.full(5000, LOST.mean())
BLURRED = 1 / (1 + np.exp(-(0.6 * np.log(CHANCE / (1 - CHANCE)) - 0.7)))


def test_the_model_is_used_when_it_clearly_beats_the_best_rule() -> None:
    found = selection.chosen(LOST, {"base_rate": RATE, "rfm_cells": BLURRED, "model": CHANCE}, seed=1)
    assert (found.used, found.fallbacks, found.notices) == ("model", ("rfm_cells", "base_rate"), ())


def test_the_best_rule_is_used_when_the_model_does_not_beat_it() -> None:
    found = selection.chosen(LOST, {"base_rate": RATE, "p_alive": CHANCE, "model": BLURRED}, seed=1)
    assert found.used == "p_alive"
    assert [notice.code for notice in found.notices] == ["model_not_better"]


def test_a_model_that_may_not_be_published_is_not() -> None:
    found = selection.chosen(LOST, {"base_rate": RATE, "model": CHANCE}, seed=1, may_publish=False)
    assert found.used == "base_rate"


def test_a_worthless_rule_leaves_the_base_rate() -> None:
    noise = np.clip(RATE * np.exp(RNG.normal(0, 0.5, 5000)), 0.001, 0.9)
    found = selection.chosen(LOST, {"base_rate": RATE, "overdue_ratio": noise, "model": noise}, seed=1)
    assert found.used == "base_rate"
    assert found.notices[-1].code == "nothing_predicts"


def test_measures_are_plain_rounded_and_unknown_ones_none() -> None:
    plain = selection.tested(LOST, CHANCE, seed=1).to_json()
    assert plain["n"] == 5000
    assert plain["roc_auc"] == round(plain["roc_auc"], 6)
    assert set(plain["intervals"]) == {"roc_auc", "top_decile_lift", "log_loss"}
    assert selection.tested(np.zeros(10, bool), np.full(10, 0.1), seed=1).to_json()["roc_auc"] is None


def test_measures_of_several_draws_are_averaged() -> None:
    two = [selection.tested(LOST, chance, seed=1) for chance in (CHANCE, BLURRED)]
    mean = selection.averaged(two)
    assert mean.log_loss == pytest.approx((two[0].log_loss + two[1].log_loss) / 2)
    assert mean.n == 5000
