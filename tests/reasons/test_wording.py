from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuke.engines import duckdb
from liuke.kernel.words import Words
from liuke.reasons import wording
from liuke.reasons.evidence import EVIDENCE_SCHEMA


@pytest.mark.parametrize("kind", wording.kinds())
def test_every_kind_tells_its_value_and_day_in_both_languages(kind):
    known = wording.kinds()[kind]
    assert 0 < known.confidence <= 1
    for language in ("zh", "en"):
        told = wording.sentence(kind, language, 12.0, "Thing", date(2025, 3, 5))
        assert "{" not in told
        if known.measure != "none":
            assert "12" in told
    assert ("{value}" in known.template.zh) == (known.measure != "none")
    assert ("{detail}" in known.template.zh) == ("{detail}" in known.template.en)


def test_a_missing_value_or_detail_is_a_dash_not_a_word():
    assert "None" not in wording.sentence("price_rise", "en", None, None, date(2025, 3, 5))


def test_an_unknown_kind_is_refused():
    with pytest.raises(wording.UnknownKind, match="gossip"):
        wording.sentence("gossip", "en", None, None, date(2025, 3, 5))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(wording.kinds())),
            st.one_of(st.none(), st.integers(0, 10**9).map(lambda n: n / 10), st.integers(0, 10**6).map(float)),
            st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)),
            st.dates(date(2000, 1, 1), date(2040, 1, 1)),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_sentences_of_whole_tables_are_those_of_single_pieces(pieces):
    engine = duckdb.open_tables({}, threads=1)
    rows = [
        {"customer_id": str(number), "code": "P1", "kind": kind, "happened_on": day, "confidence": 0.5,
         "value": value, "detail": detail}
        for number, (kind, value, detail, day) in enumerate(pieces)
    ]  # fmt: skip
    engine.register("evidence", pa.Table.from_pylist(rows, schema=EVIDENCE_SCHEMA))
    wording.create_sentences(engine)
    for row in engine.table("SELECT * FROM evidence_sentences").to_pylist():
        for language in ("zh", "en"):
            assert row[f"sentence_{language}"] == wording.sentence(
                row["kind"], language, row["value"], row["detail"], row["happened_on"]
            )
    engine.close()


def test_a_signal_of_the_model_is_told_by_the_features_name_in_each_language():
    engine = duckdb.open_tables({}, threads=1)
    row = {"customer_id": "1", "code": "P1", "kind": "model_signal", "happened_on": date(2025, 3, 5),
           "confidence": 0.3, "value": 0.4, "detail": "monthly_fee"}  # fmt: skip
    engine.register("evidence", pa.Table.from_pylist([row], schema=EVIDENCE_SCHEMA))
    wording.create_sentences(engine, {"monthly_fee": Words("月费", "monthly fee")})
    told = engine.one("SELECT sentence_zh, sentence_en FROM evidence_sentences")
    assert told == {
        "sentence_zh": "模型信号:月费(信号,不是原因)",
        "sentence_en": "signal of the model: monthly fee (a signal, not a cause)",
    }
    engine.close()
