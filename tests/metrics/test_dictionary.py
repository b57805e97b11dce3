from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
from metric_lives import company
from metric_town import AS_OF, town

from liuke.engines.duckdb import DuckDBEngine
from liuke.metrics.dictionary import INDICATORS, dictionary_table
from liuke.metrics.table import metrics_table


def everything() -> DuckDBEngine:
    plain = town(60)
    market = pa.table(
        {
            "period": [date(2022, 1, 1), date(2023, 1, 1)],
            "size": pa.array([Decimal(4000), Decimal(4600)], pa.decimal128(18, 2)),
            "own_sales": pa.array([Decimal(480), Decimal(520)], pa.decimal128(18, 2)),
        }
    )
    names = ("customers", "subscriptions", "transactions")
    tables = {name: plain.table(f"SELECT * FROM {name}") for name in names}
    return company(plain.table("SELECT * FROM spells"), market=market, **tables)


def test_every_metric_of_the_table_is_in_the_dictionary_and_the_reverse() -> None:
    rankings = pa.table({"ranked_on": [date(2024, 1, 1)], "body": ["行业协会"], "position": [4], "score": [92.0]})
    reasons = pa.table({"customer_id": ["customer 0001"], "churn_type": ["COM"]})
    found = metrics_table(everything(), as_of=AS_OF, at_most=2, reasons=reasons, rankings=rankings)
    assert set(found["metric"].to_pylist()) == set(INDICATORS)
    values = {row["metric"]: row for row in found.to_pylist() if row["period_start"].year in (2023, 2024)}
    assert round(values["relative_growth_index"]["value"], 6) == 0.942029
    assert values["relative_growth_index"]["numerator"] is None
    assert values["industry_rank"]["value"] == 4
    assert round(values["market_share"]["value"], 6) == 0.113043


def test_each_entry_is_named_in_both_languages_and_says_where_it_comes_from() -> None:
    for code, entry in INDICATORS.items():
        assert code == entry.code
        assert entry.name.zh != entry.name.en
        assert entry.source_rows
        assert all(row.startswith("S") for row in entry.source_rows)
        assert entry.sql.startswith("SELECT")
        assert entry.formula
        assert entry.owner.zh


def test_names_are_unique_in_both_languages() -> None:
    for language in ("zh", "en"):
        names = [entry.name.in_(language) for entry in INDICATORS.values()]  # type: ignore[arg-type]
        assert len(names) == len(set(names))


def test_the_dictionary_as_a_table_has_one_row_per_indicator() -> None:
    assert dictionary_table()["metric"].to_pylist() == list(INDICATORS)
