"""Evidence in words: the kinds of evidence as data, and a sentence for each piece in Chinese and English."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from liuke.kernel.errors import NotFound
from liuke.kernel.words import Language, Words
from liuke.reasons import taxonomy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from liuke.engines.engine import Engine

Measure = Literal["percent", "days", "money", "count", "none"]

DECIMALS: Mapping[Measure, int] = MappingProxyType({"percent": 1, "days": 0, "money": 2, "count": 0, "none": 0})
"""How many decimals a value is told with."""

NO_DETAIL = "–"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


class UnknownKind(NotFound):
    """No kind of evidence has this name."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of evidence.

    Parameters
    ----------
    kind : str
        Its name.
    confidence : float
        What one piece weighs.
    measure : {'percent', 'days', 'money', 'count', 'none'}
        What its value counts.
    template : Words
        The sentence, with the slots ``{value}``, ``{detail}`` and ``{date}``.
    is_stated : bool
        Whether somebody said it; otherwise the data show it.
    """

    kind: str
    confidence: float
    measure: Measure
    template: Words
    is_stated: bool


@cache
def kinds() -> Mapping[str, Kind]:
    """Return every kind of evidence by name."""
    data = tomllib.loads(files(__package__).joinpath("kinds.toml").read_text(encoding="utf-8"))
    found = {
        row["kind"]: Kind(
            row["kind"], row["confidence"], row["measure"], Words(row["zh"], row["en"]), row.get("stated", False)
        )
        for row in data["kind"]
    }
    return MappingProxyType(found)


def kinds_table() -> pa.Table:
    """Return kind, confidence, is_stated, decimals, zh and en (templates) of every kind."""
    rows = list(kinds().values())
    return pa.table(
        {
            "kind": [row.kind for row in rows],
            "confidence": pa.array([row.confidence for row in rows], pa.float64()),
            "is_stated": [row.is_stated for row in rows],
            "decimals": pa.array([DECIMALS[row.measure] for row in rows], pa.int32()),
            "zh": [row.template.zh for row in rows],
            "en": [row.template.en for row in rows],
        }
    )


def _number(value: float, decimals: int) -> str:
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    shown = f"{rounded:f}"
    return shown.removesuffix(".0") if decimals == 1 else shown


def _day(day: date, language: Language) -> str:
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def sentence(kind: str, language: Language, value: float | None, detail: str | None, happened_on: date) -> str:
    """Return one piece of evidence as a sentence.

    Raises
    ------
    UnknownKind
        If there is no such kind.

    Examples
    --------
    >>> sentence("price_rise", "en", 12.5, "A", date(2025, 3, 1))
    'the price of plan A rose by 12.5% on 1 March 2025'
    >>> sentence("complaint_late", "zh", 10, "网络", date(2025, 3, 1))
    '2025年3月1日 的投诉(网络)已 10 天未解决'
    """
    if kind not in kinds():
        raise UnknownKind(f"there is no kind of evidence {kind!r}; known are {', '.join(kinds())}")
    known = kinds()[kind]
    number = NO_DETAIL if value is None else _number(value, DECIMALS[known.measure])
    told = known.template.in_(language).replace("{value}", number).replace("{date}", _day(happened_on, language))
    return told.replace("{detail}", NO_DETAIL if detail is None else detail)


SENTENCES_SQL = """
WITH told AS (
    SELECT e.*, k.zh AS template_zh, k.en AS template_en,
           CASE k.decimals
               WHEN 0 THEN CAST(CAST(value AS DECIMAL(18, 0)) AS VARCHAR)
               WHEN 1 THEN replace(CAST(CAST(value AS DECIMAL(18, 1)) AS VARCHAR) || '|', '.0|', '|')
               ELSE CAST(CAST(value AS DECIMAL(18, 2)) AS VARCHAR)
           END AS number,
           year(happened_on) || '年' || month(happened_on) || '月' || day(happened_on) || '日' AS date_zh,
           day(happened_on) || ' ' || monthname(happened_on) || ' ' || year(happened_on) AS date_en
    FROM evidence e JOIN evidence_kinds k ON k.kind = e.kind
)
SELECT t.customer_id, t.code, t.kind, t.happened_on, t.confidence, t.value, t.detail,
       r.zh AS reason_zh, r.en AS reason_en,
       replace(replace(replace(template_zh, '{value}', coalesce(rtrim(number, '|'), $nothing)), '{date}', date_zh),
               '{detail}', coalesce(w.zh, t.detail, $nothing)) AS sentence_zh,
       replace(replace(replace(template_en, '{value}', coalesce(rtrim(number, '|'), $nothing)), '{date}', date_en),
               '{detail}', coalesce(w.en, t.detail, $nothing)) AS sentence_en
FROM told t JOIN reason_codes r ON r.code = t.code
LEFT JOIN signal_words w ON t.kind = 'model_signal' AND w.detail = t.detail
ORDER BY t.customer_id, t.code, t.kind, t.happened_on
"""


def create_sentences(engine: Engine, features: Mapping[str, Words] | None = None) -> None:
    """Create `evidence_sentences`: `evidence` with the reason's name and a sentence in both languages.

    Parameters
    ----------
    engine : Engine
        Holds `evidence`. It also gets `evidence_kinds`, `reason_codes` and `signal_words`.
    features : mapping of str to Words, optional
        What the features that the model's signals speak of are called.

    Notes
    -----
    Columns: those of `evidence`, then reason_zh, reason_en, sentence_zh, sentence_en.
    """
    engine.register("evidence_kinds", kinds_table())
    engine.register("reason_codes", taxonomy.reason_codes())
    called = sorted((features or {}).items())
    texts = {"detail": [name for name, _ in called], "zh": [x.zh for _, x in called], "en": [x.en for _, x in called]}
    engine.register("signal_words", pa.table({key: pa.array(said, pa.string()) for key, said in texts.items()}))
    engine.create("evidence_sentences", SENTENCES_SQL, nothing=NO_DETAIL)
