from __future__ import annotations

from datetime import date
from decimal import Decimal
from math import isnan

import pyarrow as pa
import pytest
from company import AS_OF, before, complaint, noon, reasoned, spells, subscription

from liuke.engines import duckdb
from liuke.features import spells as lives
from liuke.reasons import agreement, combining, evidence, taxonomy
from liuke.simulation import company


def test_re_03_kappa_of_two_coders():
    assert agreement.cohen_kappa([[30, 6], [4, 60]]) == pytest.approx(0.780316, abs=5e-7)


def test_kappa_is_one_in_full_agreement_zero_by_chance_and_undefined_for_one_code():
    assert agreement.cohen_kappa([[5, 0], [0, 7]]) == 1
    assert agreement.cohen_kappa([[4, 4], [4, 4]]) == 0
    assert isnan(agreement.cohen_kappa([[9]]))


@pytest.mark.parametrize("counts", [[[1, 2]], [[0, 0], [0, 0]], [[1, -1], [0, 2]], []])
def test_a_table_that_is_none_has_no_kappa(counts):
    with pytest.raises(agreement.NotATable, match="square"):
        agreement.cohen_kappa(counts)


def engine_of_four() -> duckdb.DuckDBEngine:
    """ann: rival, said; bob: rival, said, after a price rise; cai: unknown; dan is here under the same price rise."""
    return reasoned(
        {
            "subscriptions": [
                subscription("ann", plan="a", end_reason="competitor"),
                subscription("bob", end_reason="competitor"),
                subscription("cai", plan="a"),
                subscription("dan", lost=False),
            ],
            "prices": [{"plan": "basic", "effective_on": before(10), "old_price": 40.0, "new_price": 50.0}],
        },
        spells(["ann", "bob", "cai"], ["dan"]),
    )


def test_the_share_of_known_reasons_has_its_interval():
    known = agreement.known_share(engine_of_four())
    assert (known.numerator, known.denominator, known.value) == (2, 3, 2 / 3)
    assert (known.low, known.high) == pytest.approx((0.2077, 0.9385), abs=5e-5)
    assert agreement.confirmed_share(engine_of_four()).numerator == 2


def test_a_share_of_nobody_is_refused():
    with pytest.raises(agreement.NobodyLost, match="nobody is lost"):
        agreement.known_share(reasoned({}, spells([], ["dan"])))


def test_what_is_said_and_what_is_shown_are_compared_by_group():
    said = [("ann", "Price too high"), ("bob", "Price too high"), ("cai", "competitor"), ("dan", "competitor")]
    engine = reasoned(
        {
            "subscriptions": [subscription(who, end_reason=why, plan="basic" if who in ("ann", "cai") else "other")
                              for who, why in said],
            "prices": [{"plan": "basic", "effective_on": before(10), "old_price": 40.0, "new_price": 50.0}],
            "complaints": [complaint("bob", 20, resolved_at=noon(before(2)), category="other")],
        },
        spells(["ann", "bob", "cai", "dan"]),
    )  # fmt: skip
    found = agreement.stated_and_derived(engine)
    assert found.pairs.to_pylist() == [
        {"stated": "C", "derived": "P", "n_customers": 1},
        {"stated": "P", "derived": "P", "n_customers": 1},
        {"stated": "P", "derived": "R", "n_customers": 1},
    ]
    assert (found.n_customers, found.same_share) == (3, pytest.approx(1 / 3))
    assert found.kappa == pytest.approx((1 / 3 - 4 / 9) / (1 - 4 / 9))


def test_nobody_who_said_something_and_shows_something_leaves_agreement_unknown():
    found = agreement.stated_and_derived(reasoned({}, spells(["ann"])))
    assert (found.n_customers, found.same_share, found.kappa) == (0, None, None)


def test_competition_above_three_tenths_asks_for_a_check():
    rows = {row["churn_type"]: row for row in agreement.type_shares(engine_of_four()).to_pylist()}
    assert list(rows) == ["NAT", "MAL", "COM", "NEG", "UNK"]
    assert sum(row["share"] for row in rows.values()) == pytest.approx(1)
    assert (rows["NEG"]["n_customers"], rows["COM"]["n_customers"], rows["UNK"]["n_customers"]) == (1, 1, 1)
    assert [churn_type for churn_type, row in rows.items() if row["needs_check"]] == ["COM"]


