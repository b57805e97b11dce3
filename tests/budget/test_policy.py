from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from liuke.budget import policy as policies
from liuke.budget.remedies import LETTERS

MOBILE, LECTURE = policies.preset("mobile"), policies.preset("lecture")


def test_the_presets_differ_only_for_ordinary_and_small_customers():
    """decision.md 13, test 12; S0-36 and S2-36."""
    differing = [tier for tier in range(1, 6) if MOBILE.effort_of(tier) != LECTURE.effort_of(tier)]
    assert differing == [3]
    assert [MOBILE.effort_of(tier) for tier in (1, 2, 5)] == ["utmost", "best", "abandon"]
    assert MOBILE.cells == LECTURE.cells
    assert MOBILE.efforts == LECTURE.efforts


def test_every_reason_has_a_cell_for_every_effort_in_both_languages():
    for letter in LETTERS:
        for effort in policies.EFFORTS:
            cell = MOBILE.cell(letter, effort)
            assert cell.words.zh and cell.words.en
            assert effort != "abandon" or cell.remedies == ()


def test_a_level_2_code_beats_its_letter_and_an_unknown_reason_is_x():
    assert MOBILE.cell("F3", "best").remedies != MOBILE.cell("F1", "best").remedies
    assert MOBILE.cell("U4", "utmost").remedies == ()
    assert MOBILE.cell("P2", "best") == MOBILE.cell("P", "best")
    assert MOBILE.cell(None, "best") == MOBILE.cell("X", "best")


def test_a_natural_loss_gets_no_more_than_an_easy_try():
    """S2-36: very hard to avoid, only as circumstances allow; S1-11."""
    assert LECTURE.effort_of(1, is_natural=True) == "opportunistic"
    assert LECTURE.effort_of(5, is_natural=True) == "abandon"
    tiers, natural = np.array([1, 2, 3, 5, 0, 9]), np.array([True, False, False, True, False, False])
    got = [policies.EFFORTS[i] for i in policies.efforts(LECTURE, tiers, natural)]
    assert got == ["opportunistic", "best", "opportunistic", "abandon", "opportunistic", "abandon"]


def test_the_difference_names_the_ordinary_customers_only():
    customers = pa.table(
        {
            "customer_id": ["Wei", "Bo", "An", "Chen"],
            "tier": pa.array([3, 1, 3, None], pa.int64()),
            "reason_1": ["P1", "P1", None, "S2"],
            "churn_type": ["NEG", "NEG", "NAT", None],
        }
    )
    rows = policies.difference(MOBILE, LECTURE, customers).to_pylist()
    assert [row["customer_id"] for row in rows] == ["Wei"]
    assert (rows[0]["effort_a"], rows[0]["effort_b"]) == ("best", "opportunistic")
    assert rows[0]["action_a_zh"] == MOBILE.cell("P", "best").words.zh


def test_a_preset_nobody_wrote_is_refused_by_name():
    with pytest.raises(policies.PolicyUnknown, match="mobile, lecture"):
        policies.preset("aggressive")
    with pytest.raises(policies.PolicyUnknown, match="retreat"):
        MOBILE.with_stance("surrender")
