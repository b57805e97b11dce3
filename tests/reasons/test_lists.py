from __future__ import annotations

import csv

import pytest

from liuke.reasons import lists, taxonomy

TELCO = {
    "Competitor had better devices": ("C2",), "Competitor made better offer": ("C1",),
    "Competitor offered more data": ("C1",), "Competitor offered higher download speeds": ("C2",),
    "Attitude of support person": ("S2",), "Attitude of service provider": ("S2",),
    "Poor expertise of online support": ("S3",), "Poor expertise of phone support": ("S3",),
    "Price too high": ("P1",), "Extra data charges": ("P3",), "Limited range of services": ("Q4",),
    "Lack of affordable download/upload speed": ("P1", "Q4"), "Lack of self-service on Website": ("L2",),
    "Product dissatisfaction": ("Q1",), "Service dissatisfaction": ("Q1", "S1"), "Network reliability": ("Q2",),
    "Moved": ("U1",), "Deceased": ("U4",), "Don't know": ("X",), "Long distance charges": ("P3",),
}  # fmt: skip
"""reasons.md section 7."""

ALL_LABELS = [(name, label) for name, found in lists.reason_lists().items() for label in found.labels]


@pytest.mark.parametrize(("label", "codes"), TELCO.items())
def test_every_telco_label_means_its_codes(label, codes):
    assert lists.translate("ibm_telco", label) == codes
    assert lists.codes_stated(label) == codes


def test_telco_has_twenty_labels():
    assert len(lists.reason_list("ibm_telco").labels) == len(TELCO) == 20


@pytest.mark.real_data
def test_every_reason_in_the_public_telco_file_is_known(public_data):
    path = public_data / "ibm_telco_extended" / "Telco_customer_churn_status.csv"
    with path.open(encoding="utf-8-sig", newline="") as rows:
        labels = [row["Churn Reason"] for row in csv.DictReader(rows) if row["Churn Reason"]]
    assert len(labels) == 1869
    groups = [lists.translate("ibm_telco", label)[0][0] for label in labels]
    assert groups.count("C") == 841
    assert groups.count("C") / len(labels) == pytest.approx(0.450, abs=5e-4)


@pytest.mark.real_data
def test_every_code_in_the_public_saas_file_is_known(public_data):
    path = public_data / "ravenstack_saas" / "ravenstack_churn_events.csv"
    with path.open(encoding="utf-8", newline="") as rows:
        labels = {row["reason_code"] for row in csv.DictReader(rows)}
    assert {label: lists.translate("ravenstack", label)[0] for label in labels} == {
        "features": "Q4", "support": "S6", "budget": "U2", "competitor": "C1", "pricing": "P1", "unknown": "X",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "label"), ALL_LABELS, ids=[f"{name}:{label.words.en}" for name, label in ALL_LABELS])
def test_every_label_of_every_list_means_known_codes(name, label):
    assert label.codes
    for code in (*label.codes, *label.reports):
        taxonomy.reason(code)
    assert lists.translate(name, label.words.zh) == label.codes
    assert lists.translate(name, label.words.en) == label.codes


@pytest.mark.parametrize(("name", "label"), ALL_LABELS, ids=[f"{name}:{label.words.en}" for name, label in ALL_LABELS])
def test_a_loss_told_in_its_own_lists_words_gets_a_label_with_the_same_codes(name, label):
    told = lists.label_for(name, label.codes[0])
    assert told is not None
    assert label.codes[0] in told.codes


@pytest.mark.parametrize("name", lists.reason_lists())
def test_no_spelling_means_two_things_in_one_list(name):
    seen: dict[str, tuple[str, ...]] = {}
    for label in lists.reason_list(name).labels:
        for spelling in (label.words.zh, label.words.en, *label.aliases):
            assert seen.setdefault(lists.normalised(spelling), label.codes) == label.codes


def test_the_catalogues_lists_are_all_here():
    sizes = {
        name: len(lists.reason_list(name).labels) for name in ("A", "B", "D", "E", "F", "keaveney", "customer_own")
    }
    assert sizes == {"A": 5, "B": 10, "D": 7, "E": 11, "F": 7, "keaveney": 8, "customer_own": 7}


@pytest.mark.parametrize("name", ["keaveney", "B", "D", "F", "four_types"])
def test_complete_lists_have_a_place_for_the_firms_and_the_rivals_codes(name):
    for code, item in taxonomy.reasons().items():
        if item.group in "PQSRCI" and not (name in ("D", "F") and item.group == "P"):
            assert lists.label_for(name, code) is not None, code


def test_a_loss_coded_in_one_list_is_told_in_another():
    (code, *_) = lists.translate("D", "新的诱惑")
    assert lists.label_for("keaveney", code).words.en == "competition"
    assert lists.label_for("A", code).words.zh == "竞争对手争夺"
    assert lists.label_for("four_types", code).words.zh == "竞争流失"
    assert lists.label_for("intent", code).words.zh == "蓄意流失"


def test_the_lectures_nine_dissatisfactions_mean_their_codes():
    """reasons.md section 2."""
    labels = ["态度", "时间", "质量", "速度", "价格", "信息透明度", "口碑", "价值观", "太远"]
    codes = ["S2", "L2", "Q1", "Q3", "P1", "P3", "I4", "I4", "L1"]
    assert [lists.translate("E", label)[0] for label in labels] == codes


def test_the_typologies_follow_the_codes_themselves():
    assert set(lists.translate("four_types", "malicious")) == {"F1", "F4"}
    assert set(lists.translate("intent", "无意流失")) == {"U1", "U2", "U3", "U4", "M1"}


def test_an_unknown_label_or_list_is_refused_and_a_free_lookup_finds_nothing():
    with pytest.raises(lists.UnknownLabel, match="blue"):
        lists.translate("A", "blue")
    with pytest.raises(lists.UnknownReasonList, match="keaveney"):
        lists.translate("Z", "blue")
    assert lists.codes_stated("blue") == ()


def test_the_table_of_labels_covers_every_code():
    table = lists.label_table("keaveney")
    assert table.num_rows == taxonomy.reason_codes().num_rows
    row = next(row for row in table.to_pylist() if row["code"] == "R1")
    assert row["en"] == "response to failed service"
