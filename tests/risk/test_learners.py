"""Trees and curves together."""

from __future__ import annotations

import json

import numpy as np
import pytest
from risk_people import SMALL

from liuke.risk.evaluation import roc_auc
from liuke.risk.examples import Encoding
from liuke.risk.learners import Ensemble, fitted_ensemble, thinned

ENCODING = Encoding(("a", "b", "c"), {})


def crossed(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    return x, rng.random(n) < 1 / (1 + np.exp(1 - 2 * np.sign(x[:, 0] * x[:, 1])))


@pytest.fixture(scope="module")
def model() -> Ensemble:
    return fitted_ensemble(*crossed(4000, 1), ENCODING, SMALL, seed=3)


def test_trees_see_what_curves_alone_cannot(model: Ensemble) -> None:
    x, churned = crossed(4000, 2)
    assert roc_auc(churned, model.raw(x, ENCODING)) > 0.75
    assert roc_auc(churned, model.curves.raw(x, ENCODING)) < 0.6
    assert list(model.importances(ENCODING))[-1] == "c"
    assert sum(model.importances(ENCODING).values()) == pytest.approx(1)


def test_threads_change_no_digit(model: Ensemble) -> None:
    x, churned = crossed(4000, 1)
    for threads in (2, 8):
        other = fitted_ensemble(x, churned, ENCODING, SMALL, seed=3, threads=threads)
        assert other.to_json() == model.to_json()
        assert np.array_equal(other.raw(x, ENCODING, threads), model.raw(x, ENCODING))


def test_the_saved_text_holds_no_setting_of_the_machine(model: Ensemble) -> None:
    assert "num_threads" not in model.trees.text
    copied = Ensemble.from_json(json.loads(json.dumps(model.to_json())))
    x, _ = crossed(100, 5)
    assert np.array_equal(copied.raw(x, ENCODING), model.raw(x, ENCODING))


def test_thinning_is_a_seeded_draw_without_repeats() -> None:
    rows = thinned(1000, 100, 7)
    assert len(np.unique(rows)) == 100
    assert np.array_equal(rows, thinned(1000, 100, 7))
    assert not np.array_equal(rows, thinned(1000, 100, 8))
    assert thinned(100, 100, 7) == slice(None)
