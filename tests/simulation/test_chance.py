from __future__ import annotations

import numpy as np
import pytest

from liuke.simulation.chance import Chance


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_more_draws_begin_with_the_same_draws(kind: str) -> None:
    few, many = (getattr(Chance(1), kind)("mood", size, 3) for size in (10, 999))
    assert (few == many[:10]).all()


def test_parts_months_seeds_and_paths_have_streams_of_their_own() -> None:
    streams = [
        Chance(1).uniform("mood", 4, 0), Chance(1).uniform("mood", 4, 1), Chance(1).uniform("moves", 4, 0),
        Chance(2).uniform("mood", 4, 0), Chance(1, path=1).uniform("mood", 4, 0),
    ]  # fmt: skip
    assert len({tuple(stream) for stream in streams}) == len(streams)


def test_picks_come_in_the_stated_shares() -> None:
    picked = Chance(5).pick("city", (1, 3), 20_000)
    # Four standard deviations of a share of 20,000 draws are .012.
    assert np.bincount(picked) / 20_000 == pytest.approx([0.25, 0.75], abs=0.013)
