from __future__ import annotations

import re

import pytest

from liuke.reasons import taxonomy


def test_the_taxonomy_has_49_reasons_and_the_unknown():
    codes = list(taxonomy.reasons())
    assert len(codes) == 50
    assert codes[-1] == taxonomy.UNKNOWN
    assert all(re.fullmatch(r"[A-Z][1-9]", code) for code in codes[:-1])


def test_no_code_is_given_twice():
    raw = taxonomy._data()
    for level in ("group", "reason"):
        codes = [row["code"] for row in raw[level]]
        assert len(codes) == len(set(codes))
    remedies = [code for row in raw["remedy"] for code in row["codes"]]
    assert len(remedies) == len(set(remedies))


@pytest.mark.parametrize("code", taxonomy.reasons())
def test_every_reason_has_both_names_a_type_an_intent_and_a_remedy(code):
    item = taxonomy.reason(code)
    assert re.search(r"[\u4e00-\u9fff]", item.words.zh)
    assert item.words.en.isascii()
    assert item.words.en
    assert item.churn_type in taxonomy.CHURN_TYPES
    assert item.intent in taxonomy.INTENTS
    assert item.controllable in {"yes", "partly", "no", "unknown"}
    assert item.side in {"firm", "employee", "customer", "rival", "market", "unknown"}
    assert item.speed in {"sudden", "gradual", "unknown"}
    assert item.remedy is not None
    assert item.remedy.words.zh
    assert item.remedy.owner.en
    assert item.group in taxonomy.groups()
    assert item.valid_to is None


def test_every_group_has_members_and_a_type_only_where_its_members_agree():
    for letter, group in taxonomy.groups().items():
        members = [taxonomy.reason(code) for code in taxonomy.members(letter)]
        assert members
        types = {member.churn_type for member in members}
        assert group.churn_type == (types.pop() if len(types) == 1 else "UNK")


def test_the_customers_own_losses_are_not_the_firms_fault():
    own = [code for code, item in taxonomy.reasons().items() if item.churn_type == "NAT"]
    assert own == ["N2", "V1", "V2", "U1", "U2", "U3", "U4", "M1"]


def test_an_ended_or_unpaid_contract_is_involuntary_and_the_unknown_is_neither():
    assert taxonomy.reason("F3").is_voluntary is False
    assert taxonomy.reason("U4").is_voluntary is False
    assert taxonomy.reason("U1").is_voluntary is True
    assert taxonomy.reason("X").is_voluntary is None


def test_a_code_that_does_not_exist_is_refused_with_the_known_ones():
    with pytest.raises(taxonomy.UnknownReason, match="Z9"):
        taxonomy.reason("Z9")


def test_the_table_of_codes_holds_both_levels_once():
    table = taxonomy.reason_codes()
    codes = table.column("code").to_pylist()
    assert len(codes) == len(set(codes)) == 49 + 14
    assert table.filter(table.column("code").to_numpy(zero_copy_only=False) == "X").num_rows == 1
