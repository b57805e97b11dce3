"""What every feature means: its words, formula, unit, family, and what it may hint at."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

from liuke.kernel.words import Words

Family = Literal[
    "recency", "frequency", "money", "breadth", "price", "complaint", "contact", "contract", "payment",
    "satisfaction", "manager", "relocation", "neighbours", "usage", "rival", "profile",
]  # fmt: skip
Unit = Literal["days", "months", "count", "money", "share", "times", "flag", "score", "word", "number"]
Direction = Literal["up", "down", "either"]

FAMILIES: dict[Family, Words] = {
    "recency": Words("最近消费", "recency"),
    "frequency": Words("消费频次", "frequency"),
    "money": Words("消费金额", "spending"),
    "breadth": Words("消费品类", "breadth"),
    "price": Words("价格", "price"),
    "complaint": Words("投诉", "complaints"),
    "contact": Words("联系与回应", "contact and response"),
    "contract": Words("合约", "contract"),
    "payment": Words("缴费与欠费", "payment"),
    "satisfaction": Words("满意度", "satisfaction"),
    "manager": Words("客户经理", "account manager"),
    "relocation": Words("搬迁", "relocation"),
    "neighbours": Words("亲友与推荐", "family and friends"),
    "usage": Words("使用情况", "usage"),
    "rival": Words("竞争对手", "rivals"),
    "profile": Words("客户概况", "profile"),
}


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature in words.

    Parameters
    ----------
    name : str
        Column of the table `features`.
    words : Words
        Its name.
    family : Family
        Its kind; signals are told per family.
    unit : Unit
        How a value is written: ``share`` as per cent, ``times`` with one decimal, ``flag`` 0 or 1, and so on.
    formula : str
        How it is computed, ending on as_of.
    hints : str
        Level-1 letters of the taxonomy of reasons that it may be a sign of; empty for none.
    direction : Direction
        Whether more (``up``) or less (``down``) of it is expected to mean more risk.
    sentence : Words
        The signal in words, with ``{value}``.
    """

    name: str
    words: Words
    family: Family
    unit: Unit
    formula: str
    hints: str
    direction: Direction
    sentence: Words


def _feature(name: str, row: dict[str, Any], family: Family, hints: str, kind: str = "") -> Feature:
    """Return the feature that `row` of the dictionary tells, with `kind` put in its words."""
    told = {key: text.replace("{kind}", kind) for key, text in row.items() if isinstance(text, str)}
    return Feature(
        name,
        Words(told["zh"], told["en"]),
        family,
        row["unit"],
        told["formula"],
        hints,
        row["direction"],
        Words(told["said_zh"], told["said_en"]),
    )


_DATA: dict[str, list[dict[str, Any]]] = tomllib.loads(
    files("liuke.features").joinpath("dictionary.toml").read_text(encoding="utf-8")
)

FEATURES: tuple[Feature, ...] = tuple(
    _feature(row["name"], row, row["family"], row["hints"]) for row in _DATA["feature"]
)
"""The features whose names do not depend on the data."""

_PARTS = {row["name"]: row for row in _DATA["part"]}
_BY_NAME = {feature.name: feature for feature in FEATURES}
_OF_KIND = re.compile(r"^usage_(?P<kind>.+?)_(?P<part>30d|90d|180d|level_ratio|ratio|days_since)$")
_OF_QUESTION = re.compile(r"^survey_(?P<kind>.+)_(?P<part>latest|mean_365d|change)$")


def feature(name: str) -> Feature:
    """Return what the column `name` of table `features` means, also for kinds of events, questions and attributes.

    Examples
    --------
    >>> feature("usage_minutes_30d").words.zh
    '近 30 天 minutes'
    >>> feature("InternetService").family
    'profile'
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    if match := _OF_KIND.match(name):
        return _usage(name, match["kind"], _PARTS[match["part"]])
    if match := _OF_QUESTION.match(name):
        return _feature(name, _PARTS[match["part"]], "satisfaction", "QSRV", match["kind"])
    said = Words(f"{name} 为 {{value}}", f"{name} is {{value}}")
    return Feature(name, Words(name, name), "profile", "number", "the company's own attribute", "", "either", said)


def _usage(name: str, kind: str, part: dict[str, Any]) -> Feature:
    """Return one part of the use of `kind`; of an event that is itself a sign, more is worse and longer ago better."""
    for sign in _DATA["sign"]:
        if kind in sign["kinds"]:
            turned = {"up": "down", "down": "up"}[part["direction"]]
            return _feature(name, {**part, "direction": turned}, sign["family"], sign["hints"], kind)
    return _feature(name, part, "usage", "NQ", kind)
