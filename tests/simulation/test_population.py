from __future__ import annotations

from datetime import date

import numpy as np

from liuke.simulation.chance import Chance
from liuke.simulation.managers import desks
from liuke.simulation.periods import periods
from liuke.simulation.population import population, rows_of

MONTHS = periods(date(2025, 6, 30), 12)[:12]


def test_customers_join_within_their_month() -> None:
    crowd = population(Chance(1), 5000, MONTHS)
    starts = np.array([month.start for month in MONTHS])
    new = crowd.join_month >= 0
    assert 0.2 < new.mean() < 0.4
    assert (crowd.traits.joined_day[~new] < starts[0]).all()
    assert (crowd.traits.joined_day[new] >= starts[crowd.join_month[new]]).all()
    assert crowd.traits.joined_day.max() < MONTHS[-1].end


def test_whoever_recommends_was_a_customer_before() -> None:
    crowd = population(Chance(1), 5000, MONTHS)
    referred = np.flatnonzero(crowd.referrer >= 0)
    assert len(referred) > 50
    assert (crowd.join_month[crowd.referrer[referred]] < crowd.join_month[referred]).all()


def test_rows_of_a_population_are_copies() -> None:
    crowd = population(Chance(1), 50, MONTHS)
    cut = rows_of(crowd.traits, np.array([3, 5]))
    cut.frailty[:] = -1
    assert crowd.traits.frailty.min() > 0
    assert len(cut.city) == 2


def test_a_desk_has_one_holder_at_a_time() -> None:
    held = desks(Chance(2), 20_000, periods(date(2025, 6, 30), 48)[:48])
    never = np.iinfo(np.int32).min
    both = (held.starts[:, 1:] != never) & (held.starts[:, :-1] != never)
    assert both.sum() > 5
    assert (held.starts[:, 1:][both] > held.ends[:, :-1][both]).all()
    assert ((held.ends == never) | (held.ends >= held.starts)).all()
    assert held.leaves.sum() == (held.ends != never).sum()
