"""A disk full in any verb that writes leaves what was there, says so, and the same deed succeeds afterwards (T29)."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

import liuke
from tests.pipelines import run_company as company

ORDERS = 400


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one snapshot, and a file of new orders beside it."""
    folder = company.invented(tmp_path_factory.mktemp("writing") / "shop", customers=60, months=12)
    liuke.run(folder)
    lines = (f"N{number:05},N{number % 40:03},2026-06-{1 + number % 28:02},{number}.50" for number in range(ORDERS))
    (folder.parent / "orders.csv").write_text("订单编号,客户编号,下单时间,金额\n" + "\n".join(lines) + "\n", "utf-8")
    return folder


def starved(folder: Path, *arguments: object) -> None:
    """Run a verb that may write no more than two kilobytes to a file; it must say so and leave nothing."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    told = company.liuke_command(*arguments, limit=company.limited(resource.RLIMIT_FSIZE, 2_000))
    assert told.returncode in (1, 3), told.stderr
    assert "Traceback" not in told.stderr
    assert "room" in told.stderr, told.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.slow
@pytest.mark.parametrize("name", ["report.html", "report.xlsx"])
def test_a_report_without_room_leaves_the_earlier_one(name: str, shop: Path) -> None:
    file = shop / name
    file.write_text("an earlier report")
    starved(shop, "report", shop, "-o", file)
    assert company.liuke_command("report", shop, "-o", file).returncode == 0
    assert file.stat().st_size > 10_000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["customers.csv", "customers.xlsx", "customers.parquet"])
def test_a_list_without_room_leaves_the_earlier_one(name: str, shop: Path) -> None:
    file = shop / name
    file.write_text("an earlier list")
    starved(shop, "show", shop, "customers", "-o", file)
    assert company.liuke_command("show", shop, "customers", "-o", file).returncode == 0
    assert file.stat().st_size > 2_000


@pytest.mark.slow
def test_a_load_without_room_leaves_the_tables(shop: Path) -> None:
    deed = ("load", shop, "transactions", shop.parent / "orders.csv", "--yes")
    starved(shop, *deed)
    done = company.liuke_command(*deed)
    assert done.returncode == 0, done.stderr
    assert liuke.loads(shop)[-1]["table"] == "transactions"
