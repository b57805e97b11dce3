from __future__ import annotations

from feature_stories import features_table, lively_company

from liuke.features import dictionary

LETTERS = set("PQSRLCIENVUMFX")


def test_every_feature_of_a_company_with_all_tables_is_in_the_dictionary():
    columns = set(features_table(lively_company(5)).column_names) - {"customer_id"}
    known = {feature.name for feature in dictionary.FEATURES}
    families = {name: dictionary.feature(name).family for name in columns - known}
    assert {name for name, family in families.items() if family == "profile"} == {"device"}
    assert set(families.values()) == {"profile", "usage", "satisfaction"}


def test_every_word_of_the_dictionary_exists_in_both_languages_and_its_hints_are_reasons():
    assert len({feature.name for feature in dictionary.FEATURES}) == len(dictionary.FEATURES)
    for feature in dictionary.FEATURES:
        assert feature.family in dictionary.FAMILIES, feature
        assert feature.words.zh and feature.words.en and feature.formula, feature
        assert feature.sentence.zh and feature.sentence.en, feature
        assert set(feature.hints) <= LETTERS, feature
        assert feature.direction in ("up", "down", "either"), feature
        assert ("{value}" in feature.sentence.zh) == ("{value}" in feature.sentence.en), feature
        assert "{value}" in feature.sentence.zh or feature.unit == "flag", feature


def test_a_change_of_address_hints_at_relocation():
    found = dictionary.feature("usage_address_change_180d")
    assert (found.family, found.direction) == ("relocation", "up")
    assert "U" in found.hints


def test_silence_is_told_in_the_customers_own_measure():
    sentence = dictionary.feature("silence_in_own_gaps").sentence
    assert sentence.zh.format(value="1.3") == "沉默时间是本人习惯间隔的 1.3 倍"
