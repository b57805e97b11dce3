from __future__ import annotations

import pyarrow as pa
import pytest
from company import AS_OF, pieces, reasoned, reasons_of, spells

from liuke.reasons import signals
from liuke.reasons.evidence import EVIDENCE_SCHEMA

FAMILIES = {"price_rise_percent": "P", "n_complaints": "RQ", "bill_ratio": "P"}


def signal(customer: str, *features: tuple[str, float]) -> list[dict[str, object]]:
    return [
        {"customer_id": customer, "rank": rank, "feature": feature, "share": share}
        for rank, (feature, share) in enumerate(features, 1)
    ]


def table(*rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist([row for part in rows for row in part])


def test_a_signal_weighs_three_tenths_of_its_share_split_over_its_groups():
    found = signals.evidence_from_signals(
        table(signal("bob", ("n_complaints", 0.5), ("tenure", 0.3), ("price_rise_percent", 0.1), ("bill_ratio", 0.1))),
        FAMILIES,
        as_of=AS_OF,
    )
    assert found.schema.equals(EVIDENCE_SCHEMA)
    assert [(row["code"], row["confidence"], row["value"], row["detail"]) for row in found.to_pylist()] == [
        ("P", 0.06, 0.2, "price_rise_percent"),
        ("Q", 0.075, 0.25, "n_complaints"),
        ("R", 0.075, 0.25, "n_complaints"),
    ]


def test_signals_never_weigh_more_than_three_tenths_and_what_protects_hints_at_nothing():
    found = signals.evidence_from_signals(
        table(signal("ann", ("price_rise_percent", 0.9), ("bill_ratio", 0.9), ("n_complaints", -0.4))),
        FAMILIES,
        as_of=AS_OF,
    )
    assert [(row["code"], row["confidence"]) for row in found.to_pylist()] == [("P", 0.3)]


def test_signals_do_not_depend_on_the_order_of_rows():
    rows = table(*(signal(f"c{n}", ("n_complaints", 0.31), ("bill_ratio", 0.17), ("price_rise_percent", 0.1))
                   for n in range(40)))  # fmt: skip
    turned = rows.take(list(range(rows.num_rows))[::-1])
    first, second = (signals.evidence_from_signals(each, FAMILIES, as_of=AS_OF) for each in (rows, turned))
    assert first.equals(second)


def test_no_signals_make_no_evidence():
    empty = table(signal("ann", ("price_rise_percent", 0.9))).slice(0, 0)
    assert signals.evidence_from_signals(empty, FAMILIES, as_of=AS_OF).num_rows == 0


def test_a_signal_alone_names_at_most_a_group_and_evidence_comes_first():
    hints = table(signal("ann", ("price_rise_percent", 1.0)), signal("bob", ("price_rise_percent", 0.8)))
    extra = signals.evidence_from_signals(hints, FAMILIES, as_of=AS_OF)
    engine = reasoned({}, spells([], ["ann", "bob"]), extra=extra)
    assert pieces(engine, "ann") == {("P", "model_signal"): (0.3, 1.0, "price_rise_percent")}
    assert reasons_of(engine, "ann")["reason_1"] == "P"
    assert reasons_of(engine, "bob")["reason_1"] == "X"


def test_signals_that_do_not_fit_are_refused():
    rows = table(signal("ann", ("n_complaints", 0.5)))
    with pytest.raises(signals.NotASignal, match="share"):
        signals.evidence_from_signals(rows.drop_columns("share"), FAMILIES, as_of=AS_OF)
    with pytest.raises(signals.NotASignal, match="Z"):
        signals.evidence_from_signals(rows, {"n_complaints": "Z"}, as_of=AS_OF)
