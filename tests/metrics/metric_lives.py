"""Small companies for the tests of measures, written as people write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from liuke.engines import duckdb

Life = tuple[str, int, date, date | None]


def spells(lives: Iterable[Life], *, kind: str = "contractual", certain: bool = True) -> pa.Table:
    """(customer, spell_no, started_on, lost_on) as the table `spells`."""
    rows = list(lives)
    return pa.table(
        {
            "customer_id": pa.array([row[0] for row in rows], pa.string()),
            "spell_no": pa.array([row[1] for row in rows], pa.int64()),
            "started_on": pa.array([row[2] for row in rows], pa.date32()),
            "lost_on": pa.array([row[3] for row in rows], pa.date32()),
            "certain_on": pa.array([row[3] if certain else None for row in rows], pa.date32()),
            "kind": pa.array([kind] * len(rows), pa.string()),
            "evidence": pa.array(["told"] * len(rows), pa.string()),
        }
    )


def subscriptions(rows: Sequence[tuple[str, str, date, date | None, int | str]]) -> pa.Table:
    """(customer, plan, started_on, ended_on, monthly_fee) as the table `subscriptions`."""
    return pa.table(
        {
            "subscription_id": [f"s{i}" for i in range(len(rows))],
            "customer_id": pa.array([row[0] for row in rows], pa.string()),
            "plan": pa.array([row[1] for row in rows], pa.string()),
            "started_on": pa.array([row[2] for row in rows], pa.date32()),
            "ended_on": pa.array([row[3] for row in rows], pa.date32()),
            "monthly_fee": pa.array([Decimal(row[4]) for row in rows], pa.decimal128(18, 2)),
        }
    )


def transactions(rows: Sequence[tuple[str, date, int | str]], **more: Sequence[Any]) -> pa.Table:
    """(customer, day, amount) as the table `transactions`."""
    return pa.table(
        {
            "customer_id": pa.array([row[0] for row in rows], pa.string()),
            "occurred_at": pa.array(
                [datetime(row[1].year, row[1].month, row[1].day, 12) for row in rows], pa.timestamp("us")
            ),
            "amount": pa.array([Decimal(row[2]) for row in rows], pa.decimal128(18, 2)),
            **more,
        }
    )


def company(lives: pa.Table, *, threads: int = 2, **tables: pa.Table) -> duckdb.DuckDBEngine:
    """An engine with the given canonical tables and `spells`."""
    engine = duckdb.open_tables(tables, threads=threads)
    engine.register("spells", lives)
    return engine
