from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from liuke.budget import letting_go as rules


def nobody(n: int) -> rules.Circumstances:
    no = np.zeros(n, dtype=bool)
    return rules.Circumstances(
        in_question=~no, malicious_confirmed=no, is_deceased=no, do_not_contact=no, harms_others=no, let_go_before=no,
        failed_win_backs=np.zeros(n, dtype=int), is_abandon_tier=no, is_natural=no, best_gain=np.full(n, 10.0),
        best_sd=np.ones(n),
    )  # fmt: skip


def names(facts: rules.Circumstances) -> list[str | None]:
    return [rules.CODES[number] for number in rules.letting_go(facts)]


def test_only_an_almost_surely_negative_value_lets_go_de_50():
    facts = replace(nobody(3), best_gain=np.array([-3.0, -1.0, np.nan]), best_sd=np.array([2.0, 2.0, np.nan]))
    assert rules.negative_probability(facts.best_gain, facts.best_sd) == pytest.approx(
        [0.933193, 0.691462, 0], abs=5e-7
    )
    assert names(facts) == ["negative_value", None, None]


def test_a_healthy_customer_is_not_let_go_for_a_bad_offer():
    facts = replace(nobody(1), in_question=np.array([False]), best_gain=np.array([-9.0]))
    assert names(facts) == [None]


def test_confirmed_malice_comes_before_every_other_rule_and_needs_no_question():
    yes = np.ones(1, dtype=bool)
    facts = replace(nobody(1), malicious_confirmed=yes, is_deceased=yes, in_question=~yes)
    assert names(facts) == ["malicious_confirmed"]


def test_each_rule_answers_to_its_fact():
    yes = np.ones(1, dtype=bool)
    for name, fact in {
        "deceased": {"is_deceased": yes},
        "do_not_contact": {"do_not_contact": yes},
        "three_failures": {"failed_win_backs": np.array([3])},
        "harms_others": {"harms_others": yes},
        "let_go_before": {"let_go_before": yes},
        "not_worth_keeping": {"is_abandon_tier": yes},
    }.items():
        assert names(replace(nobody(1), **fact)) == [name]


def test_a_natural_loss_goes_only_when_nothing_is_worth_doing():
    natural = np.ones(3, dtype=bool)
    facts = replace(nobody(3), is_natural=natural, best_gain=np.array([5.0, 0.0, np.nan]), best_sd=np.zeros(3))
    assert names(facts) == [None, "natural_loss", None]


def test_every_decision_to_let_go_is_reviewed_after_a_year():
    assert rules.review_on(date(2025, 3, 31)) == date(2026, 3, 31)
    assert rules.review_on(date(2024, 2, 29)) == date(2025, 2, 28)
