"""Bootstrap by customer."""

from __future__ import annotations

import numpy as np
import pytest

from liuke.risk.evaluation import roc_auc, top_lift
from liuke.risk.intervals import bootstrap_intervals, share_better


def sample(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    chance = rng.beta(1, 6, n)
    return rng.random(n) < chance, chance


@pytest.mark.parametrize("n", [600, 8000])
def test_intervals_agree_with_the_plain_bootstrap(n: int) -> None:
    churned, chance = sample(n, 1)
    found = bootstrap_intervals(churned, chance, seed=2)
    rng = np.random.default_rng(3)
    draws = [rng.integers(0, n, n) for _ in range(300)]
    for name, measure in (("roc_auc", roc_auc), ("top_decile_lift", top_lift)):
        plain = np.quantile([measure(churned[rows], chance[rows]) for rows in draws], [0.025, 0.975])
        width = plain[1] - plain[0]
        # Ends of percentile intervals of 300 to 400 resamples vary by about a tenth of the width.
        assert [found[name].low, found[name].high] == pytest.approx(plain, abs=0.3 * width)


def test_the_interval_of_the_log_loss_covers_it() -> None:
    churned, chance = sample(3000, 4)
    loss = -np.log(np.where(churned, chance, 1 - chance)).mean()
    found = bootstrap_intervals(churned, chance, seed=1)["log_loss"]
    assert found.low < loss < found.high


def test_a_better_forecast_wins_nearly_always_and_itself_never() -> None:
    churned, chance = sample(5000, 5)
    rate = np.full(5000, churned.mean())
    assert share_better(churned, chance, rate, seed=1) == 1.0
    assert share_better(churned, rate, chance, seed=1) == 0.0
    assert share_better(churned, chance, chance, seed=1) == 0.0


def test_two_equally_good_forecasts_are_undecided() -> None:
    churned, chance = sample(5000, 6)
    rng = np.random.default_rng(7)
    one, other = (np.clip(chance * np.exp(rng.normal(0, 0.2, 5000)), 1e-6, 0.99) for _ in range(2))
    assert 0.02 < share_better(churned, one, other, seed=1) < 0.98


def test_without_losses_there_are_no_intervals() -> None:
    assert bootstrap_intervals([False] * 5, [0.1] * 5, seed=1) == {}
