"""Reasons told in free text, Chinese and English, found by a dictionary that people can read and correct.

The dictionary is ``keywords.toml``. Every finding names the word it rests on. Work is done once per distinct text.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

GAP = "…"
_GAP_PATTERN = r"[^,.;!?:、。\n]{0,8}?"
_CLAUSE_END = re.compile(r"[,;!?:、。\n]|\.(?!\d)|但是|但|而是|\bbut\b")
_TOKEN = re.compile(r"[a-z0-9']+|[^\W\d_a-z]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[a-z]")

_MASKS = (
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "<email>"),
    (re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"), "<id>"),
    (re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)"), "<card>"),
    (re.compile(r"(?<![\d.])\+?\d(?:[ -]?\d){6,}(?![\d.]?\d)"), "<number>"),
    (re.compile(r"(我叫|我是|姓名[:: ]?)([\u4e00-\u9fff]{2,3})(?=[,,。.!!\s]|$)"), r"\1<name>"),
    (re.compile(r"[\u4e00-\u9fff](?=先生|女士|小姐|太太)"), "<name>"),
    (re.compile(r"\b([Mm]y name is|Mr\.?|Mrs\.?|Ms\.?)\s+[A-Z][a-z]+(?:\s+[A-Z][a-z]+)?"), r"\1 <name>"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason found in a text.

    Parameters
    ----------
    code : str
        Code of the taxonomy.
    confidence : float
        Of the dictionary's entry.
    keyword : str
        The entry it rests on.
    """

    code: str
    confidence: float
    keyword: str


@dataclass(frozen=True, slots=True)
class _Word:
    """One entry of the dictionary, or praise (`code` empty), or what only looks like a negator."""

    text: str
    code: str
    confidence: float
    pattern: re.Pattern[str]
    head: str

    @property
    def has_gap(self) -> bool:
        return GAP in self.text


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    word: _Word


@dataclass(frozen=True, slots=True)
class _Dictionary:
    window: int
    han: tuple[_Word, ...]
    latin: tuple[_Word, ...]
    negator: re.Pattern[str]


def _word(text: str, code: str, confidence: float) -> _Word:
    parts = [_normalised(part) for part in text.split(GAP)]
    pattern = _GAP_PATTERN.join(re.escape(part) for part in parts)
    if _LATIN.match(text.casefold()):
        pattern = rf"(?<![a-z0-9']){pattern}(?![a-z0-9])"
    return _Word(text, code, confidence, re.compile(pattern), parts[0])


def _words(data: dict[str, Any], language: str) -> tuple[_Word, ...]:
    entries = [_word(text, row["code"], row["confidence"]) for row in data["keyword"] for text in row.get(language, ())]
    aside = (*data[f"neutral_{language}"], *data[f"not_negators_{language}"])
    return (*entries, *(_word(text, "", 0.0) for text in aside))


@cache
def _dictionary() -> _Dictionary:
    data = tomllib.loads(files(__package__).joinpath("keywords.toml").read_text(encoding="utf-8"))
    han = "|".join(re.escape(word) for word in sorted(data["negators_zh"], key=len, reverse=True))
    latin = "|".join(re.escape(word) for word in data["negators_en"])
    negator = re.compile(rf"{han}|(?<![a-z0-9'])(?:{latin})(?![a-z0-9])")
    return _Dictionary(data["window"], _words(data, "zh"), _words(data, "en"), negator)


def _normalised(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


def _hits(text: str, words: Iterable[_Word]) -> Iterator[_Hit]:
    for word in words:
        if word.head in text:
            for match in word.pattern.finditer(text):
                yield _Hit(match.start(), match.end(), word)


def _outermost(hits: Sequence[_Hit]) -> list[_Hit]:
    """Return the hits that do not lie inside a longer one; entries with a gap hide nothing."""
    solid = [hit for hit in hits if not hit.word.has_gap]
    return [
        hit
        for hit in hits
        if not any(
            other.start <= hit.start and hit.end <= other.end and other.end - other.start > hit.end - hit.start
            for other in solid
        )
    ]


def _is_negated(text: str, hit: _Hit, hits: Sequence[_Hit], dictionary: _Dictionary) -> bool:
    """Return whether a negator stands at most `window` tokens before `hit` in its clause."""
    start = 0
    for end in _CLAUSE_END.finditer(text, 0, hit.start):
        start = end.end()
    tokens = [match.start() for match in _TOKEN.finditer(text, start, hit.start)]
    if not tokens:
        return False
    reach = tokens[-dictionary.window] if len(tokens) >= dictionary.window else start
    return any(
        negator.end() > reach
        and not any(other.start <= negator.start() and negator.end() <= other.end for other in hits if other != hit)
        for negator in dictionary.negator.finditer(text, start, hit.start)
    )


def findings(text: str) -> tuple[Finding, ...]:
    """Return the reasons told in `text`, one per code, in the order in which they are told.

    Parameters
    ----------
    text : str
        A complaint, an answer, a note; Chinese, English or both.

    Notes
    -----
    A word counts unless it lies inside a longer entry, or a negator stands at most four tokens before it in the
    same clause (a Chinese character is one token, an English word is one) and is not itself part of an entry.
    Of several words for one code the most confident counts, then the first.

    Examples
    --------
    >>> [finding.code for finding in findings("不是价格问题,是信号不好")]
    ['Q2']
    >>> [finding.code for finding in findings("The agent was rude and nobody called back")]
    ['S2', 'R2']
    """
    clean = _normalised(text)
    dictionary = _dictionary()
    words: list[_Hit] = []
    if _HAN.search(clean):
        words += _hits(clean, dictionary.han)
    if _LATIN.search(clean):
        words += _hits(clean, dictionary.latin)
    hits = _outermost(words)
    best: dict[str, _Hit] = {}
    for hit in sorted(hits, key=lambda hit: (-hit.word.confidence, hit.start, -hit.end, hit.word.text)):
        if hit.word.code and hit.word.code not in best and not _is_negated(clean, hit, hits, dictionary):
            best[hit.word.code] = hit
    told = sorted(best.values(), key=lambda hit: (hit.start, hit.word.code))
    return tuple(Finding(hit.word.code, hit.word.confidence, hit.word.text) for hit in told)


def findings_table(texts: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Return the reasons told in each distinct text.

    Parameters
    ----------
    texts : array of string
        May repeat and hold nulls.

    Returns
    -------
    pa.Table
        text, code, confidence, keyword: one row per distinct text and code, sorted by text and code. A text that
        tells no reason has no row.
    """
    distinct = sorted(text for text in pc.unique(texts).to_pylist() if text)
    rows = [(text, finding) for text in distinct for finding in sorted(findings(text), key=lambda found: found.code)]
    return pa.table(
        {
            "text": pa.array([text for text, _ in rows], pa.string()),
            "code": pa.array([finding.code for _, finding in rows], pa.string()),
            "confidence": pa.array([finding.confidence for _, finding in rows], pa.float64()),
            "keyword": pa.array([finding.keyword for _, finding in rows], pa.string()),
        }
    )


def masked(text: str) -> str:
    """Return `text` without addresses, numbers that name somebody, and names introduced as such.

    Examples
    --------
    >>> masked("我叫王小明,电话13812345678,a.b@example.com")
    '我叫<name>,电话<number>,<email>'
    """
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text
