"""A whole run: the same inputs give the same bytes (T22, T23), and the future never matters (T25, T28)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import liuke
from liuke.pipelines.run import AsOfOutside, NothingLoaded
from liuke.tables.contract import KNOWN_LATER, TABLES
from tests.pipelines import run_company as company


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return company.invented(tmp_path_factory.mktemp("run") / "shop")


@pytest.fixture(scope="module")
def undisturbed(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = company.copied(shop, tmp_path_factory.mktemp("undisturbed") / "shop")
    return hash_of(folder)


def hash_of(folder: Path, **options: object) -> str:
    return str(liuke.run(folder, **options).snapshot.manifest["content_hash"])


def run_elsewhere(folder: Path, environment: Mapping[str, str]) -> str:
    started = company.child(company.RUN, folder, environment=environment)
    output, errors = started.communicate(timeout=300)
    assert started.returncode == 0, errors
    return output.strip()


def surroundings(zone: str, language: str, seed: str) -> dict[str, str]:
    return {"TZ": zone, "LANG": language, "LC_ALL": language, "PYTHONHASHSEED": seed}


def test_t23_threads_zone_language_and_hash_seed_change_nothing(shop: Path, undisturbed: str, tmp_path: Path) -> None:
    folder = company.with_limits(company.copied(shop, tmp_path / "另一个文件夹"), threads=1)
    assert run_elsewhere(folder, surroundings("America/New_York", "zh_CN.UTF-8", "4242")) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("industry", ["retail", "telecom"])
def test_t23_one_content_hash_everywhere(industry: str, tmp_path: Path) -> None:
    source = company.invented(tmp_path / "source", industry, customers=300)
    found = {}
    for threads, zone, language, seed in (
        (1, "UTC", "C", "0"),
        (2, "Asia/Shanghai", "zh_CN.UTF-8", "1"),
        (8, "America/New_York", "en_US.UTF-8", "4242"),
        (8, "Pacific/Kiritimati", "C.utf8", "random"),
    ):
        folder = company.with_limits(company.copied(source, tmp_path / f"{threads}-{seed}"), threads=threads)
        found[threads, zone] = run_elsewhere(folder, surroundings(zone, language, seed))
    assert len(set(found.values())) == 1, found


def test_t23_shuffled_rows_split_over_two_loads_change_nothing(shop: Path, undisturbed: str, tmp_path: Path) -> None:
    folder, chance = tmp_path / "shop", np.random.default_rng(23)
    parts = {name: company.halves(table) for name, table in company.tables_of(shop).items()}
    for half in (1, 0):
        tables = {name: pair[half] for name, pair in parts.items()}
        shuffled = {name: table.take(chance.permutation(table.num_rows)) for name, table in tables.items()}
        company.loaded(folder, shuffled, like=shop)
    assert hash_of(folder) == undisturbed


def known_on(tables: Mapping[str, pa.Table], day: date) -> dict[str, pa.Table]:
    """Return `tables` as a company would have had them on `day`."""
    found = {}
    for name, table in tables.items():
        if TABLES[name].known_by:
            dated = table[TABLES[name].known_by]
            table = table.filter(pc.or_kleene(pc.is_null(dated), pc.less_equal(dated, day)))
        if TABLES[name].key:
            for column, by in KNOWN_LATER.get(name, {}).items():
                if column in table.column_names and by in table.column_names and column != by:
                    table = hidden(table, column, by, day)
            for by in set(KNOWN_LATER.get(name, {}).values()) & set(table.column_names):
                table = hidden(table, by, by, day)
        found[name] = table
    return found


def hidden(table: pa.Table, column: str, by: str, day: date) -> pa.Table:
    known = pc.fill_null(pc.less_equal(table[by], day), False)
    place = table.schema.get_field_index(column)
    return table.set_column(place, table.field(place), pc.if_else(known, table[column], None))


@pytest.mark.parametrize("industry", ["retail", pytest.param("telecom", marks=pytest.mark.slow)])
def test_t25_what_happened_after_the_day_changes_no_byte(industry: str, tmp_path: Path) -> None:
    source = company.invented(tmp_path / "source", industry, customers=80, months=15)
    tables = company.tables_of(source)
    days = tables["transactions"]["occurred_on"]
    day = pc.max(days.filter(pc.less_equal(days, pc.max(days).as_py() - timedelta(days=70)))).as_py()
    folder = company.loaded(tmp_path / "then", known_on(tables, day), like=source)
    before = liuke.run(folder, as_of=day)
    company.loaded(folder, tables, like=source)
    after = liuke.run(folder, as_of=day)
    assert differing(before, after) == []
    latest = liuke.run(folder)
    assert latest.snapshot.as_of > day
    assert latest.snapshot.manifest["previous"] == after.snapshot.name
    company.all_of(folder)
    assert (before.snapshot.path / "customers.parquet").exists()


def differing(one: liuke.pipelines.run.Ran, other: liuke.pipelines.run.Ran) -> list[str]:
    files, others = one.snapshot.manifest["files"], other.snapshot.manifest["files"]
    return sorted(name for name in files | others if files.get(name) != others.get(name))


def test_t25_an_absurd_future_changes_no_byte(shop: Path, undisturbed: str, tmp_path: Path) -> None:
    folder = company.copied(shop, tmp_path / "shop")
    transactions = company.tables_of(shop)["transactions"]
    last = pc.max(transactions["occurred_on"]).as_py()
    ids = sorted(set(transactions["customer_id"].to_pylist()))
    when = [f"{last + timedelta(days=1 + number % 300)} 12:00:00" for number in range(len(ids))]
    liuke.load(folder, "transactions", pa.table({
        "transaction_id": [f"future-{number}" for number in range(len(ids))], "customer_id": ids, "occurred_at": when,
        "amount": ["99.50"] * len(ids), "category": ["未来"] * len(ids),
    }), accept=True)  # fmt: skip
    liuke.load(folder, "events", pa.table({
        "customer_id": ids, "occurred_at": when, "kind": ["teleported"] * len(ids), "quantity": ["7"] * len(ids),
    }), accept=True)  # fmt: skip
    liuke.load(folder, "complaints", pa.table({
        "complaint_id": [f"future-{number}" for number in range(len(ids))], "customer_id": ids, "occurred_at": when,
        "subject": ["质量"] * len(ids),
    }), accept=True)  # fmt: skip
    newcomers = {"customer_id": ["new-1", "new-2"], "joined_on": [last + timedelta(days=9)] * 2, "vip": ["a", "b"]}
    liuke.load(folder, "customers", pa.table(newcomers), accept=True)
    assert hash_of(folder, as_of=last) == undisturbed


def test_t25_the_same_rows_again_change_no_byte(shop: Path, undisturbed: str, tmp_path: Path) -> None:
    folder = company.copied(shop, tmp_path / "shop")
    again = liuke.load(
        folder,
        "transactions",
        company.without_companions(company.tables_of(shop)["transactions"].slice(5, 300)),
        accept=True,
    )
    assert (again.accepted, again.already_there) == (0, 300)
    assert hash_of(folder) == undisturbed


def test_t28_a_day_outside_the_data_is_refused_in_words(shop: Path) -> None:
    for day in (date(2126, 1, 1), date(1990, 1, 1)):
        with pytest.raises(AsOfOutside, match=f"the data reach from .* to .*; {day} lies outside"):
            liuke.run(shop, as_of=day)
    assert company.all_of(shop) == []


def test_a_run_on_nothing_says_what_to_load(tmp_path: Path) -> None:
    liuke.new(tmp_path / "acme")
    with pytest.raises(NothingLoaded, match="liuke load"):
        liuke.run(tmp_path / "acme")
