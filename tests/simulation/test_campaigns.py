from __future__ import annotations

import itertools

import pyarrow.compute as pc

from liuke.simulation.campaigns import ARMS, COSTS, SHARES, WAVES
from liuke.simulation.company import Invented


def test_shares_of_the_arms_sum_to_one() -> None:
    assert SHARES.shape == (2, len(ARMS))
    assert abs(SHARES.sum(axis=1) - 1).max() < 1e-12
    assert len(COSTS) == len(ARMS)


def test_nobody_in_the_control_group_is_contacted(telecom: Invented) -> None:
    treatments, contacts = telecom.tables["treatments"], telecom.tables["contacts"]
    arms = dict(
        zip(
            zip(treatments["campaign_id"].to_pylist(), treatments["customer_id"].to_pylist(), strict=True),
            treatments["arm"].to_pylist(),
            strict=True,
        )
    )
    made = contacts.filter(pc.is_valid(contacts["campaign_id"]))
    reached = set(zip(made["campaign_id"].to_pylist(), made["customer_id"].to_pylist(), strict=True))
    assert {arms[pair] for pair in reached} == set(ARMS) - {"control"}


def test_a_customer_who_answered_is_left_in_peace(telecom: Invented) -> None:
    contacts = telecom.tables["contacts"]
    made = contacts.filter(pc.is_valid(contacts["campaign_id"]))
    waves: dict[tuple[str, str], list[tuple[int, bool]]] = {}
    for who, campaign, wave, answered in zip(
        *(made[c].to_pylist() for c in ("customer_id", "campaign_id", "wave", "answered")), strict=True
    ):
        waves.setdefault((who, campaign), []).append((wave, answered))
    for made_to in waves.values():
        made_to.sort()
        assert [wave for wave, _ in made_to] == list(range(1, len(made_to) + 1))
        assert len(made_to) <= WAVES
        assert not any(answered for _, answered in made_to[:-1])


def test_nobody_is_treated_again_while_a_remedy_is_in_force(retail: Invented) -> None:
    treatments = retail.tables["treatments"]
    seen: dict[str, list] = {}
    for who, at, arm in zip(*(treatments[c].to_pylist() for c in ("customer_id", "assigned_at", "arm")), strict=True):
        seen.setdefault(who, []).append((at, arm))
    for assigned in seen.values():
        assigned.sort()
        for (one, _), (two, _) in itertools.pairwise(assigned):
            assert (two - one).days >= 80
