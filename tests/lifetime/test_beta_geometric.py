from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from liuke.lifetime.beta_geometric import BetaGeometric, NotFitted
from liuke.lifetime.histories import ImpossibleHistory

VIGNETTE = BetaGeometric.with_parameters(0.2425982, 4.413684, 0.7929899, 2.426167)
NOTE = BetaGeometric.with_parameters(0.243, 4.414, 0.793, 2.426)
MODIFIED = BetaGeometric.with_parameters(0.525, 6.183, 0.891, 1.614, modified=True)


def invented(n: int, parameters: tuple[float, float, float, float], seed: int) -> tuple[np.ndarray, ...]:
    """Return x, t_x, T and who is truly alive, for BG/NBD customers observed up to 52 weeks."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = parameters
    age = rng.uniform(26, 52, n)
    rate, leaving = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    last_purchase = rng.geometric(np.maximum(leaving, 1e-12))
    wanted = rng.poisson(rate * age)
    x = np.minimum(wanted, last_purchase).astype(float)
    t_x = np.zeros(n)
    bought = x > 0
    t_x[bought] = age[bought] * rng.beta(x[bought], wanted[bought] - x[bought] + 1)
    return x, t_x, age, wanted < last_purchase


def test_the_vignette_customers_are_forecast_as_published() -> None:
    """BT-02."""
    assert VIGNETTE.expected_purchases_of_new(52)[0] == pytest.approx(1.444004, abs=1e-6)
    one = ([26], [30.857143], [31])
    assert VIGNETTE.expected_purchases(*one, horizon=52)[0] == pytest.approx(25.75654, abs=1e-4)
    assert VIGNETTE.probability_alive(*one)[0] == pytest.approx(0.968852, abs=1e-6)


def test_more_purchases_and_the_same_silence_mean_less_to_come() -> None:
    """BT-02, the increasing-frequency paradox."""
    paradox = ([10, 15, 20, 25], [20] * 4, [39] * 4)
    np.testing.assert_allclose(
        VIGNETTE.expected_purchases(*paradox, horizon=52), [0.347460, 0.042834, 0.004159, 0.000358], atol=2e-6
    )
    np.testing.assert_allclose(
        VIGNETTE.probability_alive(*paradox), [0.038122, 0.003194, 0.000235, 0.0000163], atol=1e-6
    )


def test_the_worked_customer_of_the_note_is_reproduced() -> None:
    """BT-03."""
    assert NOTE.expected_purchases([2], [30.43], [38.86], horizon=39)[0] == pytest.approx(1.226028, abs=1e-6)
    assert NOTE.probability_alive([2], [30.43], [38.86])[0] == pytest.approx(0.726579, abs=1e-6)
    assert NOTE.expected_purchases([0], [0], [38.86], horizon=39)[0] == pytest.approx(0.195098, abs=1e-6)


def test_likelihood_and_gradient_of_single_customers_are_exact() -> None:
    """BT-04."""
    three = ([2, 0, 26], [30.43, 0, 30.857143], [38.86, 38.86, 31])
    np.testing.assert_allclose(NOTE.log_likelihood(*three), [-9.458606, -0.554713, -37.726513], atol=1e-6)
    expected = [
        [2.696203, -0.000209, -0.202885, 0.076600],
        [-2.282771, 0.049437, 0.0, 0.0],
        [5.517119, -0.686076, -2.312555, 0.310434],
    ]
    np.testing.assert_allclose(NOTE.gradient(*three), expected, atol=1e-6)


def test_extreme_histories_have_a_finite_likelihood() -> None:
    """BT-05 and BT-11."""
    two = ([0, 200], [0, 38], [40, 40])
    plain = BetaGeometric.with_parameters(0.25, 4, 0.8, 2.5)
    modified = BetaGeometric.with_parameters(0.25, 4, 0.8, 2.5, modified=True)
    np.testing.assert_allclose(plain.log_likelihood(*two), [-0.599474, 100.795693], atol=1e-6)
    np.testing.assert_allclose(modified.log_likelihood(*two), [-0.41792826, 100.7869], atol=1e-4)


def test_the_modified_model_doubts_one_time_buyers() -> None:
    """BT-12."""
    three = ([0, 2, 26], [0, 30.43, 30.857143], [38.86, 38.86, 31])
    np.testing.assert_allclose(MODIFIED.probability_alive(*three), [0.389735, 0.706202, 0.965498], atol=1e-6)
    assert MODIFIED.expected_purchases_of_new(52)[0] == pytest.approx(1.419724, abs=1e-6)
    np.testing.assert_allclose(
        MODIFIED.expected_purchases([0, 2], [0, 30.43], [38.86, 38.86], horizon=39), [0.154013, 1.262961], atol=1e-6
    )
    assert NOTE.probability_alive([0], [0], [38.86])[0] == 1.0


@pytest.mark.parametrize("modified", [False, True])
def test_the_fitted_slope_vanishes_and_no_neighbour_is_likelier(modified: bool) -> None:
    x, t_x, age, _ = invented(400, (0.5, 5.0, 1.0, 2.0), 5)
    model = BetaGeometric(modified=modified).fit(x, t_x, age)
    assert model.log_likelihood_ == pytest.approx(model.log_likelihood(x, t_x, age).sum(), abs=1e-6)
    np.testing.assert_allclose(model.gradient(x, t_x, age).sum(axis=0) * model.parameters_, 0.0, atol=1e-3)
    for place in range(4):
        nearby = np.array(model.parameters_)
        nearby[place] *= 1.03
        other = BetaGeometric.with_parameters(*nearby, modified=modified)
        assert other.log_likelihood(x, t_x, age).sum() < model.log_likelihood_


def test_known_parameters_are_recovered() -> None:
    truth = (0.8, 6.0, 1.2, 3.0)
    model = BetaGeometric().fit(*invented(60_000, truth, 11)[:3])
    np.testing.assert_allclose(model.parameters_, truth, rtol=0.1)


def test_those_called_alive_are_alive_that_often() -> None:
    x, t_x, age, is_alive = invented(5_000, (0.8, 6.0, 1.2, 3.0), 3)
    chance = BetaGeometric().fit(x, t_x, age).probability_alive(x, t_x, age)
    tenths = np.array_split(np.argsort(chance, kind="stable"), 10)
    gaps = [abs(chance[tenth].mean() - is_alive[tenth].mean()) for tenth in tenths]
    assert np.mean(gaps) < 0.02


def test_weights_count_customers() -> None:
    x, t_x, age, _ = invented(300, (0.8, 6.0, 1.2, 3.0), 8)
    times = np.arange(300) % 3 + 1
    weighted = BetaGeometric().fit(x, t_x, age, weights=times)
    repeated = BetaGeometric().fit(np.repeat(x, times), np.repeat(t_x, times), np.repeat(age, times))
    np.testing.assert_allclose(weighted.parameters_, repeated.parameters_, rtol=1e-5)


def test_a_part_of_the_rows_leads_to_the_same_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    x, t_x, age, _ = invented(4_000, (0.8, 6.0, 1.2, 3.0), 2)
    whole = BetaGeometric().fit(x, t_x, age)
    monkeypatch.setattr("liuke.lifetime.histories.ROUGH_ROWS", 300)
    led = BetaGeometric().fit(x, t_x, age)
    assert led.log_likelihood_ == pytest.approx(whole.log_likelihood_, rel=1e-9)
    np.testing.assert_allclose(led.parameters_, whole.parameters_, rtol=1e-3)


def exact(k: float, age: float, a: float, b: float, horizon: float) -> float:
    """Return the mean over the chance of leaving, by numerical integration in log-odds."""

    def density(u: float) -> float:
        p = special.expit(u)
        bought = -np.expm1(-k * np.log1p(p * horizon / age)) / p
        return bought * np.exp(a * special.log_expit(u) + b * special.log_expit(-u) - special.betaln(a, b))

    centre = np.log(a / b)
    edges = [max(centre - 60 / a, -690.0), max(centre - 6 / a, -600.0), centre, centre + 6, centre + 60]
    return sum(integrate.quad(density, lo, hi, limit=400)[0] for lo, hi in pairwise(edges))


@pytest.mark.parametrize("a", [0.1, 0.5, 0.999999, 1.0, 1.00001, 1.7, 6.0])
@pytest.mark.parametrize("horizon", [0.5, 30.0, 800.0])
@pytest.mark.parametrize("x", [0.0, 3.0, 60.0, 900.0])
def test_expected_purchases_agree_with_integration(a: float, horizon: float, x: float) -> None:
    model = BetaGeometric.with_parameters(0.4, 5.0, a, 2.5)
    got = model.purchases_while_alive([x], [40.0], horizon=horizon)[0]
    assert got == pytest.approx(exact(0.4 + x, 45.0, a, 2.5 + x, horizon), rel=1e-6)


@settings(max_examples=300, deadline=None)
@given(
    logs=st.tuples(*[st.floats(-12, 12)] * 4),
    x=st.integers(0, 5000),
    share=st.floats(0.01, 1.0),
    age=st.floats(0.01, 1e4),
    horizon=st.floats(0.01, 1e4),
    modified=st.booleans(),
)
def test_no_corner_of_the_space_gives_nonsense(
    logs: tuple[float, float, float, float], x: int, share: float, age: float, horizon: float, modified: bool
) -> None:
    model = BetaGeometric.with_parameters(*np.exp(logs), modified=modified)
    one = ([x], [age * share if x else 0.0], [age])
    alive = model.probability_alive(*one)[0]
    buys = model.probability_of_purchase(*one, horizon=horizon)[0]
    expected = model.expected_purchases(*one, horizon=horizon)[0]
    longer = model.expected_purchases(*one, horizon=horizon * 2)[0]
    assert 0.0 <= alive <= 1.0
    assert 0.0 <= buys <= alive
    assert np.isfinite(expected) and 0.0 <= expected <= longer * (1 + 1e-6) + 1e-9
    assert np.isfinite(model.log_likelihood(*one)).all()


def test_nobody_ever_repeating_still_gives_an_answer() -> None:
    model = BetaGeometric(modified=True).fit(np.zeros(50), np.zeros(50), np.full(50, 30.0))
    assert (model.expected_purchases([0], [0], [30.0], horizon=30) < 0.01).all()


def test_a_purchase_after_the_end_is_named_by_its_row() -> None:
    with pytest.raises(ImpossibleHistory, match=r"recency.*row 1"):
        BetaGeometric().fit([1, 1], [2, 9], [5, 5])
    with pytest.raises(ImpossibleHistory, match="merge purchases"):
        BetaGeometric().fit([1], [0], [5])


def test_a_model_without_parameters_says_so() -> None:
    with pytest.raises(NotFitted, match="call `fit` first"):
        BetaGeometric().probability_alive([0], [0], [1])
