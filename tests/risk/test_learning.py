"""From examples to candidates."""

from __future__ import annotations

from datetime import date

import numpy as np
from risk_people import SMALL, examples

from liuke.risk.baselines import BaselineColumns
from liuke.risk.learning import Plan, fitted_candidates, narrowed, out_of_fold, prepared

PLAN = Plan(1, SMALL, BaselineColumns(), frozenset(), 1)


def test_candidates_are_fitted_on_what_may_be_used() -> None:
    some = examples(800, 1, date(2024, 1, 1))
    ready = prepared(some.features, some.churned, PLAN)
    assert ready.encoding.names == ("complaints", "noise", "overdue_ratio", "plan", "spend")
    assert list(fitted_candidates(ready, PLAN)) == ["base_rate", "overdue_ratio", "logistic_ten", "model"]


def test_dropped_features_leave_encoding_and_matrix_alike() -> None:
    some = examples(100, 1, date(2024, 1, 1))
    ready = prepared(some.features, some.churned, PLAN)
    encoding, matrix = narrowed(ready.encoding, ready.matrix, {"noise", "plan"})
    assert encoding.names == ("complaints", "overdue_ratio", "spend")
    assert np.array_equal(matrix, encoding.matrix(some.features), equal_nan=True)


def test_examples_of_one_outcome_leave_only_the_base_rate() -> None:
    some = examples(100, 1, date(2024, 1, 1))
    ready = prepared(some.features, np.zeros(100, bool), PLAN)
    assert list(fitted_candidates(ready, PLAN)) == ["base_rate"]


def test_every_customer_is_judged_out_of_fold_in_every_repeat() -> None:
    some = examples(600, 2, date(2024, 1, 1))
    ready = prepared(some.features, some.churned, PLAN)
    once, measures, _ = out_of_fold(ready, PLAN, folds=3, repeats=1)
    twice, _, _ = out_of_fold(ready, PLAN, folds=3, repeats=2)
    assert set(once) == set(measures) == {"base_rate", "overdue_ratio", "logistic_ten", "model"}
    assert all(((chance > 0) & (chance < 1)).all() for chance in twice.values())
    assert not np.array_equal(once["model"], twice["model"])
