"""Small companies told row by row, for the tests of this room."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

import pyarrow as pa

from liuke.engines import duckdb
from liuke.features import spells, table

Row = dict[str, object]


def day(text: str) -> date:
    return date.fromisoformat(text)


def company(threads: int = 2, **tables: list[Row]):
    """Return an engine over tables given as lists of rows; rows may leave columns out."""
    return duckdb.open_tables({name: arrow(rows) for name, rows in tables.items()}, threads=threads)


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


AS_OF = day("2024-06-30")


def features_table(engine, as_of=AS_OF, customers=None, **more):
    known = engine.known(as_of)
    rule = spells.choose_rule(known)
    spells.create_spells(known, rule, as_of)
    if customers:
        known.create("sample", f"SELECT customer_id FROM spells WHERE customer_id IN {customers}")
    table.create_features(known, as_of, rule, "sample" if customers else None, **more)
    return known.table("SELECT * FROM features")


def features(engine, **more):
    return {row["customer_id"]: row for row in features_table(engine, **more).to_pylist()}


def days_ago(n):
    return str(AS_OF - timedelta(days=n))


def since(customer="Alice", started="2022-01-01", **more):
    return contract(customer, started, **more)


def lively_company(seed, poison=(), shuffled=False, threads=2):
    """Return a company with rows in every table, with `poison` rows after the day, in another order if asked."""
    rng = random.Random(seed)
    names = [f"C{n:02d}" for n in range(40)]
    tables = {
        "customers": [_person(rng, name) for name in names],
        "subscriptions": [
            since(
                name,
                plan=rng.choice("pq"),
                monthly_fee=rng.randrange(20, 90),
                ended=days_ago(20) if rng.random() < 0.2 else None,
            )
            for name in names
        ],
        "transactions": [row for _ in range(400) for row in _purchase(rng, names)],
        "events": [
            _some(rng, names, kind=rng.choice(["minutes", "login"]), quantity=rng.random() * 9) for _ in range(400)
        ],
        "contacts": [
            _some(rng, names, contact_id=str(n), channel="sms", direction="out", answered=rng.random() < 0.3)
            for n in range(200)
        ],
        "complaints": [_some(rng, names, complaint_id=str(n), severity=rng.randrange(1, 4)) for n in range(80)],
        "survey_answers": [
            {
                "survey_id": str(n),
                "customer_id": rng.choice(names),
                "answered_at": _when(rng),
                "question": "nps",
                "score": rng.randrange(11),
            }
            for n in range(80)
        ],
        "referrals": [
            {"referrer_id": rng.choice(names), "referred_id": rng.choice(names), "occurred_at": _when(rng)}
            for _ in range(40)
        ],
        "balances": [
            {"customer_id": rng.choice(names), "on": _when(rng), "owed": rng.randrange(100), "overdue_days": 5}
            for _ in range(60)
        ],
        "staff_links": [{"customer_id": n, "staff_id": rng.choice("st"), "started_on": LONG_AGO} for n in names],
        "staff": [{"staff_id": "s", "left_on": day("2024-06-01")}, {"staff_id": "t", "left_on": None}],
        "prices": [{"plan": "p", "effective_on": day("2024-06-01"), "old_price": 10, "new_price": 12}],
        "rival_offers": [{"rival": "B", "region": "A", "started_on": day("2024-06-01"), "price": 20}],
    }
    for name, rows in poison:
        tables[name] = tables[name] + rows
    if shuffled:
        for rows in tables.values():
            rng.shuffle(rows)
    return company(threads, **tables)


LONG_AGO = day("2022-01-01")


def _when(rng):
    return AS_OF - timedelta(days=rng.randrange(400))


def _some(rng, names, **more):
    return happening(rng.choice(names), str(_when(rng)), **more)


def _person(rng, name):
    return {
        "customer_id": name,
        "region": rng.choice("ABC"),
        "joined_on": LONG_AGO,
        "device": rng.choice("xyz"),
        "household": rng.choice("klmnop"),
    }


def _purchase(rng, names):
    amount, is_essential = rng.random() * 100, rng.random() < 0.5
    return purchases(
        rng.choice(names), str(_when(rng)), amount=amount, category=rng.choice("uvw"), is_essential=is_essential
    )
