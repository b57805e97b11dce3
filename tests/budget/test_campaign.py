from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuke.budget.campaign import Campaign, break_even_lift, campaign_profit, win_back_beside_acquisition

PUBLISHED = Campaign(100_000, 0.05, 0.08, 3, 0.3, 500, 20, 1, 2_000)


def other_form(c: Campaign) -> float:
    gained = (c.success * c.value + c.incentive * (1 - c.success)) * c.churn_rate * c.lift
    return c.customers * c.contacted * (gained - c.incentive - c.contact_cost) - c.fixed_cost


def test_campaign_profit_and_break_even_are_the_published_ones_de_10():
    assert campaign_profit(PUBLISHED) == pytest.approx(89_800)
    assert break_even_lift(PUBLISHED) == pytest.approx(1.600610, abs=5e-7)


def test_a_campaign_on_few_leavers_loses_money_de_11():
    few = replace(PUBLISHED, churn_rate=0.02)
    assert campaign_profit(few) == pytest.approx(-57_800)
    assert break_even_lift(few) == pytest.approx(6.402439, abs=5e-7)
    assert break_even_lift(few, with_fixed_cost=True) == pytest.approx(6.524390, abs=5e-7)


share = st.floats(0.01, 1)


@given(share, share, st.floats(0.1, 5), share, st.floats(1, 1e4), st.floats(0, 500), st.floats(0, 50))
def test_both_forms_of_the_formula_agree(contacted, churn, lift, success, value, incentive, cost):
    campaign = Campaign(1_000, contacted, churn, lift, success, value, incentive, cost, 100)
    assert campaign_profit(campaign) == pytest.approx(other_form(campaign), rel=1e-9, abs=1e-6)


def test_win_back_beats_acquisition_by_the_sourced_rates():
    """S2-19."""
    got = win_back_beside_acquisition(800, 40)
    assert (got.win_back, got.acquisition, got.ratio) == (4.0, 0.25, 16.0)
