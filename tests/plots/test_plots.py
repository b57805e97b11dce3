from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from liuke.kernel.words import Language
from liuke.plots import history, model, reasons, style, value

MONTHS = [
    {"month": f"2024-{m:02d}", "value": 0.02, "low": None, "high": 0.03, "joined": 5, "returned": 1, "lost": 3}
    for m in range(1, 7)
]
COHORTS = [{"cohort": f"2024-0{m}", "age": age, "rate": 1 - age / 10} for m in range(1, 5) for age in range(5 - m)]
PICTURES: dict[str, Callable[[Language], Any]] = {
    "churn": lambda language: history.churn_by_month(MONTHS, 0.03, language),
    "bucket": lambda language: history.leaky_bucket(MONTHS, language),
    "cohorts": lambda language: history.cohort_heatmap(COHORTS, language),
    "warnings": lambda language: history.warnings([{"warning": "red", "customers": 3}], language),
    "reasons": lambda language: reasons.pareto(
        pa.table({"reason": ["<b>&\"'"], "churn_type": ["NEG"], "customers": [7]}), language
    ),
    "concentration": lambda language: value.concentration(
        pa.table({"share_of_customers": [0.0, 1.0], "share_of_value": [0.0, 1.0]}), language
    ),
    "spending": lambda language: value.spend_curve(pa.table({"spent": [0.0, 9.0], "gain": [0.0, 5.0]}), 9.0, language),
    "calibration": lambda language: model.calibration(
        [{"mean_probability": 0.1, "observed_rate": 0.2, "n": 10}], language
    ),
    "lift": lambda language: model.lift([{"top": 1.0, "captured": 1.0}], language),
}


def words_of(picture: str) -> list[str]:
    """Return every text a reader sees, and the picture's name."""
    root = ET.fromstring(picture)
    return [root.get("aria-label") or "", *(text for text in root.itertext() if text.strip())]


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_sound_svg_that_needs_no_network(name: str) -> None:
    picture = style.svg(PICTURES[name]("zh"))
    assert ET.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    assert set(re.findall(r"https?://[^\"]*", picture)) == {"http://www.w3.org/2000/svg"}
    assert "NaN" not in picture


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_speaks_one_language_and_has_a_name(name: str) -> None:
    for said in words_of(style.svg(PICTURES[name]("en"))):
        assert not re.search("[\u3400-\u9fff]", said)
    chinese = words_of(style.svg(PICTURES[name]("zh")))
    assert re.search("[\u3400-\u9fff]", chinese[0]), "the name is in Chinese"
    for said in chinese:
        assert not re.search("[A-Za-z]{2,}", said)


def test_the_same_picture_drawn_twice_is_the_same_text() -> None:
    first, second = (style.svg(PICTURES["bucket"]("zh")) for _ in range(2))
    assert first == second


def test_two_pictures_on_a_page_share_no_inner_name() -> None:
    pictures = [style.svg(draw("zh")) for draw in PICTURES.values()]
    names = [set(re.findall(r'\bid="([^"]+)"', picture)) for picture in pictures]
    assert sum(map(len, names)) == len(set().union(*names)) > 0
    for picture, own in zip(pictures, names, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", picture)) <= own


def test_in_and_out_are_stacked_in_one_order_in_both_languages() -> None:
    for language in ("zh", "en"):
        spec = history.leaky_bucket(MONTHS, language).to_dict()
        assert spec["encoding"]["order"]["field"] == "place"


def test_a_warning_has_the_words_of_the_model() -> None:
    assert [words.zh for words in style.WARNING_WORDS.values()] == ["高危", "预警", "关注", "正常"]
