"""Invented customers whose true chance of loss is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from liuke.risk.examples import Examples
from liuke.risk.learners import Size

SMALL = Size(trees=40, learning_rate=0.15, min_rows_per_leaf=20)


def customers(n: int, seed: int, *, shift: float = 0.0) -> tuple[pa.Table, np.ndarray]:
    """Return features and true chances of loss; `shift` moves the whole population."""
    rng = np.random.default_rng(seed)
    silence = rng.gamma(2, 0.5 + shift, n)
    complaints = rng.poisson(0.5 + shift, n).astype(float)
    spend = rng.lognormal(3 + shift, 0.5, n)
    plan = rng.choice(["basic", "family", "pro"], n, p=[0.5, 0.3, 0.2])
    noise = rng.normal(size=n)
    step = np.where((silence > 1.2) & (plan == "basic"), 1.4, 0.0)
    odds = -3.2 + 0.9 * silence + 0.6 * complaints - 0.4 * np.log(spend) + 1.2 * (plan == "basic") + step
    spend[rng.random(n) < 0.1] = np.nan
    table = pa.table(
        {
            "customer_id": pa.array([f"c{i:06}" for i in range(n)]),
            "overdue_ratio": silence,
            "complaints": complaints,
            "spend": pa.array(spend, from_pandas=True),
            "plan": plan,
            "noise": noise,
        }
    )
    return table, 1 / (1 + np.exp(-odds))


def examples(n: int, seed: int, day: date, *, shift: float = 0.0) -> Examples:
    table, chance = customers(n, seed, shift=shift)
    churned = np.random.default_rng(seed + 1000).random(n) < chance
    return Examples(table, churned, day)


def three_days(n: int = 1500) -> tuple[list[Examples], Examples, Examples]:
    train = [examples(n, 1, date(2024, 1, 1)), examples(n, 2, date(2024, 2, 1))]
    return train, examples(n, 3, date(2024, 6, 1)), examples(n, 4, date(2024, 10, 1))
