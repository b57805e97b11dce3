"""An invented company with units, plans, contracts and purchases, small and seeded."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from metric_lives import Life, company, spells, subscriptions, transactions

from liuke.engines.duckdb import DuckDBEngine

AS_OF = date(2024, 6, 30)
BEGIN = date(2023, 1, 1)
UNITS = ["总部/广东/深圳", "总部/广东/广州", "总部/广东", "总部/北京", None]
KINDS = ["consumer", "business", "dealer", None]
REGIONS = ["south", "north", None]


def town(n: int = 150, *, seed: int = 7, n_regions: int = 0) -> DuckDBEngine:
    """Half of the customers under contract, half without; some lost, some won back."""
    rng = np.random.default_rng(seed)
    names = [f"customer {i:04d}" for i in range(n)]
    contract: list[Life] = []
    dormant: list[Life] = []
    fees: list[tuple[str, str, date, date | None, int | str]] = []
    bought: list[tuple[str, date, int | str]] = []
    for i, name in enumerate(names):
        day = BEGIN - timedelta(days=200) + timedelta(days=int(rng.integers(0, 650)))
        for spell_no in (1, 2, 3):
            lost: date | None = day + timedelta(days=int(rng.integers(0, 400)))
            if lost is not None and lost > AS_OF:
                lost = None
            (contract if i % 2 else dormant).append((name, spell_no, day, lost))
            if i % 2:
                fees += _fees(rng, name, day, lost)
            else:
                bought += _purchases(rng, name, day, lost or AS_OF)
            if lost is None or lost > AS_OF - timedelta(days=100):
                break
            day = lost + timedelta(days=int(rng.integers(1, 90)))
    lives = pa.concat_tables([spells(contract), spells(dormant, kind="dormant")])
    regions: list[Any] = [f"region {i:02d}" for i in range(n_regions)] or REGIONS
    return company(
        lives,
        customers=pa.table(
            {
                "customer_id": names,
                "org_unit": [UNITS[i % len(UNITS)] for i in rng.integers(0, 99, n)],
                "kind": [KINDS[i % len(KINDS)] for i in rng.integers(0, 99, n)],
                "region": [regions[i % len(regions)] for i in rng.integers(0, 9999, n)],
            }
        ),
        subscriptions=subscriptions(fees),
        transactions=transactions(bought, cost=pa.array([row[2] for row in bought]).cast(pa.int32())),
    )


def _fees(
    rng: np.random.Generator, name: str, day: date, lost: date | None
) -> list[tuple[str, str, date, date | None, int | str]]:
    change = day + timedelta(days=int(rng.integers(0, 200)))
    plans = ["A", "B", "C"]
    first, second = plans[rng.integers(0, 3)], plans[rng.integers(0, 3)]
    if change >= (lost or AS_OF):
        return [(name, first, day, lost, int(rng.integers(10, 99)))]
    return [
        (name, first, day, change, int(rng.integers(10, 99))),
        (name, second, change, lost, int(rng.integers(10, 99))),
    ]


def _purchases(rng: np.random.Generator, name: str, day: date, last: date) -> list[tuple[str, date, int | str]]:
    later = [day + timedelta(days=int(d)) for d in rng.integers(0, (last - day).days + 1, 6)]
    return [(name, each, int(rng.integers(-5, 90))) for each in [day, *later]]
