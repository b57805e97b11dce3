"""The model card."""

from __future__ import annotations

import numpy as np

from liuke.kernel.words import Words
from liuke.risk import card, gates, selection
from liuke.risk.drift import Drift

RNG = np.random.default_rng(1)
CHANCE = RNG.beta(1, 5, 2000)
LOST = RNG.random(2000) < CHANCE
PROBABILITIES = {"base_rate": np.full(2000, LOST.mean()), "model": CHANCE}
RESULTS = {name: selection.tested(LOST, chance, seed=1) for name, chance in PROBABILITIES.items()}


def a_report(used: str = "model", results: dict[str, selection.Tested] | None = None) -> dict[str, object]:
    choice = selection.Choice(used, (), ("base_rate",))
    return card.report(choice, results or RESULTS, LOST, PROBABILITIES, (), ())


def test_the_card_holds_the_tables_of_what_is_used() -> None:
    found = card.complete(a_report())
    assert found["used"] == "model"
    assert found["test"] == found["model"]
    assert found["lift_table"][-1]["captured"] == 1.0
    assert sum(row["n"] for row in found["calibration_table"]) == 2000
    assert "tables" not in found


def test_on_an_occasion_the_card_follows_what_was_used_then() -> None:
    notice = gates.Notice("drifted_population", Words("偏离", "moved"))
    found = card.complete(a_report(), "base_rate", Drift(0.4, 0.01), {"a": Drift(0.5, 0.01)}, [notice])
    assert found["used"] == "base_rate"
    assert found["test"] == found["baselines"]["base_rate"]
    assert found["lift_table"][0]["lift"] == 1.0
    assert found["psi"] == {"score": 0.4, "features": {"a": 0.5}, "large": ["a"]}
    assert found["warnings"][-1] == {"code": "drifted_population", "zh": "偏离", "en": "moved"}


def test_probabilities_off_in_the_large_are_said() -> None:
    off = selection.tested(LOST, np.clip(CHANCE * 2, 0, 0.99), seed=1)
    found = a_report(results=RESULTS | {"model": off})
    assert [notice["code"] for notice in found["warnings"]] == ["calibration_off"]  # type: ignore[attr-defined]


def test_a_test_too_good_to_be_true_is_said() -> None:
    sharp = selection.tested(LOST, np.where(LOST, 0.95, LOST.mean() * 0.05), seed=1)
    codes = [notice["code"] for notice in a_report(results=RESULTS | {"model": sharp})["warnings"]]  # type: ignore[attr-defined]
    assert "too_good" in codes


def test_what_it_cannot_see_is_said_in_both_languages() -> None:
    assert all(words.zh and words.en for words in card.CANNOT_SEE)
