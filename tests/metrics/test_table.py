from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from metric_lives import company, spells
from metric_town import AS_OF, town

from liuke.engines.duckdb import DuckDBEngine
from liuke.metrics.dictionary import INDICATORS
from liuke.metrics.table import SCHEMA, metrics_table
from liuke.metrics.units import DIRECT

Row = dict[str, Any]
REASONS = pa.table({"customer_id": ["customer 0001", "customer 0003", "customer 0008"], "churn_type": ["COM"] * 3,
                    "reason_1": ["C1"] * 3, "intent": ["DEL"] * 3, "is_voluntary": [True, False, True]})  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    opened = town()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def rows(engine: DuckDBEngine) -> list[Row]:
    found: list[Row] = metrics_table(engine, as_of=AS_OF, reasons=REASONS).to_pylist()
    return found


def test_every_figure_equals_the_dictionarys_own_sql_for_that_period(engine: DuckDBEngine, rows: list[Row]) -> None:
    whole = [row for row in rows if row["org_unit"] == "" and row["segment"] == "all"]
    assert {row["metric"] for row in whole} == {
        code for code, i in INDICATORS.items() if i.needs not in {"market", "rankings"}
    }
    for row in whole:
        if row["period_start"].month % 5 and _is_month(row):
            continue
        indicator = INDICATORS[row["metric"]]
        given = {"start": row["period_start"], "end": row["period_end"]}
        if "$as_of" in indicator.sql:
            given["as_of"] = AS_OF
        own = engine.one(indicator.sql, **given)
        assert Decimal(str(own["numerator"])) == row["numerator"], (row, own)
        if indicator.denominator:
            assert Decimal(str(own["denominator"])) == row["denominator"], (row, own)


def test_a_parent_unit_is_exactly_the_sum_of_its_children(rows: list[Row]) -> None:
    parts: dict[tuple[Any, ...], Row] = {
        (
            row["metric"],
            row["period_start"],
            row["period_end"],
            row["segment"],
            row["segment_value"],
            row["org_unit"],
        ): row
        for row in rows
    }
    sums: dict[tuple[Any, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for key, row in parts.items():
        unit = key[-1]
        if unit:
            parent = unit.rpartition("/")[0]
            sums[(*key[:-1], parent)][0] += row["numerator"]
            sums[(*key[:-1], parent)][1] += row["denominator"] or 0
    assert {key[-1] for key in sums} == {"", "总部", "总部/广东"}
    for key, (numerator, denominator) in sums.items():
        assert parts[key]["numerator"] == numerator, key
        assert (parts[key]["denominator"] or 0) == denominator, key


def test_the_values_of_a_segment_sum_to_the_whole(rows: list[Row]) -> None:
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[(row["metric"], row["period_start"], row["period_end"], row["org_unit"], row["segment"])] += row[
            "numerator"
        ]
    assert {key[-1] for key in sums} == {"all", "kind", "region", "plan", "newness", "role"}
    for key, total in sums.items():
        assert total == sums[(*key[:-1], "all")], key


def test_members_of_a_parent_itself_stand_in_a_pseudo_child(rows: list[Row]) -> None:
    units = {row["org_unit"] for row in rows}
    assert units == {
        "",
        DIRECT,
        "总部",
        "总部/北京",
        "总部/广东",
        f"总部/广东/{DIRECT}",
        "总部/广东/广州",
        "总部/广东/深圳",
    }


def test_retention_and_churn_of_every_unit_and_segment_sum_to_one(rows: list[Row]) -> None:
    by_metric: dict[str, dict[tuple[Any, ...], Row]] = defaultdict(dict)
    for row in rows:
        by_metric[row["metric"]][tuple(row[name] for name in SCHEMA.names[1:6])] = row
    for key, lost in by_metric["churn_rate"].items():
        kept = by_metric["retention_rate"][key]
        assert lost["numerator"] + kept["numerator"] == lost["denominator"] == kept["denominator"]
        assert (lost["value"] is None) == (lost["denominator"] == 0)


def test_the_end_of_a_month_is_the_start_of_the_next(rows: list[Row]) -> None:
    def figures(metric: str, edge: str) -> dict[date, Decimal]:
        return {
            row[edge]: row["numerator"]
            for row in rows
            if row["metric"] == metric and (row["org_unit"], row["segment"]) == ("", "all") and _is_month(row)
        }

    for end, start in (("customers_at_end", "customers_at_start"), ("revenue_at_end", "revenue_at_start")):
        at_end, at_start = figures(end, "period_end"), figures(start, "period_start")
        shared = at_end.keys() & at_start.keys()
        assert len(shared) == 23
        assert all(at_end[day] == at_start[day] for day in shared)


def _is_month(row: Row) -> bool:
    return (row["period_end"] - row["period_start"]).days < 32


def test_periods_are_the_complete_months_and_the_trailing_year(rows: list[Row]) -> None:
    periods = {(row["period_start"], row["period_end"]) for row in rows}
    months = [each for each in periods if (each[1] - each[0]).days < 32]
    assert len(months) == 24
    assert max(months) == (date(2024, 6, 1), date(2024, 7, 1))
    assert (date(2023, 7, 1), date(2024, 7, 1)) in periods


def test_the_running_month_is_left_out(engine: DuckDBEngine) -> None:
    early = metrics_table(engine, as_of=date(2024, 6, 29), at_most=3)
    months = sorted(set(early["period_start"].to_pylist()))
    assert date(2024, 6, 1) not in months
    assert date(2024, 5, 1) in months


def test_row_order_and_threads_do_not_change_a_byte(engine: DuckDBEngine) -> None:
    first = metrics_table(engine, as_of=AS_OF, at_most=4)
    shuffled = company(
        engine.table("SELECT * FROM spells ORDER BY md5(customer_id || spell_no)"),
        threads=1,
        **{
            name: engine.table(f"SELECT * FROM {name} ORDER BY md5(customer_id), 2 DESC")
            for name in ("customers", "subscriptions", "transactions")
        },
    )
    assert metrics_table(shuffled, as_of=AS_OF, at_most=4).equals(first)
    shuffled.close()


def test_more_than_fifty_values_become_forty_nine_and_other() -> None:
    engine = town(200, n_regions=70)
    found = metrics_table(engine, as_of=AS_OF, at_most=2)
    values = {row["segment_value"] for row in found.to_pylist() if row["segment"] == "region" and row["org_unit"] == ""}
    assert "other" in values
    assert len(values) <= 50
    engine.close()


def test_nothing_but_spells_is_enough() -> None:
    engine = company(spells([("Anna", 1, date(2024, 1, 5), None)]))
    found = metrics_table(engine, as_of=date(2024, 3, 31)).to_pylist()
    assert {row["segment"] for row in found} == {"all", "newness"}
    assert {row["metric"] for row in found} == {code for code, i in INDICATORS.items() if i.needs == "lives"}
    first = {row["metric"]: row for row in found if row["period_start"] == date(2024, 1, 1) and row["segment"] == "all"}
    assert first["churn_rate"]["value"] is None
    assert first["customers_new"]["value"] == 1


def test_a_company_without_anybody_has_an_empty_table_of_the_same_shape() -> None:
    found = metrics_table(company(spells([])), as_of=AS_OF)
    assert found.num_rows == 0
    assert found.schema == SCHEMA
