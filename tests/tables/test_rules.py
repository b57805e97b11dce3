# ruff: noqa: E501  (tables of cases read better unbroken)
from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import pytest

from liuke.tables import rules

ZONES = ("Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "Asia/Kathmandu", "UTC", "Australia/Lord_Howe")


def connected(zone: str = "Asia/Shanghai") -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    rules.define(connection, False, zone)
    return connection


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with connected() as found:
        yield found


def boundary_instants() -> list[datetime]:
    """Return forty instants at which days, zones and summer time change."""
    edges = [
        datetime(2026, 1, 1, 16), datetime(2026, 3, 8, 7), datetime(2026, 11, 1, 6), datetime(2026, 1, 1, 10),
        datetime(2025, 12, 31, 18, 15), datetime(2024, 2, 29, 0), datetime(2026, 4, 4, 15), datetime(1991, 9, 14, 15),
    ]  # fmt: skip
    return [edge + timedelta(seconds=shift) for edge in edges for shift in (-3600, -1, 0, 1, 3600)]


@pytest.mark.parametrize("zone", ZONES)
def test_forty_boundary_instants_fall_on_the_local_day_of_the_zone(zone: str) -> None:
    with connected(zone) as connection:
        for instant in boundary_instants():
            wanted = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
            found = connection.execute(
                "SELECT local_day($x), as_utc($t, false, NULL)", {"x": instant, "t": f"{wanted.isoformat()}"}
            )
            assert found.fetchall() == [(wanted.date(), instant)]


@pytest.mark.parametrize("zone", ZONES)
def test_local_times_without_zone_are_those_of_the_workspace(zone: str) -> None:
    with connected(zone) as connection:
        for day in (datetime(2026, 7, 1, 12), datetime(2026, 1, 1, 0), datetime(1988, 7, 1, 12)):
            wanted = day.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)
            assert connection.execute("SELECT as_utc($t, false, NULL)", {"t": str(day)}).fetchall() == [(wanted,)]


@pytest.mark.parametrize(
    ("text", "comma", "wanted"),
    [
        ("1,234.50", False, "1234.50"), ("１，２３４", False, "1234"), ("￥ 12", False, "12"), ("1.2万元", False, "12000"),
        ("(1.00)", False, "-1"), ("1.00-", False, "-1"), ("−1", False, "-1"), ("+5", False, "5"), ("-$5", False, "-5"),
        ("1.234,50", True, "1234.50"), ("1234,5", True, "1234.5"), ("12,34,56", False, None), ("1,23", False, None),
        ("1.5", True, None), ("1e3", False, None), ("0x10", False, None), ("--1", False, None), ("", False, None),
    ],
)  # fmt: skip
def test_numbers_are_read_by_rule_or_not_at_all(
    text: str, comma: bool, wanted: str | None, connection: duckdb.DuckDBPyConnection
) -> None:
    found = connection.execute("SELECT as_number($x, $comma, false)", {"x": text, "comma": comma}).fetchall()[0][0]
    assert found == (None if wanted is None else Decimal(wanted))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026年1月2日 8时26分", "2026-01-02 08:26:00"), ("2026/1/2", "2026-01-02 00:00:00"), ("20260102", "2026-01-02 00:00:00"),
        ("20260102030405", "2026-01-02 03:04:05"), ("2 Jan 2026", "2026-01-02 00:00:00"), ("Jan 2, 2026", "2026-01-02 00:00:00"),
        ("02-Jan-2026 03:04", "2026-01-02 03:04:00"), ("2/1/2026 8:26 PM", "2026-01-02 20:26:00"), ("2026-02-30", None),
        ("26-01-02", None), ("2026-13-01", None), ("today", None), ("46024", None), ("2026-01-02 25:00", None),
    ],
)  # fmt: skip
def test_dates_are_read_by_rule_or_not_at_all(
    text: str, wanted: str | None, connection: duckdb.DuckDBPyConnection
) -> None:
    found = connection.execute("SELECT as_local($x, true, NULL)", {"x": text}).fetchall()[0][0]
    assert (str(found) if found else None) == wanted


def test_a_zone_that_no_longer_changes_is_plain_arithmetic() -> None:
    assert rules.settled_offset("Asia/Shanghai") is not None
    assert rules.settled_offset("America/New_York") is None
    assert rules.settled_offset("UTC") is not None


def test_content_is_the_same_however_a_number_is_written(connection: duckdb.DuckDBPyConnection) -> None:
    found = connection.execute(
        "SELECT content('5.0'), content('5'), content('1.50'), content('TRUE'), content('a.0b')"
    ).fetchall()
    assert found == [("5", "5", "1.5", "true", "a.0b")]
