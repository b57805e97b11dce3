from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from liuke.budget import remedies as things
from liuke.budget.contact import channels
from liuke.budget.policy import EFFORTS, preset
from liuke.kernel.words import Words

INDUSTRIES = ("telecom", "retail", "express", "bank", "property", "saas")


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_every_industry_has_remedies_of_all_three_levels_that_the_policy_and_the_channels_know(industry):
    catalogue = things.catalogue(industry)
    assert len(catalogue) >= 8
    assert {remedy.level for remedy in catalogue} == set(things.LEVELS)
    assert {remedy.code for remedy in catalogue} <= preset("mobile").known_remedies
    assert {c for remedy in catalogue for c in remedy.channels} <= {channel.code for channel in channels()}
    assert all(remedy.words.zh and remedy.words.en for remedy in catalogue)
    assert max(remedy.win_back_prior for remedy in catalogue) <= things.WIN_BACK_PRIOR


def test_a_remedy_of_the_companys_own_replaces_the_default_and_suits_its_own_reasons():
    gift = things.Remedy("gift", Words("礼物", "gift"), "social", 5, reasons=("S",), efforts=("best",))
    dearer = things.Remedy("coupon", Words("券", "coupon"), "financial", 9)
    offered = things.combined(things.catalogue("telecom"), [gift, dearer])
    codes = [remedy.code for remedy in offered]
    assert codes == sorted(codes)
    assert offered[codes.index("coupon")].contact_cost == 9
    allowed = things.allowed(preset("mobile"), offered, ["S2", "P1", "F1"])[:, :, codes.index("gift")]
    assert np.argwhere(allowed).tolist() == [[0, EFFORTS.index("best")]]


def test_nothing_is_allowed_where_the_policy_gives_up_or_a_debt_is_malicious():
    offered = things.combined(things.catalogue("telecom"), [things.Remedy("any", Words("任", "any"), "social", 0)])
    allowed = things.allowed(preset("lecture"), offered, ["P1", "F4", "U4"])
    assert not allowed[:, EFFORTS.index("abandon")].any()
    assert not allowed[2].any()
    assert not allowed[1, EFFORTS.index("utmost")].any()


def test_success_starts_at_one_in_four_for_the_lost_and_fades_into_what_was_measured():
    """S2-19."""
    call = things.Remedy("call", Words("电话", "call"), "social", 8, success_prior=0.1)
    success, _ = things.success_table([call])
    assert success[1].min() == success[1].max() == 0.25
    effects = pa.table({"remedy": ["call"], "tier": [2], "reason_letter": ["P"], "effect": [0.3], "n": [150]})
    success, weight = things.success_table([call], effects)
    assert success[0, 2, things.LETTERS.index("P"), 0] == pytest.approx((150 * 0.3 + 50 * 0.1) / 200)
    assert weight[0, 2, things.LETTERS.index("P"), 0] == 200
    assert success[0, 1, things.LETTERS.index("P"), 0] == 0.1


def test_the_more_special_measurement_wins_and_lift_is_divided_by_the_controls_losses():
    call = things.Remedy("call", Words("电话", "call"), "social", 8, success_prior=0.1)
    effects = pa.table(
        {
            "remedy": ["call", "call", "gone"],
            "tier": pa.array([1, None, 1], pa.int64()),
            "reason_letter": pa.array(["S", None, None], pa.string()),
            "effect": [0.1, -0.02, 0.9],
            "control_loss_rate": [0.5, 0.4, 0.5],
            "n": [10**9, 10**9, 5],
        }
    )
    success, _ = things.success_table([call], effects)
    assert success[0, 1, things.LETTERS.index("S"), 0] == pytest.approx(0.2, abs=1e-6)
    assert success[0, 3, things.LETTERS.index("Q"), 0] == pytest.approx(-0.05, abs=1e-6)
    assert success[1, 3, things.LETTERS.index("Q"), 0] == 0.25


def test_a_remedy_with_a_negative_cost_is_refused():
    with pytest.raises(things.RemedyInvalid, match="negative"):
        things.Remedy("odd", Words("怪", "odd"), "social", -1)
    with pytest.raises(things.IndustryUnknown, match="telecom"):
        things.catalogue("farming")
