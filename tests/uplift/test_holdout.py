from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from liuke.uplift import holdout

NAMES = [f"C{number:06d}" for number in range(20_000)]


def test_a_draw_depends_on_the_customer_and_the_seed_alone() -> None:
    lots = holdout.draws(NAMES, seed=7)
    few = holdout.draws(pa.array([NAMES[5], NAMES[2]]), seed=7)
    np.testing.assert_array_equal(few, lots[[5, 2]])
    assert abs(np.corrcoef(lots, holdout.draws(NAMES, seed=8))[0, 1]) < 0.03


def test_draws_are_even_between_nought_and_one() -> None:
    lots = np.sort(holdout.draws(NAMES, seed=1))
    assert np.abs(lots - (np.arange(20_000) + 0.5) / 20_000).max() < 1.63 / np.sqrt(20_000)
    assert lots[0] >= 0.0 and lots[-1] < 1.0


def test_the_draw_is_the_same_on_every_machine() -> None:
    """The first 52 bits of MD5 of ``7:C000000``, computed elsewhere."""
    import hashlib

    expected = int(hashlib.md5(b"7:C000000").hexdigest()[:13], 16) / 2**52
    assert holdout.draws(["C000000"], seed=7)[0] == expected


def test_once_held_out_always_held_out_and_a_larger_share_only_adds() -> None:
    tenth = holdout.draw_holdout(NAMES, share=0.1, seed=3)
    fifth = holdout.draw_holdout(NAMES, share=0.2, seed=3)
    assert abs(tenth.mean() - 0.1) < 0.01
    assert fifth[tenth].all()
    np.testing.assert_array_equal(holdout.draw_holdout(NAMES[:50], share=0.1, seed=3), tenth[:50])


def test_every_stratum_gives_its_share() -> None:
    strata = np.array(["key/P"] * 1_000 + ["main/S"] * 10 + [f"tiny{number}" for number in range(18_990)])
    held = holdout.draw_holdout(NAMES, share=0.15, seed=3, strata=strata)
    assert held[:1_000].sum() == 150
    assert held[1_000:1_010].sum() in (1, 2)
    assert abs(held[1_010:].mean() - 0.15) < 0.01


def test_nobody_is_held_out_at_nought_and_not_everybody_can_be() -> None:
    assert not holdout.draw_holdout(NAMES, share=0.0, seed=3).any()
    with pytest.raises(holdout.ImpossibleShare, match="below 1"):
        holdout.draw_holdout(NAMES, share=1.0, seed=3)
