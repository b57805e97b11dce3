from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_lives import Life, company, spells, transactions

from liuke.engines.duckdb import DuckDBEngine
from liuke.metrics import churn
from liuke.metrics.churn import NobodyToCount, NotAPeriod, churn_rate, customer_flow, retention_rate

EARLY, START, WITHIN, END = date(2024, 1, 5), date(2024, 6, 1), date(2024, 6, 15), date(2024, 7, 1)


def bucket_of_cm_01() -> list[Life]:
    """B=1000 of whom 70 are lost, N=120 of whom 20 are lost again, R=15."""
    lives: list[Life] = [(f"old {i}", 1, EARLY, WITHIN if i < 70 else None) for i in range(1000)]
    lives += [(f"new {i}", 1, date(2024, 6, 10), date(2024, 6, 20) if i < 20 else None) for i in range(120)]
    for i in range(15):
        lives += [(f"back {i}", 1, EARLY, date(2024, 2, 1)), (f"back {i}", 2, date(2024, 6, 30), None)]
    return lives


def test_the_leaky_bucket_of_cm_01_has_its_five_rates() -> None:
    engine = company(spells(bucket_of_cm_01()))
    flow = customer_flow(engine, start=START, end=END)
    assert (flow.n_start, flow.n_new, flow.n_won_back, flow.n_lost, flow.n_end) == (1000, 120, 15, 90, 1045)
    rates = {
        base: churn_rate(engine, start=START, end=END, base=base).value for base in ("closed", "open", "mid", "end")
    }
    assert rates == pytest.approx({"closed": 0.070, "open": 0.090, "mid": 0.088020, "end": 0.086124}, abs=1e-6)
    assert retention_rate(engine, start=START, end=END).value == pytest.approx(0.930)
    opened = churn_rate(engine, start=START, end=END, base="open")
    assert (opened.low, opened.high) == pytest.approx((0.073796, 0.109342), abs=1e-6)


def test_consuming_customers_are_those_under_contract_or_buying_in_the_period() -> None:
    lives = spells([("Anna", 1, EARLY, None), ("Ben", 1, EARLY, WITHIN), ("Chen", 1, EARLY, None)], kind="dormant")
    bought = transactions([("Anna", WITHIN, 10), ("Anna", date(2024, 6, 16), 5), ("Chen", END, 7)])
    engine = company(lives, transactions=bought)
    rate = churn_rate(engine, start=START, end=END, base="consuming")
    assert (rate.numerator, rate.denominator) == (1, 1)
    contracts = company(spells([("Anna", 1, EARLY, None), ("Ben", 1, EARLY, WITHIN), ("Chen", 1, END, None)]))
    assert churn_rate(contracts, start=START, end=END, base="consuming").value == pytest.approx(0.5)


def test_the_loss_is_in_the_period_that_contains_its_day() -> None:
    engine = company(spells([("Anna", 1, EARLY, END), ("Ben", 1, EARLY, START)]))
    flow = customer_flow(engine, start=START, end=END)
    assert (flow.n_start, flow.n_lost, flow.n_end) == (2, 1, 1)
    assert customer_flow(engine, start=END, end=date(2024, 8, 1)).n_lost == 1


def test_who_is_lost_and_won_back_in_one_period_is_one_loss_and_one_win_back() -> None:
    engine = company(spells([("Anna", 1, EARLY, WITHIN), ("Anna", 2, date(2024, 6, 20), None)]))
    flow = customer_flow(engine, start=START, end=END)
    assert (flow.n_lost, flow.n_won_back, flow.n_start, flow.n_end) == (1, 1, 1, 1)


def test_a_rate_of_nobody_is_refused_with_the_period_named() -> None:
    engine = company(spells([]))
    with pytest.raises(NobodyToCount, match="2024-06-01"):
        churn_rate(engine, start=START, end=END)
    with pytest.raises(NobodyToCount):
        retention_rate(engine, start=START, end=END)


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(NotAPeriod):
        customer_flow(company(spells([])), start=END, end=START)


def test_an_unknown_base_is_refused() -> None:
    with pytest.raises(churn.InvalidInput, match="total"):
        churn_rate(company(spells(bucket_of_cm_01())), start=START, end=END, base="total")  # type: ignore[arg-type]


@st.composite
def random_lives(draw: st.DrawFn) -> list[Life]:
    lives: list[Life] = []
    for number in range(draw(st.integers(0, 12))):
        day = date(2024, 1, 1) + timedelta(days=draw(st.integers(0, 200)))
        for spell_no in range(1, draw(st.integers(1, 3)) + 1):
            lost = day + timedelta(days=draw(st.integers(0, 120)))
            is_here = draw(st.booleans())
            lives.append((f"customer {number}", spell_no, day, None if is_here else lost))
            if is_here:
                break
            day = lost + timedelta(days=draw(st.integers(0, 60)))
    return lives


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    opened = company(spells([]))
    yield opened
    opened.close()


@given(lives=random_lives(), offset=st.integers(0, 400), length=st.integers(1, 200))
def test_the_stock_at_the_end_is_start_plus_new_plus_won_back_minus_lost(
    engine: DuckDBEngine, lives: list[Life], offset: int, length: int
) -> None:
    start = date(2024, 1, 1) + timedelta(days=offset)
    end = start + timedelta(days=length)
    engine.register("spells", spells(lives))
    flow = customer_flow(engine, start=start, end=end)
    assert flow.n_end == flow.n_start + flow.n_new + flow.n_won_back - flow.n_lost
    assert flow.n_start == flow.n_kept + flow.n_lost_of_start
    if flow.n_start:
        kept, lost = retention_rate(engine, start=start, end=end), churn_rate(engine, start=start, end=end)
        assert kept.numerator / kept.denominator + lost.numerator / lost.denominator == 1
