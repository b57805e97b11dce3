"""Small companies told row by row, for the tests of this room."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pyarrow as pa

from liuke.engines import duckdb

Row = dict[str, object]


def day(text: str) -> date:
    return date.fromisoformat(text)


def company(**tables: list[Row]):
    """Return an engine over tables given as lists of rows; rows may leave columns out."""
    return duckdb.open_tables({name: arrow(rows) for name, rows in tables.items()}, threads=2)


def arrow(rows: list[Row]) -> pa.Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pa.table({name: [row.get(name) for row in rows] for name in names})


def purchases(customer: str, *days: str | date, amount: float = 10, **more: object) -> list[Row]:
    return [
        {
            "customer_id": customer,
            "occurred_at": datetime.fromisoformat(str(on)),
            "amount": amount,
            "transaction_id": f"{customer}-{on}-{amount}",
            **more,
        }
        for on in days
    ]


def every(gap: int, start: str, until: str) -> list[date]:
    first, last = day(start), day(until)
    return [first + timedelta(days=n) for n in range(0, (last - first).days + 1, gap)]


def contract(customer: str, started: str, ended: str | None = None, **more: object) -> Row:
    return {
        "subscription_id": f"{customer}-{started}",
        "customer_id": customer,
        "started_on": day(started),
        "ended_on": day(ended) if ended else None,
        **more,
    }


def happening(customer: str, at: str, **more: object) -> Row:
    return {"customer_id": customer, "occurred_at": datetime.fromisoformat(at), **more}
