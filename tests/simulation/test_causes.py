from __future__ import annotations

import numpy as np
import pytest

from liuke.simulation import causes as why
from liuke.simulation.causes import REMEDIES, Causes
from liuke.simulation.chance import Chance
from liuke.simulation.industry import new_bond
from liuke.simulation.periods import Period
from liuke.simulation.population import Traits

PRICE_AND_MOVING = Causes(("P1", "V3", "U1"), "V3")
MONTH = Period(0, 20_000, 20_030, is_future=False)


def traits(size: int, *, response: float = 1.0, wakes: float = 0.0, drifts: bool = False) -> Traits:
    ones = np.ones(size, dtype=np.float32)
    whole = np.zeros(size, dtype=np.int32)
    return Traits(
        whole, whole, whole, whole - 1, ones, ones, ones, ones, ones * response, ones * wakes, np.full(size, drifts)
    )


def bond(size: int) -> why.Bond:
    return why.Bond(**new_bond(size))


def intensities(size: int) -> np.ndarray:
    return np.tile(np.array([0.10, 0.02, 0.05], dtype=np.float32), (size, 1))


def test_losses_follow_one_minus_exp_of_the_sum_and_causes_their_proportion() -> None:
    size = 100_000
    index, cause, day = why.losses(intensities(size), np.ones(size, dtype=bool), Chance(1), MONTH)
    # Four standard deviations: .0046 of the rate, .014 of a share among 16,000 losses.
    assert len(index) / size == pytest.approx(1 - np.exp(-0.17), abs=0.005)
    assert np.bincount(cause) / len(cause) == pytest.approx([10 / 17, 2 / 17, 5 / 17], abs=0.016)
    assert day.min() > MONTH.start
    assert day.max() < MONTH.end


def test_only_those_at_risk_are_lost() -> None:
    at_risk = np.arange(1000) % 2 == 0
    index, _, _ = why.losses(np.full((1000, 3), 5, dtype=np.float32), at_risk, Chance(1), MONTH)
    assert set(index) <= set(np.flatnonzero(at_risk))


def test_a_remedy_takes_its_share_of_the_causes_it_reaches_and_no_other() -> None:
    treated = bond(2)
    treated.remedy[:] = REMEDIES.index("plan_adjustment")
    treated.remedy_months[0] = 3
    after = why.with_remedies(intensities(2), PRICE_AND_MOVING, treated, traits(2))
    assert after[0] == pytest.approx([0.10 * 0.2, 0.02 * 0.6, 0.05])
    assert after[1] == pytest.approx([0.10, 0.02, 0.05])


def test_a_sleeping_dog_is_woken() -> None:
    treated = bond(1)
    treated.remedy[:], treated.remedy_months[:] = REMEDIES.index("care_call"), 3
    after = why.with_remedies(intensities(1), PRICE_AND_MOVING, treated, traits(1, response=0.0, wakes=0.02))
    assert after[0] == pytest.approx([0.10, 0.02 + 0.02, 0.05])


def test_drifting_makes_leaving_for_its_cause_likelier_month_by_month() -> None:
    drifting = bond(3)
    drifting.drift_months[:] = [0, 1, 3]
    risk = why.with_drift(PRICE_AND_MOVING, intensities(3), drifting, traits(3, drifts=True))
    assert risk[0, 0] < risk[1, 0] < risk[2, 0]
    assert (risk[:, 2] == np.float32(0.05)).all()


def test_those_who_never_drift_do_not_begin_to() -> None:
    calm = bond(5000)
    why.next_drift(PRICE_AND_MOVING, intensities(5000), calm, traits(5000), Chance(1), MONTH)
    assert (calm.drift_months == 0).all()
    why.next_drift(PRICE_AND_MOVING, intensities(5000), calm, traits(5000, drifts=True), Chance(1), MONTH)
    began = calm.drift_months == 1
    # Four standard deviations of a share of 5,000 are .024.
    assert began.mean() == pytest.approx(1 - np.exp(-why.DRIFT_PULL * 0.12), abs=0.025)
    assert set(calm.drift_cause[began]) == {0, 1}
