"""A small company whose customers left, or not yet, each for reasons one can see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa

from liuke.engines import duckdb
from liuke.reasons import combining, evidence

AS_OF = date(2025, 6, 30)
LOST_ON = date(2025, 5, 20)

SPELLS = pa.schema(
    [("customer_id", pa.string()), ("spell_no", pa.int64()), ("started_on", pa.date32()), ("lost_on", pa.date32())]
)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12)


def before(days: int, anchor: date = LOST_ON) -> date:
    """The day `days` before the loss."""
    return anchor - timedelta(days=days)


def subscription(customer: str, *, lost: bool = True, **more: Any) -> dict[str, Any]:
    row = {
        "subscription_id": f"s-{customer}",
        "customer_id": customer,
        "plan": "basic",
        "started_on": date(2023, 1, 1),
        "ended_on": LOST_ON if lost else None,
        "end_reason": None,
        "monthly_fee": 50.0,
    }
    return {**row, **more}


def complaint(customer: str, days: int, **more: Any) -> dict[str, Any]:
    row = {
        "complaint_id": f"c-{customer}-{days}",
        "customer_id": customer,
        "occurred_at": noon(before(days)),
        "text": None,
        "category": None,
        "resolved_at": None,
        "is_satisfied": None,
    }
    return {**row, **more}


def event(customer: str, days: int, kind: str) -> dict[str, Any]:
    return {"customer_id": customer, "occurred_at": noon(before(days)), "kind": kind}


def spells(lost: Sequence[str], present: Sequence[str] = (), **lost_on: date) -> pa.Table:
    rows = [(name, lost_on.get(name, LOST_ON)) for name in lost] + [(name, None) for name in present]
    return pa.Table.from_pylist(
        [{"customer_id": name, "spell_no": 1, "started_on": date(2023, 1, 1), "lost_on": on} for name, on in rows],
        schema=SPELLS,
    )


def company(tables: Mapping[str, Sequence[Mapping[str, Any]]], lives: pa.Table, **settings: Any) -> duckdb.DuckDBEngine:
    arrow = {name: pa.Table.from_pylist([dict(row) for row in rows]) for name, rows in tables.items() if rows}
    engine = duckdb.open_tables(arrow, **settings)
    engine.register("spells", lives)
    return engine


def reasoned(
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    lives: pa.Table,
    *,
    as_of: date = AS_OF,
    extra: pa.Table | None = None,
    **settings: Any,
) -> duckdb.DuckDBEngine:
    """Gather evidence and combine it."""
    engine = company(tables, lives, **settings)
    evidence.create_evidence(engine, as_of, extra=extra)
    combining.create_reasons(engine, as_of)
    return engine


def pieces(engine: duckdb.DuckDBEngine, customer: str) -> dict[tuple[str, str], tuple[float, float | None, str | None]]:
    """(code, kind) → (confidence, value, detail) of one customer."""
    rows = engine.table("SELECT * FROM evidence WHERE customer_id = $customer", customer=customer).to_pylist()
    return {(row["code"], row["kind"]): (row["confidence"], row["value"], row["detail"]) for row in rows}


def reasons_of(engine: duckdb.DuckDBEngine, customer: str) -> dict[str, Any]:
    return engine.one("SELECT * FROM reasons WHERE customer_id = $customer", customer=customer)
