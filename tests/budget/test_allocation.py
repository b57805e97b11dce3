from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, sparse

from liuke.budget import allocation
from liuke.budget.allocation import Allocation, ImpossibleAllocation, SpendCurve

VALUE = np.array([[6, 18, 30], [5, 9, 10], [2, 14, 22], [4, 6, 7], [1, 12, 13], [-2, -5, -6]], dtype=float)
COST = np.array([1.0, 10.0, 20.0])


def with_nothing(table: object) -> np.ndarray:
    """Return a table of remedies behind a column for doing nothing."""
    remedies = np.asarray(table, dtype=float)
    return np.concatenate([np.zeros((*remedies.shape[:-1], 1)), remedies], axis=-1)


def allocate(value: object, cost: object, *, usage: object = None, **limits: object) -> Allocation:
    taken = None if usage is None else with_nothing(usage)
    return allocation.allocate(with_nothing(value), with_nothing(cost), usage=taken, **limits)  # type: ignore[arg-type]


def spend_curve(gain: object, cost: object, **points: int) -> SpendCurve:
    return allocation.spend_curve(with_nothing(gain), with_nothing(cost), **points)


def optimum(value: np.ndarray, cost: np.ndarray, budget: float, capacities: np.ndarray, usage: np.ndarray) -> float:
    """Return the true optimum by branch and bound."""
    n, m = value.shape
    one_each = sparse.kron(sparse.eye(n), np.ones((1, m)))
    rows = [cost.ravel()[None, :], *(np.tile(usage[k], n)[None, :] for k in range(len(capacities)))]
    constraints = [
        optimize.LinearConstraint(one_each, ub=1.0),
        optimize.LinearConstraint(np.vstack(rows), ub=np.append([budget], capacities)),
    ]
    gains = np.where(np.isfinite(value), value, -1e6).ravel()
    found = optimize.milp(-gains, integrality=np.ones(n * m), bounds=optimize.Bounds(0, 1), constraints=constraints)
    return -float(found.fun)


def test_the_worked_example_is_solved_with_its_bound_and_price() -> None:
    """DE-40."""
    result = allocate(VALUE, COST, budget=45)
    assert result.choice.tolist() == [3, 1, 2, 1, 2, 0]
    assert (result.value, result.cost) == (65.0, 42.0)
    assert result.bound == pytest.approx(67.4)
    assert result.shadow_price == pytest.approx(0.8)
    assert result.gap == pytest.approx(2.4)
    brute = max(
        sum(VALUE[i, a - 1] for i, a in enumerate(pick) if a)
        for pick in product(range(4), repeat=6)
        if sum(COST[a - 1] for a in pick if a) <= 45
    )
    assert result.value == brute


def test_only_those_who_can_be_persuaded_are_contacted() -> None:
    """DE-01: lost causes, persuadables, sure things, sleeping dogs; 300 contacts."""
    lift = np.repeat([0.02, 0.20, 0.0, -0.12], [200, 300, 400, 100])
    value = (300.0 * lift - 12.0)[:, None]
    result = allocate(value, [12.0], budget=300 * 12)
    assert np.flatnonzero(result.choice).tolist() == list(range(200, 500))
    assert result.value == pytest.approx(14_400)
    assert (300.0 * lift)[result.choice > 0].sum() / 300 == pytest.approx(60.0)


def test_with_money_left_over_another_yuan_is_worth_nothing() -> None:
    result = allocate(VALUE, COST, budget=1_000)
    assert result.shadow_price == 0.0
    assert result.value == result.bound == 82.0
    assert result.gap == 0.0


def test_a_remedy_that_harms_or_is_not_allowed_is_never_chosen() -> None:
    result = allocate([[np.nan, 5.0], [-np.inf, -1.0], [3.0, np.nan]], [1.0, 2.0], budget=100)
    assert result.choice.tolist() == [2, 0, 1]


def test_free_remedies_need_no_budget() -> None:
    result = allocate([[2.0, 5.0], [1.0, 9.0]], [0.0, 4.0], budget=4)
    assert result.choice.tolist() == [1, 2]
    assert allocate([[2.0]], [0.0], budget=0).value == 2.0


def test_a_capacity_per_remedy_is_respected_and_priced() -> None:
    """Two calls at most; a third would turn a message worth 4 into a call worth 20."""
    value = np.array([[4.0, 30.0], [4.0, 25.0], [4.0, 20.0], [4.0, 12.0]])
    result = allocate(value, [1.0, 5.0], budget=100, capacities=[np.inf, 2])
    assert result.choice.tolist() == [2, 2, 1, 1]
    assert result.used.tolist() == [2.0, 2.0]
    assert result.capacity_prices == pytest.approx([0.0, 16.0], abs=1e-4)
    assert result.shadow_price == 0.0


def test_hours_are_shared_by_remedies_through_usage() -> None:
    value = np.array([[10.0, 30.0]] * 6)
    result = allocate(value, [0.0, 0.0], budget=0, capacities=[60.0], usage=[[5.0, 20.0]])
    assert result.used[0] <= 60.0
    assert result.value == pytest.approx(optimum(value, np.zeros((6, 2)), 0, np.array([60.0]), np.array([[5.0, 20.0]])))