def test_the_pareto_table_counts_the_lost_and_those_on_their_way():
    table = agreement.pareto(engine_of_four())
    rows = {row["code"]: row for row in table.to_pylist()}
    assert [*rows] == ["C1", "X", "P2"]
    assert (rows["C1"]["letter"], rows["C1"]["churn_type"]) == ("C", "COM")
    assert rows["C1"]["zh"] == taxonomy.reason("C1").words.zh
    assert rows["C1"]["en"] == taxonomy.reason("C1").words.en
    counts = {code: (row["customers_lost"], row["customers_leaving"]) for code, row in rows.items()}
    assert counts == {"C1": (2, 0), "X": (1, 0), "P2": (0, 1)}
    assert [row["share"] for row in rows.values()] == pytest.approx([2 / 3, 1 / 3, 0])
    assert [row["cumulative_share"] for row in rows.values()] == pytest.approx([2 / 3, 1, 1])
    assert rows["C1"]["value_lost"] is rows["C1"]["cumulative_value_share"] is None


def test_the_dearest_reason_comes_first_where_values_are_known():
    values = pa.table({"customer_id": ["ann", "bob", "cai", "dan"], "value": [10.0, 20.0, 90.0, 500.0]})
    rows = agreement.pareto(engine_of_four(), values).to_pylist()
    assert [(row["code"], row["value_lost"]) for row in rows] == [
        ("X", Decimal("90.00")), ("C1", Decimal("30.00")), ("P2", None),
    ]  # fmt: skip
    assert [row["cumulative_value_share"] for row in rows] == [0.75, 1.0, 1.0]


def test_the_pareto_table_of_nobody_is_empty_and_without_losses_has_no_shares():
    assert agreement.pareto(reasoned({}, spells([]))).num_rows == 0
    rise = {"plan": "basic", "effective_on": before(1, AS_OF), "old_price": 4.0, "new_price": 5.0}
    engine = reasoned({"subscriptions": [subscription("dan", lost=False)], "prices": [rise]}, spells([], ["dan"]))
    (row,) = agreement.pareto(engine).to_pylist()
    assert (row["code"], row["customers_lost"], row["customers_leaving"], row["share"]) == ("P2", 0, 1, None)


def test_present_customers_under_a_condition_that_drove_others_away_are_found():
    names = ["ann", "bob", "cai"]
    engine = reasoned(
        {"staff_links": [{"staff_id": "wang", "customer_id": who, "started_on": date(2023, 1, 1), "ended_on": None}
                         for who in [*names, "dan", "eve"]],
         "staff": [{"staff_id": "wang", "left_on": before(10)}]},
        spells(names, ["dan", "eve", "fay"]),
    )  # fmt: skip
    found = agreement.exposed(engine).to_pylist()
    assert [(row["customer_id"], row["code"], row["detail"], row["n_lost"]) for row in found] == [
        ("dan", "E1", "wang", 3),
        ("eve", "E1", "wang", 3),
    ]
    assert agreement.exposed(engine, at_least=4).num_rows == 0


RECOVERED_SQL = """
WITH last_loss AS (
    SELECT * FROM losses QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY lost_on DESC) = 1
)
SELECT count(*) AS n, count(*) FILTER (WHERE r.reason_1 = t.reason) AS n_same,
       count(*) FILTER (WHERE r.reason_1[1] = t.reason[1]) AS n_same_group,
       count(*) FILTER (WHERE r.churn_type = 'MAL') AS n_malicious,
       count(*) FILTER (WHERE r.churn_type = 'MAL' AND t.reason = 'F1') AS n_truly_malicious
FROM last_loss t
JOIN reasons r ON r.customer_id = t.customer_id AND r.reason_1 <> 'X'
JOIN reason_anchors a ON a.customer_id = r.customer_id AND a.is_lost
"""


def test_reasons_recover_the_truth_of_an_invented_company():
    as_of = date(2026, 6, 30)
    invented = company.simulate("telecom", customers=2000, months=24, seed=1, ends_on=as_of)
    engine = duckdb.open_tables(invented.tables).known(as_of)
    lives.create_spells(engine, lives.choose_rule(engine), as_of)
    evidence.create_evidence(engine, as_of)
    combining.create_reasons(engine, as_of)
    engine.register("losses", invented.truth["losses"])
    known = agreement.known_share(engine)
    found = engine.one(RECOVERED_SQL)
    assert known.denominator > 500
    assert known.value > 0.7
    assert found["n_same"] > 0.65 * found["n"]
    assert found["n_same_group"] > 0.75 * found["n"]
    assert found["n_truly_malicious"] > 0.7 * found["n_malicious"] > 5
