from __future__ import annotations

import csv
import itertools
from datetime import date, timedelta
from pathlib import Path

import pytest
from feature_stories import company, contract, day
from hypothesis import given, settings
from hypothesis import strategies as st

from liuke.features import spells, windows

INTERCONNECT = Path(__file__).resolve().parents[2] / "../shared/data/interconnect_contracts/contract.csv"


def label_windows(plan):
    return [
        (view + timedelta(days=plan.lead_days), view + timedelta(days=plan.lead_days + plan.horizon_days))
        for view in (*plan.train, plan.calibration, plan.test)
    ]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    history=st.integers(1, 1500),
    silent=st.integers(0, 40),
    lead=st.integers(0, 60),
    horizon=st.integers(28, 365),
    most=st.integers(1, 6),
)
def test_label_windows_never_overlap_and_are_over_by_the_day_of_the_run(history, silent, lead, horizon, most):
    as_of = date(2024, 2, 29)
    first_on = as_of - timedelta(days=history)
    plan = windows.plan_windows(
        first_on, as_of - timedelta(days=min(silent, history)), as_of, lead, horizon, most_train=most
    )
    if isinstance(plan, windows.TooShort):
        return
    found = label_windows(plan)
    assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(found))
    assert found[-1][1] <= as_of
    assert found[0][0] >= first_on - timedelta(days=1)
    assert 1 <= len(plan.train) <= most
    assert plan.shortened == (plan.horizon_days < horizon)
    assert plan.horizon_days >= windows.SHORTEST_HORIZON_DAYS


def test_two_years_of_history_give_the_horizon_that_was_asked_for():
    plan = windows.plan_windows(day("2022-01-01"), day("2023-12-31"), day("2023-12-31"), 14, 90)
    assert isinstance(plan, windows.Windows)
    assert (plan.horizon_days, plan.shortened) == (90, False)
    assert len(plan.train) == 3
    assert plan.test == day("2023-12-31") - timedelta(days=104)


def test_a_year_of_history_shortens_the_horizon_and_says_so():
    plan = windows.plan_windows(day("2023-06-01"), day("2023-12-31"), day("2023-12-31"), 14, 90)
    assert isinstance(plan, windows.Windows)
    assert plan.shortened
    assert "90" in plan.why.en
    assert "缩短" in plan.why.zh


def test_two_months_of_history_are_too_short_and_the_reason_is_given():
    plan = windows.plan_windows(day("2023-11-01"), day("2023-12-31"), day("2023-12-31"), 14, 90)
    assert isinstance(plan, windows.TooShort)
    assert "61 days" in plan.why.en


def test_a_few_losses_late_in_a_young_company_are_no_reason_to_doubt_the_record():
    engine = company(
        subscriptions=[contract(f"C{n}", "2023-01-01", "2023-12-01" if n < 5 else None) for n in range(50)]
    )
    spells.create_spells(engine, spells.choose_rule(engine), day("2023-12-31"))
    history = windows.loss_history(engine, day("2023-12-31"))
    assert history == windows.History(day("2023-01-01"), day("2023-12-31"), day("2023-01-01"), 5)


def test_a_company_without_customers_has_no_history():
    engine = company()
    spells.create_spells(engine, spells.ChurnRule("contractual"), day("2023-12-31"))
    assert windows.loss_history(engine, day("2023-12-31")) is None


@pytest.mark.real_data
def test_interconnect_whose_losses_begin_in_october_2019_still_gives_windows():
    if not INTERCONNECT.exists():
        pytest.skip("the public sets are not beside the project")
    with INTERCONNECT.open(encoding="utf-8-sig") as lines:
        rows = [
            contract(row["customerID"], row["BeginDate"][:10], None if row["EndDate"] == "No" else row["EndDate"][:10])
            for row in csv.DictReader(lines)
        ]
    engine, as_of = company(subscriptions=rows), day("2020-02-01")
    spells.create_spells(engine, spells.choose_rule(engine), as_of)
    history = windows.loss_history(engine, as_of)
    assert history == windows.History(day("2019-10-01"), day("2020-01-01"), day("2013-10-01"), 1869)
    plan = windows.plan_windows(history.first_on, history.last_on, as_of, 14, 90, observed_from=history.observed_from)
    assert isinstance(plan, windows.Windows)
    assert plan.horizon_days == 30
    in_each = [
        engine.one("SELECT count(*) AS n FROM spells WHERE lost_on > $a AND lost_on <= $b", a=a, b=b)["n"]
        for a, b in label_windows(plan)
    ]
    assert in_each == [485, 466, 460]