@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 14), m=st.integers(1, 4))
def test_the_bound_is_above_the_optimum_and_the_choice_below_it(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    value, cost = rng.integers(-5, 30, (n, m)).astype(float), rng.integers(0, 12, (n, m)).astype(float)
    value[rng.random((n, m)) < 0.1] = np.nan
    budget = float(rng.integers(0, 40))
    result = allocate(value, cost, budget=budget)
    best = optimum(value, cost, budget, np.empty(0), np.empty((0, m)))
    assert result.cost <= budget + 1e-9
    assert result.value <= best + 1e-6 <= result.bound + 2e-6
    assert result.gap <= np.nanmax(np.append(value, 0.0)) + 1e-6


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 14), m=st.integers(1, 3))
def test_the_same_holds_with_capacities_and_no_limit_is_broken(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    value, cost = rng.integers(-5, 30, (n, m)).astype(float), rng.integers(0, 12, (n, m)).astype(float)
    usage = rng.integers(0, 6, (2, m)).astype(float)
    budget, capacities = float(rng.integers(0, 60)), rng.integers(0, 30, 2).astype(float)
    result = allocate(value, cost, budget=budget, capacities=capacities, usage=usage)
    best = optimum(value, cost, budget, capacities, usage)
    assert result.cost <= budget + 1e-6
    assert (result.used <= capacities + 1e-6).all()
    assert result.value <= best + 1e-6 <= result.bound + 2e-6


def test_what_a_remedy_takes_may_differ_between_customers() -> None:
    """A far customer takes three hours of the four there are, a near one takes one."""
    value, usage = np.array([[9.0], [8.0], [8.0], [8.0]]), np.array([[[3.0], [1.0], [1.0], [1.0]]])
    result = allocate(value, [0.0], budget=0, capacities=[4.0], usage=usage)
    assert result.choice.tolist() == [0, 1, 1, 1]
    shared = allocate(value, [0.0], budget=0, capacities=[2.0], usage=[[1.0]])
    alone = allocate(value, [0.0], budget=0, capacities=[2.0], usage=np.ones((1, 4, 1)))
    assert shared.choice.tolist() == alone.choice.tolist() == [1, 1, 0, 0]
    assert shared.bound == alone.bound


def test_with_many_customers_the_gap_vanishes() -> None:
    rng = np.random.default_rng(3)
    value, cost = rng.gamma(2.0, 20.0, (20_000, 4)), np.array([1.0, 5.0, 12.0, 30.0])
    money = allocate(value, cost, budget=60_000)
    assert 0.0 <= money.gap < 1e-4 * money.value
    both = allocate(value, cost, budget=60_000, capacities=[np.inf, np.inf, 2_000, 500])
    assert 0.0 <= both.gap < 1e-3 * both.value
    assert both.value < money.value
    assert both.used[3] <= 500


def test_a_thousand_yuan_more_brings_what_the_price_says() -> None:
    rng = np.random.default_rng(4)
    value, cost = rng.gamma(2.0, 20.0, (5_000, 3)), np.array([1.0, 5.0, 12.0])
    less, more = (allocate(value, cost, budget=budget) for budget in (10_000, 11_000))
    assert more.shadow_price <= (more.bound - less.bound) / 1_000 <= less.shadow_price


def test_equal_customers_are_served_in_order_up_to_the_last_yuan() -> None:
    result = allocate(np.full((1_000, 1), 5.0), [3.0], budget=1_000)
    assert np.flatnonzero(result.choice).tolist() == list(range(333))
    capped = allocate(np.full((1_000, 1), 5.0), [3.0], budget=1e6, capacities=[17])
    assert np.flatnonzero(capped.choice).tolist() == list(range(17))


def test_the_spend_curve_says_where_to_stop() -> None:
    """S2-15: a customer worth 100 can be kept with lifts .3, .1 and .05 for 10 yuan each; zero churn does not pay."""
    curve = spend_curve([[30.0], [10.0], [5.0]], [10.0], n_points=4)
    assert (curve.worth_spending, curve.gain_there) == (20.0, 40.0)
    assert (curve.full_spend, curve.full_gain) == (30.0, 45.0)
    assert curve.full_gain - curve.full_spend < curve.gain_there - curve.worth_spending
    assert curve.gain.tolist() == [0.0, 30.0, 40.0, 45.0]
    assert (np.diff(curve.gain, n=2) <= 1e-9).all()


def test_limits_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ImpossibleAllocation, match="0 or more"):
        allocate(VALUE, COST, budget=-1)
    with pytest.raises(ImpossibleAllocation, match="capacities first"):
        allocate(VALUE, COST, budget=1, capacities=[1, 2])
    with pytest.raises(ImpossibleAllocation, match="column 0"):
        allocation.allocate(VALUE, COST, budget=1)
    with pytest.raises(ImpossibleAllocation, match="known cost"):
        allocate(VALUE, [1.0, np.nan, 2.0], budget=1)


def test_nobody_to_treat_is_an_empty_answer() -> None:
    result = allocate(np.empty((0, 2)), [1.0, 2.0], budget=10)
    assert (len(result.choice), result.value, result.bound) == (0, 0.0, 0.0)
    assert allocate(np.empty((3, 0)), np.empty(0), budget=10).choice.tolist() == [0, 0, 0]
